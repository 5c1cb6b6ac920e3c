/* fuzz.c - a target of fuzz/, with seeds and a few thousand changes of them. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"
#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 1;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static size_t change(uint8_t *bytes, size_t len, size_t cap)
{
    size_t at = draw((uint32_t)len), count = 1 + draw(8);
    switch (draw(5)) {
    case 0:
        bytes[at] = (uint8_t)draw(256);
        return len;
    case 1:
        bytes[at] ^= (uint8_t)(1 << draw(8));
        return len;
    case 2: /* cut */
        return at + 1;
    case 3: /* drop some */
        count = count < len - at ? count : 0;
        memmove(bytes + at, bytes + at + count, len - at - count);
        return len - count;
    default: /* repeat some */
        count = count < len - at && len + count <= cap ? count : 0;
        memmove(bytes + at + count, bytes + at, len - at);
        return len + count;
    }
}

static void changed_seeds(void)
{
    uint8_t bytes[512];
    const char *seed = getenv("XIE_SEED");
    int rounds = tap_slow() ? 100 : 1000;
    state = seed ? strtoull(seed, NULL, 10) : 1;
    tap_limit(120);
    size_t before = xie_alloc_live();
    for (size_t i = 0; fuzz_seeds[i].bytes; i++) {
        for (int round = 0; round < rounds; round++) {
            size_t len = fuzz_seeds[i].len;
            memcpy(bytes, fuzz_seeds[i].bytes, len);
            for (uint32_t changes = round ? 1 + draw(4) : 0; changes; changes--)
                len = change(bytes, len, sizeof bytes);
            CHECK_EQ(LLVMFuzzerTestOneInput(bytes, len), 0);
        }
    }
    CHECK_EQ(xie_alloc_live(), before);
}

static void only_on_sim(void)
{
    const char *backend = getenv("XIE_BACKEND");
    if (backend && strcmp(backend, "sim") != 0)
        tap_skip("the target brings sim along");
    changed_seeds();
}

static const struct tap_test tests[] = {
    {"seeds and their changes end cleanly", only_on_sim},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

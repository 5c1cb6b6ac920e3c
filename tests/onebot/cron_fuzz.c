/* cron_fuzz.c - the fuzz target of fuzz/cron.c, with seeds and many changes of them. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const seeds[] = {"* * * * *", "*/5 1-3,7 29 feb mon-sun", "0 30 2 31 12 7",
                                    "@hourly", "59 59 23 1-31/3 jan-dec/2 sat-sun"};

static uint64_t state = 1;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static void run_changed(const uint8_t *seed, size_t len)
{
    static const char letters[] = "0123456789*/-, @jansun\t\xff";
    uint8_t bytes[4096];
    memcpy(bytes, seed, len);
    for (uint32_t i = draw(4); i; i--)
        bytes[1 + draw((uint32_t)len - 1)] =
            draw(2) ? (uint8_t)letters[draw(sizeof letters - 1)] : (uint8_t)draw(256);
    LLVMFuzzerTestOneInput(bytes, draw(4) ? len : 1 + draw((uint32_t)len));
}

static void test_expressions(void)
{
    for (int i = 0; i < (tap_slow() ? 2000 : 50000); i++) {
        const char *seed = seeds[i % 5];
        uint8_t bytes[64] = {0, 0, (uint8_t)draw(4), (uint8_t)draw(256)};
        memcpy(bytes + 6, seed, strlen(seed));
        run_changed(bytes, 6 + strlen(seed));
    }
    CHECK(state != 1);
}

static void test_zones(void)
{
    uint8_t bytes[4096] = {1};
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    if (!file)
        tap_skip("there is no such zone");
    size_t len = 1 + fread(bytes + 1, 1, sizeof bytes - 1, file);
    fclose(file);
    CHECK(len > 500);
    for (int i = 0; i < (tap_slow() ? 500 : 20000); i++)
        run_changed(bytes, len);
}

static const struct tap_test tests[] = {
    {"changed expressions", test_expressions},
    {"changed zones", test_zones},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

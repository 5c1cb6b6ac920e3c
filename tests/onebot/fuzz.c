/* fuzz.c - the fuzz target of fuzz/cq.c, with seeds and some thousand changes of them. */
/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte is the way of taking it: text, JSON of a message, of an event, argument. */
static const char *const seeds[] = {
    "\4a&#91;b&#93;&amp;[CQ:at,qq=1][CQ:image,file=x,url=y&#44;z][CQ:x]",
    "\4[CQ:node,content=a&#91;CQ:face&#44;id=1&#93;,user_id=5][CQ:[CQ:]]",
    "\1[{\"type\":\"at\",\"data\":{\"qq\":5,\"b\":true}},{\"type\":\"text\",\"data\":{\"text\":"
    "\"x\"}},{\"type\":\"node\",\"data\":{\"content\":[{\"type\":\"x\"}]}},null]",
    "\1\"a[CQ:face,id=1]b\\u0000\"",
    "\2{\"post_type\":\"message\",\"message_type\":\"group\",\"sender\":{\"level\":15},"
    "\"anonymous\":{\"flag\":1},\"message\":[{\"type\":\"text\",\"data\":{\"text\":\"hi\"}}]}",
    "\2{\"post_type\":\"notice\",\"notice_type\":\"reaction\",\"code\":\"76\",\"count\":1,"
    "\"likes\":[{\"emoji_id\":5}]}",
    "\3[CQ:at,qq=all],&\xE5\x8D[%s",
};

static uint64_t state = 1;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

/* Some bytes become others, or those of another place. */
static void change(uint8_t *bytes, size_t len)
{
    for (uint32_t changes = 1 + draw(6); changes; changes--) {
        size_t at = 1 + draw((uint32_t)len - 1);
        bytes[at] = draw(2) ? (uint8_t)draw(256) : bytes[1 + draw((uint32_t)len - 1)];
    }
}

static void test_changed_seeds(void)
{
    uint8_t bytes[512];
    const char *seed = getenv("XIE_SEED");
    unsigned rounds = tap_slow() ? 200 : 5000;
    state = seed ? strtoull(seed, NULL, 10) : 1;
    json_set_alloc_funcs(xie_alloc, xie_release);
    size_t before = xie_alloc_live();
    tap_limit(120);
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        for (unsigned round = 0; round < rounds; round++) {
            size_t len = strlen(seeds[i]);
            memcpy(bytes, seeds[i], len);
            if (round)
                change(bytes, len);
            if (round % 4 == 3)
                len = 1 + draw((uint32_t)len);
            CHECK_EQ(LLVMFuzzerTestOneInput(bytes, len), 0);
        }
    }
    CHECK_EQ(xie_alloc_live(), before);
}

static const struct tap_test tests[] = {
    {"changed seeds", test_changed_seeds},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

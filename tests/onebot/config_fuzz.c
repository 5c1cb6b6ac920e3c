/* config_fuzz.c - the fuzz target of fuzz/config.c, with a seed and a few thousand changes of it.
 */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xie/onebot/config.h>

#include "base/memory.h"
#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAP = 1024, RUNS = 4000 };

static const char seed[] =
    "endpoints:\n"
    "- url: ws://a/\n  token: $$t\n  self_id: 5\n  role: api\n"
    "- {listen: ':80', tls: {certificate: x}}\n"
    "superusers: [1, 2]\ncommands: {prefixes: [\"/\", '']}\n"
    "limits: {grace: 5s, message: 1MiB, ping_interval: never}\n"
    "log:\n  names: {a.b: debug}\n  level: warning # yes\n"
    "plugins:\n  a:\n    log: |\n      text\n    x: [1, 2.5e3, ~, {y: true}]\n";

static const char *const pieces[] = {
    "\n",  "  ", "- ",  ": ",  "{",  "}",  "[",    "]",   "\"", "'",  "&a",          "*a",  "!t",
    "---", "# ", "|\n", ">\n", "? ", "\t", "\xff", "\\u", "~",  "a:", "%YAML 1.1\n", "<<: "};

static uint64_t state = 1;

static size_t draw(size_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(state >> 33) % below;
}

/* Put a piece there, or in place of what is there, or take some bytes away. */
static size_t change(char *text, size_t len)
{
    const char *piece = pieces[draw(sizeof pieces / sizeof *pieces)];
    size_t add = strlen(piece), at = draw(len), drop = draw(2) ? draw(6) : 0;
    if (drop > len - at)
        drop = len - at;
    if (draw(4) == 0)
        add = 0;
    if (len - drop + add > CAP)
        return len;
    memmove(text + at + add, text + at + drop, len - at - drop);
    memcpy(text + at, piece, add);
    return len - drop + add;
}

static void test_changed_files(void)
{
    char text[CAP];
    int runs = tap_slow() ? RUNS / 10 : RUNS;
    for (int i = 0; i < runs; i++) {
        size_t len = sizeof seed - 1;
        memcpy(text, seed, len);
        for (size_t changes = draw(6); changes && len; changes--)
            len = change(text, len);
        CHECK_EQ(LLVMFuzzerTestOneInput((const uint8_t *)text, len), 0);
    }
    CHECK_EQ(xie_alloc_live(), 0);
}

/* Else the changes would be of a file that is refused anyway. */
static void test_the_seed_is_right(void)
{
    struct onebot_config *config = NULL;
    CHECK_EQ(
        onebot_config_parse("f", seed, sizeof seed - 1, onebot_settings_keys, NULL, NULL, &config),
        0);
    onebot_config_close(config);
}

static const struct tap_test tests[] = {{"the seed is right", test_the_seed_is_right},
                                        {"changed files", test_changed_files},
                                        {NULL, NULL}};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

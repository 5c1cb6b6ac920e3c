/* line.c - whatever a person may write behind a command, and whatever JSON a message may be.
 * The first byte says which. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xie/onebot.h>

#include "base/memory.h"
#include "onebot/args.h"
#include "onebot/line.h"
#include "onebot/split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct onebot_argument list[] = {
    {.name = "string", .most = 9},
    {.name = "integer", .type = ONEBOT_INTEGER, .otherwise = "3", .least = 1, .most = 5},
    {.name = "real", .type = ONEBOT_REAL, .optional = true},
    {.name = "bool", .type = ONEBOT_BOOL, .optional = true},
    {.name = "duration", .type = ONEBOT_DURATION, .optional = true},
    {.name = "person", .type = ONEBOT_PERSON, .optional = true},
    {.name = "rest", .type = ONEBOT_REST, .optional = true},
    {0}};

/* Those from the first-th on: each type may come first. */
static void read_line(const char *line, size_t first)
{
    char why[256] = "";
    struct onebot_note note = {.text = why, .cap = sizeof why};
    struct onebot_args args = {0};
    int good = onebot_args_read(list + first, line, &args, &note);
    if (good < 0 || (good == 0) != (*why != 0))
        abort(); /* who is refused is told why */
    if (good && args.values[0].given && list[first].type == ONEBOT_INTEGER &&
        (args.values[0].integer < 1 || args.values[0].integer > 5))
        abort();
    onebot_args_free(&args);
}

static void read_message(const char *text, size_t len)
{
    static const char *const names[ONEBOT_WORDS] = {"bot"};
    char number[ONEBOT_NUMBER];
    struct onebot_line line;
    json_error_t why;
    json_t *json = onebot_decode(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (onebot_line_read(json, &line) == 0) {
        onebot_line_calls(line.text, 5);
        onebot_line_at(line.text, 5, number);
        onebot_line_behind_name(onebot_line_body(line.text), names);
        read_line(line.text, 0);
        xie_release(line.text);
    }
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = size ? malloc(size) : NULL; /* a copy of its own: one byte more is seen */
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    if (data[0] % 8 == 7)
        read_message(text, strlen(text));
    else
        read_line(text, data[0] % 8);
    free(text);
    return 0;
}

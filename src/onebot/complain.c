/* complain.c - a line of a complaint, made of file, line, key and words.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/complain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "onebot/utf8.h"

struct line {
    char text[1024];
    size_t len;
};

__attribute__((format(printf, 2, 0))) static void put_list(struct line *line, const char *format,
                                                           va_list args)
{
    int len = vsnprintf(line->text + line->len, sizeof line->text - line->len, format, args);
    if (len > 0)
        line->len += (size_t)len;
    if (line->len >= sizeof line->text)
        line->len = sizeof line->text - 1;
}

__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_list(line, format, args);
    va_end(args);
}

/* As deep as the file is nested: ONEBOT_CONFIG_DEPTH bounds it. */
static void put_place(struct line *line, const struct onebot_spot *place)
{
    if (place->outside)
        put_place(line, place->outside);
    if (place->key)
        put(line, "%s%.100s", place->outside ? "." : "", place->key);
    else
        put(line, "[%zu]", place->index);
}

static void say(struct onebot_complaints *complaints, struct line *line)
{
    onebot_utf8_one_line(line->text, line->len == sizeof line->text - 1);
    if (complaints->say)
        complaints->say(complaints->arg, line->text);
}

void onebot_complain(struct onebot_complaints *complaints, size_t number,
                     const struct onebot_spot *place, const char *format, ...)
{
    struct line line = {.len = 0};
    va_list args;
    if (++complaints->count > ONEBOT_CONFIG_COMPLAINTS)
        return;
    put(&line, "%.300s:", complaints->file);
    if (number)
        put(&line, "%zu:", number);
    put(&line, " ");
    if (place) {
        put_place(&line, place);
        put(&line, ": ");
    }
    va_start(args, format);
    put_list(&line, format, args);
    va_end(args);
    say(complaints, &line);
}

int onebot_complaints_end(struct onebot_complaints *complaints)
{
    struct line line = {.len = 0};
    if (complaints->count > ONEBOT_CONFIG_COMPLAINTS) {
        put(&line, "%.300s: %u more", complaints->file,
            complaints->count - ONEBOT_CONFIG_COMPLAINTS);
        say(complaints, &line);
    }
    if (complaints->error)
        return complaints->error;
    return complaints->count ? XIE_EFAILED : 0;
}

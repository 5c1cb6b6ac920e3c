/* value.c - what a person wrote, read as a number, a duration, a person, …
 * Floor 9. Full-width digits and letters count as the narrow ones. */
/* SPDX-License-Identifier: MIT */
#include "onebot/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "onebot/real.h"

enum { NARROW = 64 }; /* bytes of the longest text that is a number, duration or bool */

/* --- letters ------------------------------------------------------------------------ */

/* A copy in which U+FF01 to U+FF5E are the ASCII characters they show; false: too long. */
static bool narrow(const char *text, char copy[NARROW])
{
    size_t len = 0;
    for (; *text && len < NARROW - 1; len++) {
        const unsigned char *c = (const unsigned char *)text;
        if (c[0] == 0xEF && (c[1] == 0xBC || c[1] == 0xBD) && c[2] >= 0x80 && c[2] < 0xC0) {
            int point = (c[1] - 0xBC) * 64 + (c[2] - 0x80); /* from U+FF00 */
            if (point >= 0x01 && point <= 0x5E) {
                copy[len] = (char)(point + 0x20);
                text += 3;
                continue;
            }
        }
        copy[len] = *text++;
    }
    copy[len] = 0;
    return !*text;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t count_characters(const char *text)
{
    int64_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

/* --- ranges ------------------------------------------------------------------------- */

static bool in_range(const struct onebot_argument *as, int64_t value)
{
    if (!as->least && !as->most)
        return true;
    return value >= as->least && (as->most < as->least || value <= as->most);
}

static bool in_range_real(const struct onebot_argument *as, double value)
{
    if (as->least_real == 0 && as->most_real == 0)
        return true;
    return value >= as->least_real && (as->most_real < as->least_real || value <= as->most_real);
}

/* --- types -------------------------------------------------------------------------- */

static bool read_integer(const char *text, int64_t *integer)
{
    char copy[NARROW] = "", *end;
    if (!narrow(text, copy) || !is_digit(copy[*copy == '+' || *copy == '-']))
        return false;
    errno = 0;
    *integer = strtoll(copy, &end, 10);
    return !errno && !*end;
}

static bool read_real(const char *text, double *real)
{
    char copy[NARROW];
    return narrow(text, copy) && onebot_real_read(copy, real);
}

static bool read_bool(const char *text, int64_t *integer)
{
    static const char *const words[2][13] = {
        {"no", "n", "false", "off", "0", "否", "关", "不", "不要", "错", "不是", "假", "关闭"},
        {"yes", "y", "true", "on", "1", "是", "开", "好", "要", "对", "是的", "真", "打开"}};
    char copy[NARROW];
    if (!narrow(text, copy))
        return false;
    for (int64_t value = 0; value < 2; value++)
        for (size_t i = 0; i < sizeof *words / sizeof **words; i++)
            if (strcasecmp(copy, words[value][i]) == 0) {
                *integer = value;
                return true;
            }
    return false;
}

/* Longer names before their beginnings. */
static const struct {
    const char *name;
    int64_t ns;
} units[] = {{"ms", XIE_MILLISECOND}, {"毫秒", XIE_MILLISECOND}, {"秒钟", XIE_SECOND},
             {"秒", XIE_SECOND},      {"sec", XIE_SECOND},       {"s", XIE_SECOND},
             {"分钟", XIE_MINUTE},    {"分", XIE_MINUTE},        {"min", XIE_MINUTE},
             {"m", XIE_MINUTE},       {"个小时", XIE_HOUR},      {"小时", XIE_HOUR},
             {"时", XIE_HOUR},        {"h", XIE_HOUR},           {"天", 24 * XIE_HOUR},
             {"日", 24 * XIE_HOUR},   {"d", 24 * XIE_HOUR},      {"周", 7 * 24 * XIE_HOUR},
             {"w", 7 * 24 * XIE_HOUR}};

/* The unit at *text, moved behind it; 0: none. */
static int64_t read_unit(const char **text)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = strlen(units[i].name);
        if (strncasecmp(*text, units[i].name, len) == 0) {
            *text += len;
            return units[i].ns;
        }
    }
    return 0;
}

/* Digits, perhaps a point and up to nine more, a unit; seconds if it stands alone. */
static bool read_span(const char **text, bool alone, int64_t *sum)
{
    int64_t number = 0, part = 0, scale = 1, span;
    if (!is_digit(**text))
        return false;
    for (; is_digit(**text); ++*text)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, **text - '0', &number))
            return false;
    if (**text == '.')
        for (++*text; is_digit(**text) && scale < XIE_SECOND; ++*text) {
            part = part * 10 + (**text - '0');
            scale *= 10;
        }
    int64_t unit = alone && !**text ? XIE_SECOND : read_unit(text);
    int64_t rest = (int64_t)((double)part / (double)scale * (double)unit);
    return unit && !__builtin_mul_overflow(number, unit, &span) &&
           !__builtin_add_overflow(span, rest, &span) && !__builtin_add_overflow(*sum, span, sum);
}

static bool read_duration(const char *text, int64_t *integer)
{
    char copy[NARROW];
    int64_t sum = 0;
    if (!narrow(text, copy))
        return false;
    const char *at = copy;
    bool good = read_span(&at, true, &sum);
    while (good && *at)
        good = read_span(&at, false, &sum);
    if (good)
        *integer = sum;
    return good;
}

static bool read_person(const char *text, int64_t *integer)
{
    return read_integer(text, integer) && *integer > 0 && *text != '+';
}

/* --- a value ------------------------------------------------------------------------ */

static bool read_text(const struct onebot_argument *as, const struct onebot_word *word,
                      struct onebot_value *value)
{
    const char *text = word->text;
    switch (as->type) {
    case ONEBOT_INTEGER:
        return read_integer(text, &value->integer) && in_range(as, value->integer);
    case ONEBOT_REAL:
        return read_real(text, &value->real) && in_range_real(as, value->real);
    case ONEBOT_BOOL:
        return read_bool(text, &value->integer);
    case ONEBOT_DURATION:
        return read_duration(text, &value->integer) && in_range(as, value->integer);
    case ONEBOT_PERSON:
        return read_person(text, &value->integer);
    default:
        return in_range(as, count_characters(text));
    }
}

bool onebot_value_read(const struct onebot_argument *as, const struct onebot_word *word,
                       struct onebot_value *value)
{
    struct onebot_value read = {.given = true, .text = word->text};
    if ((word->at && as->type != ONEBOT_PERSON) || !read_text(as, word, &read))
        return false;
    *value = read;
    return true;
}

/* --- in words ----------------------------------------------------------------------- */

static void add_end(struct onebot_note *note, const struct onebot_argument *as, bool least)
{
    int64_t end = least ? as->least : as->most;
    if (as->type == ONEBOT_REAL)
        onebot_note_add(note, "%g", least ? as->least_real : as->most_real);
    else if (as->type == ONEBOT_DURATION)
        onebot_note_duration(note, end);
    else
        onebot_note_add(note, "%lld", (long long)end);
}

static void add_range(struct onebot_note *note, const struct onebot_argument *as)
{
    bool real = as->type == ONEBOT_REAL;
    bool none = real ? as->least_real == 0 && as->most_real == 0 : !as->least && !as->most;
    bool open = real ? as->most_real < as->least_real : as->most < as->least;
    if (none || as->type == ONEBOT_BOOL || as->type == ONEBOT_PERSON)
        return;
    onebot_note_add(note, "%s",
                    open ? onebot_note_pick(note, " of at least ", "，至少 ")
                         : onebot_note_pick(note, " from ", "，"));
    add_end(note, as, true);
    if (!open) {
        onebot_note_add(note, "%s", onebot_note_pick(note, " to ", " 到 "));
        add_end(note, as, false);
    }
    if (as->type == ONEBOT_STRING || as->type == ONEBOT_REST)
        onebot_note_add(note, "%s", onebot_note_pick(note, " characters", " 个字"));
}

void onebot_value_describe(struct onebot_note *note, const struct onebot_argument *as)
{
    static const char *const names[][2] = {
        [ONEBOT_STRING] = {"a text", "文字"},
        [ONEBOT_INTEGER] = {"a whole number", "整数"},
        [ONEBOT_REAL] = {"a number", "数"},
        [ONEBOT_BOOL] = {"yes or no", "是或否"},
        [ONEBOT_DURATION] = {"a time like 1h30m", "时长（如 1小时30分）"},
        [ONEBOT_PERSON] = {"a person: @ or a number", "人（@ 或号码）"},
        [ONEBOT_REST] = {"a text", "文字"}};
    onebot_note_add(note, "%s", onebot_note_pick(note, names[as->type][0], names[as->type][1]));
    add_range(note, as);
}

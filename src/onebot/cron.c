/* cron.c - a cron expression is parsed.
 * Floor 9. Text to bits; when they match is in cron_next.c. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <xie/onebot/schedule.h>

#include "onebot/utf8.h"

enum { TEXT_MOST = 255, FIELDS = 6 };

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                     "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct kind {
    const char *name;
    int least, most;
    const char *const *names; /* the first is least */
} kinds[FIELDS] = {{"second", 0, 59, NULL},  {"minute", 0, 59, NULL},
                   {"hour", 0, 23, NULL},    {"day of month", 1, 31, NULL},
                   {"month", 1, 12, months}, {"day of week", 0, 7, weekdays}};

static const struct {
    const char *name, *text;
} nicknames[] = {{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
                 {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
                 {"@hourly", "0 * * * *"}};

/* A field as it is read. */
struct field {
    const struct kind *kind;
    const char *at, *end;
    uint64_t bits;
    bool star; /* it begins with * */
    char *why;
};

__attribute__((format(printf, 2, 3))) static int complain(char *why, const char *format, ...)
{
    va_list args;
    if (!why)
        return -EINVAL;
    va_start(args, format);
    vsnprintf(why, ONEBOT_WORDING, format, args);
    va_end(args);
    onebot_utf8_one_line(why, false);
    return -EINVAL;
}

/* --- a field ------------------------------------------------------------------------ */

static bool take(struct field *field, char c)
{
    bool there = field->at < field->end && *field->at == c;
    field->at += there;
    return there;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int read_name(struct field *field, int *value)
{
    const char *begin = field->at;
    while (field->at < field->end && is_letter(*field->at))
        field->at++;
    int len = (int)(field->at - begin);
    for (int i = 0; field->kind->names && field->kind->names[i]; i++) {
        if (len == 3 && !strncasecmp(field->kind->names[i], begin, 3)) {
            *value = field->kind->least + i;
            return 0;
        }
    }
    return complain(field->why, "%s: '%.*s' is not known here", field->kind->name, len, begin);
}

/* A number between; leading zeros are no matter. */
static int read_number(struct field *field, int least, int most, int *value)
{
    const char *begin = field->at;
    int number = 0;
    for (; field->at < field->end && is_digit(*field->at); field->at++)
        number = number > most ? number : number * 10 + *field->at - '0';
    if (field->at == begin && field->at < field->end)
        return complain(field->why, "%s: '%.*s' stands where a number should", field->kind->name,
                        (int)(field->end - begin), begin);
    if (field->at == begin)
        return complain(field->why, "%s: a number is missing", field->kind->name);
    if (number < least || number > most)
        return complain(field->why, "%s: %.*s is not between %d and %d", field->kind->name,
                        (int)(field->at - begin), begin, least, most);
    *value = number;
    return 0;
}

static int read_value(struct field *field, int *value)
{
    if (field->at < field->end && is_letter(*field->at))
        return read_name(field, value);
    return read_number(field, field->kind->least, field->kind->most, value);
}

/* What stands between two commas. */
static int read_item(struct field *field)
{
    int low = field->kind->least, high = field->kind->most, step = 1, error = 0;
    bool range = take(field, '*');
    if (!range) {
        error = read_value(field, &low);
        high = low;
        range = !error && take(field, '-');
        if (range)
            error = read_value(field, &high);
        if (range && !high && field->kind->names == weekdays)
            high = 7; /* a week may end with Sunday */
    }
    if (error)
        return error;
    if (high < low)
        return complain(field->why, "%s: the range ends before it begins", field->kind->name);
    if (take(field, '/')) {
        if (!range)
            return complain(field->why, "%s: a step needs a * or a range before it",
                            field->kind->name);
        error = read_number(field, 1, field->kind->most, &step);
    }
    if (field->kind->names == weekdays && high == 7 && low == 0)
        high = 6; /* Sunday once, so that a step counts days */
    for (int i = low; i <= high && !error; i += step)
        field->bits |= UINT64_C(1) << i;
    return error;
}

static int read_field(struct field *field)
{
    field->star = *field->at == '*';
    int error;
    do
        error = read_item(field);
    while (!error && take(field, ','));
    if (!error && field->at < field->end)
        return complain(field->why, "%s: '%.*s' is not understood", field->kind->name,
                        (int)(field->end - field->at), field->at);
    return error;
}

/* --- the whole ---------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Where the fields begin and end. return how many there are, FIELDS + 1: too many */
static int split(const char *text, struct field fields[FIELDS])
{
    int count = 0;
    for (;;) {
        while (is_blank(*text))
            text++;
        if (!*text)
            return count;
        if (count == FIELDS)
            return FIELDS + 1;
        fields[count].at = text;
        while (*text && !is_blank(*text))
            text++;
        fields[count++].end = text;
    }
}

/* Is there such a day in one of the months? */
static bool day_exists(const struct onebot_cron *cron)
{
    static const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int i = 0; i < 12; i++)
        if (cron->months >> (i + 1) & 1 && cron->days & ((UINT64_C(2) << longest[i]) - 1))
            return true;
    return false;
}

static int fill(const struct field fields[FIELDS], struct onebot_cron *cron, char *why)
{
    struct onebot_cron made = {
        .seconds = fields[0].bits,
        .minutes = fields[1].bits,
        .hours = (uint32_t)fields[2].bits,
        .days = (uint32_t)fields[3].bits,
        .months = (uint32_t)fields[4].bits,
        .weekdays = (uint32_t)((fields[5].bits | fields[5].bits >> 7) & 0x7F),
        .any_hour = fields[2].star,
        .either_day = !fields[3].star && !fields[5].star,
    };
    if (!made.either_day && !day_exists(&made))
        return complain(why, "day of month: no such day in the months given");
    *cron = made;
    return 0;
}

static const char *nickname(const char *text)
{
    for (size_t i = 0; i < sizeof nicknames / sizeof *nicknames; i++)
        if (!strcasecmp(nicknames[i].name, text))
            return nicknames[i].text;
    return NULL;
}

int onebot_cron_parse(const char *text, struct onebot_cron *cron, char *why)
{
    struct field all[FIELDS + 1] = {0}, *fields = all;
    if (!text)
        return complain(why, "there is no expression");
    if (strnlen(text, TEXT_MOST + 1) > TEXT_MOST) {
        complain(why, "longer than %d bytes", TEXT_MOST);
        return XIE_ELIMIT;
    }
    const char *plain = *text == '@' ? nickname(text) : text;
    if (!plain)
        return complain(why, "'%s' is not known", text);
    int count = split(plain, all + 1);
    if (count == FIELDS - 1)
        all[0].bits = 1; /* the second is left out, and 0 */
    else
        fields++;
    if (count < FIELDS - 1 || count > FIELDS)
        return complain(why, "there are %s than 5 or 6 fields", count > FIELDS ? "more" : "fewer");
    for (int i = FIELDS - count; i < FIELDS; i++) {
        fields[i].kind = &kinds[i];
        fields[i].why = why;
        int error = read_field(&fields[i]);
        if (error)
            return error;
    }
    return fill(fields, cron, why);
}

/* zone_rule.c - summer time by a rule that holds for each year to come.
 * Floor 9. Reads the last line of a zone's file (RFC 9636 section 3.3). */
/* SPDX-License-Identifier: MIT */
#include "onebot/calendar.h"
#include "onebot/zone.h"

/* --- reading ------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Up to four digits. */
static bool number(const char **text, int least, int most, int *value)
{
    int count = 0;
    *value = 0;
    for (; count < 4 && is_digit(**text); count++)
        *value = *value * 10 + *(*text)++ - '0';
    return count && *value >= least && *value <= most;
}

static bool take(const char **text, char c)
{
    bool there = **text == c;
    *text += there;
    return there;
}

/* [+-]h[:m[:s]] */
static bool duration(const char **text, int hours_most, int32_t *seconds)
{
    int hours, minutes = 0, rest = 0;
    bool minus = **text == '-';
    *text += minus || **text == '+';
    if (!number(text, 0, hours_most, &hours))
        return false;
    if (take(text, ':')) {
        if (!number(text, 0, 59, &minutes))
            return false;
        if (take(text, ':') && !number(text, 0, 59, &rest))
            return false;
    }
    *seconds = (hours * 60 + minutes) * 60 + rest;
    if (minus)
        *seconds = -*seconds;
    return true;
}

/* An abbreviation: three letters or more, or anything of letters, digits and signs in <>. */
static bool name(const char **text)
{
    int count = 0;
    bool quoted = **text == '<';
    *text += quoted;
    for (;; count++, (*text)++) {
        char c = **text;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(quoted && (is_digit(c) || c == '+' || c == '-')))
            break;
    }
    if (quoted && !take(text, '>'))
        return false;
    return count >= 3;
}

static bool yearly(const char **text, struct onebot_yearly *day)
{
    bool good;
    *day = (struct onebot_yearly){.time = 2 * 3600};
    day->kind = **text == 'M' || **text == 'J' ? *(*text)++ : 'N';
    if (day->kind == 'M')
        good = number(text, 1, 12, &day->month) && take(text, '.') &&
               number(text, 1, 5, &day->week) && take(text, '.') && number(text, 0, 6, &day->day);
    else
        good = number(text, day->kind == 'J', 365, &day->day);
    if (good && take(text, '/'))
        good = duration(text, 167, &day->time);
    return good;
}

static bool summer(const char **text, struct onebot_zone *zone)
{
    zone->summer = true;
    zone->summer_offset = zone->standard_offset + 3600;
    if (!name(text))
        return false;
    if (**text != ',') {
        if (!duration(text, 24, &zone->summer_offset))
            return false;
        zone->summer_offset = -zone->summer_offset;
    }
    return take(text, ',') && yearly(text, &zone->begin) && take(text, ',') &&
           yearly(text, &zone->end);
}

int onebot_rule_parse(const char *text, struct onebot_zone *zone)
{
    zone->rule = true;
    if (!name(&text) || !duration(&text, 24, &zone->standard_offset))
        return -EINVAL;
    zone->standard_offset = -zone->standard_offset; /* POSIX counts to the west */
    if (*text && !summer(&text, zone))
        return -EINVAL;
    return *text ? -EINVAL : 0;
}

/* --- asking ------------------------------------------------------------------------- */

/* The moment of a yearly day, where the clock is offset ahead. */
static int64_t moment(const struct onebot_yearly *yearly, int64_t year, int32_t offset)
{
    int64_t day = onebot_year_day(year);
    if (yearly->kind == 'N')
        day += yearly->day;
    else if (yearly->kind == 'J')
        day += yearly->day - 1 + (onebot_leap(year) && yearly->day > 59);
    else {
        for (int month = 1; month < yearly->month; month++)
            day += onebot_month_days(year, month);
        int in_month = (yearly->day - onebot_weekday(day) + 7) % 7 + 7 * (yearly->week - 1);
        day += in_month - (in_month >= onebot_month_days(year, yearly->month) ? 7 : 0);
    }
    return day * ONEBOT_DAY_S + yearly->time - offset;
}

int32_t onebot_rule_offset(const struct onebot_zone *zone, int64_t at)
{
    if (!zone->summer)
        return zone->standard_offset;
    int64_t year = onebot_year_of(onebot_floor_div(at + zone->standard_offset, ONEBOT_DAY_S));
    int64_t begin = moment(&zone->begin, year, zone->standard_offset);
    int64_t end = moment(&zone->end, year, zone->summer_offset);
    bool is_summer = begin < end ? at >= begin && at < end : !(at >= end && at < begin);
    return is_summer ? zone->summer_offset : zone->standard_offset;
}

/* A candidate that is no change (summer all the year round) does not count. */
static int64_t earlier(const struct onebot_zone *zone, int64_t after, int64_t at, int64_t found)
{
    if (at <= after || at >= found)
        return found;
    return onebot_rule_offset(zone, at) != onebot_rule_offset(zone, at - 1) ? at : found;
}

int64_t onebot_rule_change(const struct onebot_zone *zone, int64_t after)
{
    int64_t found = XIE_NEVER;
    if (!zone->summer)
        return found;
    int64_t year = onebot_year_of(onebot_floor_div(after, ONEBOT_DAY_S));
    for (int64_t y = year - 1; y <= year + 2; y++) {
        found = earlier(zone, after, moment(&zone->begin, y, zone->standard_offset), found);
        found = earlier(zone, after, moment(&zone->end, y, zone->summer_offset), found);
        found =
            earlier(zone, after, onebot_year_day(y) * ONEBOT_DAY_S - zone->standard_offset, found);
    }
    return found;
}

/* cron_next.c - when a cron expression matches next.
 * Floor 9. A zone's time is cut into pieces of one offset; in each, local time runs evenly. */
/* SPDX-License-Identifier: MIT */
#include "onebot/calendar.h"
#include "onebot/zone.h"

enum { YEAR_END = 10000, LONGEST_FOLD_S = 3 * ONEBOT_DAY_S };

static const int64_t never = XIE_NEVER;

/* --- local time --------------------------------------------------------------------- */

/* The lowest bit that is set, from that one on; -1 without one. */
static int next_bit(uint64_t bits, int from)
{
    if (from > 63 || !(bits >> from))
        return -1;
    return from + __builtin_ctzll(bits >> from);
}

/* The first time of a day that matches and is not before second; -1 without one. */
static int next_second(const struct onebot_cron *cron, int second)
{
    int hour = second / 3600, minute = second / 60 % 60;
    int first_second = next_bit(cron->seconds, 0), first_minute = next_bit(cron->minutes, 0);
    if (cron->hours >> hour & 1) {
        if (cron->minutes >> minute & 1) {
            int found = next_bit(cron->seconds, second % 60);
            if (found >= 0)
                return (hour * 60 + minute) * 60 + found;
        }
        int found = next_bit(cron->minutes, minute + 1);
        if (found >= 0)
            return (hour * 60 + found) * 60 + first_second;
    }
    int found = next_bit(cron->hours, hour + 1);
    return found < 0 ? -1 : (found * 60 + first_minute) * 60 + first_second;
}

static bool day_matches(const struct onebot_cron *cron, int in_month, int64_t day)
{
    bool by_month = cron->days >> in_month & 1;
    bool by_week = cron->weekdays >> onebot_weekday(day) & 1;
    return cron->either_day ? by_month || by_week : by_month && by_week;
}

/* The first local time that matches, from..before; never without one. */
static int64_t next_local(const struct onebot_cron *cron, int64_t from, int64_t before)
{
    int64_t day = onebot_floor_div(from, ONEBOT_DAY_S);
    int64_t second = from - day * ONEBOT_DAY_S;
    int64_t year = onebot_year_of(day), first = onebot_year_day(year);
    for (int month = 1; first * ONEBOT_DAY_S < before && year < YEAR_END; month++) {
        int count = onebot_month_days(year, month);
        for (; cron->months >> month & 1 && day < first + count; day++, second = 0) {
            int found = day_matches(cron, (int)(day - first) + 1, day)
                            ? next_second(cron, (int)second)
                            : -1;
            if (day * ONEBOT_DAY_S >= before)
                return never;
            if (found >= 0)
                return day * ONEBOT_DAY_S + found < before ? day * ONEBOT_DAY_S + found : never;
        }
        first += count;
        if (day < first) {
            day = first;
            second = 0;
        }
        if (month == 12) {
            month = 0;
            year++;
        }
    }
    return never;
}

/* --- pieces of one offset ----------------------------------------------------------- */

struct piece {
    int64_t begin, end; /* begin: also `never`, it is long ago */
    int32_t before, offset;
};

/* The piece that a time is in. */
static struct piece piece_of(const struct onebot_zone *zone, int64_t at)
{
    struct piece piece = {.begin = never, .offset = onebot_zone_offset(zone, at)};
    int64_t change = onebot_zone_change(zone, at - LONGEST_FOLD_S);
    for (; change <= at; change = onebot_zone_change(zone, change))
        piece.begin = change;
    piece.end = change;
    piece.before = piece.begin == never ? piece.offset : onebot_zone_offset(zone, piece.begin - 1);
    return piece;
}

static int64_t next_in(const struct onebot_cron *cron, const struct piece *piece, int64_t at)
{
    int64_t from = at + piece->offset;
    int64_t before = piece->end == never ? never : piece->end + piece->offset;
    if (!cron->any_hour && piece->begin != never) {
        int64_t shown = piece->begin + piece->before; /* local times before it have been */
        if (at == piece->begin && shown < from && next_local(cron, shown, from) != never)
            return at; /* what was left out */
        from = from > shown ? from : shown;
    }
    int64_t local = next_local(cron, from, before);
    return local == never ? never : local - piece->offset;
}

int64_t onebot_cron_next(const struct onebot_cron *cron, const struct onebot_zone *zone,
                         int64_t after)
{
    const int64_t last = onebot_year_day(YEAR_END) * ONEBOT_DAY_S;
    int64_t at = after < -last ? -last : after;
    while (at < last) {
        at += at == after;
        struct piece piece = piece_of(zone, at);
        int64_t found = next_in(cron, &piece, at);
        if (found != never || piece.end == never)
            return found;
        at = piece.end;
    }
    return never;
}

/* calendar.h - days and dates of the Gregorian calendar.
 * Floor 9. Arithmetic only. Days count from 1970-01-01, before it they are negative. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_CALENDAR_H
#define XIE_ONEBOT_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum { ONEBOT_DAY_S = 86400 };

static inline int64_t onebot_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static inline bool onebot_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days before 1 January of a year, counted from 1970. */
static inline int64_t onebot_year_day(int64_t year)
{
    int64_t y = year - 1;
    return 365 * (year - 1970) + (onebot_floor_div(y, 4) - 492) - (onebot_floor_div(y, 100) - 19) +
           (onebot_floor_div(y, 400) - 4);
}

/* The year a day is in. */
static inline int64_t onebot_year_of(int64_t day)
{
    int64_t year = 1970 + onebot_floor_div(day * 400, 146097); /* off by one at most */
    while (onebot_year_day(year) > day)
        year--;
    while (onebot_year_day(year + 1) <= day)
        year++;
    return year;
}

/* month  1..12 */
static inline int onebot_month_days(int64_t year, int month)
{
    return month == 2 ? 28 + onebot_leap(year) : 30 + ((month + (month > 7)) & 1);
}

/* 0: Sunday. */
static inline int onebot_weekday(int64_t day)
{
    return (int)(day + 4 - 7 * onebot_floor_div(day + 4, 7));
}

#endif

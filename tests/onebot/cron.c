/* cron.c - cron expressions and time zones, against tables and a search second by second.
 * What a clock shows is asked of the C library, which reads the same files by other code. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xie/onebot/schedule.h>

#include "base/memory.h"
#include "onebot/zone.h"
#include "tap.h"

/* --- expressions -------------------------------------------------------------------- */

static void test_good_ones(void)
{
    static const char *const good[] = {
        "* * * * *",     "0 0 1 1 *",        "*/5 * * * *",         "1,2,3 4-6 */2 jan-MAR sun",
        "0 0 0 29 2 *",  "5-10/2 * * * 1-5", "0 0 * * 7",           "0 0 * * sat-sun",
        "59 23 31 12 6", " 1\t2 3  4 5 ",    "*/59 0 1 1 0",        "* * * * * *",
        "007 1 1 1 1",   "@yearly",          "@Annually",           "@monthly",
        "@weekly",       "@daily",           "@midnight",           "@hourly",
        "0 0 30 2 mon",  "0 0 31 2,3 *",     "*,1 2-2 1-31/31 * *", "0 0 * * mon,wed-fri/2"};
    struct onebot_cron cron;
    char why[ONEBOT_WORDING];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int error = onebot_cron_parse(good[i], &cron, why);
        if (error)
            tap_failed(__FILE__, __LINE__, "'%s': %s", good[i], why);
    }
}

static void test_bad_ones_name_the_field(void)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"60 * * * *", "minute: 60 is not between 0 and 59"},
        {"* 24 * * *", "hour: 24 is not between 0 and 23"},
        {"* * 0 * *", "day of month: 0 is not between 1 and 31"},
        {"* * 32 * *", "day of month: 32 is not between 1 and 31"},
        {"* * * 13 *", "month: 13 is not between 1 and 12"},
        {"* * * * 8", "day of week: 8 is not between 0 and 7"},
        {"60 * * * * *", "second: 60 is not between 0 and 59"},
        {"99999999999999999999 * * * *", "minute: 99999999999999999999 is not between 0 and 59"},
        {"* * * foo *", "month: 'foo' is not known here"},
        {"* * * janu *", "month: 'janu' is not known here"},
        {"jan * * * *", "minute: 'jan' is not known here"},
        {"* * * * mon-", "day of week: a number is missing"},
        {"5-1 * * * *", "minute: the range ends before it begins"},
        {"5/2 * * * *", "minute: a step needs a * or a range before it"},
        {"*/0 * * * *", "minute: 0 is not between 1 and 59"},
        {"*/ * * * *", "minute: a number is missing"},
        {"1, * * * *", "minute: a number is missing"},
        {",1 * * * *", "minute: ',1' stands where a number should"},
        {"-1 * * * *", "minute: '-1' stands where a number should"},
        {"1;2 * * * *", "minute: ';2' is not understood"},
        {"** * * * *", "minute: '*' is not understood"},
        {"1-2-3 * * * *", "minute: '-3' is not understood"},
        {"* * * *", "there are fewer than 5 or 6 fields"},
        {"", "there are fewer than 5 or 6 fields"},
        {"* * * * * * *", "there are more than 5 or 6 fields"},
        {"@reboot", "'@reboot' is not known"},
        {"0 0 30 2 *", "day of month: no such day in the months given"},
        {"0 0 31 4,6,9,11 *", "day of month: no such day in the months given"},
        {NULL, "there is no expression"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct onebot_cron cron, before;
        memset(&cron, 0x55, sizeof cron);
        before = cron;
        char why[ONEBOT_WORDING] = "";
        CHECK_EQ(onebot_cron_parse(bad[i].text, &cron, why), -EINVAL);
        CHECK_STR(why, bad[i].why);
        CHECK(!memcmp(&cron, &before, sizeof cron)); /* untouched */
        CHECK_EQ(onebot_cron_parse(bad[i].text, &cron, NULL), -EINVAL);
    }
}

static void test_length_limit(void)
{
    char text[300], why[ONEBOT_WORDING];
    struct onebot_cron cron;
    memset(text, ' ', sizeof text);
    memcpy(text, "0 0 1 1 *", 9);
    text[255] = '\0';
    CHECK_EQ(onebot_cron_parse(text, &cron, why), 0);
    text[255] = ' ';
    text[256] = '\0';
    CHECK_EQ(onebot_cron_parse(text, &cron, why), XIE_ELIMIT);
    CHECK_STR(why, "longer than 255 bytes");
}

/* --- next times --------------------------------------------------------------------- */

static int64_t utc(const char *text)
{
    struct tm tm = {0};
    REQUIRE(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
    return timegm(&tm);
}

static void check_next(const char *zone_name, const char *expression, const char *after,
                       const char *expected)
{
    struct onebot_zone *zone = NULL;
    struct onebot_cron cron;
    REQUIRE(!onebot_zone_open(zone_name, &zone));
    REQUIRE(!onebot_cron_parse(expression, &cron, NULL));
    int64_t next = onebot_cron_next(&cron, zone, utc(after));
    if (next != utc(expected))
        tap_failed(__FILE__, __LINE__, "%s '%s' after %s: %lld, not %s", zone_name, expression,
                   after, (long long)next, expected);
    onebot_zone_free(zone);
}

static void test_next(void)
{
    check_next("UTC", "* * * * *", "2025-01-01 00:00:00", "2025-01-01 00:01:00");
    check_next("UTC", "* * * * * *", "2025-01-01 00:00:00", "2025-01-01 00:00:01");
    check_next("UTC", "0 0 29 2 *", "2025-01-01 00:00:00", "2028-02-29 00:00:00");
    check_next("UTC", "0 0 29 2 *", "2096-02-29 00:00:00", "2104-02-29 00:00:00");
    check_next("UTC", "0 12 13 * fri", "2025-06-01 00:00:00", "2025-06-06 12:00:00");
    check_next("UTC", "0 12 13 * */7", "2025-06-01 00:00:00", "2025-07-13 12:00:00");
    check_next("UTC", "@yearly", "1969-06-01 00:00:00", "1970-01-01 00:00:00");
    check_next("Asia/Shanghai", "30 7 * * *", "2025-01-01 00:00:00", "2025-01-01 23:30:00");
    check_next("UTC", "0 0 * * fri-sun", "2025-06-07 00:00:00", "2025-06-08 00:00:00");
}

/* Berlin, 2025: 2:00 to 3:00 is left out on 30 March (1:00 UTC), comes twice on 26 October. */
static void test_times_left_out(void)
{
    check_next("Europe/Berlin", "30 2 * * *", "2025-03-29 12:00:00", "2025-03-30 01:00:00");
    check_next("Europe/Berlin", "30 2 * * *", "2025-03-30 01:00:00", "2025-03-31 00:30:00");
    check_next("Europe/Berlin", "*/20 2 * * *", "2025-03-29 12:00:00", "2025-03-30 01:00:00");
    check_next("Europe/Berlin", "30 3 * * *", "2025-03-29 12:00:00", "2025-03-30 01:30:00");
    check_next("Europe/Berlin", "30 * * * *", "2025-03-30 00:30:00", "2025-03-30 01:30:00");
    check_next("Europe/Berlin", "30 */2 * * *", "2025-03-29 23:30:00", "2025-03-30 02:30:00");
    check_next("Pacific/Apia", "0 12 30 12 *", "2011-12-20 00:00:00", "2011-12-30 10:00:00");
}

static void test_times_that_come_twice(void)
{
    check_next("Europe/Berlin", "30 2 * * *", "2025-10-25 12:00:00", "2025-10-26 00:30:00");
    check_next("Europe/Berlin", "30 2 * * *", "2025-10-26 00:30:00", "2025-10-27 01:30:00");
    check_next("Europe/Berlin", "30 2,3 * * *", "2025-10-26 00:30:00", "2025-10-26 02:30:00");
    check_next("Europe/Berlin", "30 * * * *", "2025-10-26 00:30:00", "2025-10-26 01:30:00");
    check_next("Europe/Berlin", "0 3 * * *", "2025-10-26 00:00:00", "2025-10-26 02:00:00");
}

static void test_the_end_of_time(void)
{
    struct onebot_cron cron;
    REQUIRE(!onebot_cron_parse("0 0 1 1 *", &cron, NULL));
    CHECK_EQ(onebot_cron_next(&cron, NULL, utc("9998-06-01 00:00:00")), utc("9999-01-01 00:00:00"));
    CHECK_EQ(onebot_cron_next(&cron, NULL, utc("9999-06-01 00:00:00")), XIE_NEVER);
    CHECK_EQ(onebot_cron_next(&cron, NULL, INT64_MAX), XIE_NEVER);
    CHECK(onebot_cron_next(&cron, NULL, INT64_MIN) < utc("0001-01-01 00:00:00"));
}

/* --- against a search --------------------------------------------------------------- */

enum { DAY = 86400 };

struct second {
    int32_t offset;
    uint8_t second, minute, hour, day, month, weekday;
};

static void take_tm(struct second *now, const struct tm *tm)
{
    *now = (struct second){(int32_t)tm->tm_gmtoff, (uint8_t)tm->tm_sec,  (uint8_t)tm->tm_min,
                           (uint8_t)tm->tm_hour,   (uint8_t)tm->tm_mday, (uint8_t)(tm->tm_mon + 1),
                           (uint8_t)tm->tm_wday};
}

static bool fields_match(const struct onebot_cron *cron, const struct second *now)
{
    bool day = cron->days >> now->day & 1, weekday = cron->weekdays >> now->weekday & 1;
    return cron->seconds >> now->second & 1 && cron->minutes >> now->minute & 1 &&
           cron->hours >> now->hour & 1 && cron->months >> now->month & 1 &&
           (cron->either_day ? day || weekday : day && weekday);
}

/* The same for a local time that no clock shows. */
static bool hidden_match(const struct onebot_cron *cron, int64_t local)
{
    struct second now;
    struct tm tm;
    time_t time = local;
    gmtime_r(&time, &tm);
    take_tm(&now, &tm);
    return fields_match(cron, &now);
}

/* By the words of the header alone. seconds[i] is begin + i. */
static int64_t search(const struct onebot_cron *cron, const struct second *seconds, int64_t begin,
                      int count, int from)
{
    int64_t shown = INT64_MIN; /* local times before it have been, at the last change */
    for (int i = 1; i < count; i++) {
        int32_t before = seconds[i - 1].offset, offset = seconds[i].offset;
        bool matches = fields_match(cron, &seconds[i]);
        if (before != offset)
            shown = begin + i + before;
        if (!cron->any_hour && begin + i + offset < shown)
            matches = false;
        if (!cron->any_hour && before < offset && i >= from)
            for (int64_t local = shown; local < begin + i + offset && !matches; local++)
                matches = hidden_match(cron, local);
        if (matches && i >= from)
            return begin + i;
    }
    return XIE_NEVER;
}

static unsigned draw(unsigned below)
{
    static uint64_t state = 7;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % below;
}

static void draw_field(char *text, int least, int most)
{
    unsigned span = (unsigned)(most - least + 1);
    int a = least + (int)draw(span), b = a + (int)draw((unsigned)(most - a + 1));
    switch (draw(5)) {
    case 0:
        sprintf(text, "*/%u", 1 + draw(span > 2 ? span / 2 : 1));
        return;
    case 1:
        sprintf(text, "%d", a);
        return;
    case 2:
        sprintf(text, "%d-%d/%u", a, b, 1 + draw(5));
        return;
    case 3:
        sprintf(text, "%d,%d", a, b);
        return;
    default:
        strcpy(text, "*");
    }
}

static void draw_expression(char *text)
{
    char field[6][32];
    do {
        draw_field(field[0], 0, 59);
        draw_field(field[1], 0, 59);
        draw_field(field[2], 0, draw(2) ? 4 : 23); /* clocks are set at night */
        draw_field(field[3], 1, 31);
        draw_field(field[4], 1, 12);
        draw_field(field[5], 0, 7);
        if (draw(2))
            strcpy(field[0], "0");
        for (int i = 3; i < 6; i++)
            if (draw(3))
                strcpy(field[i], "*");
        sprintf(text, "%s %s %s %s %s %s", field[0], field[1], field[2], field[3], field[4],
                field[5]);
    } while (onebot_cron_parse(text, &(struct onebot_cron){0}, NULL)); /* 31 February */
}

/* An expression over some days of a zone, each next time after the other. */
static void follow(const char *zone_name, const struct onebot_zone *zone,
                   const struct second *seconds, int64_t begin, int count)
{
    char text[256];
    struct onebot_cron cron;
    draw_expression(text);
    REQUIRE(!onebot_cron_parse(text, &cron, NULL));
    int from = DAY + (int)draw((unsigned)count - DAY);
    for (int steps = 0; steps < 5; steps++) {
        int64_t expected = search(&cron, seconds, begin, count, from);
        int64_t found = onebot_cron_next(&cron, zone, begin + from - 1);
        if (expected == XIE_NEVER ? found < begin + count : found != expected) {
            tap_failed(__FILE__, __LINE__, "%s '%s' after %lld: %lld, not %lld", zone_name, text,
                       (long long)(begin + from - 1), (long long)found, (long long)expected);
            return;
        }
        if (expected == XIE_NEVER)
            return;
        from = (int)(expected - begin) + 1;
    }
}

static void follow_zone(const char *zone_name, const char *day, int expressions)
{
    int64_t begin = utc(day) - DAY;
    int count = 3 * DAY;
    struct second *seconds = malloc((size_t)count * sizeof *seconds);
    struct onebot_zone *zone = NULL;
    REQUIRE(seconds && !onebot_zone_open(zone_name, &zone));
    setenv("TZ", zone_name, 1);
    tzset();
    for (int i = 0; i < count; i++) {
        struct tm tm;
        time_t time = begin + i;
        localtime_r(&time, &tm);
        take_tm(&seconds[i], &tm);
    }
    for (int i = 0; i < expressions; i++)
        follow(zone_name, zone, seconds, begin, count);
    onebot_zone_free(zone);
    free(seconds);
}

static void test_a_search_finds_the_same(void)
{
    static const char *const days[][2] = {{"Europe/Berlin", "2025-03-30 00:00:00"},
                                          {"Europe/Berlin", "2025-10-26 00:00:00"},
                                          {"America/New_York", "2024-11-03 00:00:00"},
                                          {"America/New_York", "2060-03-14 00:00:00"},
                                          {"Australia/Lord_Howe", "2025-04-05 00:00:00"},
                                          {"Australia/Lord_Howe", "2025-10-04 00:00:00"},
                                          {"Africa/Casablanca", "2025-02-23 00:00:00"},
                                          {"Africa/Casablanca", "2025-04-06 00:00:00"},
                                          {"Pacific/Apia", "2011-12-30 00:00:00"},
                                          {"America/Sao_Paulo", "2018-11-04 00:00:00"},
                                          {"America/Sao_Paulo", "2019-02-16 00:00:00"},
                                          {"Asia/Shanghai", "1990-09-15 00:00:00"},
                                          {"Asia/Kathmandu", "2028-02-28 00:00:00"},
                                          {"Europe/Dublin", "2300-10-30 00:00:00"}};
    tap_limit(120);
    for (size_t i = 0; i < sizeof days / sizeof *days; i += tap_slow() ? 5 : 1)
        follow_zone(days[i][0], days[i][1], tap_slow() ? 10 : 60);
}

/* --- zones -------------------------------------------------------------------------- */

static void compare_zone(const char *name, int count)
{
    struct onebot_zone *zone = NULL;
    REQUIRE(!onebot_zone_open(name, &zone));
    setenv("TZ", name, 1);
    tzset();
    int64_t change = utc("1950-01-01 00:00:00");
    for (int i = 0; i < count; i++) {
        time_t at = utc("1930-01-01 00:00:00") + (int64_t)draw(1U << 31) * 8; /* to 2474 */
        if (i % 4 == 0) {                                                     /* about a change */
            change = onebot_zone_change(zone, change);
            if (change < utc("2400-01-01 00:00:00"))
                at = change - (i / 4 % 2);
            else
                change = utc("1950-01-01 00:00:00");
        }
        struct tm tm;
        localtime_r(&at, &tm);
        if (tm.tm_gmtoff != onebot_zone_offset(zone, at))
            tap_failed(__FILE__, __LINE__, "%s at %lld: %d, not %ld", name, (long long)at,
                       (int)onebot_zone_offset(zone, at), tm.tm_gmtoff);
    }
    onebot_zone_free(zone);
}

static void test_every_zone_is_as_the_c_library_has_it(void)
{
    char line[256], name[128];
    int count = 0;
    tap_limit(120);
    FILE *file = fopen("/usr/share/zoneinfo/tzdata.zi", "r");
    if (!file)
        tap_skip("there is no list of zones");
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "Z %127s", name) == 1 || sscanf(line, "L %*s %127s", name) == 1)
            if (count++ % (tap_slow() ? 20 : 1) == 0)
                compare_zone(name, 300);
    }
    fclose(file);
    CHECK(count > 300);
}

static void test_zone_names(void)
{
    static const char *const none[] = {"",     "No/Where", "../etc/passwd", "/etc/localtime",
                                       "a//b", "Europe",   "Europe/",       "Asia/Sh anghai",
                                       ".",    "tzdata.zi"};
    struct onebot_zone *zone = NULL;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_EQ(onebot_zone_open(none[i], &zone), -ENOENT);
    char name[200];
    memset(name, 'a', sizeof name);
    name[199] = '\0';
    CHECK_EQ(onebot_zone_open(name, &zone), -ENOENT);
    CHECK_EQ(onebot_zone_open("zone1970", &zone), -ENOENT);
    CHECK(!zone);
    REQUIRE(!onebot_zone_open(NULL, &zone)); /* the machine's, whichever */
    onebot_zone_free(zone);
    CHECK_EQ(onebot_zone_offset(NULL, 0), 0);
    onebot_zone_free(NULL);
}

static void test_times_far_away(void)
{
    struct onebot_zone *zone = NULL;
    REQUIRE(!onebot_zone_open("Europe/Berlin", &zone));
    CHECK_EQ(onebot_zone_offset(zone, INT64_MIN), 3208); /* the sun's own, before railways */
    int32_t far = onebot_zone_offset(zone, INT64_MAX);
    CHECK(far == 3600 || far == 7200);
    onebot_zone_free(zone);
}

/* Each byte of a file cut off or changed: refused, or some zone; never a crash. */
static void test_damaged_files(void)
{
    unsigned char bytes[4096], copy[4096];
    FILE *file = fopen("/usr/share/zoneinfo/America/New_York", "r");
    if (!file)
        tap_skip("there is no such zone");
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t i = 0; i < len; i++) {
        struct onebot_zone zone = {0};
        memcpy(copy, bytes, i); /* cut off */
        CHECK_EQ(onebot_zone_parse(copy, i, &zone), -EUCLEAN);
        onebot_zone_fini(&zone);
        zone = (struct onebot_zone){0};
        memcpy(copy, bytes, len);
        copy[i] ^= (unsigned char)(1U << draw(8));
        int error = onebot_zone_parse(copy, len, &zone);
        CHECK(error == 0 || error == -EUCLEAN);
        if (!error)
            for (int k = 0; k < 20; k++)
                onebot_zone_change(&zone, (int64_t)draw(1U << 31) * 4);
        onebot_zone_fini(&zone);
    }
}

static void test_rules(void)
{
    static const char *const good[] = {"UTC0",
                                       "CET-1CEST,M3.5.0,M10.5.0/3",
                                       "<+0330>-3:30",
                                       "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
                                       "IST-1GMT0,M10.5.0,M3.5.0/1",
                                       "AAA3BBB,J60/0:30:15,364/-167",
                                       "XXX3EDT4,0/0,J365/23"};
    static const char *const bad[] = {"",
                                      "A0",
                                      "UTC",
                                      "<UTC0",
                                      "CET-1CEST",
                                      "CET-1CEST,",
                                      "UTC25",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M13.5.0,M10.5.0",
                                      "UTC0x",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M3.5.7,M10.5.0",
                                      "CET-1CEST,M3.5.0,M10.5.0/168",
                                      "CET-1CEST,J0,J5",
                                      "UTC0:60",
                                      "CET-1CEST,M3.5.0,M10.5.0x",
                                      "CET-1CEST,366,1",
                                      "UTC0:"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct onebot_zone zone = {0};
        if (onebot_rule_parse(good[i], &zone))
            tap_failed(__FILE__, __LINE__, "%s is refused", good[i]);
        setenv("TZ", good[i], 1);
        tzset();
        for (int k = 0; k < 500 && i < 5; k++) {
            struct tm tm;
            time_t at = (time_t)draw(1U << 31) * 4;
            localtime_r(&at, &tm);
            CHECK_EQ(onebot_rule_offset(&zone, at), tm.tm_gmtoff);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct onebot_zone zone = {0};
        if (!onebot_rule_parse(bad[i], &zone))
            tap_failed(__FILE__, __LINE__, "%s is taken", bad[i]);
    }
}

static const struct tap_test tests[] = {
    {"good expressions", test_good_ones},
    {"bad expressions name the field", test_bad_ones_name_the_field},
    {"the length of an expression is limited", test_length_limit},
    {"next times", test_next},
    {"local times that are left out", test_times_left_out},
    {"local times that come twice", test_times_that_come_twice},
    {"the end of time", test_the_end_of_time},
    {"a search second by second finds the same", test_a_search_finds_the_same},
    {"every zone is as the C library has it", test_every_zone_is_as_the_c_library_has_it},
    {"names of zones", test_zone_names},
    {"times far away", test_times_far_away},
    {"damaged files of zones", test_damaged_files},
    {"rules of zones", test_rules},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

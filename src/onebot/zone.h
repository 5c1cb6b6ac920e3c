/* zone.h - when a zone's clock is set, and by what rule after the last that is known.
 * Floor 9. Times are seconds since 1970, offsets seconds east of Greenwich. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_ZONE_H
#define XIE_ONEBOT_ZONE_H

#include <stddef.h>
#include <xie/onebot/schedule.h>

/* A day of each year, and a time of it. RFC 9636 section 3.3.1; POSIX, TZ */
struct onebot_yearly {
    char kind; /* 'M' month, week (5: the last), weekday; 'J' 1..365 without 29 February; 'N' 0..365
                */
    int month, week, day;
    int32_t time; /* local, from -167 to 167 hours [seconds] */
};

struct onebot_zone {
    size_t count;     /* of changes */
    int64_t *when;    /* rising */
    int32_t *offset;  /* from then on */
    int32_t first;    /* before the first change */
    bool rule;        /* there is one; else the last change is the last for ever */
    bool ruled_after; /* the rule holds from rule_from on, else always */
    int64_t rule_from;
    bool summer; /* the rule has summer time, from begin to end */
    int32_t standard_offset, summer_offset;
    struct onebot_yearly begin, end;
};

/* zone_rule.c: "CET-1CEST,M3.5.0,M10.5.0/3", ended by a 0. 0 or -EINVAL */
int onebot_rule_parse(const char *text, struct onebot_zone *zone);
int32_t onebot_rule_offset(const struct onebot_zone *zone, int64_t at);
/* The first change by the rule that is later, XIE_NEVER without one. */
int64_t onebot_rule_change(const struct onebot_zone *zone, int64_t after);

/* zone.c: the bytes of a TZif file. zone is zeroed. 0 -EUCLEAN -ENOMEM */
int onebot_zone_parse(const unsigned char *bytes, size_t len, struct onebot_zone *zone);
/* The first time later than that at which the offset is another, XIE_NEVER without one. */
int64_t onebot_zone_change(const struct onebot_zone *zone, int64_t after);
void onebot_zone_fini(struct onebot_zone *zone);

#endif

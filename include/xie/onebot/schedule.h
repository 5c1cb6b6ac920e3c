/* schedule.h - what a bot does by the clock: cron expressions, once, every so often.
 * Floor 9, library xie-onebot. Each run is a task. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_SCHEDULE_H
#define XIE_ONEBOT_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xie/error.h>
#include <xie/onebot.h>
#include <xie/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- time zones --------------------------------------------------------------------- */

/* A time zone, read once and never changed: any number of threads may use it. Opaque. */
struct onebot_zone;

/**
 * Read a time zone from the system's files.
 *
 * name    as IANA has it: "Asia/Shanghai"; "UTC" needs no file; NULL: the machine's,
 *         of /etc/localtime
 * zone    receives it, owned: onebot_zone_free. Untouched on error
 * errors  -ENOENT there is no such zone; -EUCLEAN its file is damaged; -ENOMEM, and those of
 *         open(2)
 * note    the files are those of /usr/share/zoneinfo. TZ of the environment is not looked at,
 *         nor changed. Safe from any thread
 * cost    blocks for a file of some KiB, that is mostly in the system's cache
 * source  tzfile(5), RFC 9636; Python zoneinfo.ZoneInfo
 */
XIE_API int onebot_zone_open(const char *name, struct onebot_zone **zone);
/* NULL is allowed. */
XIE_API void onebot_zone_free(struct onebot_zone *zone);
/* What to add to UTC for the local time, at a time in seconds since 1970 [seconds]. NULL: UTC.
 * source localtime(3), tm_gmtoff */
XIE_API int32_t onebot_zone_offset(const struct onebot_zone *zone, int64_t at);

/* --- cron expressions --------------------------------------------------------------- */

/* An expression, parsed; in the caller's storage, owns nothing. Its fields are the library's:
 * a bit for each value that matches. */
struct onebot_cron {
    uint64_t seconds, minutes;
    uint32_t hours, days, months, weekdays;
    bool any_hour;   /* the hours begin with *: it runs by the interval */
    bool either_day; /* days and weekdays are both given: one of them is enough */
};

/**
 * Parse a cron expression: "minute hour day-of-month month day-of-week", with a field for the
 * second in front of them or without.
 *
 * text    each field is a list, by commas, of: * a value, a range a-b, and after * or a range a
 *         step /n. Months and weekdays also by the first three letters of their English names,
 *         in any case; weekday 0 and 7 are Sunday, and a range may end with it. Or one of @yearly
 *         @annually @monthly @weekly @daily @midnight @hourly. Up to 255 bytes
 * cron    untouched on error
 * why     receives what is wrong with it, the field's name first; ONEBOT_WORDING bytes; may be
 *         NULL
 * return  0
 * errors  -EINVAL; XIE_ELIMIT it is too long
 * note    where day-of-month and day-of-week are both given, neither beginning with *, a day
 *         matches by one of them; else by both. A day that no month has (30 February) is an error
 * source  crontab(5)
 */
XIE_API int onebot_cron_parse(const char *text, struct onebot_cron *cron, char *why);

/**
 * When does it match next? A pure function.
 *
 * zone    whose clock; NULL: UTC
 * after   seconds since 1970: the answer is later
 * return  seconds since 1970; XIE_NEVER: not before the year 10000
 * note    where the clock is set back, a local time comes twice: an expression whose hours begin
 *         with * matches both times, any other the first time only. Where it is set forward, local
 *         times are left out: with * they are not made up for; any other expression matches once
 *         at the moment of the change, if it would have matched in between
 * cost    a microsecond or two mostly; rare dates, such as 29 February, some more
 */
XIE_API int64_t onebot_cron_next(const struct onebot_cron *cron, const struct onebot_zone *zone,
                                 int64_t after);

/* --- a schedule --------------------------------------------------------------------- */

/* Jobs and their times; opaque. Of one loop. */
struct onebot_schedule;

/* One run of a job, as its function sees it. */
struct onebot_run_info {
    void *arg;        /* of the job */
    const char *name; /* of the job; good until the function returns */
    uint64_t id;      /* of the job */
    int64_t due_ns;   /* when it was due: since 1970, for every_ns and after_ns of xie_now() */
    uint64_t missed;  /* how many times before that one went by without a run, since the last */
};

/* return >= 0, or a negative error: one line in the log names the job. It changes nothing else */
typedef int onebot_job_fn(const struct onebot_run_info *run);

enum onebot_overlap {
    ONEBOT_OVERLAP_SKIP,  /* the last run has not ended: this one is left out */
    ONEBOT_OVERLAP_QUEUE, /* it begins when the last has ended */
    ONEBOT_OVERLAP_ALLOW  /* they run side by side */
};
enum onebot_missed {
    ONEBOT_MISSED_ONCE, /* run once, now, for all the times that went by */
    ONEBOT_MISSED_SKIP  /* wait for the next time */
};

/* What to run, and when: exactly one of cron, at_ns, after_ns, every_ns. Borrowed for the call,
 * strings are copied. */
struct onebot_job {
    const char *name; /* for the log; NULL: "job" */
    onebot_job_fn *fn;
    void *arg; /* borrowed until it has run last */

    const char *cron; /* by the wall clock of zone */
    const char *zone; /* of cron; as onebot_zone_open */
    int64_t at_ns;    /* once, at this time since 1970; one that is past: at once, as missed */
    int64_t after_ns; /* once, this long from now, whatever the wall clock does */
    int64_t every_ns; /* again and again, first after every_ns, whatever the wall clock does */

    int64_t jitter_ns; /* each time is put off by up to this, at random */
    enum onebot_overlap overlap;
    enum onebot_missed missed;
};

enum {
    ONEBOT_SCHEDULE_JOBS = 10000,  /* of one schedule */
    ONEBOT_SCHEDULE_QUEUE = 100,   /* runs of one job that wait for the last; others are dropped */
    ONEBOT_SCHEDULE_RUNNING = 1000 /* runs at once of one schedule; others are dropped */
};

/* How to make a schedule; zero is the default of each. log_arg and clock_arg are borrowed. */
struct onebot_schedule_options {
    /* The wall clock, in nanoseconds since 1970; NULL: the system's. On sim it is the virtual
     * clock, that begins with the year 2025 in UTC. */
    int64_t (*clock)(void *clock_arg);
    void *clock_arg;
    int64_t look_ns;   /* how soon it is noticed that the wall clock was set, or the machine slept;
                          30 s; XIE_NEVER: it never is, and nothing runs in between. On sim, without
                          a clock of one's own, it is never */
    int64_t late_ns;   /* a run that begins later than this was missed; 1 min */
    size_t stack_size; /* of runs [bytes]; the loop's */
    /* Receives each line of the log; NULL: stderr. */
    void (*log)(void *log_arg, enum onebot_level level, const char *line);
    void *log_arg;
};

/**
 * Make a schedule. Nothing runs before onebot_schedule_run.
 *
 * schedule  receives it, owned: onebot_schedule_free. Untouched on error
 * errors    -ENOMEM; -EPERM no loop in this thread
 */
XIE_API int onebot_schedule_new(const struct onebot_schedule_options *options,
                                struct onebot_schedule **schedule);
/* Give it back; NULL is allowed. While it runs it aborts. */
XIE_API void onebot_schedule_free(struct onebot_schedule *schedule);

/**
 * Run its jobs, each run as a task of its own, until the schedule is stopped or cancelled; spawn it
 * beside onebot_run.
 *
 * return  0 onebot_schedule_stop was called. Runs that have not ended are cancelled and waited for;
 *         those that waited for them were missed
 * errors  -ECANCELED -ETIMEDOUT of the scopes around: the same; -EPERM outside a task; -EBUSY it
 *         runs already
 * note    times before its begin were missed. What wall-clock jobs do when the clock is set
 *         forward: as if they had slept. Back by less than three hours: they wait until the clock
 *         is there again, so that nothing runs twice; by more: the new time is taken as right
 * cost    looks at each job when one is due: about ten nanoseconds a job
 */
XIE_API int onebot_schedule_run(struct onebot_schedule *schedule);
/* Have onebot_schedule_run return, from any task of its loop. Idempotent. */
XIE_API void onebot_schedule_stop(struct onebot_schedule *schedule);

/**
 * Add a job, before the schedule runs or while it does.
 *
 * id      receives its number, never 0 and never used again; may be NULL
 * why     receives what is wrong with it, in words; ONEBOT_WORDING bytes; may be NULL
 * return  0
 * errors  -EINVAL no function, not exactly one time, a negative one, a bad expression; XIE_ELIMIT
 *         ONEBOT_SCHEDULE_JOBS; those of onebot_zone_open; -ENOMEM
 */
XIE_API int onebot_schedule_add(struct onebot_schedule *schedule, const struct onebot_job *job,
                                uint64_t *id, char *why);
/* Take a job out: nothing of it begins any more, queued runs included. What runs goes on.
 * return true; false: there is none (any more) */
XIE_API bool onebot_schedule_cancel(struct onebot_schedule *schedule, uint64_t id);
/* When a job is due next, jitter included, on its clock (due_ns tells which); XIE_NEVER: it is
 * not, or there is no such job. */
XIE_API int64_t onebot_schedule_next(const struct onebot_schedule *schedule, uint64_t id);
/* How many jobs it has. */
XIE_API size_t onebot_schedule_count(const struct onebot_schedule *schedule);

#ifdef __cplusplus
}
#endif
#endif

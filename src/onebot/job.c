/* job.c - a job's times: the next, those that went by, those that wait.
 * Floor 9. Runs nothing and reads no clock. */
/* SPDX-License-Identifier: MIT */
#include "onebot/job.h"

#include <stdio.h>

#include "base/memory.h"
#include "onebot/calendar.h"
#include "onebot/utf8.h"

/* Times that went by are counted one by one up to this many; beyond it the count is a lower bound,
 * and the last is found by bisecting. A job of each second that slept for a day costs some tens of
 * milliseconds, and for a year no more. */
enum { COUNT_MOST = 100000 };

static int64_t sum(int64_t a, int64_t b)
{
    int64_t result;
    return __builtin_add_overflow(a, b, &result) ? XIE_NEVER : result;
}

/* --- making ------------------------------------------------------------------------- */

static int complain(char *why, int error, const char *text)
{
    if (why)
        snprintf(why, ONEBOT_WORDING, "%s", text);
    return error;
}

static int check(const struct onebot_job *job, char *why)
{
    if (!job || !job->fn)
        return complain(why, -EINVAL, "the job has no function");
    int times = !!job->cron + !!job->at_ns + !!job->after_ns + !!job->every_ns;
    if (times != 1)
        return complain(why, -EINVAL, "not exactly one of cron, at_ns, after_ns and every_ns");
    if (job->at_ns < 0 || job->after_ns < 0 || job->every_ns < 0 || job->jitter_ns < 0)
        return complain(why, -EINVAL, "a negative time");
    if (job->overlap > ONEBOT_OVERLAP_ALLOW || job->missed > ONEBOT_MISSED_SKIP)
        return complain(why, -EINVAL, "overlap or missed is none of its values");
    return 0;
}

static int64_t next_cron(const struct onebot_entry *entry, int64_t after_ns)
{
    int64_t after = onebot_floor_div(after_ns, XIE_SECOND);
    int64_t next = onebot_cron_next(&entry->cron, entry->zone, after);
    return next > XIE_NEVER / XIE_SECOND ? XIE_NEVER : next * XIE_SECOND;
}

static int read_cron(struct onebot_entry *entry, const struct onebot_clocks *now, char *why)
{
    const char *zone = entry->job.zone;
    int error = onebot_cron_parse(entry->job.cron, &entry->cron, why);
    if (error)
        return error;
    error = onebot_zone_open(zone, &entry->zone);
    if (error && why) {
        snprintf(why, ONEBOT_WORDING, "time zone %.64s: %s", zone ? zone : "of the machine",
                 error == -ENOENT ? "there is none of this name" : xie_strerror(error));
        onebot_utf8_one_line(why, true);
    }
    if (!error)
        entry->time_ns = next_cron(entry, now->wall_ns);
    return error;
}

static int set_time(struct onebot_entry *entry, const struct onebot_clocks *now, char *why)
{
    const struct onebot_job *job = &entry->job;
    if (job->cron)
        return read_cron(entry, now, why);
    if (job->at_ns) {
        entry->kind = ONEBOT_JOB_AT;
        entry->time_ns = job->at_ns;
    } else {
        entry->kind = job->after_ns ? ONEBOT_JOB_AFTER : ONEBOT_JOB_EVERY;
        entry->time_ns = sum(now->steady_ns, job->after_ns ? job->after_ns : job->every_ns);
    }
    return 0;
}

int onebot_entry_new(const struct onebot_job *job, const struct onebot_clocks *now,
                     struct onebot_entry **entry, char *why)
{
    int error = check(job, why);
    if (error)
        return error;
    struct onebot_entry *made = xie_alloc_zero(sizeof *made);
    char *name = made ? xie_copy_string(job->name ? job->name : "job") : NULL;
    if (!name) {
        xie_release(made);
        return complain(why, -ENOMEM, xie_strerror(-ENOMEM));
    }
    made->job = *job;
    made->job.name = name;
    error = set_time(made, now, why);
    made->job.cron = made->job.zone = NULL;
    if (error)
        onebot_entry_free(made);
    else
        *entry = made;
    return error;
}

void onebot_entry_free(struct onebot_entry *entry)
{
    onebot_zone_free(entry->zone);
    xie_release((char *)entry->job.name);
    xie_release(entry->queue);
    xie_release(entry);
}

/* --- times -------------------------------------------------------------------------- */

bool onebot_entry_by_wall(const struct onebot_entry *entry)
{
    return entry->kind == ONEBOT_JOB_CRON || entry->kind == ONEBOT_JOB_AT;
}

int64_t onebot_entry_due(const struct onebot_entry *entry)
{
    return entry->time_ns == XIE_NEVER ? XIE_NEVER : sum(entry->time_ns, entry->delay_ns);
}

void onebot_entry_jitter(struct onebot_entry *entry, uint64_t random)
{
    int64_t most = entry->job.jitter_ns;
    entry->delay_ns = most ? (int64_t)(random % ((uint64_t)most + 1)) : 0;
}

/* The last time that is not after now; `time` is one of them. */
static int64_t last_cron(const struct onebot_entry *entry, int64_t time, int64_t now)
{
    int64_t before = time / XIE_SECOND - 1; /* a second behind which there is one */
    int64_t beyond = now / XIE_SECOND + 1;  /* one behind which there is none */
    while (beyond - before > 1) {
        int64_t middle = before + (beyond - before) / 2;
        if (next_cron(entry, middle * XIE_SECOND) <= now)
            before = middle;
        else
            beyond = middle;
    }
    return next_cron(entry, before * XIE_SECOND);
}

/* Go to the first time after now; due becomes the last that is not. return how many went by
 * before that one */
static uint64_t pass_cron(struct onebot_entry *entry, int64_t now, int64_t *due)
{
    uint64_t count = 0;
    int64_t next = next_cron(entry, entry->time_ns);
    for (; next <= now && count < COUNT_MOST; count++) {
        *due = next;
        next = next_cron(entry, next);
    }
    if (next <= now) {
        *due = last_cron(entry, next, now);
        next = next_cron(entry, *due);
        count++;
    }
    entry->time_ns = next;
    return count;
}

static uint64_t pass_every(struct onebot_entry *entry, int64_t now, int64_t *due)
{
    int64_t every = entry->job.every_ns, count = (now - entry->time_ns) / every;
    *due = entry->time_ns + count * every;
    entry->time_ns = sum(*due, every);
    return (uint64_t)count;
}

bool onebot_entry_take(struct onebot_entry *entry, const struct onebot_clocks *now, int64_t late_ns,
                       struct onebot_due *due, bool *late)
{
    int64_t clock = onebot_entry_by_wall(entry) ? now->wall_ns : now->steady_ns;
    if (entry->time_ns == XIE_NEVER || clock < onebot_entry_due(entry))
        return false;
    clock -= entry->delay_ns; /* as if it had not been put off */
    *due = (struct onebot_due){entry->time_ns, entry->missed};
    if (entry->kind == ONEBOT_JOB_CRON)
        due->missed += pass_cron(entry, clock, &due->due_ns);
    else if (entry->kind == ONEBOT_JOB_EVERY)
        due->missed += pass_every(entry, clock, &due->due_ns);
    else
        entry->time_ns = XIE_NEVER;
    *late = clock - due->due_ns > late_ns;
    entry->missed = due->missed + 1; /* unless it runs */
    entry->delay_ns = 0;
    return true;
}

void onebot_entry_rewind(struct onebot_entry *entry, int64_t wall_ns)
{
    if (entry->kind == ONEBOT_JOB_CRON)
        entry->time_ns = next_cron(entry, wall_ns);
}

/* --- runs that wait ----------------------------------------------------------------- */

int onebot_entry_push(struct onebot_entry *entry, const struct onebot_due *due)
{
    if (!entry->queue)
        entry->queue = xie_alloc(ONEBOT_SCHEDULE_QUEUE * sizeof *entry->queue);
    if (!entry->queue)
        return -ENOMEM;
    if (entry->queued == ONEBOT_SCHEDULE_QUEUE)
        return XIE_ELIMIT;
    entry->queue[(entry->queue_head + entry->queued++) % ONEBOT_SCHEDULE_QUEUE] = *due;
    return 0;
}

bool onebot_entry_pop(struct onebot_entry *entry, struct onebot_due *due)
{
    if (!entry->queued)
        return false;
    *due = entry->queue[entry->queue_head];
    entry->queue_head = (entry->queue_head + 1) % ONEBOT_SCHEDULE_QUEUE;
    entry->queued--;
    return true;
}

void onebot_entry_miss_queued(struct onebot_entry *entry)
{
    struct onebot_due due;
    while (onebot_entry_pop(entry, &due))
        entry->missed += due.missed + 1;
}

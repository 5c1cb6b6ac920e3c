/* job.h - a job of a schedule: when it is due, what of it runs and waits.
 * Floor 9. Times on its clock: the wall's, or xie_now(). */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_JOB_H
#define XIE_ONEBOT_JOB_H

#include "onebot/zone.h"

enum onebot_job_kind { ONEBOT_JOB_CRON, ONEBOT_JOB_AT, ONEBOT_JOB_AFTER, ONEBOT_JOB_EVERY };

/* What is to be run. */
struct onebot_due {
    int64_t due_ns;
    uint64_t missed;
};

struct onebot_entry {
    uint64_t id;
    struct onebot_job job; /* name is owned, cron and zone are not kept */
    enum onebot_job_kind kind;
    struct onebot_cron cron;
    struct onebot_zone *zone;
    int64_t time_ns;  /* the next; XIE_NEVER: no more */
    int64_t delay_ns; /* of that one, by its jitter */
    uint64_t missed;  /* since the last run */
    size_t running;
    struct onebot_due *queue; /* ONEBOT_SCHEDULE_QUEUE of them, a ring; NULL: none yet */
    size_t queue_head, queued;
    bool gone; /* out of the schedule; released when nothing of it runs */
};

/* Both clocks at one moment. */
struct onebot_clocks {
    int64_t wall_ns, steady_ns;
};

/* errors as onebot_schedule_add */
int onebot_entry_new(const struct onebot_job *job, const struct onebot_clocks *now,
                     struct onebot_entry **entry, char *why);
void onebot_entry_free(struct onebot_entry *entry);

bool onebot_entry_by_wall(const struct onebot_entry *entry);
/* Time and delay; XIE_NEVER when it is not. */
int64_t onebot_entry_due(const struct onebot_entry *entry);
/* Put the next time off. */
void onebot_entry_jitter(struct onebot_entry *entry, uint64_t random);
/* Is it due? Then due says what to run, and the entry stands at its next time, without delay. late:
 * it was missed: run it only if its job says so. */
bool onebot_entry_take(struct onebot_entry *entry, const struct onebot_clocks *now, int64_t late_ns,
                       struct onebot_due *due, bool *late);
/* The wall clock was set far back. */
void onebot_entry_rewind(struct onebot_entry *entry, int64_t wall_ns);

/* errors XIE_ELIMIT -ENOMEM */
int onebot_entry_push(struct onebot_entry *entry, const struct onebot_due *due);
bool onebot_entry_pop(struct onebot_entry *entry, struct onebot_due *due);
/* What waits will not run: it was missed. */
void onebot_entry_miss_queued(struct onebot_entry *entry);

#endif

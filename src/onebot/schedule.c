/* schedule.c - a schedule waits for what is due next, and runs it.
 * Floor 9. One task waits; each run is another. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <xie.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "onebot/job.h"
#include "onebot/log.h"
#include "onebot/wall.h"

/* Set back by less, the wall clock will soon be where it was. */
#define SMALL_STEP_NS (3 * XIE_HOUR)

struct onebot_schedule {
    struct onebot_schedule_options options; /* with the defaults filled in */
    struct onebot_log log;
    struct onebot_entry **entries; /* in the order they were added */
    size_t count, cap;
    uint64_t last_id, random;
    int64_t highest_ns;      /* of the wall clock */
    struct xie_event change; /* set: look again */
    struct xie_group *runs;  /* NULL: it does not run */
    size_t running;
    bool sweeping, stopping;
};

/* --- clocks and chance -------------------------------------------------------------- */

static int64_t usual_clock(void *arg)
{
    (void)arg;
    return onebot_wall_now();
}

static struct onebot_clocks look(const struct onebot_schedule *schedule)
{
    return (struct onebot_clocks){schedule->options.clock(schedule->options.clock_arg), xie_now()};
}

/* Spreads runs out; nothing depends on its being hard to guess. */
static uint64_t draw(struct onebot_schedule *schedule)
{
    schedule->random = schedule->random * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return schedule->random ^ schedule->random >> 32;
}

/* --- new and free ------------------------------------------------------------------- */

static void fill_in(struct onebot_schedule_options *options)
{
    bool sim = !strcmp(xie_loop_backend(xie_loop_current()), "sim");
    if (!options->look_ns || options->look_ns < 0)
        options->look_ns = sim && !options->clock ? XIE_NEVER : 30 * XIE_SECOND;
    if (options->late_ns <= 0)
        options->late_ns = XIE_MINUTE;
    if (options->late_ns > XIE_NEVER / 2)
        options->late_ns = XIE_NEVER / 2; /* now less that fits */
    if (!options->clock)
        options->clock = usual_clock;
}

int onebot_schedule_new(const struct onebot_schedule_options *options,
                        struct onebot_schedule **schedule)
{
    if (!xie_loop_current())
        return -EPERM;
    struct onebot_schedule *made = xie_alloc_zero(sizeof *made);
    if (!made)
        return -ENOMEM;
    if (options)
        made->options = *options;
    fill_in(&made->options);
    made->log = (struct onebot_log){.write = made->options.log, .arg = made->options.log_arg};
    struct onebot_clocks now = look(made);
    made->random = (uint64_t)now.wall_ns ^ (uint64_t)now.steady_ns;
    made->highest_ns = now.wall_ns;
    *schedule = made;
    return 0;
}

void onebot_schedule_free(struct onebot_schedule *schedule)
{
    if (!schedule)
        return;
    if (schedule->runs)
        xie_misuse("onebot_schedule_free while it runs");
    for (size_t i = 0; i < schedule->count; i++)
        onebot_entry_free(schedule->entries[i]);
    xie_release(schedule->entries);
    xie_release(schedule);
}

/* --- jobs --------------------------------------------------------------------------- */

static int make_room(struct onebot_schedule *schedule)
{
    if (schedule->count == ONEBOT_SCHEDULE_JOBS)
        return XIE_ELIMIT;
    if (schedule->count < schedule->cap)
        return 0;
    size_t cap = schedule->cap ? schedule->cap * 2 : 8;
    struct onebot_entry **entries = xie_resize(schedule->entries, cap * sizeof *entries);
    if (!entries)
        return -ENOMEM;
    schedule->entries = entries;
    schedule->cap = cap;
    return 0;
}

int onebot_schedule_add(struct onebot_schedule *schedule, const struct onebot_job *job,
                        uint64_t *id, char *why)
{
    struct onebot_entry *entry;
    struct onebot_clocks now = look(schedule);
    int error = make_room(schedule);
    if (error && why)
        snprintf(why, ONEBOT_WORDING, "%s", xie_strerror(error));
    if (!error)
        error = onebot_entry_new(job, &now, &entry, why);
    if (error)
        return error;
    onebot_entry_jitter(entry, draw(schedule));
    entry->id = ++schedule->last_id;
    schedule->entries[schedule->count++] = entry;
    xie_event_set(&schedule->change);
    if (id)
        *id = entry->id;
    return 0;
}

/* Where it stands; count when there is none. */
static size_t find(const struct onebot_schedule *schedule, uint64_t id)
{
    size_t i = 0;
    while (i < schedule->count && (schedule->entries[i]->id != id || schedule->entries[i]->gone))
        i++;
    return i;
}

/* Those that are gone leave the list, and memory unless they run. Not in a sweep. */
static void compact(struct onebot_schedule *schedule)
{
    size_t kept = 0;
    for (size_t i = 0; i < schedule->count; i++) {
        struct onebot_entry *entry = schedule->entries[i];
        if (!entry->gone)
            schedule->entries[kept++] = entry;
        else if (!entry->running)
            onebot_entry_free(entry);
    }
    schedule->count = kept;
}

bool onebot_schedule_cancel(struct onebot_schedule *schedule, uint64_t id)
{
    size_t i = find(schedule, id);
    if (i == schedule->count)
        return false;
    schedule->entries[i]->gone = true;
    if (!schedule->sweeping)
        compact(schedule);
    xie_event_set(&schedule->change);
    return true;
}

int64_t onebot_schedule_next(const struct onebot_schedule *schedule, uint64_t id)
{
    size_t i = find(schedule, id);
    return i == schedule->count ? XIE_NEVER : onebot_entry_due(schedule->entries[i]);
}

size_t onebot_schedule_count(const struct onebot_schedule *schedule)
{
    size_t count = 0;
    for (size_t i = 0; i < schedule->count; i++)
        count += !schedule->entries[i]->gone;
    return count;
}

/* --- runs --------------------------------------------------------------------------- */

struct run {
    struct onebot_schedule *schedule;
    struct onebot_entry *entry;
    struct onebot_due due;
};

static void call(struct onebot_schedule *schedule, struct onebot_entry *entry,
                 const struct onebot_due *due)
{
    const struct onebot_run_info info = {entry->job.arg, entry->job.name, entry->id, due->due_ns,
                                         due->missed};
    int result = entry->job.fn(&info);
    if (result < 0 && !(result == -ECANCELED && xie_check()))
        onebot_log(&schedule->log, ONEBOT_ERROR, "job %s: %s", entry->job.name,
                   xie_strerror(result));
}

static int run_task(void *arg)
{
    struct run *run = arg;
    struct onebot_schedule *schedule = run->schedule;
    struct onebot_entry *entry = run->entry;
    struct onebot_due due = run->due;
    xie_release(run);
    do
        call(schedule, entry, &due);
    while (!entry->gone && !xie_check() && onebot_entry_pop(entry, &due));
    schedule->running--;
    if (!--entry->running && entry->gone)
        onebot_entry_free(entry);
    return 0;
}

static int start(struct onebot_schedule *schedule, struct onebot_entry *entry,
                 const struct onebot_due *due)
{
    const struct xie_task_options options = {.stack_size = schedule->options.stack_size};
    if (schedule->running == ONEBOT_SCHEDULE_RUNNING)
        return XIE_ELIMIT;
    struct run *run = xie_alloc(sizeof *run);
    if (!run)
        return -ENOMEM;
    *run = (struct run){schedule, entry, *due};
    int error = xie_group_spawn_with(schedule->runs, run_task, run, &options);
    if (error) {
        xie_release(run);
        return error;
    }
    schedule->running++;
    entry->running++;
    return 0;
}

/* 0: it runs, or will. */
static int run_or_queue(struct onebot_schedule *schedule, struct onebot_entry *entry,
                        const struct onebot_due *due)
{
    if (!entry->running || entry->job.overlap == ONEBOT_OVERLAP_ALLOW)
        return start(schedule, entry, due);
    return entry->job.overlap == ONEBOT_OVERLAP_QUEUE ? onebot_entry_push(entry, due) : -EBUSY;
}

static void leave_out(struct onebot_schedule *schedule, const struct onebot_entry *entry, int error)
{
    const char *why = error == -EBUSY       ? "the last run has not ended"
                      : error == XIE_ELIMIT ? "too many runs"
                      : error               ? xie_strerror(error)
                                            : "it is too late";
    onebot_log(&schedule->log, ONEBOT_WARNING, "job %s: a run is left out: %s", entry->job.name,
               why);
}

/* --- waiting for what is due -------------------------------------------------------- */

static void sweep_one(struct onebot_schedule *schedule, struct onebot_entry *entry,
                      const struct onebot_clocks *now)
{
    struct onebot_due due;
    bool late;
    if (entry->gone || !onebot_entry_take(entry, now, schedule->options.late_ns, &due, &late))
        return;
    onebot_entry_jitter(entry, draw(schedule));
    int error = 0;
    bool skip = late && entry->job.missed == ONEBOT_MISSED_SKIP;
    if (!skip)
        error = run_or_queue(schedule, entry, &due);
    if (skip || error)
        leave_out(schedule, entry, error);
    else
        entry->missed = 0;
    if (entry->time_ns == XIE_NEVER)
        entry->gone = true;
}

/* Run what is due. */
static void sweep(struct onebot_schedule *schedule, const struct onebot_clocks *now)
{
    bool back = schedule->highest_ns - now->wall_ns >= SMALL_STEP_NS;
    if (back || now->wall_ns > schedule->highest_ns)
        schedule->highest_ns = now->wall_ns;
    schedule->sweeping = true;
    for (size_t i = 0; i < schedule->count; i++) {
        if (back)
            onebot_entry_rewind(schedule->entries[i], now->wall_ns);
        sweep_one(schedule, schedule->entries[i], now);
    }
    schedule->sweeping = false;
    compact(schedule);
}

/* The time of xie_now() to look again. */
static int64_t next_look(const struct onebot_schedule *schedule, const struct onebot_clocks *now)
{
    int64_t wait = XIE_NEVER;
    for (size_t i = 0; i < schedule->count; i++) {
        const struct onebot_entry *entry = schedule->entries[i];
        bool wall = onebot_entry_by_wall(entry);
        int64_t due = onebot_entry_due(entry), left;
        if (due == XIE_NEVER)
            continue;
        if (__builtin_sub_overflow(due, wall ? now->wall_ns : now->steady_ns, &left))
            left = XIE_NEVER;
        if (wall && left > schedule->options.look_ns)
            left = schedule->options.look_ns;
        wait = left < wait ? left : wait;
    }
    return wait > XIE_NEVER - now->steady_ns ? XIE_NEVER : now->steady_ns + wait;
}

static int keep_time(struct onebot_schedule *schedule)
{
    int error = xie_check();
    while (!error && !schedule->stopping) {
        struct onebot_clocks now = look(schedule);
        xie_event_clear(&schedule->change);
        sweep(schedule, &now);
        if (schedule->stopping) /* by the log's function, perhaps */
            break;
        XIE_TIMEOUT_AT(next_look(schedule, &now))
            xie_event_wait(&schedule->change);
        error = xie_check();
    }
    return error;
}

int onebot_schedule_run(struct onebot_schedule *schedule)
{
    int result = 0;
    if (!xie_task_current())
        return -EPERM;
    if (schedule->runs)
        return -EBUSY;
    XIE_GROUP(runs) {
        schedule->runs = &runs;
        result = keep_time(schedule);
        xie_group_cancel(&runs);
        xie_group_wait(&runs);
    }
    for (size_t i = 0; i < schedule->count; i++)
        onebot_entry_miss_queued(schedule->entries[i]);
    schedule->runs = NULL;
    schedule->stopping = false;
    return result;
}

void onebot_schedule_stop(struct onebot_schedule *schedule)
{
    schedule->stopping = true;
    xie_event_set(&schedule->change);
}

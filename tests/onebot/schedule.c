/* schedule.c - a schedule's promises. Its clocks are the tests' own, or sim's.
 * On kernels' backends only the order of what happened is looked at, never how long it took. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie/onebot/schedule.h>

#include "base/memory.h"
#include "fault.h"
#include "kit.h"

/* What runs told, and a wall clock that the test sets: it stands still but for `speed`. */
static struct scene {
    struct onebot_schedule *schedule;
    int64_t base_ns, began_ns;
    unsigned runs, logged;
    int64_t due[64];
    uint64_t missed[64];
    unsigned now, most; /* at the same time */
    unsigned enough;    /* runs after which it is stopped */
    int64_t lasts_ns;
    struct xie_event gate, ran;
    char line[256];
} scene;

static int64_t clock_set(void *arg)
{
    (void)arg;
    return scene.base_ns + xie_now() - scene.began_ns;
}

static void set_clock(int64_t seconds)
{
    scene.base_ns = seconds * XIE_SECOND;
    scene.began_ns = xie_now();
}

static void keep_line(void *arg, enum onebot_level level, const char *line)
{
    (void)arg;
    (void)level;
    scene.logged++;
    snprintf(scene.line, sizeof scene.line, "%s", line);
}

static int note(const struct onebot_run_info *run)
{
    unsigned i = scene.runs++ % 64;
    scene.due[i] = run->due_ns;
    scene.missed[i] = run->missed;
    if (++scene.now > scene.most)
        scene.most = scene.now;
    xie_event_set(&scene.ran);
    int error = scene.lasts_ns ? xie_sleep(scene.lasts_ns) : 0;
    scene.now--;
    if (scene.enough && scene.runs >= scene.enough)
        onebot_schedule_stop(scene.schedule);
    return error;
}

/* Waits until the test opens the gate. */
static int note_and_wait(const struct onebot_run_info *run)
{
    scene.enough = 0;
    note(run);
    scene.now++;
    int error = xie_event_wait(&scene.gate);
    scene.now--;
    return error;
}

static int fail(const struct onebot_run_info *run)
{
    note(run);
    return -EIO;
}

static const struct onebot_schedule_options ticking = {
    .clock = clock_set, .look_ns = 2 * XIE_MILLISECOND, .log = keep_line};

static void begin(const struct onebot_schedule_options *options)
{
    memset(&scene, 0, sizeof scene);
    set_clock(1000000000);
    REQUIRE(!onebot_schedule_new(options, &scene.schedule));
}

static uint64_t add(struct onebot_job job)
{
    uint64_t id = 0;
    char why[ONEBOT_WORDING] = "";
    if (!job.fn)
        job.fn = note;
    int error = onebot_schedule_add(scene.schedule, &job, &id, why);
    if (error)
        tap_failed(__FILE__, __LINE__, "%s", why);
    return id;
}

static int run_schedule(void *arg)
{
    (void)arg;
    return onebot_schedule_run(scene.schedule);
}

static void wait_runs(unsigned count)
{
    while (scene.runs < count) {
        xie_event_clear(&scene.ran);
        REQUIRE(!xie_event_wait(&scene.ran));
    }
}

static bool on_sim(void)
{
    return !strcmp(xie_loop_backend(xie_loop_current()), "sim");
}

/* The schedule's own task has gone through its loop again. */
static void let_it_look(void)
{
    for (int i = 0; i < 3; i++)
        xie_sleep(on_sim() ? XIE_SECOND : 4 * XIE_MILLISECOND);
}

#define WITH_SCHEDULE(options)                 \
    for (int once = (begin(options), 1); once; \
         once = 0, onebot_schedule_free(scene.schedule), scene.schedule = NULL)

/* --- what runs when ----------------------------------------------------------------- */

static int main_once(void)
{
    WITH_SCHEDULE(&ticking)
    {
        scene.enough = 2;
        int64_t before = xie_now();
        uint64_t after = add((struct onebot_job){.after_ns = 5 * XIE_MILLISECOND});
        uint64_t at = add((struct onebot_job){.at_ns = 1000000000 * XIE_SECOND + XIE_MILLISECOND});
        CHECK(after && at && after != at);
        CHECK_EQ(onebot_schedule_count(scene.schedule), 2);
        CHECK_EQ(onebot_schedule_next(scene.schedule, at),
                 1000000000 * XIE_SECOND + XIE_MILLISECOND);
        CHECK(onebot_schedule_next(scene.schedule, after) >= before + 5 * XIE_MILLISECOND);
        CHECK_EQ(onebot_schedule_run(scene.schedule), 0);
        CHECK_EQ(scene.runs, 2);
        CHECK(xie_now() >= before + 5 * XIE_MILLISECOND); /* never early */
        CHECK_EQ(onebot_schedule_count(scene.schedule), 0);
        CHECK_EQ(onebot_schedule_next(scene.schedule, at), XIE_NEVER);
        CHECK(!onebot_schedule_cancel(scene.schedule, at));
    }
    return 0;
}

static int main_every(void)
{
    WITH_SCHEDULE(&ticking)
    {
        scene.enough = 5;
        add((struct onebot_job){.every_ns = 2 * XIE_MILLISECOND});
        CHECK_EQ(onebot_schedule_run(scene.schedule), 0);
        CHECK(scene.runs >= 5);
        for (unsigned i = 1; i < 5; i++) { /* no drift */
            CHECK(scene.due[i] > scene.due[i - 1]);
            CHECK_EQ((scene.due[i] - scene.due[0]) % (2 * XIE_MILLISECOND), 0);
            CHECK_EQ(scene.due[i] - scene.due[i - 1],
                     (int64_t)(scene.missed[i] + 1) * 2 * XIE_MILLISECOND);
        }
    }
    return 0;
}

static int main_cron(void)
{
    WITH_SCHEDULE(&ticking)
    {
        scene.enough = 1;
        set_clock(1735689600 - 1); /* a second before 2025 in UTC */
        scene.base_ns += XIE_SECOND - XIE_MILLISECOND;
        uint64_t id = add((struct onebot_job){.cron = "0 8 1 1 *", .zone = "Asia/Shanghai"});
        CHECK_EQ(onebot_schedule_next(scene.schedule, id), 1735689600 * XIE_SECOND);
        CHECK_EQ(onebot_schedule_run(scene.schedule), 0);
        CHECK_EQ(scene.runs, 1);
        CHECK_EQ(scene.due[0], 1735689600 * XIE_SECOND);
        CHECK_EQ(onebot_schedule_next(scene.schedule, id),
                 (1735689600 + 365 * INT64_C(86400)) * XIE_SECOND);
    }
    return 0;
}

/* Ten years of sim's clock: every run at its time, and the days of summer time among them. */
static int main_years(void)
{
    if (!on_sim())
        tap_skip("time is real here");
    WITH_SCHEDULE(NULL)
    {
        add((struct onebot_job){.cron = "30 2 * * *", .zone = "Europe/Berlin"});
        XIE_TIMEOUT(3652 * 24 * XIE_HOUR)
            CHECK_EQ(onebot_schedule_run(scene.schedule), -ETIMEDOUT);
        CHECK_EQ(scene.runs, 3652); /* one a day, whatever the clocks do */
        CHECK_EQ(scene.missed[0], 0);
    }
    return 0;
}

static int main_exact_on_sim(void)
{
    if (!on_sim())
        tap_skip("time is real here");
    WITH_SCHEDULE(NULL)
    {
        scene.enough = 3;
        add((struct onebot_job){.cron = "0 0 1 * *", .zone = "UTC"});
        CHECK_EQ(onebot_schedule_run(scene.schedule), 0);
        CHECK_EQ(scene.due[0], 1738368000 * XIE_SECOND); /* sim begins with 2025: 1 February */
        CHECK_EQ(scene.due[1], 1740787200 * XIE_SECOND);
        CHECK_EQ(scene.due[2], 1743465600 * XIE_SECOND);
    }
    return 0;
}

/* --- overlap ------------------------------------------------------------------------ */

static unsigned overlapping(enum onebot_overlap overlap, unsigned wait_for)
{
    XIE_GROUP(group) {
        xie_group_spawn(&group, run_schedule, NULL);
        uint64_t id = add((struct onebot_job){
            .every_ns = XIE_MILLISECOND, .overlap = overlap, .fn = note_and_wait, .name = "slow"});
        wait_runs(1);
        if (wait_for)
            wait_runs(wait_for);
        else
            while (overlap == ONEBOT_OVERLAP_SKIP && !scene.logged)
                xie_sleep(XIE_MILLISECOND);
        for (int i = 0; i < 10; i++)
            xie_sleep(XIE_MILLISECOND);
        CHECK(wait_for || scene.now == 1);
        xie_event_set(&scene.gate);
        if (overlap == ONEBOT_OVERLAP_QUEUE)
            wait_runs(3);
        onebot_schedule_cancel(scene.schedule, id);
        onebot_schedule_stop(scene.schedule);
        CHECK_EQ(xie_group_wait(&group), 0);
    }
    return scene.most;
}

static int main_overlap(void)
{
    WITH_SCHEDULE(&ticking)
    {
        CHECK_EQ(overlapping(ONEBOT_OVERLAP_SKIP, 0), 1);
        CHECK(strstr(scene.line, "job slow: a run is left out: the last run has not ended"));
    }
    WITH_SCHEDULE(&ticking)
    CHECK_EQ(overlapping(ONEBOT_OVERLAP_QUEUE, 0), 1);
    WITH_SCHEDULE(&ticking)
    CHECK(overlapping(ONEBOT_OVERLAP_ALLOW, 3) >= 3);
    return 0;
}

static int main_queue_limit(void)
{
    WITH_SCHEDULE(&ticking)
    {
        XIE_GROUP(group) {
            xie_group_spawn(&group, run_schedule, NULL);
            uint64_t id = add((struct onebot_job){
                .every_ns = XIE_MILLISECOND, .overlap = ONEBOT_OVERLAP_QUEUE, .fn = note_and_wait});
            while (!scene.logged) /* the first that finds the queue full */
                xie_sleep(XIE_MILLISECOND);
            CHECK(strstr(scene.line, "too many runs"));
            CHECK_EQ(scene.runs, 1);
            xie_event_set(&scene.gate);
            wait_runs(ONEBOT_SCHEDULE_QUEUE + 1); /* none that was queued is lost */
            onebot_schedule_cancel(scene.schedule, id);
            onebot_schedule_stop(scene.schedule);
        }
    }
    return 0;
}

/* What still waited when the schedule ended does not run in its next life: it was missed. */
static int main_queue_at_the_end(void)
{
    WITH_SCHEDULE(&ticking)
    {
        add((struct onebot_job){
            .every_ns = XIE_MILLISECOND, .overlap = ONEBOT_OVERLAP_QUEUE, .fn = note_and_wait});
        XIE_GROUP(group) {
            xie_group_spawn(&group, run_schedule, NULL);
            while (!scene.logged) /* the first that finds the queue full */
                xie_sleep(XIE_MILLISECOND);
            onebot_schedule_stop(scene.schedule);
            CHECK_EQ(xie_group_wait(&group), 0);
        }
        CHECK_EQ(scene.runs, 1);
        xie_event_set(&scene.gate);
        XIE_GROUP(group) {
            xie_group_spawn(&group, run_schedule, NULL);
            wait_runs(3);
            onebot_schedule_stop(scene.schedule);
        }
        CHECK(scene.missed[1] > ONEBOT_SCHEDULE_QUEUE);
        CHECK(scene.due[2] > scene.due[1]);
    }
    return 0;
}

static int main_running_limit(void)
{
    WITH_SCHEDULE(&ticking)
    {
        for (int i = 0; i <= ONEBOT_SCHEDULE_RUNNING; i++)
            add((struct onebot_job){.after_ns = 1, .fn = note_and_wait});
        XIE_GROUP(group) {
            xie_group_spawn(&group, run_schedule, NULL);
            wait_runs(ONEBOT_SCHEDULE_RUNNING);
            CHECK_EQ(scene.logged, 1);
            CHECK(strstr(scene.line, "too many runs"));
            CHECK_EQ(scene.now, ONEBOT_SCHEDULE_RUNNING);
            onebot_schedule_stop(scene.schedule);
        }
        CHECK_EQ(scene.now, 0); /* cancelled, and waited for */
    }
    return 0;
}

/* --- missed runs -------------------------------------------------------------------- */

static unsigned jump(enum onebot_missed missed, int64_t by)
{
    XIE_GROUP(group) {
        set_clock(1735689600 + 1);
        xie_group_spawn(&group, run_schedule, NULL);
        add((struct onebot_job){.cron = "0 * * * *", .zone = "UTC", .missed = missed});
        let_it_look();
        set_clock(1735689600 + by);
        if (missed == ONEBOT_MISSED_ONCE)
            wait_runs(1);
        let_it_look();
        onebot_schedule_stop(scene.schedule);
    }
    return scene.runs;
}

static int main_missed(void)
{
    WITH_SCHEDULE(&ticking)
    {
        CHECK_EQ(jump(ONEBOT_MISSED_ONCE, 5 * 3600 + 1800), 1);
        CHECK_EQ(scene.due[0], (1735689600 + 5 * INT64_C(3600)) * XIE_SECOND);
        CHECK_EQ(scene.missed[0], 4);
        CHECK_EQ(scene.logged, 0);
    }
    WITH_SCHEDULE(&ticking)
    {
        CHECK_EQ(jump(ONEBOT_MISSED_SKIP, 5 * 3600 + 1800), 0);
        CHECK(strstr(scene.line, "it is too late"));
    }
    WITH_SCHEDULE(&ticking)
    { /* the last is not late */
        CHECK_EQ(jump(ONEBOT_MISSED_SKIP, 5 * 3600 + 30), 1);
        CHECK_EQ(scene.missed[0], 4);
    }
    return 0;
}

static int main_past(void)
{
    WITH_SCHEDULE(&ticking)
    {
        scene.enough = 1;
        add((struct onebot_job){.at_ns = 1, .missed = ONEBOT_MISSED_SKIP, .name = "past"});
        add((struct onebot_job){.at_ns = 2});
        CHECK_EQ(onebot_schedule_run(scene.schedule), 0);
        CHECK_EQ(scene.runs, 1);
        CHECK_EQ(scene.due[0], 2);
        CHECK(strstr(scene.line, "job past: "));
        CHECK_EQ(onebot_schedule_count(scene.schedule), 0);
    }
    return 0;
}

static int main_set_back(void)
{
    WITH_SCHEDULE(&ticking)
    {
        const int64_t noon = 1735689600 + 12 * INT64_C(3600);
        uint64_t id = 0;
        XIE_GROUP(group) {
            set_clock(noon + 1);
            xie_group_spawn(&group, run_schedule, NULL);
            id = add((struct onebot_job){.cron = "0 * * * *", .zone = "UTC"});
            let_it_look();
            set_clock(noon - 2 * 3600); /* a little: nothing runs twice */
            let_it_look();
            CHECK_EQ(onebot_schedule_next(scene.schedule, id), (noon + 3600) * XIE_SECOND);
            set_clock(noon - 4 * 3600 - 1800); /* by more: it is right */
            let_it_look();
            CHECK_EQ(onebot_schedule_next(scene.schedule, id), (noon - 4 * 3600) * XIE_SECOND);
            CHECK_EQ(scene.runs, 0);
            onebot_schedule_stop(scene.schedule);
        }
    }
    return 0;
}

/* A cron of each second that slept for weeks is counted up to a bound, and still runs in time. */
static int main_many_missed(void)
{
    WITH_SCHEDULE(&ticking)
    {
        scene.enough = 1;
        set_clock(1735689600);
        add((struct onebot_job){
            .cron = "* * * * * *", .zone = "UTC", .missed = ONEBOT_MISSED_SKIP});
        set_clock(1735689600 + 30 * 86400);
        CHECK_EQ(onebot_schedule_run(scene.schedule), 0);
        CHECK(scene.due[0] >= (1735689600 + 30 * INT64_C(86400)) * XIE_SECOND);
        CHECK(scene.missed[0] >= 100000);
    }
    return 0;
}

/* However late a run may begin, and however long it slept: the last time is found in time. */
static int main_long_ago(void)
{
    struct onebot_schedule_options patient = ticking;
    patient.late_ns = XIE_NEVER;
    WITH_SCHEDULE(&patient)
    {
        scene.enough = 1;
        set_clock(1735689600);
        add((struct onebot_job){.cron = "* * * * * *", .zone = "UTC"});
        set_clock(1735689600 + 50 * INT64_C(365) * 86400);
        CHECK_EQ(onebot_schedule_run(scene.schedule), 0);
        CHECK(scene.due[0] >= (1735689600 + 50 * INT64_C(365) * 86400) * XIE_SECOND);
        CHECK(scene.missed[0] >= 100000);
    }
    WITH_SCHEDULE(&patient)
    {
        scene.enough = 1;
        set_clock(1735689600);
        add((struct onebot_job){.cron = "* * * * 1 *", .zone = "UTC"});
        set_clock(1735689600 + 60 * 86400); /* in March, what was due last in January */
        CHECK_EQ(onebot_schedule_run(scene.schedule), 0);
        CHECK_EQ(scene.due[0], (1735689600 + 31 * INT64_C(86400) - 1) * XIE_SECOND);
    }
    return 0;
}

/* --- jitter, cancelling, failures --------------------------------------------------- */

static int main_jitter(void)
{
    WITH_SCHEDULE(&ticking)
    {
        unsigned different = 0;
        for (int i = 0; i < 100; i++) {
            uint64_t id = add(
                (struct onebot_job){.cron = "0 0 1 1 *", .zone = "UTC", .jitter_ns = XIE_MINUTE});
            int64_t off = onebot_schedule_next(scene.schedule, id) - 1009843200 * XIE_SECOND;
            CHECK(off >= 0 && off <= XIE_MINUTE);
            different += off > 0;
        }
        CHECK(different > 90);
        uint64_t id = add((struct onebot_job){.at_ns = INT64_MAX - 1, .jitter_ns = INT64_MAX});
        CHECK(onebot_schedule_next(scene.schedule, id) >= INT64_MAX - 1);
    }
    return 0;
}

static int main_cancel(void)
{
    WITH_SCHEDULE(&ticking)
    {
        XIE_GROUP(group) {
            uint64_t never = add((struct onebot_job){.after_ns = XIE_MILLISECOND});
            CHECK(onebot_schedule_cancel(scene.schedule, never));
            CHECK(!onebot_schedule_cancel(scene.schedule, never));
            CHECK(!onebot_schedule_cancel(scene.schedule, 12345));
            xie_group_spawn(&group, run_schedule, NULL);
            uint64_t id = add((struct onebot_job){
                .every_ns = XIE_MILLISECOND, .overlap = ONEBOT_OVERLAP_QUEUE, .fn = note_and_wait});
            wait_runs(1);
            for (int i = 0; i < 5; i++)
                xie_sleep(XIE_MILLISECOND);
            CHECK(
                onebot_schedule_cancel(scene.schedule, id)); /* runs are queued, and one goes on */
            CHECK_EQ(scene.now, 1);
            xie_event_set(&scene.gate);
            let_it_look();
            CHECK_EQ(scene.now, 0);
            CHECK_EQ(scene.runs, 1);
            CHECK_EQ(onebot_schedule_count(scene.schedule), 0);
            onebot_schedule_stop(scene.schedule);
        }
    }
    return 0;
}

static int main_failures(void)
{
    WITH_SCHEDULE(&ticking)
    {
        scene.enough = 3;
        add((struct onebot_job){.every_ns = XIE_MILLISECOND, .fn = fail, .name = "b\nad"});
        CHECK_EQ(onebot_schedule_run(scene.schedule), 0);
        CHECK(scene.runs >= 3); /* it goes on */
        CHECK(strstr(scene.line, "job b?ad: "));
    }
    return 0;
}

/* --- running ------------------------------------------------------------------------ */

static int main_stopped(void)
{
    WITH_SCHEDULE(&ticking)
    {
        onebot_schedule_stop(scene.schedule); /* before: at once, and it may run again */
        CHECK_EQ(onebot_schedule_run(scene.schedule), 0);
        XIE_TIMEOUT(XIE_MILLISECOND)
            CHECK_EQ(onebot_schedule_run(scene.schedule), -ETIMEDOUT);
        XIE_GROUP(group) {
            xie_group_spawn(&group, run_schedule, NULL);
            xie_sleep(0);
            CHECK_EQ(onebot_schedule_run(scene.schedule), -EBUSY);
            xie_group_cancel(&group);
        }
        scene.enough = 1;
        add((struct onebot_job){.after_ns = 1});
        CHECK_EQ(onebot_schedule_run(scene.schedule), 0);
        CHECK_EQ(scene.runs, 1);
    }
    return 0;
}

static int main_refused(void)
{
    static const struct onebot_job bad[] = {
        {.after_ns = 1},
        {.fn = note},
        {.fn = note, .after_ns = 1, .every_ns = 1},
        {.fn = note, .after_ns = -1},
        {.fn = note, .every_ns = 1, .jitter_ns = -1},
        {.fn = note, .every_ns = 1, .overlap = (enum onebot_overlap)7},
        {.fn = note, .every_ns = 1, .missed = (enum onebot_missed)7},
        {.fn = note, .cron = "* * * *"},
    };
    WITH_SCHEDULE(&ticking)
    {
        char why[ONEBOT_WORDING];
        uint64_t id = 77;
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            why[0] = '\0';
            CHECK_EQ(onebot_schedule_add(scene.schedule, &bad[i], &id, why), -EINVAL);
            CHECK(*why);
            CHECK_EQ(onebot_schedule_add(scene.schedule, &bad[i], NULL, NULL), -EINVAL);
        }
        struct onebot_job job = {.fn = note, .cron = "* * * * *", .zone = "No/Where"};
        CHECK_EQ(onebot_schedule_add(scene.schedule, &job, &id, why), -ENOENT);
        CHECK_STR(why, "time zone No/Where: there is none of this name");
        CHECK_EQ(id, 77);
        for (int i = 0; i < ONEBOT_SCHEDULE_JOBS; i++)
            add((struct onebot_job){.after_ns = XIE_HOUR});
        job = (struct onebot_job){.fn = note, .after_ns = 1};
        CHECK_EQ(onebot_schedule_add(scene.schedule, &job, &id, why), XIE_ELIMIT);
        CHECK_EQ(onebot_schedule_count(scene.schedule), ONEBOT_SCHEDULE_JOBS);
    }
    return 0;
}

static void test_without_a_loop(void)
{
    struct onebot_schedule *schedule = NULL;
    CHECK_EQ(onebot_schedule_new(NULL, &schedule), -EPERM);
    onebot_schedule_free(NULL);
}

/* --- faults ------------------------------------------------------------------------- */

static int cancel_after(int64_t after)
{
    WITH_SCHEDULE(&ticking)
    {
        scene.lasts_ns = 3 * XIE_MICROSECOND;
        add((struct onebot_job){.every_ns = 2 * XIE_MICROSECOND, .overlap = ONEBOT_OVERLAP_QUEUE});
        add((struct onebot_job){.cron = "* * * * * *", .zone = "Asia/Shanghai"});
        XIE_TIMEOUT(after)
            CHECK_EQ(onebot_schedule_run(scene.schedule), -ETIMEDOUT);
        CHECK_EQ(scene.now, 0);
    }
    return 0;
}

static int main_cancelled_at_every_point(void)
{
    for (int64_t after = 0; after < 200; after++)
        cancel_after(after * 100);
    return 0;
}

/* A run that cannot be started is left out, and the next one comes. */
static int run_faulty(void *arg)
{
    (void)arg;
    memset(&scene, 0, sizeof scene);
    set_clock(1000000000);
    int error = onebot_schedule_new(&ticking, &scene.schedule);
    if (error)
        return error;
    const struct onebot_job jobs[] = {
        {.fn = note, .cron = "* * * * *", .zone = "Asia/Shanghai"},
        {.fn = note, .every_ns = XIE_MILLISECOND, .overlap = ONEBOT_OVERLAP_QUEUE}};
    for (int i = 0; i < 2 && !error; i++)
        error = onebot_schedule_add(scene.schedule, &jobs[i], NULL, NULL);
    scene.enough = 3;
    scene.lasts_ns = 2 * XIE_MILLISECOND;
    if (!error)
        XIE_TIMEOUT(30 * XIE_MILLISECOND)
            error = onebot_schedule_run(scene.schedule);
    onebot_schedule_free(scene.schedule);
    return error;
}

static void test_faults(void)
{
    const struct fault_program program = {.name = "schedule", .run = run_faulty, .tolerant = true};
    tap_limit(120);
    /* Without faults it may take longer than it is given, on a busy machine: then the sweep would
     * complain. On sim it cannot. */
    const char *backend = getenv("XIE_BACKEND");
    if (!backend || strcmp(backend, "sim"))
        tap_skip("time is real here");
    fault_sweep(&program, XIE_FAULT_MEMORY, -ENOMEM);
    fault_sweep(&program, XIE_FAULT_SYSCALL, -EIO);
}

#define IN_TASK(name)             \
    static void test_##name(void) \
    {                             \
        in_task(main_##name);     \
    }
IN_TASK(once)
IN_TASK(every)
IN_TASK(cron)
IN_TASK(years)
IN_TASK(exact_on_sim)
IN_TASK(overlap)
IN_TASK(queue_limit)
IN_TASK(queue_at_the_end)
IN_TASK(running_limit)
IN_TASK(missed)
IN_TASK(past)
IN_TASK(set_back)
IN_TASK(many_missed)
IN_TASK(long_ago)
IN_TASK(jitter)
IN_TASK(cancel)
IN_TASK(failures)
IN_TASK(stopped)
IN_TASK(refused)
IN_TASK(cancelled_at_every_point)

static const struct tap_test tests[] = {
    {"once, at and after", test_once},
    {"every so often, without drift", test_every},
    {"by cron, in its zone", test_cron},
    {"ten years of virtual time", test_years},
    {"sim's clock begins with 2025", test_exact_on_sim},
    {"overlapping runs", test_overlap},
    {"runs that wait are limited", test_queue_limit},
    {"runs that wait when it ends", test_queue_at_the_end},
    {"runs at once are limited", test_running_limit},
    {"missed runs", test_missed},
    {"a time that is past", test_past},
    {"the clock is set back", test_set_back},
    {"very many missed runs", test_many_missed},
    {"missed long ago", test_long_ago},
    {"jitter", test_jitter},
    {"a job is cancelled", test_cancel},
    {"failures are logged and change nothing", test_failures},
    {"stopped, cancelled, run again", test_stopped},
    {"bad jobs are refused in words", test_refused},
    {"without a loop", test_without_a_loop},
    {"cancelled at every point", test_cancelled_at_every_point},
    {"each allocation and system call fails", test_faults},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

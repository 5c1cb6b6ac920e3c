/* sim_time.c - sim's clock, its waits, and the world outside it. */
/* SPDX-License-Identifier: MIT */
#include "sim_world.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <xie.h>

#include "coro/stack.h"
#include "loop/warm.h"

static void the_clock_starts_at_one_time_and_jumps(void)
{
    world_begin(1);
    int64_t start = xie_now();
    CHECK_EQ(start, 1000 * XIE_SECOND);
    CHECK_EQ(xie_now(), start);
    CHECK_EQ(loop.backend->wait(&loop, 100 * XIE_HOUR), 0);
    CHECK_EQ(xie_now(), start + 100 * XIE_HOUR);
    world_end();
    CHECK(xie_now() != start); /* the thread has its own clock again */
}

static void a_turn_costs_a_little_time(void)
{
    world_begin(1);
    int64_t start = xie_now();
    for (int i = 0; i < 10; i++)
        CHECK_EQ(loop.backend->wait(&loop, 0), 0);
    CHECK_EQ(xie_now(), start + 100 * XIE_MICROSECOND);
    world_end();
}

static void time_stops_at_what_comes_first(void)
{
    world_begin(1);
    int fds[2];
    tcp_pair(fds);
    CHECK_EQ(say(fds[0], "x"), 1);
    int64_t start = xie_now();
    CHECK_EQ(loop.backend->wait(&loop, XIE_NEVER), 0);
    CHECK_EQ(xie_now(), start + XIE_MILLISECOND); /* the latency */
    CHECK_HEARD(fds[1], "x");
    world_end();
}

static void waiting_for_nothing_is_a_deadlock(void)
{
    world_begin(1);
    CHECK_EQ(loop.backend->wait(&loop, XIE_NEVER), XIE_EDEADLOCK);
    int listener = listen_tcp(0, 1);
    CHECK_EQ(loop.backend->wait(&loop, XIE_NEVER), XIE_EDEADLOCK);
    xie_sys_close(listener);
    world_end();
}

static void a_wake_before_the_wait_counts(void)
{
    world_begin(1);
    int64_t start = xie_now();
    loop.backend->wake(&loop);
    loop.backend->wake(&loop);
    CHECK_EQ(loop.backend->wait(&loop, XIE_NEVER), 0);
    CHECK_EQ(xie_now(), start);
    CHECK_EQ(loop.backend->wait(&loop, XIE_NEVER), XIE_EDEADLOCK);
    world_end();
}

static pthread_barrier_t barrier;

static void *wake_late(void *arg)
{
    (void)arg;
    usleep(20000);
    loop.backend->wake(&loop);
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void another_thread_is_waited_for(void)
{
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    world_begin(1);
    REQUIRE(!pthread_create(&thread, NULL, wake_late, NULL));
    CHECK_EQ(loop.backend->wait(&loop, XIE_NEVER), 0);
    int64_t start = xie_now();
    CHECK(start < 1000 * XIE_SECOND + XIE_HOUR);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    world_end();
}

static void beside_a_thread_time_does_not_jump(void)
{
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    world_begin(1);
    REQUIRE(!pthread_create(&thread, NULL, wake_late, NULL));
    int64_t real = xie_sys_linux.clock(), start = xie_now();
    CHECK_EQ(loop.backend->wait(&loop, XIE_HOUR), 0);
    int64_t passed = xie_now() - start;
    CHECK(passed > 0 && passed <= xie_sys_linux.clock() - real);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    world_end();
}

static void on_alarm(int number)
{
    (void)number;
    loop.backend->wake(&loop);
}

static void a_signal_awaited_is_no_deadlock(void)
{
    struct itimerval soon = {.it_value.tv_usec = 20000};
    world_begin(1);
    loop.external = 1; /* somebody awaits one */
    int64_t start = xie_now();
    CHECK_EQ(loop.backend->wait(&loop, XIE_HOUR), 0);
    CHECK_EQ(xie_now(), start + XIE_HOUR); /* but time jumps to what is sure to come */
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_EQ(loop.backend->wait(&loop, XIE_NEVER), 0);
    loop.external = 0;
    world_end();
}

static unsigned dones;
static void count_done(struct xie_op *op)
{
    (void)op;
    dones++;
}

static void real_descriptors_work(void)
{
    int pipe_ends[2], other[2];
    char byte = 0;
    struct iovec part = {&byte, 1};
    struct xie_op op = {.kind = XIE_OP_READV, .done = count_done};
    op.parts = &part;
    op.count = 1;
    world_begin(1);
    REQUIRE(!pipe(pipe_ends) && !pipe(other));
    CHECK_EQ(xie_sys_nonblock(pipe_ends[0]), 0);
    CHECK_EQ(xie_sys_nonblock(other[0]), 0);
    op.fd = pipe_ends[0];
    struct xie_op second = op;
    second.fd = other[0];
    CHECK(!xie_op_submit(&loop, &op));
    CHECK(!xie_op_submit(&loop, &second));
    CHECK_EQ(loop.backend->wait(&loop, 0), 0);
    CHECK_EQ(dones, 0);
    part.iov_base = (char[]){'r'};
    CHECK_EQ(xie_sys_writev(pipe_ends[1], &part, 1), 1);
    part.iov_base = &byte;
    CHECK_EQ(loop.backend->wait(&loop, XIE_NEVER), 0);
    CHECK_EQ(dones, 1);
    CHECK_EQ(op.result, 1);
    CHECK_EQ(byte, 'r');
    xie_op_cancel(&loop, &second);
    CHECK_EQ(dones, 2);
    CHECK_EQ(second.result, -ECANCELED);
    CHECK_EQ(sim->real_count, 0);
    for (int i = 0; i < 2; i++) {
        xie_op_forget(&loop, pipe_ends[i]);
        CHECK_EQ(xie_sys_close(pipe_ends[i]), 0);
        xie_sys_close(other[i]);
    }
    world_end();
}

/* A loop that ignores its cancellation, on a clock that could stand still. */
static bool slept;
static int sleeper(void *arg)
{
    (void)arg;
    int error = xie_sleep(5 * XIE_MILLISECOND);
    slept = !error;
    return error;
}

static int spinner(void *arg)
{
    (void)arg;
    struct xie_task *task = xie_spawn(sleeper, NULL);
    XIE_TIMEOUT(0) {
        while (!slept) /* or until the test's time is over */
            xie_sleep(XIE_SECOND);
    }
    CHECK(slept);
    return xie_join(task);
}

static void who_ignores_its_deadline_starves_nobody(void)
{
    struct xie_loop_options options = {.backend = "sim"};
    CHECK_EQ(xie_run_with(&options, spinner, NULL), 0);
}

/* Two that talk without latency, so that each wait is over at once. */
static int answer_for_ever(void *arg)
{
    char byte;
    ssize_t len = 1;
    while (len == 1)
        if ((len = xie_stream_read(arg, &byte, 1)) == 1)
            len = xie_stream_write(arg, &byte, 1);
    return (int)len;
}

static int talk_until_a_deadline(void *arg)
{
    struct xie_stream *pair[2];
    (void)arg;
    REQUIRE(!xie_stream_pair(pair));
    struct xie_task *peer = xie_spawn(answer_for_ever, pair[1]);
    CHECK_EQ(xie_stream_write(pair[0], "x", 1), 1);
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(answer_for_ever(pair[0]), -ETIMEDOUT);
    xie_stream_close(pair[0]);
    CHECK(xie_join(peer) <= 0);
    xie_stream_close(pair[1]);
    return 0;
}

static void who_never_waits_long_meets_its_deadline(void)
{
    struct xie_loop_options options = {.backend = "sim"};
    CHECK_EQ(xie_run_with(&options, talk_until_a_deadline, NULL), 0);
}

static int64_t passed;
static int sleep_once(void *arg)
{
    (void)arg;
    int64_t start = xie_now();
    int error = xie_sleep(XIE_MICROSECOND); /* less than a turn costs */
    passed = xie_now() - start;
    return error;
}

/* A loop that is idle gives back memory of the thread's: on this clock in no time. */
static void what_the_thread_did_before_costs_no_time(void)
{
    enum { STACKS = 9000 };
    static struct xie_stack *stacks[STACKS];
    struct xie_loop_options options = {.backend = "sim"};
    CHECK_EQ(xie_run_with(&options, sleep_once, NULL), 0);
    int64_t before = passed;
    for (int i = 0; i < STACKS; i++)
        REQUIRE((stacks[i] = xie_stack_take(XIE_STACK_LEAST)));
    for (int i = 0; i < STACKS; i++)
        xie_stack_give(stacks[i]);
    CHECK_EQ(xie_run_with(&options, sleep_once, NULL), 0);
    CHECK_EQ(passed, before);
}

static int return_at_once(void *arg)
{
    (void)arg;
    return 0;
}

static int run_many(void *arg)
{
    enum { TASKS = 9000 };
    static struct xie_task *tasks[TASKS];
    (void)arg;
    for (int i = 0; i < TASKS; i++)
        REQUIRE((tasks[i] = xie_spawn(return_at_once, NULL)));
    for (int i = 0; i < TASKS; i++)
        CHECK_EQ(xie_join(tasks[i]), 0);
    return 0;
}

static void the_end_of_a_loop_gives_all_stacks_back(void)
{
    struct xie_loop_options options = {.backend = "sim", .stack_size = XIE_STACK_LEAST};
    CHECK_EQ(xie_run_with(&options, run_many, NULL), 0);
    CHECK(!xie_stack_trim());
}

/* Of the buffers that are handed on, those that nobody takes go back as well. */
static int use_buffers(void *arg)
{
    enum { COUNT = 8, USED = 4 };
    char *buffers[COUNT];
    (void)arg;
    size_t live = xie_alloc_live();
    for (int i = 0; i < COUNT; i++)
        REQUIRE((buffers[i] = xie_warm_take()));
    for (int i = 0; i < COUNT; i++)
        xie_warm_give(buffers[i]);
    if (xie_alloc_live() == live) {
        tap_skip("none is kept here");
        return 0;
    }
    CHECK_EQ(xie_alloc_live(), live + COUNT);
    for (int turn = 0; turn < 50; turn++) {
        for (int i = 0; i < USED; i++)
            REQUIRE((buffers[i] = xie_warm_take()));
        for (int i = 0; i < USED; i++)
            xie_warm_give(buffers[i]);
        xie_sleep(100 * XIE_MILLISECOND);
    }
    CHECK_EQ(xie_alloc_live(), live + USED + 1);
    for (int turn = 0; turn < 3; turn++)
        xie_sleep(XIE_SECOND);
    CHECK_EQ(xie_alloc_live(), live + 1);
    return 0;
}

static void an_idle_loop_gives_buffers_back(void)
{
    struct xie_loop_options options = {.backend = "sim"};
    CHECK_EQ(xie_run_with(&options, use_buffers, NULL), 0);
    CHECK_EQ(xie_alloc_live(), 0);
}

static void chances_are_read_from_the_environment(void)
{
    struct xie_sim_chances chances;
    setenv("XIE_SIM_RESET", "12", 1);
    setenv("XIE_SIM_LATENCY", "2000000000", 1);
    setenv("XIE_SIM_SHORT_READ", "", 1);
    CHECK_EQ(xie_sim_chances_init(&chances), 0);
    CHECK_EQ(chances.reset, 12);
    CHECK_EQ(chances.latency_ns, 2000000000);
    CHECK_EQ(chances.drop, 0);
    CHECK(chances.short_read > 0);
}

static void bad_chances_are_refused(void)
{
    static const char *const bad[] = {"1001", "-1", "x", "5x", "99999999999999999999", " 5"};
    struct xie_loop_options options = {.backend = "sim"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("XIE_SIM_DROP", bad[i], 1);
        CHECK_EQ(xie_loop_open(&loop, &options), -EINVAL);
    }
    CHECK_EQ(xie_alloc_live(), 0);
    setenv("XIE_SIM_DROP", "1000", 1);
    setenv("XIE_SIM_AGAIN", "1000", 1); /* always would be for ever */
    CHECK_EQ(xie_loop_open(&loop, &options), -EINVAL);
    unsetenv("XIE_SIM_AGAIN");
    CHECK_EQ(xie_loop_open(&loop, &options), 0);
    xie_loop_close(&loop);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the clock starts at one time and jumps", the_clock_starts_at_one_time_and_jumps},
        {"a turn costs a little time", a_turn_costs_a_little_time},
        {"time stops at what comes first", time_stops_at_what_comes_first},
        {"waiting for nothing is a deadlock", waiting_for_nothing_is_a_deadlock},
        {"a wake before the wait counts", a_wake_before_the_wait_counts},
        {"another thread is waited for", another_thread_is_waited_for},
        {"beside a thread time does not jump", beside_a_thread_time_does_not_jump},
        {"a signal awaited is no deadlock", a_signal_awaited_is_no_deadlock},
        {"real descriptors work", real_descriptors_work},
        {"who ignores its deadline starves nobody", who_ignores_its_deadline_starves_nobody},
        {"who never waits long meets its deadline", who_never_waits_long_meets_its_deadline},
        {"what the thread did before costs no time", what_the_thread_did_before_costs_no_time},
        {"the end of a loop gives all stacks back", the_end_of_a_loop_gives_all_stacks_back},
        {"an idle loop gives buffers back", an_idle_loop_gives_buffers_back},
        {"chances are read from the environment", chances_are_read_from_the_environment},
        {"bad chances are refused", bad_chances_are_refused},
        {0},
    };
    return tap_main(argc, argv, tests);
}

/* cores.c - the promises of <xie/cores.h>. */
/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "base/sys.h"
#include "io/stream.h"
#include "io/threads.h"

enum { COUNT = 3, MOST = 8 };

static const struct xie_cores_options three = {.count = COUNT};

/* What each main task saw and did. */
struct seen {
    int calls, cancelled;
    pthread_t thread;
    struct xie_loop *loop;
};
static struct seen seen[MOST];
static int running, calls;

static void enter(unsigned index)
{
    struct seen *mine = &seen[index];
    mine->calls++;
    mine->thread = pthread_self();
    mine->loop = xie_loop_current();
    add(&calls, 1);
    add(&running, 1);
}

static int leave(unsigned index, int result)
{
    seen[index].cancelled = result == -ECANCELED;
    add(&running, -1);
    return result;
}

static int once(unsigned index, void *arg)
{
    CHECK_EQ(load(arg), 77);
    enter(index);
    return leave(index, (int)index);
}

static int for_ever(unsigned index, void *arg)
{
    (void)arg;
    enter(index);
    return leave(index, xie_sleep(XIE_HOUR));
}

/* --- running -----------------------------------------------------------------------------------
 */

IN_TASK(each_core_has_a_loop_and_a_thread)
{
    int number = 77;
    CHECK_EQ(xie_cores_run(&three, once, &number), 0);
    for (int i = 0; i < COUNT; i++) {
        CHECK_EQ(seen[i].calls, 1);
        CHECK(!pthread_equal(seen[i].thread, pthread_self()));
        CHECK(seen[i].loop && seen[i].loop != xie_loop_current());
    }
    CHECK_EQ(seen[COUNT].calls, 0);
    return 0;
}

IN_TASK(by_default_there_is_one_for_each_cpu)
{
    int number = 77;
    cpu_set_t set;
    CHECK_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    CHECK_EQ(xie_cores_count(), CPU_COUNT(&set));
    if (xie_cores_count() > MOST)
        tap_skip("more CPUs than the test counts");
    CHECK_EQ(xie_cores_run(NULL, once, &number), 0);
    CHECK_EQ(calls, xie_cores_count());
    xie_fault_plan = (struct xie_fault){XIE_FAULT_SYSCALL, .nth = 1, .error = -EINVAL};
    CHECK_EQ(xie_cores_count(), 1);
    xie_fault_plan.kinds = 0;
    return 0;
}

static int go_on(void *arg)
{
    while (!load(arg))
        if (xie_sleep(0))
            break;
    return 0;
}

static int wait_for_flag(unsigned index, void *arg)
{
    enter(index);
    until(arg);
    return leave(index, 0);
}

static int cores_task(void *arg)
{
    return xie_cores_run(&three, wait_for_flag, arg);
}

IN_TASK(the_callers_loop_goes_on)
{
    int flag = 0;
    struct xie_task *task = xie_spawn(cores_task, &flag);
    while (load(&running) < COUNT)
        xie_sleep(XIE_MILLISECOND);
    store(&flag, 1);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(running, 0);
    return go_on(&flag);
}

static int one_cpu(unsigned index, void *arg)
{
    cpu_set_t set;
    CHECK_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    CHECK_EQ(CPU_COUNT(&set), 1);
    CHECK(CPU_ISSET(sched_getcpu(), &set));
    ((int *)arg)[index] = sched_getcpu();
    return 0;
}

IN_TASK(pinned_each_stays_on_one_cpu_in_turn)
{
    int cpus[MOST];
    const struct xie_cores_options options = {.count = MOST, .pin = true};
    unsigned count = xie_cores_count();
    CHECK_EQ(xie_cores_run(&options, one_cpu, cpus), 0);
    CHECK_EQ(xie_cores_count(), count); /* the caller's thread goes where it likes */
    for (unsigned i = 1; i < MOST; i++)
        CHECK_EQ(cpus[i] == cpus[i - 1], count == 1);
    for (unsigned i = count; i < MOST; i++)
        CHECK_EQ(cpus[i], cpus[i - count]);
    return 0;
}

/* --- failing and stopping ----------------------------------------------------------------------
 */

static int one_fails(unsigned index, void *arg)
{
    if (index != 1)
        return for_ever(index, NULL);
    enter(index);
    while (load(&calls) < COUNT)
        xie_sleep(XIE_MILLISECOND);
    return leave(index, *(int *)arg);
}

IN_TASK(the_first_failure_cancels_the_others)
{
    int errors[] = {-EIO, XIE_EAUTH, -ECANCELED};
    for (int i = 0; i < 3; i++) {
        calls = 0;
        CHECK_EQ(xie_cores_run(&three, one_fails, &errors[i]), errors[i]);
        CHECK(seen[0].cancelled && seen[2].cancelled);
        CHECK_EQ(load(&running), 0);
    }
    return 0;
}

static int all_fail(unsigned index, void *arg)
{
    enter(index);
    int error = xie_sleep(XIE_HOUR);
    leave(index, error);
    return index == 2 && arg ? -EIO : error; /* an error of its own as it is cancelled */
}

IN_TASK(a_triggered_scope_ends_all)
{
    CHECK_EQ(load(&running), 0);
    XIE_TIMEOUT(30 * XIE_MILLISECOND)
        CHECK_EQ(xie_cores_run(&three, all_fail, &running), -ETIMEDOUT);
    CHECK_EQ(load(&running), 0);
    int before = calls;
    XIE_TIMEOUT(0)
        CHECK_EQ(xie_cores_run(&three, for_ever, NULL), -ETIMEDOUT);
    CHECK_EQ(calls, before); /* nothing was started */
    return 0;
}

static int shielded(unsigned index, void *arg)
{
    (void)arg;
    enter(index);
    xie_sleep(XIE_HOUR);
    XIE_SHIELD
        xie_sleep(2 * XIE_MILLISECOND);
    return leave(index, 0);
}

static int shielded_cores(void *arg)
{
    (void)arg;
    return xie_cores_run(&three, shielded, NULL);
}

IN_TASK(cancelled_it_waits_for_their_clean_up)
{
    struct xie_task *task = xie_spawn(shielded_cores, NULL);
    while (load(&running) < COUNT)
        xie_sleep(XIE_MILLISECOND);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK_EQ(load(&running), 0);
    return 0;
}

/* A cancel at any moment of the start: all end, and each main ran once or not at all. */
IN_TASK(a_cancel_may_come_at_any_moment)
{
    for (int i = 0; i < (tap_slow() ? 8 : 40); i++) {
        memset(seen, 0, sizeof seen);
        calls = 0;
        struct xie_task *task = xie_spawn(shielded_cores, NULL);
        if (i % 4 == 0)
            settle();
        else
            xie_sleep(i * 20 * XIE_MICROSECOND);
        xie_task_cancel(task);
        CHECK_EQ(xie_join(task), -ECANCELED);
        CHECK_EQ(load(&running), 0);
        CHECK(calls == 0 || calls == COUNT);
    }
    return 0;
}

static int interrupted_body(void *arg)
{
    (void)arg;
    struct xie_task *task = xie_task_current();
    CHECK_EQ(xie_cores_run(&three, one_fails, &(int){0}), -ECANCELED);
    CHECK(xie_task_cancelled(task));
    CHECK_EQ(load(&running), 0);
    return -ECANCELED;
}

static void *interrupt(void *arg)
{
    while (load(&calls) < COUNT)
        usleep(500);
    kill(getpid(), SIGINT);
    return arg;
}

static void an_interrupt_ends_all(void)
{
    pthread_t thread = begin(interrupt, NULL);
    CHECK_EQ(xie_run(interrupted_body, NULL), -ECANCELED);
    CHECK(seen[0].cancelled && seen[2].cancelled);
    end(thread);
}

/* --- starting ----------------------------------------------------------------------------------
 */

IN_TASK(all_start_or_none)
{
    const struct xie_loop_options bad = {.backend = "nonsense"};
    const struct xie_cores_options options = {.count = COUNT, .loop = &bad};
    CHECK_EQ(xie_cores_run(&options, for_ever, NULL), -EINVAL);
    CHECK_EQ(calls, 0);
    for (unsigned nth = 1; nth <= COUNT; nth++) { /* the threads come first */
        xie_fault_plan = (struct xie_fault){XIE_FAULT_SYSCALL, nth, true, .error = -ENOMEM};
        CHECK_EQ(xie_cores_run(&three, for_ever, NULL), -EAGAIN);
        xie_fault_plan.kinds = 0;
        CHECK_EQ(calls, 0);
    }
    const struct xie_cores_options many = {.count = 1025};
    CHECK_EQ(xie_cores_run(&many, for_ever, NULL), -EINVAL);
    CHECK_EQ(calls, 0);
    return 0;
}

static int end_at_once(unsigned index, void *arg)
{
    (void)arg;
    enter(index);
    return leave(index, 0);
}

/* One call of one loop's making fails, whichever: none starts, or all do. */
static void check_faults(unsigned kinds)
{
    uint64_t failed = 1;
    const struct xie_cores_options options = {.count = COUNT, .pin = true};
    for (uint64_t nth = 1; failed && nth < 500; nth++) {
        size_t live = xie_alloc_live();
        int fds = kit_fds();
        calls = 0;
        xie_fault_plan = (struct xie_fault){kinds, nth, .error = -ENOMEM};
        int result = xie_cores_run(&options, end_at_once, NULL);
        xie_fault_plan.kinds = 0;
        failed = __atomic_load_n(&xie_fault_plan.failed, __ATOMIC_RELAXED);
        CHECK(result < 0 || (result == 0 && calls == COUNT));
        CHECK(calls == 0 || calls == COUNT);
        CHECK_EQ(xie_alloc_live(), live);
        CHECK_EQ(kit_fds(), fds);
    }
    CHECK(!failed);
}

IN_TASK(whatever_fails_as_they_start)
{
    check_faults(XIE_FAULT_MEMORY);
    check_faults(XIE_FAULT_SYSCALL);
    return 0;
}

static void outside_a_task(void)
{
    CHECK_EQ(xie_cores_run(&three, for_ever, NULL), -EPERM);
    CHECK_EQ(calls, 0);
}

static int nested(unsigned index, void *arg)
{
    const struct xie_cores_options two = {.count = 2};
    return index ? 0 : xie_cores_run(&two, once, arg);
}

IN_TASK(a_core_may_have_cores)
{
    int number = 77;
    CHECK_EQ(xie_cores_run(&three, nested, &number), 0);
    CHECK_EQ(calls, 2);
    return 0;
}

/* --- spreading work ----------------------------------------------------------------------------
 */

enum { ITEMS = 2000 };
static int items[ITEMS], total;

static int work(unsigned index, void *arg)
{
    void *item;
    int error;
    (void)index;
    while (!(error = xie_channel_get(arg, &item)))
        add(&total, *(int *)item);
    return error == XIE_ECLOSED ? 0 : error;
}

static int feed(void *arg)
{
    for (int i = 0; i < ITEMS; i++) {
        items[i] = i;
        CHECK_EQ(xie_channel_put(arg, &items[i]), 0);
    }
    xie_channel_close(arg);
    return 0;
}

IN_TASK(a_channel_spreads_work_over_them)
{
    struct xie_channel *channel = xie_channel_new(8, NULL);
    struct xie_task *feeder = xie_spawn(feed, channel);
    CHECK_EQ(xie_cores_run(&three, work, channel), 0);
    CHECK_EQ(xie_join(feeder), 0);
    CHECK_EQ(total, ITEMS * (ITEMS - 1) / 2);
    xie_channel_unref(channel);
    return 0;
}

static struct sockaddr_in shared; /* the port chosen for the first */

/* A listener of this loop on the port that all share. */
static int listen_shared(void)
{
    int on = 1;
    socklen_t len = sizeof shared;
    int fd = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    REQUIRE(!xie_sys_setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on));
    REQUIRE(!xie_sys_bind(fd, (struct sockaddr *)&shared, sizeof shared));
    REQUIRE(!xie_sys_listen(fd, 64));
    REQUIRE(!xie_sys_getsockname(fd, (struct sockaddr *)&shared, &len));
    return fd;
}

static int fds[COUNT], answered;

static int answer_all(unsigned index, void *arg)
{
    enter(index);
    for (;;) {
        struct xie_op op = {.kind = XIE_OP_ACCEPT, .fd = fds[index]};
        struct xie_stream *stream;
        int fd = (int)xie_op_run(&op, "accept");
        if (fd < 0)
            break;
        REQUIRE(!xie_stream_adopt(fd, &stream));
        CHECK_EQ(xie_stream_write(stream, arg, 1), 1);
        xie_stream_close(stream);
        add(&answered, 1);
    }
    xie_socket_close(fds[index]);
    return leave(index, -ECANCELED);
}

static int serve(void *arg)
{
    return xie_cores_run(&three, answer_all, arg);
}

IN_TASK(a_port_shared_by_listeners_does_too)
{
    if (kit_on("sim"))
        tap_skip("each loop on sim has sockets of its own");
    shared = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    for (int i = 0; i < COUNT; i++)
        fds[i] = listen_shared();
    struct xie_task *server = xie_spawn(serve, "!");
    struct xie_address address;
    REQUIRE(!xie_address_parse(&address, "127.0.0.1", ntohs(shared.sin_port)));
    for (int i = 0; i < 50; i++) {
        struct xie_stream *stream;
        char got = 0;
        REQUIRE(!xie_stream_connect(&address, &stream));
        CHECK_EQ(xie_stream_read(stream, &got, 1), 1);
        CHECK_EQ(got, '!');
        xie_stream_close(stream);
    }
    xie_task_cancel(server);
    CHECK_EQ(xie_join(server), -ECANCELED);
    CHECK_EQ(answered, 50);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"each core has a loop and a thread", each_core_has_a_loop_and_a_thread},
        {"by default there is one for each cpu", by_default_there_is_one_for_each_cpu},
        {"the caller's loop goes on", the_callers_loop_goes_on},
        {"pinned each stays on one cpu in turn", pinned_each_stays_on_one_cpu_in_turn},
        {"the first failure cancels the others", the_first_failure_cancels_the_others},
        {"a triggered scope ends all", a_triggered_scope_ends_all},
        {"cancelled it waits for their clean-up", cancelled_it_waits_for_their_clean_up},
        {"a cancel may come at any moment", a_cancel_may_come_at_any_moment},
        {"an interrupt ends all", an_interrupt_ends_all},
        {"all start or none", all_start_or_none},
        {"whatever fails as they start", whatever_fails_as_they_start},
        {"outside a task", outside_a_task},
        {"a core may have cores", a_core_may_have_cores},
        {"a channel spreads work over them", a_channel_spreads_work_over_them},
        {"a port shared by listeners does too", a_port_shared_by_listeners_does_too},
        {0},
    };
    return tap_main(argc, argv, tests);
}

/* costs.c - what the headers say that calls cost, in allocations and system calls. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <unistd.h>

#include "base/fault.h"
#include "io/net.h"

static char bytes[1000];

/* --- counting --------------------------------------------------------------------------------- */

static uint64_t allocations; /* whoever makes them */

static void *count_resize(void *memory, size_t size)
{
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    return realloc(memory, size);
}

static uint64_t allocated(void)
{
    return __atomic_load_n(&allocations, __ATOMIC_RELAXED);
}

/* Called once so that everything is warm, then counted. */
static void costs(const char *name, void (*call)(void), uint64_t expected)
{
    call();
    uint64_t before = allocated();
    call();
    uint64_t got = allocated() - before;
    if (got != expected)
        tap_failed(__FILE__, __LINE__, "%s: %llu allocations instead of %llu", name,
                   (unsigned long long)got, (unsigned long long)expected);
}

/* This thread's, by a plan that never fails anything. */
static void costs_calls(const char *name, void (*call)(void), uint64_t least, uint64_t most)
{
    call();
    xie_fault_plan = (struct xie_fault){.kinds = XIE_FAULT_SYSCALL, .nth = UINT64_MAX};
    call();
    xie_fault_plan.kinds = 0;
    uint64_t got = xie_fault_plan.seen;
    if (got < least || got > most)
        tap_failed(__FILE__, __LINE__, "%s: %llu system calls", name, (unsigned long long)got);
}

/* --- tasks and what they wait for ------------------------------------------------------------- */

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static void spawn_and_join(void)
{
    CHECK_EQ(xie_join(xie_spawn(nothing, NULL)), 0);
}

static int yields(struct xie_gen *self, void *arg)
{
    return xie_gen_yield(self, arg, NULL);
}

static void generate(void)
{
    struct xie_gen *gen = xie_gen_new(yields, NULL);
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    xie_gen_free(gen);
}

static void open_scopes(void)
{
    XIE_TIMEOUT(XIE_HOUR)
        XIE_SHIELD
            XIE_TIMEOUT(XIE_NEVER)
                CHECK_EQ(xie_check(), 0);
}

static void sleep_a_little(void)
{
    CHECK_EQ(xie_sleep(0), 0);
    CHECK_EQ(xie_sleep(1), 0);
}

static void called(void *arg)
{
    ++*(int *)arg;
}

static void call_soon(void)
{
    struct xie_call soon = {0}, later = {0};
    int calls = 0;
    CHECK_EQ(xie_call_soon(&soon, called, &calls), 0);
    CHECK_EQ(xie_call_later(&later, 1, called, &calls), 0);
    while (calls < 2)
        xie_sleep(1);
}

static struct xie_event came;
static void let_go(void *arg)
{
    (void)arg;
    xie_event_set(&came);
}

static void call_into_the_loop(void)
{
    xie_event_clear(&came);
    CHECK_EQ(xie_loop_call(xie_loop_current(), let_go, NULL), 0);
    CHECK_EQ(xie_event_wait(&came), 0);
}

static struct xie_task *made[3];

static void make_tasks(void)
{
    for (int i = 0; i < 3; i++)
        made[i] = xie_spawn(nothing, NULL);
}

static void gather(void)
{
    make_tasks();
    CHECK_EQ(xie_gather(made, 3, NULL), 0);
    make_tasks();
    CHECK_EQ(xie_gather_or_cancel(made, 3, NULL), 0);
}

static void wait_for_tasks(void)
{
    make_tasks();
    CHECK_EQ(xie_wait_tasks(made, 3, XIE_ALL_DONE), 3); /* one, */
    CHECK_EQ(xie_wait_tasks(made, 3, XIE_ALL_DONE), 3); /* and none: there is nothing to wait for */
    CHECK_EQ(xie_gather(made, 3, NULL), 0);
}

static void go_over_tasks(void)
{
    struct xie_as_completed over;
    size_t index;
    make_tasks();
    CHECK_EQ(xie_as_completed_open(&over, made, 3), 0);
    while (xie_as_completed_next(&over, &index) > 0)
        ;
    xie_as_completed_close(&over);
    CHECK_EQ(xie_gather(made, 3, NULL), 0);
}

static const struct xie_local_key key = {"key", NULL}, others[2];
static void bind_a_value(void)
{
    static char values[2], *value;
    value = value == values ? values + 1 : values;
    CHECK_EQ(xie_local_set(&key, value), 0);
    CHECK(xie_local_get(&key) == value);
}

IN_TASK(tasks_and_scopes)
{
    costs("xie_spawn", spawn_and_join, 0); /* a stack, from the pool */
    costs("xie_gen_new", generate, 0);
    costs_calls("xie_spawn", spawn_and_join, 0, kit_on("uring"));
    costs_calls("xie_gen_new", generate, 0, 0);
    costs("a scope", open_scopes, 0);
    costs_calls("a scope", open_scopes, 0, 0);
    costs("xie_sleep", sleep_a_little, 0);
    costs("xie_call_soon", call_soon, 0);
    costs("xie_loop_call", call_into_the_loop, 1);
    costs("xie_gather", gather, 0);
    costs("xie_wait_tasks", wait_for_tasks, 1);
    costs("xie_as_completed_open", go_over_tasks, 1);
    costs("xie_local_set", bind_a_value, 2);
    CHECK_EQ(xie_local_set(&others[0], bytes), 0);
    CHECK_EQ(xie_local_set(&others[1], bytes), 0);
    uint64_t before = allocated();
    bind_a_value();
    CHECK_EQ(allocated() - before, 4); /* two were bound since */
    costs("xie_local_set of the last one bound", bind_a_value, 2);
    return 0;
}

/* --- objects of one loop ---------------------------------------------------------------------- */

static struct xie_lock lock;
static struct xie_condition condition;
static struct xie_semaphore permits;
static struct xie_barrier barrier;
static struct xie_future future;
static struct xie_queue queue;

/* Waits for each of them, in turn with main. */
static int waits(void *arg)
{
    void *item;
    (void)arg;
    CHECK_EQ(xie_lock_take(&lock), 0);
    CHECK_EQ(xie_condition_wait(&condition, &lock), 0);
    xie_lock_give(&lock);
    CHECK_EQ(xie_event_wait(&came), 0);
    CHECK_EQ(xie_semaphore_take(&permits), 0);
    CHECK(xie_barrier_wait(&barrier) >= 0);
    CHECK_EQ(xie_future_wait(&future, NULL), 0);
    CHECK_EQ(xie_queue_get(&queue, &item), 0);
    xie_queue_task_done(&queue);
    return 0;
}

static struct xie_task *waiter;

static void meet(void)
{
    xie_event_clear(&came);
    future = (struct xie_future){0};
    CHECK_EQ(xie_lock_take(&lock), 0); /* it waits for it first */
    xie_sleep(0);
    xie_lock_give(&lock);
    xie_sleep(0);
    xie_condition_notify_all(&condition);
    xie_sleep(0);
    xie_event_set(&came);
    xie_sleep(0);
    xie_semaphore_give(&permits);
    CHECK(xie_barrier_wait(&barrier) >= 0);
    xie_sleep(0);
    xie_future_resolve(&future, NULL);
    xie_sleep(0);
    CHECK_EQ(xie_queue_put(&queue, NULL), 0);
    CHECK_EQ(xie_queue_join(&queue), 0);
}

IN_TASK(what_is_waited_for_allocates_nothing)
{
    xie_barrier_init(&barrier, 2);
    for (int round = 0; round < 2; round++) {
        waiter = xie_spawn(waits, NULL);
        uint64_t before = allocated();
        meet();
        CHECK_EQ(allocated() - before, 0); /* an item goes past the queue's store to who waits */
        CHECK_EQ(xie_join(waiter), 0);
    }
    xie_queue_fini(&queue);
    return 0;
}

static void init_queues(void)
{
    struct xie_queue some[3];
    xie_queue_init(&some[0], 1000000);
    xie_queue_init_lifo(&some[1], 1000000);
    xie_queue_init_priority(&some[2], 1000000, NULL);
    for (int i = 0; i < 3; i++)
        xie_queue_fini(&some[i]);
}

IN_TASK(a_queue_allocates_as_it_fills)
{
    void *item;
    costs("xie_queue_init", init_queues, 0);
    xie_queue_init(&queue, 0);
    uint64_t before = allocated();
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(xie_queue_try_put(&queue, NULL), 0);
    CHECK(allocated() - before <= 12); /* it doubles: constant time each, amortised */
    before = allocated();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++)
            CHECK_EQ(xie_queue_try_get(&queue, &item), 0);
        for (int i = 0; i < 1000; i++)
            CHECK_EQ(xie_queue_try_put(&queue, NULL), 0);
    }
    CHECK_EQ(allocated() - before, 0); /* what is no burst keeps its memory */
    xie_queue_shutdown(&queue, NULL);
    xie_queue_fini(&queue);
    return 0;
}

/* --- between threads -------------------------------------------------------------------------- */

static struct xie_promise *promise;
static struct xie_channel *channel;

static int resolve(void *arg)
{
    (void)arg;
    return xie_promise_resolve(promise, NULL);
}

static void wait_for_the_promise(void)
{
    CHECK_EQ(xie_promise_wait(promise, NULL), 0);
}

static void hand_over(void)
{
    CHECK_EQ(xie_pool_submit(NULL, nothing, NULL, NULL, &promise), 0);
    wait_for_the_promise();
    xie_promise_unref(promise);
}

static void spawn_from_outside(void)
{
    CHECK_EQ(xie_spawn_threadsafe(xie_loop_current(), nothing, NULL, &promise), 0);
    wait_for_the_promise();
    xie_promise_unref(promise);
}

IN_TASK(between_threads)
{
    void *item;
    promise = xie_promise_new(NULL);
    struct xie_task *task = xie_spawn(resolve, NULL);
    uint64_t before = allocated();
    wait_for_the_promise();
    CHECK_EQ(allocated() - before, 0);
    CHECK_EQ(xie_join(task), 0);
    xie_promise_unref(promise);
    costs("xie_pool_submit", hand_over, 1);
    costs("xie_spawn_threadsafe", spawn_from_outside, 1);
    channel = xie_channel_new(1, NULL);
    CHECK_EQ(xie_channel_put(channel, NULL), 0);
    CHECK_EQ(xie_channel_get(channel, &item), 0);
    before = allocated();
    CHECK_EQ(xie_channel_put(channel, NULL), 0);
    CHECK_EQ(xie_channel_get(channel, &item), 0);
    CHECK_EQ(allocated() - before, 0);
    xie_channel_unref(channel);
    return 0;
}

/* --- bytes and messages ----------------------------------------------------------------------- */

static struct xie_stream *pair[2];
static void write_bytes(void)
{
    CHECK_EQ(xie_stream_write(pair[0], bytes, sizeof bytes), (ssize_t)sizeof bytes);
}

static void write_parts(void)
{
    struct iovec parts[2] = {{bytes, 400}, {bytes + 400, 600}};
    CHECK_EQ(xie_stream_writev(pair[0], parts, 2), (ssize_t)sizeof bytes);
}

static void read_bytes(void)
{
    CHECK(xie_stream_read(pair[1], bytes, sizeof bytes) > 0);
}

static void write_and_read(void)
{
    write_bytes();
    read_bytes();
}

static void make_memory_streams(void)
{
    struct xie_stream *two[2];
    CHECK_EQ(xie_stream_memory(0, two), 0);
    kit_close(two);
}

IN_TASK(streams)
{
    if (!kit_on("sim")) { /* which reads and writes short, and has its bytes in memory */
        kit_pair(pair);
        costs("xie_stream_write and xie_stream_read", write_and_read, 0);
        /* By the readiness backends one each; io_uring's one for a turn does for all that began. */
        costs_calls("xie_stream_write", write_bytes, 0, 1);
        costs_calls("xie_stream_writev", write_parts, 0, 1);
        costs_calls("xie_stream_read", read_bytes, 0, 1);
        kit_close(pair);
    }
    CHECK_EQ(xie_stream_memory(0, pair), 0);
    costs("a memory stream's calls", write_and_read, 0);
    costs_calls("a memory stream's calls", write_and_read, 0, 0);
    kit_close(pair);
    costs("xie_stream_memory", make_memory_streams, 1);
    costs_calls("xie_stream_memory", make_memory_streams, 0, 0);
    return 0;
}

static struct xie_address listens;

static void connect_to_a_number(void)
{
    struct xie_stream *stream;
    const struct xie_connect_options options = {.addresses = &listens, .count = 1};
    CHECK_EQ(xie_connect(&options, &stream), 0);
    xie_stream_close(stream);
}

IN_TASK(connecting)
{
    struct xie_listener *listener = net_listen("127.0.0.1", &listens);
    if (!kit_on("sim")) /* its sockets are memory too */
        costs("xie_connect to an address", connect_to_a_number, 1);
    xie_listener_close(listener);
    return 0;
}

static struct xie_datagram *socket_of[2];
static struct xie_address there;

static void send_message(void)
{
    CHECK_EQ(xie_datagram_send(socket_of[0], "x", 1, &there), 1);
}

static void receive_message(void)
{
    CHECK_EQ(xie_datagram_receive(socket_of[1], bytes, 1, NULL, NULL), 1);
}

static void send_and_receive(void)
{
    send_message();
    receive_message();
}

IN_TASK(datagrams)
{
    struct xie_address any = net_number("127.0.0.1", 0);
    for (int i = 0; i < 2; i++)
        REQUIRE(xie_datagram_open(&(struct xie_datagram_options){.local = &any}, &socket_of[i]) ==
                0);
    REQUIRE(xie_datagram_local(socket_of[1], &there) == 0);
    if (!kit_on("sim")) { /* where a message on its way is memory, and calls are interrupted */
        costs("xie_datagram_send and xie_datagram_receive", send_and_receive, 0);
        costs_calls("xie_datagram_send", send_message, 0, 1);
    }
    for (int i = 0; i < 2; i++)
        xie_datagram_close(socket_of[i]);
    return 0;
}

static struct xie_file *file;

static void read_file(void)
{
    CHECK_EQ(xie_file_read(file, bytes, 100, 0), 100);
}

IN_TASK(files)
{
    CHECK_EQ(xie_file_open("/dev/zero", O_RDONLY, 0, &file), 0);
    costs("xie_file_read", read_file, kit_on("uring") || kit_on("sim") ? 0 : 1);
    xie_file_close(file);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"tasks_and_scopes", tasks_and_scopes},
        {"what_is_waited_for_allocates_nothing", what_is_waited_for_allocates_nothing},
        {"a_queue_allocates_as_it_fills", a_queue_allocates_as_it_fills},
        {"between_threads", between_threads},
        {"streams", streams},
        {"connecting", connecting},
        {"datagrams", datagrams},
        {"files", files},
        {0},
    };
    static const struct xie_allocator counting = {count_resize, free};
    xie_set_allocator(&counting);
    return tap_main(argc, argv, tests);
}

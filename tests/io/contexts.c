/* contexts.c - every call that waits, where it may not: in a scope that has triggered, in a
 * callback, in a thread without a loop. It says so, does nothing, and leaves all as it was. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "io/net.h"

/* One of each object, made by the main task, in which nobody is. Whatever could be done at once
 * is there to be done: a free lock, an item, a byte, a message. */
static struct world {
    struct xie_task *runs;
    struct xie_as_completed over;
    struct xie_future resolved;
    struct xie_lock lock, held;
    struct xie_event event;
    struct xie_condition condition;
    struct xie_semaphore semaphore;
    struct xie_barrier barrier;
    struct xie_queue queue, putting;
    struct xie_channel *channel;
    struct xie_promise *promise;
    struct xie_stream *stream[2], *adopted;
    struct xie_listener *listener;
    struct xie_address listens;
    struct xie_server *server;
    struct xie_datagram *datagram;
    struct xie_address address;
    struct xie_file *file;
    struct xie_process *process;
    struct xie_pool *pool;
    struct xie_signals *signals;
    struct xie_watch *watch;
    char path[40], buf[64];
} at;

static int done_by_job; /* what no refused call may do */

static int job(void *arg)
{
    (void)arg;
    return done_by_job++;
}

static int core(unsigned index, void *arg)
{
    (void)arg;
    return done_by_job += (int)index + 1;
}

static bool yes(void *arg)
{
    return arg != NULL;
}

/* --- the calls ------------------------------------------------------------------------------- */

static int64_t sleeps(void)
{
    return xie_sleep(XIE_NANOSECOND);
}

static int64_t steps_aside(void)
{
    return xie_sleep(0);
}

static int64_t sleeps_until(void)
{
    return xie_sleep_until(0);
}

static int64_t joins(void)
{
    return xie_join(at.runs);
}

static int64_t waits_for_a_task(void)
{
    int result;
    return xie_task_wait(at.runs, &result);
}

static int64_t waits_for_tasks(void)
{
    return xie_wait_tasks(&at.runs, 1, XIE_ALL_DONE);
}

static int64_t next_completed(void)
{
    size_t index;
    return xie_as_completed_next(&at.over, &index);
}

static int64_t waits_for_a_future(void)
{
    void *value;
    return xie_future_wait(&at.resolved, &value);
}

static int64_t takes_a_lock(void)
{
    return xie_lock_take(&at.lock);
}

static int64_t waits_for_an_event(void)
{
    return xie_event_wait(&at.event);
}

static int64_t waits_for_a_condition(void)
{
    return xie_condition_wait(&at.condition, &at.held);
}

static int64_t waits_for_a_predicate(void)
{
    return xie_condition_wait_for(&at.condition, &at.held, yes, &at);
}

static int64_t takes_a_permit(void)
{
    return xie_semaphore_take(&at.semaphore);
}

static int64_t comes_to_a_barrier(void)
{
    return xie_barrier_wait(&at.barrier);
}

static int64_t puts_an_item(void)
{
    return xie_queue_put(&at.putting, &at);
}

static int64_t gets_an_item(void)
{
    void *item;
    return xie_queue_get(&at.queue, &item);
}

static int64_t joins_a_queue(void)
{
    return xie_queue_join(&at.queue);
}

static int64_t selects(void)
{
    struct xie_case cases[] = {xie_case_event(&at.event), xie_case_lock(&at.lock)};
    return xie_select(cases, 2);
}

static int64_t puts_into_a_channel(void)
{
    return xie_channel_put(at.channel, &at);
}

static int64_t gets_from_a_channel(void)
{
    void *item;
    return xie_channel_get(at.channel, &item);
}

static int64_t waits_for_a_promise(void)
{
    return xie_promise_wait(at.promise, NULL);
}

static int64_t reads(void)
{
    return xie_stream_read(at.stream[0], at.buf, 1);
}

static int64_t reads_exactly(void)
{
    return xie_stream_read_exactly(at.stream[0], at.buf, 1);
}

static int64_t reads_until(void)
{
    char *data;
    return xie_stream_read_until(at.stream[0], "\n", 1, &data);
}

static int64_t reads_until_any(void)
{
    static const char *const separators[] = {"\n", "x", NULL};
    char *data;
    return xie_stream_read_until_any(at.stream[0], separators, &data, NULL);
}

static int64_t reads_a_line(void)
{
    char *line;
    return xie_stream_read_line(at.stream[0], &line, NULL);
}

static int64_t peeks(void)
{
    char *data;
    return xie_stream_peek(at.stream[0], &data);
}

static int64_t writes(void)
{
    return xie_stream_write(at.stream[0], "x", 1);
}

static int64_t writes_parts(void)
{
    struct iovec part = {(void *)"x", 1};
    return xie_stream_writev(at.stream[0], &part, 1);
}

static int64_t copies(void)
{
    return xie_stream_copy(at.stream[0], at.stream[0], 1);
}

static int64_t sends_a_file(void)
{
    return xie_stream_sendfile(at.stream[0], at.file, 0, 1);
}

static int64_t accepts(void)
{
    struct xie_stream *stream;
    return xie_listener_accept(at.listener, &stream);
}

static int64_t connects(void)
{
    struct xie_stream *stream;
    return xie_stream_connect(&at.listens, &stream);
}

static int64_t connects_by_name(void)
{
    struct xie_stream *stream;
    return xie_tcp_connect("localhost", xie_address_port(&at.listens), &stream);
}

static int64_t connects_to_one_of(void)
{
    struct xie_stream *stream;
    struct xie_address two[2] = {at.listens, at.listens};
    return xie_connect(&(struct xie_connect_options){.addresses = two, .count = 2}, &stream);
}

static int64_t connects_to_a_path(void)
{
    struct xie_stream *stream;
    return xie_unix_connect("@xie-contexts-nobody", &stream);
}

static int64_t resolves(void)
{
    struct xie_address found;
    return xie_resolve("localhost", 80, &found, 1);
}

static int64_t resolves_a_name(void)
{
    char host[XIE_HOST_TEXT];
    return xie_resolve_name(&at.listens, host, NULL);
}

static int64_t resolves_a_service(void)
{
    uint16_t port;
    return xie_resolve_service("http", &port);
}

static int64_t waits_for_a_server(void)
{
    return xie_server_wait(at.server);
}

static int64_t sends_a_message(void)
{
    return xie_datagram_send(at.datagram, "x", 1, &at.address);
}

static int64_t receives_a_message(void)
{
    return xie_datagram_receive(at.datagram, at.buf, 1, NULL, NULL);
}

static int64_t opens_a_file(void)
{
    struct xie_file *file;
    return xie_file_open(at.path, O_WRONLY | O_TRUNC, 0, &file);
}

static int64_t reads_a_file(void)
{
    return xie_file_read(at.file, at.buf, 1, XIE_FILE_NEXT);
}

static int64_t writes_a_file(void)
{
    return xie_file_write(at.file, "x", 1, XIE_FILE_NEXT);
}

static int64_t asks_for_a_size(void)
{
    return xie_file_size(at.file);
}

static int64_t truncates(void)
{
    return xie_file_truncate(at.file, 0);
}

static int64_t syncs(void)
{
    return xie_file_sync(at.file, true);
}

static int64_t loads(void)
{
    char *data;
    return xie_file_load(at.path, 100, &data);
}

static int64_t saves(void)
{
    return xie_file_save(at.path, "", 0, 0600);
}

static int64_t opens_a_device(void)
{
    struct xie_stream *stream;
    return xie_stream_open("/dev/null", O_RDWR, &stream);
}

static int64_t waits_for_a_descriptor(void)
{
    return xie_fd_wait(xie_file_fd(at.file), POLLIN);
}

static int64_t waits_for_a_child(void)
{
    return xie_process_wait(at.process, NULL);
}

static int64_t talks_to_a_child(void)
{
    struct xie_process_result result;
    return xie_process_communicate(at.process, "x", 1, &result);
}

static int64_t asks_a_thread(void)
{
    return xie_to_thread(job, NULL, NULL);
}

static int64_t asks_a_pool(void)
{
    return xie_pool_run(at.pool, job, NULL, NULL);
}

static int64_t hands_over_to_a_pool(void)
{
    return xie_pool_submit(at.pool, job, NULL, NULL, NULL);
}

static int64_t waits_for_a_signal(void)
{
    return xie_signals_wait(at.signals);
}

static int64_t watches(void)
{
    struct xie_watch_event event;
    return xie_watch_next(at.watch, &event);
}

static int64_t runs_cores(void)
{
    return xie_cores_run(&(struct xie_cores_options){.count = 2}, core, NULL);
}

static const struct call {
    const char *name;
    int64_t (*call)(void);
} calls[] = {
    {"xie_sleep", sleeps},
    {"xie_sleep(0)", steps_aside},
    {"xie_sleep_until", sleeps_until},
    {"xie_join", joins},
    {"xie_task_wait", waits_for_a_task},
    {"xie_wait_tasks", waits_for_tasks},
    {"xie_as_completed_next", next_completed},
    {"xie_future_wait", waits_for_a_future},
    {"xie_lock_take", takes_a_lock},
    {"xie_event_wait", waits_for_an_event},
    {"xie_condition_wait", waits_for_a_condition},
    {"xie_condition_wait_for", waits_for_a_predicate},
    {"xie_semaphore_take", takes_a_permit},
    {"xie_barrier_wait", comes_to_a_barrier},
    {"xie_queue_put", puts_an_item},
    {"xie_queue_get", gets_an_item},
    {"xie_queue_join", joins_a_queue},
    {"xie_select", selects},
    {"xie_channel_put", puts_into_a_channel},
    {"xie_channel_get", gets_from_a_channel},
    {"xie_promise_wait", waits_for_a_promise},
    {"xie_stream_read", reads},
    {"xie_stream_read_exactly", reads_exactly},
    {"xie_stream_read_until", reads_until},
    {"xie_stream_read_until_any", reads_until_any},
    {"xie_stream_read_line", reads_a_line},
    {"xie_stream_peek", peeks},
    {"xie_stream_write", writes},
    {"xie_stream_writev", writes_parts},
    {"xie_stream_copy", copies},
    {"xie_stream_sendfile", sends_a_file},
    {"xie_listener_accept", accepts},
    {"xie_stream_connect", connects},
    {"xie_tcp_connect", connects_by_name},
    {"xie_connect", connects_to_one_of},
    {"xie_unix_connect", connects_to_a_path},
    {"xie_resolve", resolves},
    {"xie_resolve_name", resolves_a_name},
    {"xie_resolve_service", resolves_a_service},
    {"xie_server_wait", waits_for_a_server},
    {"xie_datagram_send", sends_a_message},
    {"xie_datagram_receive", receives_a_message},
    {"xie_file_open", opens_a_file},
    {"xie_file_read", reads_a_file},
    {"xie_file_write", writes_a_file},
    {"xie_file_size", asks_for_a_size},
    {"xie_file_truncate", truncates},
    {"xie_file_sync", syncs},
    {"xie_file_load", loads},
    {"xie_file_save", saves},
    {"xie_stream_open", opens_a_device},
    {"xie_fd_wait", waits_for_a_descriptor},
    {"xie_process_wait", waits_for_a_child},
    {"xie_process_communicate", talks_to_a_child},
    {"xie_to_thread", asks_a_thread},
    {"xie_pool_run", asks_a_pool},
    {"xie_pool_submit", hands_over_to_a_pool},
    {"xie_signals_wait", waits_for_a_signal},
    {"xie_watch_next", watches},
    {"xie_cores_run", runs_cores},
};
enum { CALLS = sizeof calls / sizeof *calls };

/* --- the world -------------------------------------------------------------------------------- */

static int forever(void *arg)
{
    (void)arg;
    return xie_sleep(XIE_NEVER);
}

static int serve(struct xie_stream *stream, void *arg)
{
    (void)stream;
    (void)arg;
    return 0;
}

static void make_objects(void)
{
    at.runs = xie_spawn(forever, NULL);
    REQUIRE(xie_as_completed_open(&at.over, &at.runs, 1) == 0);
    xie_future_resolve(&at.resolved, &at);
    REQUIRE(xie_lock_take(&at.held) == 0);
    xie_event_set(&at.event);
    xie_semaphore_init(&at.semaphore, 1, 1);
    xie_barrier_init(&at.barrier, 1);
    REQUIRE(xie_queue_put(&at.queue, &at) == 0);
    at.channel = xie_channel_new(0, NULL);
    REQUIRE(xie_channel_put(at.channel, &at) == 0);
    at.promise = xie_promise_new(NULL);
    REQUIRE(xie_promise_resolve(at.promise, &at) == 0);
    REQUIRE(xie_pool_open(NULL, &at.pool) == 0);
    REQUIRE(xie_signals_open((const int[]){SIGUSR2, 0}, &at.signals) == 0);
    raise(SIGUSR2);
}

static void make_sockets(void)
{
    struct xie_address any = net_number("127.0.0.1", 0);
    kit_pair(at.stream);
    kit_send(at.stream[1], "x\n");
    at.listener = net_listen("127.0.0.1", &at.listens);
    REQUIRE(xie_stream_connect(&at.listens, &at.adopted) == 0);
    REQUIRE(xie_server_new(serve, NULL, NULL, &at.server) == 0);
    REQUIRE(xie_server_listen(at.server, &(struct xie_listen_options){.host = "127.0.0.1"}) == 0);
    REQUIRE(xie_datagram_open(&(struct xie_datagram_options){.local = &any}, &at.datagram) == 0);
    REQUIRE(xie_datagram_local(at.datagram, &at.address) == 0);
    REQUIRE(xie_datagram_send(at.datagram, "y", 1, &at.address) == 1);
}

static void make_files(void)
{
    snprintf(at.path, sizeof at.path, "/tmp/xie-contexts-%d", (int)getpid());
    REQUIRE(xie_file_save(at.path, "abc", 3, 0600) == 0);
    REQUIRE(xie_file_open(at.path, O_RDWR, 0, &at.file) == 0);
    REQUIRE(xie_watch_open(&at.watch) == 0);
    REQUIRE(xie_watch_add(at.watch, at.path, IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF) >= 0);
    const struct xie_process_options options = {.argv = (const char *const[]){"cat", NULL},
                                                .in = XIE_PROCESS_PIPE,
                                                .out = XIE_PROCESS_PIPE};
    REQUIRE(xie_process_open(&options, &at.process) == 0);
}

/* Each of the objects is as it was made: what was there is there, and nothing came. */
static void check_all_as_it_was(void)
{
    struct xie_stream *accepted;
    char *data, got[4];
    void *item;
    CHECK(!xie_task_done(at.runs) && !xie_task_cancelled(at.runs));
    CHECK(!xie_lock_locked(&at.lock) && xie_lock_locked(&at.held));
    CHECK_EQ(at.semaphore.value, 1);
    CHECK_EQ(xie_barrier_waiting(&at.barrier), 0);
    CHECK_EQ(xie_queue_count(&at.queue), 1);
    CHECK_EQ(xie_queue_count(&at.putting), 0);
    CHECK_EQ(xie_channel_count(at.channel), 1);
    CHECK_EQ(xie_channel_try_get(at.channel, &item), 0);
    CHECK_EQ(xie_promise_wait(at.promise, NULL), 0);
    CHECK_EQ(xie_signals_wait(at.signals), SIGUSR2);
    CHECK_EQ(xie_stream_written(at.stream[0]), 0);
    CHECK_EQ(xie_stream_read_line(at.stream[0], &data, NULL), 1);
    CHECK_STR(data, "x");
    CHECK_EQ(xie_listener_accept(at.listener, &accepted), 0);
    xie_stream_close(accepted);
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(xie_listener_accept(at.listener, &accepted), -ETIMEDOUT); /* nobody else came */
    CHECK(xie_server_is_serving(at.server));
    CHECK_EQ(xie_datagram_receive(at.datagram, got, 4, NULL, NULL), 1);
    CHECK_EQ(got[0], 'y');
    CHECK_EQ(xie_datagram_try_receive(at.datagram, got, 4, NULL, NULL), -EAGAIN);
    CHECK_EQ(xie_file_position(at.file), 0);
    CHECK_EQ(xie_file_read(at.file, got, 4, 0), 3);
    CHECK(!memcmp(got, "abc", 3));
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(watches(), -ETIMEDOUT); /* the file was not touched */
    CHECK_EQ(xie_process_status(at.process, NULL), -EBUSY);
    CHECK_EQ(done_by_job, 0);
}

static void end_world(void)
{
    check_all_as_it_was();
    xie_as_completed_close(&at.over);
    xie_task_cancel(at.runs);
    CHECK_EQ(xie_join(at.runs), -ECANCELED);
    xie_lock_give(&at.held);
    xie_queue_shutdown(&at.queue, NULL);
    xie_queue_fini(&at.queue);
    xie_queue_fini(&at.putting);
    xie_channel_unref(at.channel);
    xie_promise_unref(at.promise);
    xie_pool_close(at.pool, XIE_POOL_DRAIN);
    xie_signals_close(at.signals);
    kit_close(at.stream);
    xie_stream_close(at.adopted);
    xie_listener_close(at.listener);
    xie_server_free(at.server);
    xie_datagram_close(at.datagram);
    xie_file_close(at.file);
    xie_watch_close(at.watch);
    xie_process_close(at.process);
    unlink(at.path);
}

/* In a world, ask; then all is as it was. */
static int in_world(void (*ask)(void))
{
    make_objects();
    make_sockets();
    make_files();
    ask();
    end_world();
    return 0;
}

static void all_return(int error)
{
    for (int i = 0; i < CALLS; i++) {
        int64_t result = calls[i].call();
        if (result != error)
            tap_failed(__FILE__, __LINE__, "%s: %lld instead of %d", calls[i].name,
                       (long long)result, error);
    }
}

/* --- the places ------------------------------------------------------------------------------- */

static void ask_in_triggered_scopes(void)
{
    XIE_TIMEOUT(0)
        all_return(-ETIMEDOUT);
    XIE_SCOPE(scope, XIE_HOUR) {
        xie_scope_cancel(&scope);
        all_return(-ECANCELED);
        XIE_TIMEOUT(XIE_HOUR) /* and in whatever is opened inside */
            all_return(-ECANCELED);
        XIE_TIMEOUT(0) /* that it came first stays so */
            all_return(-ECANCELED);
    }
}

IN_TASK(in_a_scope_that_has_triggered_nothing_is_done)
{
    return in_world(ask_in_triggered_scopes);
}

static void none_may_wait(void *arg)
{
    all_return(-EPERM);
    *(bool *)arg = true;
}

static void *without_a_loop(void *arg)
{
    none_may_wait(arg);
    return NULL;
}

static void ask_in_a_callback(void)
{
    struct xie_call call = {0};
    bool asked = false;
    CHECK_EQ(xie_call_soon(&call, none_may_wait, &asked), 0);
    while (!asked)
        xie_sleep(0);
}

static void ask_in_a_thread(void)
{
    pthread_t thread;
    bool asked = false;
    REQUIRE(pthread_create(&thread, NULL, without_a_loop, &asked) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
    CHECK(asked);
}

static int run_in_world(void *ask)
{
    return in_world(*(void (**)(void))ask);
}

static void run_asking(void *ask)
{
    _exit(xie_run(run_in_world, ask) ? 1 : 0);
}

/* An error return and one line for each, never a crash. */
static void refused_with_a_line_each(void (*ask)(void))
{
    static char text[64 * 1024];
    int lines = 0;
    CHECK_EQ(tap_child(run_asking, &ask, text, sizeof text), 0);
    for (const char *at_line = text; (at_line = strstr(at_line, "outside a task")); at_line++)
        lines++;
    CHECK_EQ(lines, CALLS);
}

static void in_a_callback_they_are_errors(void)
{
    refused_with_a_line_each(ask_in_a_callback);
}

static void in_a_thread_without_a_loop_they_are_errors(void)
{
    refused_with_a_line_each(ask_in_a_thread);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"in_a_scope_that_has_triggered_nothing_is_done",
         in_a_scope_that_has_triggered_nothing_is_done},
        {"in_a_callback_they_are_errors", in_a_callback_they_are_errors},
        {"in_a_thread_without_a_loop_they_are_errors", in_a_thread_without_a_loop_they_are_errors},
        {0},
    };
    return tap_main(argc, argv, tests);
}

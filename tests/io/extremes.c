/* extremes.c - lengths of nothing and of more than there can be, the longest names, NULL wherever
 * it is allowed, and closing from a callback whatever can be closed. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/net.h"

#define HUGE_LENGTH (((size_t)1 << 32) + 16) /* its lower half is a small number */

static char folder[32];
static char at_all; /* a place like any other */

static void make_folder(void)
{
    strcpy(folder, "/tmp/xie-extremes-XXXXXX");
    REQUIRE(mkdtemp(folder));
}

static int count_files(void)
{
    int count = -2;
    DIR *dir = opendir(folder);
    while (dir && readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* --- lengths ---------------------------------------------------------------------------------- */

IN_TASK(a_buffer_may_be_said_to_be_larger_than_memory)
{
    static char buf[64];
    struct xie_stream *pair[2];
    char *data;
    if (tap_valgrind())
        tap_skip("valgrind wants to see the buffer");
    for (int memory = 0; memory < 2; memory++) {
        memory ? (void)xie_stream_memory(0, pair) : kit_tcp_pair(pair);
        kit_send(pair[0], "hello");
        for (ssize_t got = 0, some = 1; got < 5 && some > 0; got += some) { /* sim reads short */
            some = xie_stream_read(pair[1], buf + got, HUGE_LENGTH);
            CHECK(some > 0 && some <= 5 - got);
        }
        CHECK(!memcmp(buf, "hello", 5));
        CHECK_EQ(xie_stream_read_exactly(pair[1], buf, SIZE_MAX), XIE_ELIMIT);
        CHECK_EQ(xie_stream_read_until(pair[1], "x", SIZE_MAX, &data), -EINVAL);
        CHECK_EQ(xie_stream_write(pair[1], buf, SIZE_MAX), -EINVAL);
        CHECK_EQ(xie_stream_written(pair[1]), 0);
        CHECK_EQ(xie_stream_set_limit(pair[1], SIZE_MAX), -EINVAL);
        kit_send(pair[0], "still");
        CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 5), 5);
        kit_close(pair);
    }
    return 0;
}

IN_TASK(a_file_says_where_it_ends_whatever_is_asked_for)
{
    static char buf[64];
    struct xie_file *file;
    char path[64];
    if (tap_valgrind())
        tap_skip("valgrind wants to see the buffer");
    make_folder();
    snprintf(path, sizeof path, "%s/a", folder);
    CHECK_EQ(xie_file_open(path, O_RDWR | O_CREAT, 0600, &file), 0);
    CHECK_EQ(xie_file_write(file, "abc", 3, XIE_FILE_NEXT), 3);
    CHECK_EQ(xie_file_read(file, buf, HUGE_LENGTH, 0), 3);
    CHECK_EQ(xie_file_read(file, buf, SIZE_MAX, 0), -EINVAL);
    CHECK_EQ(xie_file_write(file, buf, SIZE_MAX, 0), -EINVAL);
    CHECK(xie_file_read(file, buf, 8, INT64_MAX) <= 0);
    CHECK(xie_file_write(file, buf, 8, INT64_MAX) < 0);
    CHECK_EQ(xie_file_read(file, buf, 8, INT64_MIN), -EINVAL);
    CHECK(xie_file_truncate(file, INT64_MAX) < 0);
    CHECK_EQ(xie_file_truncate(file, INT64_MIN), -EINVAL);
    CHECK_EQ(xie_file_size(file), 3);
    CHECK_EQ(xie_file_seek(file, INT64_MIN), -EINVAL);
    CHECK_EQ(xie_file_seek(file, INT64_MAX), 0);
    CHECK(xie_file_read(file, buf, 8, XIE_FILE_NEXT) <= 0);
    CHECK(xie_file_write(file, buf, 8, XIE_FILE_NEXT) < 0);
    CHECK_EQ(xie_file_position(file), INT64_MAX); /* where it was */
    xie_file_close(file);
    unlink(path);
    rmdir(folder);
    return 0;
}

IN_TASK(nothing_takes_nothing)
{
    struct xie_stream *pair[2];
    struct xie_file *file;
    struct xie_process_result result;
    char *data = NULL;
    kit_pair(pair);
    CHECK_EQ(xie_file_open("/dev/null", O_RDWR, 0, &file), 0);
    CHECK_EQ(xie_stream_copy(pair[0], pair[1], 0), 0); /* and waits for nobody */
    CHECK_EQ(xie_stream_sendfile(pair[0], file, 0, 0), 0);
    xie_stream_consume(pair[0], 0);
    CHECK_EQ(xie_stream_buffered(pair[0], NULL), 0);
    CHECK_EQ(xie_stream_written(pair[0]) + xie_stream_written(pair[1]), 0);
    CHECK_EQ(xie_file_load("/dev/null", 0, &data), 0);
    CHECK_STR(data, "");
    xie_free(data);
    CHECK_EQ(xie_file_load("/proc/self/status", 0, &data), XIE_ELIMIT);
    const struct xie_process_options options = {.argv = (const char *const[]){"cat", NULL},
                                                .in = XIE_PROCESS_PIPE,
                                                .out = XIE_PROCESS_PIPE};
    CHECK_EQ(xie_process_run(&options, NULL, 0, &result), 0);
    CHECK_EQ(result.out_len, 0);
    CHECK_STR(result.out, "");
    xie_process_result_fini(&result);
    xie_file_close(file);
    kit_close(pair);
    return 0;
}

/* --- times and counts in options -------------------------------------------------------------- */

static const int64_t odd_times[] = {INT64_MIN, -1, 1, XIE_NEVER - 1, XIE_NEVER};
enum { ODD_TIMES = sizeof odd_times / sizeof *odd_times };

IN_TASK(a_child_is_ended_whatever_grace_it_has)
{
    for (int i = 0; i < ODD_TIMES; i++) {
        bool ends_itself = odd_times[i] > XIE_SECOND; /* there is time enough for ever */
        struct xie_process *child = NULL;
        struct xie_stream *out;
        char *line;
        const struct xie_process_options options = {
            .shell = ends_itself ? "echo on; exec cat" : "trap '' TERM; echo on; exec cat",
            .in = XIE_PROCESS_PIPE,
            .out = XIE_PROCESS_PIPE,
            .grace_ns = odd_times[i],
            .output_limit = SSIZE_MAX};
        int error = xie_process_open(&options, &child);
        CHECK_EQ(error, odd_times[i] < 0 ? -EINVAL : 0);
        if (error)
            continue;
        out = xie_process_stream(child, 1);
        CHECK_EQ(xie_stream_read_line(out, &line, NULL), 1);
        xie_process_close(child);
    }
    struct xie_process *none = NULL;
    const struct xie_process_options beyond = {.shell = "true", .output_limit = SIZE_MAX};
    CHECK_EQ(xie_process_open(&beyond, &none), -EINVAL);
    CHECK(!none);
    return 0;
}

IN_TASK(attempts_begin_whatever_their_delay)
{
    struct xie_address addresses[2];
    struct xie_listener *listener = net_listen("127.0.0.1", &addresses[1]);
    struct xie_listener *gone = net_listen("127.0.0.1", &addresses[0]);
    xie_listener_close(gone); /* it refuses */
    for (int i = 0; i < ODD_TIMES; i++)
        for (unsigned turns = 0; turns < 2; turns++) {
            struct xie_stream *stream = NULL;
            const struct xie_connect_options options = {.addresses = addresses,
                                                        .count = 2,
                                                        .delay_ns = odd_times[i],
                                                        .interleave = turns ? UINT_MAX : 0};
            CHECK_EQ(xie_connect(&options, &stream), odd_times[i] < 0 ? -EINVAL : 0);
            xie_stream_close(stream);
        }
    xie_listener_close(listener);
    return 0;
}

static void *wait_blocking(void *arg)
{
    struct xie_promise *never = xie_promise_new(NULL), *there = xie_promise_new(NULL);
    struct xie_channel *channel = xie_channel_new(1, NULL);
    void *item;
    CHECK_EQ(xie_promise_resolve(there, arg), 0);
    for (int i = 0; i < ODD_TIMES; i++) {
        CHECK_EQ(xie_promise_wait_blocking(there, NULL, odd_times[i]), 0);
        CHECK_EQ(xie_channel_put_blocking(channel, arg, odd_times[i]), 0);
        CHECK_EQ(xie_channel_get_blocking(channel, &item, odd_times[i]), 0);
        if (odd_times[i] > 1)
            continue; /* that would be long */
        CHECK_EQ(xie_promise_wait_blocking(never, NULL, odd_times[i]), -ETIMEDOUT);
        CHECK_EQ(xie_channel_get_blocking(channel, &item, odd_times[i]), -ETIMEDOUT);
    }
    xie_promise_unref(never);
    xie_promise_unref(there);
    xie_channel_unref(channel);
    return NULL;
}

static void threads_wait_for_any_time(void)
{
    wait_blocking(&at_all);
}

/* --- names ------------------------------------------------------------------------------------ */

/* "/tmp/…/nnn…", with so many bytes in the last part. */
static char *name_of(size_t len)
{
    size_t start = strlen(folder) + 1;
    char *path = malloc(start + len + 1);
    REQUIRE(path);
    sprintf(path, "%s/", folder);
    memset(path + start, 'n', len);
    path[start + len] = 0;
    return path;
}

/* The file beside it has a name too: that must not be longer than a name can be. */
IN_TASK(a_file_of_the_longest_name_is_saved)
{
    make_folder();
    for (size_t len = NAME_MAX - 20; len <= NAME_MAX + 1; len++) {
        char *path = name_of(len), *data = NULL;
        for (int round = 0; round < 2; round++)
            CHECK_EQ(xie_file_save(path, "text", 4, 0600), len <= NAME_MAX ? 0 : -ENAMETOOLONG);
        CHECK_EQ(xie_file_load(path, 10, &data), len <= NAME_MAX ? 4 : -ENAMETOOLONG);
        CHECK_EQ(count_files(), len <= NAME_MAX);
        unlink(path);
        xie_free(data);
        free(path);
    }
    rmdir(folder);
    return 0;
}

/* A path of folders that has the most bytes a path can have, 4095, the last name one byte. */
IN_TASK(a_file_of_the_longest_path_is_saved)
{
    char *path = malloc(PATH_MAX), *data = NULL;
    make_folder();
    size_t len = (size_t)sprintf(path, "%s", folder);
    while (len < PATH_MAX - 3) {
        size_t part = PATH_MAX - 3 - len < 201 ? PATH_MAX - 3 - len : 201;
        if (part < 2 || PATH_MAX - 3 - len - part == 1)
            part -= 1;
        path[len] = '/';
        memset(path + len + 1, 'd', part - 1);
        path[len += part] = 0;
        REQUIRE(mkdir(path, 0700) == 0);
    }
    memcpy(path + len, "/a", 3);
    CHECK_EQ(strlen(path), PATH_MAX - 1);
    struct xie_file *file;
    CHECK_EQ(xie_file_open(path, O_WRONLY | O_CREAT, 0600, &file), 0);
    CHECK_EQ(xie_file_write(file, "long", 4, 0), 4);
    xie_file_close(file);
    CHECK_EQ(xie_file_load(path, 10, &data), 4);
    xie_free(data);
    int error = xie_file_save(path, "other", 5, 0600);
    CHECK(error == 0 || error == -ENAMETOOLONG); /* the file beside it finds no room there */
    CHECK_EQ(xie_file_load(path, 10, &data), error ? 4 : 5);
    xie_free(data);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK_EQ(system(command), 0);
    free(path);
    return 0;
}

IN_TASK(a_name_that_is_too_long_is_an_error_everywhere)
{
    struct xie_file *file = NULL;
    struct xie_stream *stream = NULL;
    struct xie_listener *listener = NULL;
    struct xie_process *process = NULL;
    struct xie_watch *watch;
    char *data = NULL;
    strcpy(folder, "/tmp");
    for (size_t len = PATH_MAX; len < 200000; len += 100000) {
        char *path = name_of(len);
        CHECK_EQ(xie_file_open(path, O_RDWR | O_CREAT, 0600, &file), -ENAMETOOLONG);
        CHECK_EQ(xie_file_load(path, 10, &data), -ENAMETOOLONG);
        CHECK_EQ(xie_file_save(path, "", 0, 0600), -ENAMETOOLONG);
        CHECK_EQ(xie_stream_open(path, O_RDONLY, &stream), -ENAMETOOLONG);
        CHECK_EQ(xie_unix_listen(path, 0, &listener), -ENAMETOOLONG);
        CHECK_EQ(xie_unix_connect(path, &stream), -ENAMETOOLONG);
        CHECK_EQ(xie_tcp_connect(path, 1, &stream), XIE_EDNS_NONAME);
        CHECK_EQ(xie_tcp_listen(path, 1, 0, &listener), XIE_EDNS_NONAME);
        struct xie_process_options options = {.argv = (const char *const[]){path, NULL}};
        CHECK_EQ(xie_process_open(&options, &process), -ENAMETOOLONG);
        options.argv = (const char *const[]){"true", NULL};
        options.cwd = path;
        CHECK_EQ(xie_process_open(&options, &process), XIE_EDIRECTORY);
        CHECK_EQ(xie_watch_open(&watch), 0);
        CHECK_EQ(xie_watch_add(watch, path, IN_CREATE), -ENAMETOOLONG);
        xie_watch_close(watch);
        free(path);
    }
    CHECK(!file && !stream && !listener && !process && !data);
    return 0;
}

/* --- NULL, wherever a header allows it -------------------------------------------------------- */

static void give_back_nothing(void)
{
    xie_free(NULL);
    xie_gen_free(NULL);
    xie_detach(NULL);
    xie_task_cancel(NULL);
    xie_task_set_name(NULL, "none");
    xie_stream_close(NULL);
    xie_stream_abort(NULL);
    xie_listener_close(NULL);
    xie_server_free(NULL);
    xie_datagram_close(NULL);
    xie_file_close(NULL);
    xie_process_close(NULL);
    xie_process_result_fini(&(struct xie_process_result){.out = NULL});
    xie_signals_close(NULL);
    xie_watch_close(NULL);
    xie_pool_close(NULL, XIE_POOL_DRAIN);
    xie_promise_unref(NULL);
    xie_channel_unref(NULL);
    xie_loop_unref(NULL);
    xie_runner_close(NULL);
}

static void give_back_in_a_callback(void *arg)
{
    give_back_nothing();
    *(bool *)arg = true;
}

IN_TASK(null_is_nothing_in_a_task_and_in_a_callback)
{
    struct xie_call call = {0};
    bool done = false;
    give_back_nothing();
    XIE_TIMEOUT(0)
        give_back_nothing();
    CHECK_EQ(xie_call_soon(&call, give_back_in_a_callback, &done), 0);
    while (!done)
        xie_sleep(0);
    return 0;
}

static void null_is_nothing_without_a_loop(void)
{
    give_back_nothing();
}

/* --- closing from a callback ------------------------------------------------------------------ */

static void close_listener(void *object)
{
    xie_listener_close(object);
}

static void close_signals(void *object)
{
    xie_signals_close(object);
}

static void close_watch(void *object)
{
    xie_watch_close(object);
}

static int accept_one(void *object)
{
    struct xie_stream *stream;
    return xie_listener_accept(object, &stream);
}

static int wait_signal(void *object)
{
    return xie_signals_wait(object);
}

static int next_event(void *object)
{
    struct xie_watch_event event;
    return xie_watch_next(object, &event);
}

/* One who waits returns XIE_ECLOSED; with nobody inside it is closed at once. */
static void closed_by_a_callback(void *(*open)(void), xie_task_fn *wait,
                                 void (*close)(void *object))
{
    struct xie_call call = {0};
    int before = net_open();
    for (int waits = 0; waits < 2; waits++) {
        void *object = open();
        struct xie_task *task = waits ? xie_spawn(wait, object) : NULL;
        xie_sleep(XIE_MILLISECOND);
        CHECK_EQ(xie_call_soon(&call, close, object), 0);
        if (waits)
            CHECK_EQ(xie_join(task), XIE_ECLOSED);
        while (xie_call_pending(&call))
            xie_sleep(0);
        CHECK_EQ(net_open(), before);
    }
}

static void *open_listener(void)
{
    struct xie_address address;
    return net_listen("127.0.0.1", &address);
}

static void *open_signals(void)
{
    struct xie_signals *signals = NULL;
    REQUIRE(xie_signals_open((const int[]){SIGUSR1, 0}, &signals) == 0);
    return signals;
}

static void *open_watch(void)
{
    struct xie_watch *watch = NULL;
    REQUIRE(xie_watch_open(&watch) == 0);
    REQUIRE(xie_watch_add(watch, "/tmp", IN_UNMOUNT) >= 0);
    return watch;
}

IN_TASK(a_callback_may_close_whatever_is_waited_for)
{
    closed_by_a_callback(open_listener, accept_one, close_listener);
    closed_by_a_callback(open_signals, wait_signal, close_signals);
    closed_by_a_callback(open_watch, next_event, close_watch);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_buffer_may_be_said_to_be_larger_than_memory",
         a_buffer_may_be_said_to_be_larger_than_memory},
        {"a_file_says_where_it_ends_whatever_is_asked_for",
         a_file_says_where_it_ends_whatever_is_asked_for},
        {"nothing_takes_nothing", nothing_takes_nothing},
        {"a_child_is_ended_whatever_grace_it_has", a_child_is_ended_whatever_grace_it_has},
        {"attempts_begin_whatever_their_delay", attempts_begin_whatever_their_delay},
        {"threads_wait_for_any_time", threads_wait_for_any_time},
        {"a_file_of_the_longest_name_is_saved", a_file_of_the_longest_name_is_saved},
        {"a_file_of_the_longest_path_is_saved", a_file_of_the_longest_path_is_saved},
        {"a_name_that_is_too_long_is_an_error_everywhere",
         a_name_that_is_too_long_is_an_error_everywhere},
        {"null_is_nothing_in_a_task_and_in_a_callback",
         null_is_nothing_in_a_task_and_in_a_callback},
        {"null_is_nothing_without_a_loop", null_is_nothing_without_a_loop},
        {"a_callback_may_close_whatever_is_waited_for",
         a_callback_may_close_whatever_is_waited_for},
        {0},
    };
    return tap_main(argc, argv, tests);
}

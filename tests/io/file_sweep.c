/* file_sweep.c - each call beneath files, pipes and relays fails, alone and with all after it:
 * clean errors, no leak, no file left behind. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xie.h>

#include "fault.h"
#include "tap.h"

static char folder[32];

static const char *in_folder(const char *name)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* --- files ---------------------------------------------------------------------------- */

static int use_file(struct xie_file *file)
{
    char buf[10];
    int64_t result = xie_file_write(file, "0123456789", 10, XIE_FILE_NEXT);
    if (result >= 0)
        result = xie_file_sync(file, true);
    if (result >= 0)
        result = xie_file_truncate(file, 8);
    if (result >= 0)
        result = xie_file_size(file);
    if (result >= 0)
        result = result == 8 ? xie_file_read(file, buf, 10, 0) : -EPROTO;
    if (result >= 0)
        result = result == 8 && !memcmp(buf, "01234567", 8) ? 0 : -EPROTO;
    return (int)result;
}

static int files(void *arg)
{
    struct xie_file *file;
    (void)arg;
    int error = xie_file_open(in_folder("file"), O_RDWR | O_CREAT | O_TRUNC, 0600, &file);
    if (error)
        return error;
    error = use_file(file);
    xie_file_close(file);
    return error;
}

static int load(void *arg)
{
    char *data = NULL;
    (void)arg;
    ssize_t len = xie_file_load("/proc/self/stat", 100000, &data);
    xie_free(data);
    return len < 0 ? (int)len : 0;
}

static void write_old(void)
{
    FILE *file = fopen(in_folder("saved"), "w");
    REQUIRE(file && fwrite("old", 1, 4, file) == 4 && fclose(file) == 0);
}

/* What was there stays, whole, until the new content is. */
static int save(void *arg)
{
    char content[8] = "";
    (void)arg;
    write_old();
    int error = xie_file_save(in_folder("saved"), "new", 4, 0600);
    FILE *file = fopen(in_folder("saved"), "r");
    CHECK(file && fread(content, 1, 8, file) == 4);
    CHECK(!strcmp(content, "new") || (error && !strcmp(content, "old")));
    fclose(file);
    return error;
}

static int send_file_to(struct xie_stream *to, struct xie_stream *from)
{
    struct xie_file *file;
    char buf[50];
    int error = xie_file_open("/etc/passwd", O_RDONLY, 0, &file);
    if (error)
        return error;
    int64_t sent = xie_stream_sendfile(to, file, 1, 50);
    xie_file_close(file);
    if (sent != 50)
        return sent < 0 ? (int)sent : -EPROTO;
    ssize_t got = xie_stream_read_exactly(from, buf, 50);
    return got < 0 ? (int)got : 0;
}

static int send_file(void *arg)
{
    struct xie_stream *ends[2];
    int (*make)(struct xie_stream * pair[2]) = arg ? xie_pipe : xie_stream_pair;
    int error = make(ends);
    if (error)
        return error;
    error = send_file_to(ends[1], ends[0]);
    xie_stream_close(ends[0]);
    xie_stream_close(ends[1]);
    return error;
}

static int send_file_copied(void *arg)
{
    (void)arg;
    return send_file(folder);
}

/* --- relays --------------------------------------------------------------------------- */

enum { MUCH = 3000 };

static int pour(void *arg)
{
    static char out[MUCH];
    ssize_t sent = xie_stream_write(arg, out, MUCH);
    return sent < 0 ? (int)sent : xie_stream_write_eof(arg);
}

static int relay_between(struct xie_stream *a[2], struct xie_stream *b[2])
{
    char buf[MUCH];
    int error = 0;
    XIE_GROUP(group) {
        error = xie_group_spawn(&group, pour, a[0]);
        int64_t done = error ? error : xie_stream_copy(a[1], b[0], UINT64_MAX);
        error = done < 0 ? (int)done : done == MUCH ? 0 : -EPROTO;
        if (error)
            xie_group_cancel(&group);
        int failed = xie_group_wait(&group);
        error = failed ? failed : error;
    }
    if (!error)
        error = (int)xie_stream_read_exactly(b[1], buf, MUCH);
    return error < 0 ? error : 0;
}

static int relay(void *arg)
{
    struct xie_stream *a[2], *b[2];
    (void)arg;
    int error = xie_stream_pair(a);
    if (error)
        return error;
    error = xie_stream_memory(5000, b);
    if (!error) {
        error = relay_between(a, b);
        xie_stream_close(b[0]);
        xie_stream_abort(b[1]);
    }
    xie_stream_close(a[0]);
    xie_stream_close(a[1]);
    return error;
}

/* --- pipes ---------------------------------------------------------------------------- */

static int talk(struct xie_stream *to, struct xie_stream *from)
{
    static const char *const separators[] = {";", "\n", NULL};
    char *data;
    ssize_t result = xie_stream_write(to, "one;", 4);
    if (result >= 0)
        result = xie_stream_read_until_any(from, separators, &data, NULL);
    return result == 0 ? XIE_EOF : result < 0 ? (int)result : 0;
}

static int pipes(void *arg)
{
    struct xie_stream *ends[2];
    (void)arg;
    int error = xie_pipe(ends);
    if (error)
        return error;
    error = talk(ends[1], ends[0]);
    xie_stream_close(ends[0]);
    xie_stream_close(ends[1]);
    return error;
}

static int named(void *arg)
{
    struct xie_stream *reader = NULL, *writer = NULL;
    (void)arg;
    int error = xie_stream_open(in_folder("fifo"), O_RDONLY, &reader);
    if (!error)
        error = xie_stream_open(in_folder("fifo"), O_WRONLY, &writer);
    if (!error)
        error = talk(writer, reader);
    xie_stream_close(reader);
    xie_stream_close(writer);
    return error;
}

static int borrow(void *arg)
{
    struct xie_stream *ends[2] = {NULL, NULL};
    int fds[2];
    (void)arg;
    if (pipe(fds))
        return -errno;
    int error = xie_stream_borrow(fds[0], &ends[0]);
    if (!error)
        error = xie_stream_borrow(fds[1], &ends[1]);
    if (!error)
        error = talk(ends[1], ends[0]);
    if (!error)
        error = xie_fd_wait(fds[1], POLLOUT);
    for (int i = 0; i < 2; i++) {
        xie_stream_close(ends[i]);
        close(fds[i]);
    }
    return error < 0 ? error : 0;
}

static int options(void *arg)
{
    struct xie_stream *ends[2];
    struct xie_credentials who;
    (void)arg;
    int error = xie_stream_pair(ends);
    if (error)
        return error;
    error = xie_stream_set_option(ends[0], SOL_SOCKET, SO_SNDBUF, 9999);
    if (!error)
        error = xie_stream_credentials(ends[0], &who);
    if (!error)
        error = xie_stream_read_shut(ends[0]);
    xie_stream_close(ends[0]);
    xie_stream_close(ends[1]);
    return error;
}

static int watch(void *arg)
{
    struct xie_watch *watch;
    struct xie_watch_event event;
    (void)arg;
    int error = xie_watch_open(&watch);
    if (error)
        return error;
    int id = xie_watch_add(watch, folder, IN_CLOSE_WRITE);
    write_old();
    error = id < 0 ? id : xie_watch_next(watch, &event);
    if (!error)
        error = xie_watch_remove(watch, id);
    xie_watch_close(watch);
    return error;
}

/* --- tests ---------------------------------------------------------------------------- */

#define PROGRAMS(each)                                                                   \
    each(files) each(load) each(save) each(send_file) each(send_file_copied) each(relay) \
        each(pipes) each(named) each(borrow) each(options) each(watch)

/* Only what the programs themselves make may be there afterwards. */
static void prepare(void)
{
    strcpy(folder, "/tmp/xie-sweep-XXXXXX");
    REQUIRE(mkdtemp(folder));
    REQUIRE(mkfifo(in_folder("fifo"), 0600) == 0);
    write_old();
}

static void tidy(void)
{
    unlink(in_folder("fifo"));
    unlink(in_folder("file"));
    unlink(in_folder("saved"));
    CHECK(rmdir(folder) == 0); /* nothing was left behind */
}

#define SWEEP(program)                                                                     \
    static void sweep_##program(void)                                                      \
    {                                                                                      \
        struct fault_program swept = {.name = #program, .run = program, .tolerant = true}; \
        tap_limit(180);                                                                    \
        prepare();                                                                         \
        fault_sweep_all(&swept);                                                           \
        tidy();                                                                            \
    }
PROGRAMS(SWEEP)

int main(int argc, char **argv)
{
#define ENTRY(program) {#program, sweep_##program},
    static const struct tap_test tests[] = {PROGRAMS(ENTRY){0}};
    return tap_main(argc, argv, tests);
}

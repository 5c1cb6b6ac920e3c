/* ours.c - the library's echo servers, of each kind that a program would write.
 * usage: ours KIND (see kinds); XIE_BACKEND chooses the backend. Prints its port, and serves until
 * it is killed. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <xie.h>

#include "lib/served.h"

enum { SMALL = 2048, BUFFER = 64 * 1024, CORES = 2 };

/* --- a task for each connection ----------------------------------------------------- */

static int relay(struct xie_stream *stream, char *buffer, size_t cap)
{
    ssize_t len;
    while ((len = xie_stream_read(stream, buffer, cap)) > 0)
        if ((len = xie_stream_write(stream, buffer, (size_t)len)) < 0)
            break;
    return (int)len;
}

/* Of whom small messages are expected: their buffer shares the stack's first page. */
static int tasks(struct xie_stream *stream, void *arg)
{
    char buffer[SMALL];
    (void)arg;
    return relay(stream, buffer, sizeof buffer);
}

static int large_tasks(struct xie_stream *stream, void *arg)
{
    char *buffer = malloc(BUFFER);
    (void)arg;
    int result = buffer ? relay(stream, buffer, BUFFER) : -ENOMEM;
    free(buffer);
    return result;
}

/* Read through the stream's own buffer: what is there is seen, written, and taken. */
static int streams(struct xie_stream *stream, void *arg)
{
    char *data;
    ssize_t len;
    (void)arg;
    while ((len = xie_stream_peek(stream, &data)) > 0) {
        ssize_t sent = xie_stream_write(stream, data, (size_t)len);
        if (sent < 0)
            return (int)sent;
        xie_stream_consume(stream, (size_t)len);
    }
    return (int)len;
}

static int relay_in_time(struct xie_stream *stream, char *buffer, size_t cap)
{
    ssize_t len;
    do {
        len = -ETIMEDOUT;
        XIE_TIMEOUT(60 * XIE_SECOND)
            len = xie_stream_read(stream, buffer, cap);
        if (len > 0)
            len = xie_stream_write(stream, buffer, (size_t)len);
    } while (len > 0);
    return (int)len;
}

static int deadlines(struct xie_stream *stream, void *arg)
{
    char buffer[SMALL];
    (void)arg;
    return relay_in_time(stream, buffer, sizeof buffer);
}

static int large_deadlines(struct xie_stream *stream, void *arg)
{
    char *buffer = malloc(BUFFER);
    (void)arg;
    int result = buffer ? relay_in_time(stream, buffer, BUFFER) : -ENOMEM;
    free(buffer);
    return result;
}

/* --- serving ------------------------------------------------------------------------ */

static int listen_at(uint16_t port, struct xie_listener **listener)
{
    const struct xie_listen_options options = {
        .host = "127.0.0.1", .port = port, .backlog = 4096, .reuse_port = true};
    return xie_listen(&options, listener);
}

struct kind {
    const char *name;
    xie_server_handler *handler; /* NULL: the protocol */
    bool cores;
};

static const struct kind kinds[] = {
    {"tasks", tasks, false},         {"large-tasks", large_tasks, false},
    {"deadlines", deadlines, false}, {"large-deadlines", large_deadlines, false},
    {"streams", streams, false},     {"transports", NULL, false},
    {"cores", tasks, true}};

static int on_core(unsigned index, void *arg)
{
    const uint16_t *port = arg;
    struct xie_listener *listener;
    (void)index;
    int error = listen_at(*port, &listener);
    return error ? error : served_tasks(listener, tasks);
}

static int start(void *arg)
{
    const struct kind *kind = arg;
    const struct xie_cores_options options = {.count = CORES};
    struct xie_listener *listener;
    int error = listen_at(0, &listener), told = error ? error : served_tell(listener);
    if (told < 0)
        return told;
    if (kind->cores) {
        uint16_t port = (uint16_t)told;
        xie_listener_close(listener);
        return xie_cores_run(&options, on_core, &port);
    }
    return kind->handler ? served_tasks(listener, kind->handler)
                         : xie_serve_protocol(listener, &served_echo, NULL);
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (size_t i = 0; argc == 2 && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(argv[1], kinds[i].name)) {
            int error = xie_run(start, (void *)(uintptr_t)&kinds[i]);
            fprintf(stderr, "%s: %s\n", argv[0], xie_strerror(error));
            return 1;
        }
    fprintf(stderr, "usage: %s", argv[0]);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        fprintf(stderr, "%c%s", i ? '|' : ' ', kinds[i].name);
    fputc('\n', stderr);
    return 2;
}

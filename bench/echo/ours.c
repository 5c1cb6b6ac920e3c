/* ours.c - the library's echo servers, of each kind that a program would write.
 * usage: ours KIND (see kinds); XIE_BACKEND chooses the backend. Prints its port, and serves until
 * it is killed. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <xie.h>

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

/* --- a protocol --------------------------------------------------------------------- */

static void received(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    (void)self;
    if (xie_transport_write(transport, data, len) == 1)
        xie_transport_pause_reading(transport); /* until what waits has gone */
}

static void resume(void *self, struct xie_transport *transport)
{
    (void)self;
    xie_transport_resume_reading(transport);
}

static const struct xie_protocol protocol = {.data_received = received, .resume_writing = resume};

/* --- serving ------------------------------------------------------------------------ */

static int listen_at(uint16_t port, struct xie_listener **listener)
{
    const struct xie_listen_options options = {
        .host = "127.0.0.1", .port = port, .backlog = 4096, .reuse_port = true};
    return xie_listen(&options, listener);
}

static int tell(struct xie_listener *listener, uint16_t *port)
{
    struct xie_address address;
    int error = xie_listener_address(listener, &address);
    if (error)
        return error;
    *port = xie_address_port(&address);
    printf("port %u\n", *port);
    return fflush(stdout);
}

static int serve(struct xie_listener *listener, xie_server_handler *handler)
{
    struct xie_server *server;
    int error = xie_server_new(handler, NULL, NULL, &server);
    if (!error)
        error = xie_server_add(server, listener);
    return error ? error : xie_server_serve(server);
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

/* On any core: who started us has chosen one. */
static void widen(void)
{
    cpu_set_t every;
    memset(&every, 0xff, sizeof every);
    sched_setaffinity(0, sizeof every, &every);
}

static int on_core(unsigned index, void *arg)
{
    const uint16_t *port = arg;
    struct xie_listener *listener;
    (void)index;
    int error = listen_at(*port, &listener);
    return error ? error : serve(listener, tasks);
}

static int start(void *arg)
{
    const struct kind *kind = arg;
    const struct xie_cores_options options = {.count = CORES};
    struct xie_listener *listener;
    uint16_t port = 0;
    int error = listen_at(0, &listener);
    if (!error)
        error = tell(listener, &port);
    if (error)
        return error;
    if (kind->cores) {
        widen();
        xie_listener_close(listener);
        return xie_cores_run(&options, on_core, &port);
    }
    return kind->handler ? serve(listener, kind->handler)
                         : xie_serve_protocol(listener, &protocol, NULL);
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

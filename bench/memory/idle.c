/* idle.c - what idles costs: many of a kind, and nothing to do.
 * usage: idle transport|stream|task [COUNT]; a line per figure: NAME VALUE UNIT. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <xie.h>

#include "base/sys.h"
#include "lib/resident.h"

struct idling {
    const char *kind;
    size_t count;
    int *fds;
    size_t made;
};

static struct idling idling;

static void be_made(void *self, struct xie_transport *transport)
{
    (void)self, (void)transport;
    idling.made++;
}

static const struct xie_protocol protocol = {.connection_made = be_made};

static int make_transports(void)
{
    int error = 0;
    for (size_t i = 0; i < idling.count && !error; i++)
        error = xie_connect_accepted_socket(idling.fds[i], &protocol, NULL, NULL);
    return error;
}

/* One that waits for bytes. */
static int stream_task(void *arg)
{
    struct xie_stream *stream;
    char byte;
    int error = xie_stream_adopt(*(int *)arg, &stream);
    if (error)
        return error;
    idling.made++;
    xie_stream_read(stream, &byte, 1);
    xie_stream_close(stream);
    return 0;
}

static int event_task(void *event)
{
    idling.made++;
    return xie_event_wait(event);
}

/* They are cancelled with the group. */
static int make_tasks(struct xie_group *group, struct xie_event *event)
{
    bool streams = !strcmp(idling.kind, "stream");
    int error = 0;
    for (size_t i = 0; i < idling.count && !error; i++)
        error = streams ? xie_group_spawn(group, stream_task, &idling.fds[i])
                        : xie_group_spawn(group, event_task, event);
    return error;
}

static int measure(struct xie_group *group)
{
    struct xie_event never = {0};
    long long before = resident();
    int64_t start = xie_now();
    int error = !strcmp(idling.kind, "transport") ? make_transports() : make_tasks(group, &never);
    while (!error && idling.made < idling.count)
        error = xie_sleep(0);
    int64_t end = xie_now();
    if (!error)
        error = xie_sleep(10 * XIE_MILLISECOND); /* all of them wait */
    if (error)
        return error;
    printf("idle %s %lld bytes\n", idling.kind, (resident() - before) / (long long)idling.count);
    printf("%s made %" PRId64 " ns\n", idling.kind, (end - start) / (int64_t)idling.count);
    xie_group_cancel(group);
    return 0;
}

static int run(void *arg)
{
    int error = 0;
    (void)arg;
    for (size_t i = 0; idling.fds && i < idling.count && !error; i += 2)
        error = xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, idling.fds + i);
    XIE_GROUP(group)
        error = error ? error : measure(&group);
    return error;
}

static bool is_kind(const char *kind)
{
    return !strcmp(kind, "transport") || !strcmp(kind, "stream") || !strcmp(kind, "task");
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    size_t most = limit.rlim_cur < 20100 ? limit.rlim_cur - 100 : 20000;
    idling.kind = argc > 1 ? argv[1] : "";
    idling.count = (argc > 2 ? strtoul(argv[2], NULL, 10) : most) / 2 * 2;
    if (!is_kind(idling.kind) || idling.count < 2) {
        fprintf(stderr, "usage: %s transport|stream|task [COUNT]\n", argv[0]);
        return 2;
    }
    if (strcmp(idling.kind, "task"))
        idling.fds = calloc(idling.count, sizeof *idling.fds);
    int error = xie_run(run, NULL);
    if (error)
        fprintf(stderr, "idle: %s\n", xie_strerror(error));
    free(idling.fds);
    return error != 0;
}

/* idle.c - what a connection that idles costs as a transport: many of them, and nothing to do.
 * usage: idle [COUNT]; a line per figure: NAME VALUE UNIT. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <xie.h>

#include "base/sys.h"

static size_t made;

static void be_made(void *self, struct xie_transport *transport)
{
    (void)self, (void)transport;
    made++;
}

static const struct xie_protocol idling = {.connection_made = be_made};

/* What the process has resident, by the kernel's own account [bytes]. */
static long long resident(void)
{
    char line[256];
    long long value = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "Rss:", 4))
            value = atoll(line + 4) * 1024;
    if (file)
        fclose(file);
    return value;
}

static int run(void *arg)
{
    size_t count = *(const size_t *)arg;
    int *fds = calloc(count, sizeof *fds);
    int error = fds ? 0 : -ENOMEM;
    for (size_t i = 0; i < count && !error; i += 2)
        error = xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds + i);
    long long before = resident();
    int64_t start = xie_now();
    for (size_t i = 0; i < count && !error; i++)
        error = xie_connect_accepted_socket(fds[i], &idling, NULL, NULL);
    while (!error && made < count)
        error = xie_sleep(0);
    int64_t end = xie_now();
    if (!error)
        error = xie_sleep(10 * XIE_MILLISECOND); /* all of them wait */
    if (error) {
        free(fds);
        return error;
    }
    printf("%-24s %12zu transports\n", "idle", count);
    printf("%-24s %12lld bytes/transport\n", "resident", (resident() - before) / (long long)count);
    printf("%-24s %12" PRId64 " ns/transport\n", "make", (end - start) / (int64_t)count);
    free(fds);
    return 0;
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    size_t most = limit.rlim_cur < 100100 ? limit.rlim_cur - 100 : 100000;
    size_t count = (argc > 1 ? strtoul(argv[1], NULL, 10) : most) / 2 * 2;
    if (count < 2) {
        fprintf(stderr, "usage: %s [COUNT]\n", argv[0]);
        return 2;
    }
    int error = xie_run(run, &count);
    if (error)
        fprintf(stderr, "idle: %s\n", xie_strerror(error));
    return error != 0;
}

/* growth.c - counts from ten to a million, rounds of each, and the median by item. */
/* SPDX-License-Identifier: MIT */
#include "growth/growth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 5, SPARE = 100, AT_ONCE = 20000 };

/* The largest that connections can be: two descriptors for each, of 2^20 that a process may have.
 */
static const struct {
    size_t items;
    const char *name;
    bool connections, others;
} counts[] = {
    {10, "10", true, true},           {100, "100", true, true},
    {1000, "1,000", true, true},      {9900, "9,900", true, false},
    {10000, "10,000", false, true},   {100000, "100,000", true, true},
    {500000, "500,000", true, false}, {1000000, "1,000,000", false, true},
};

void growth_check(bool so, const char *what)
{
    if (so)
        return;
    fprintf(stderr, "growth: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* How many descriptors there may be: all that the limit allows, and more where we may raise it. */
static size_t descriptors(void)
{
    struct rlimit limit, most = {1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_NOFILE, &most) && !getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    growth_check(!getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    return limit.rlim_cur;
}

int *growth_connect(size_t items)
{
    int *fds = malloc(2 * items * sizeof *fds);
    growth_check(fds != NULL, "malloc");
    for (size_t i = 0; i < items; i++)
        growth_check(
            !socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds + 2 * i),
            "socketpair");
    return fds;
}

void growth_send(const int *fds, size_t items)
{
    static const char message[MESSAGE];
    for (size_t i = 0; i < items; i++)
        growth_check(send(fds[2 * i + 1], message, MESSAGE, MSG_NOSIGNAL) == MESSAGE, "send");
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A round is long enough for the clock; the first is to warm up. */
static double measure(const struct growth *work, size_t items)
{
    double each[ROUNDS];
    size_t times = items < AT_ONCE ? AT_ONCE / items : 1;
    if (work->open)
        work->open(items);
    work->run(items, times);
    for (int round = 0; round < ROUNDS; round++) {
        work_passed();
        work->run(items, times);
        each[round] = work_passed() / (double)times / (double)items;
    }
    if (work->close)
        work->close(items);
    qsort(each, ROUNDS, sizeof *each, by_size);
    return each[ROUNDS / 2];
}

void growth_run(const struct growth *works)
{
    size_t most = descriptors();
    for (; works->row; works++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            if ((works->descriptors ? counts[i].connections : counts[i].others) &&
                works->descriptors * counts[i].items + SPARE <= most) {
                printf("%s, %s %.2f ns\n", works->row, counts[i].name,
                       measure(works, counts[i].items));
                fflush(stdout);
            }
}

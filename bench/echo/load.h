/* load.h - the load on one echo server: connections, and windows of requests played on them.
 * A request is `size` bytes that must come back as they were; every byte is looked at. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_ECHO_LOAD_H
#define BENCH_ECHO_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What is asked of each server. */
struct plan {
    int connections;
    size_t size;  /* of a request [bytes] */
    int depth;    /* requests under way on each connection */
    int64_t ns;   /* of a window; then what is under way is waited for */
    double rate;  /* requests a second, sent when it is their time whatever has come back; 0: as
                     many as come back */
    bool latency; /* is each request's time of interest? */
};

/* One server, and all that is connected to it. */
struct server {
    const char *name;
    pid_t pid;
    int cpu_clock; /* a clockid_t: what the process has used, all of its threads */
    int out;       /* its standard output */
    uint16_t port;
    int epoll;
    struct connection *connections;
    double *each; /* CPU time of a request, a window each [ns] */
    uint64_t requests;
    double *times; /* of requests [ns] */
    size_t time_count, time_cap;
};

/* CLOCK_MONOTONIC [ns] */
int64_t now_ns(void);
/* Say what failed, and end: the run says nothing. */
__attribute__((noreturn, format(printf, 1, 2))) void void_run(const char *format, ...);

/* Start a server by a command (words parted by spaces) on a CPU (-1: any). It prints its port, and
 * dies with us. */
void server_start(struct server *server, char *command, int cpu);
/* What it has used of the processors by now [ns]. */
int64_t server_cpu(const struct server *server);
/* What it has resident [bytes]. */
int64_t server_resident(const struct server *server);
void server_stop(struct server *server);

/* Connect, and hear a first echo on each connection. return false: it cannot have so many */
void load_connect(struct server *server, const struct plan *plan);
/* Play one window. */
void load_play(struct server *server, const struct plan *plan);

#endif

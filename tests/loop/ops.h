/* ops.h - a loop without tasks, and operations one can watch: for the tests of this folder. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_LOOP_OPS_H
#define XIE_TESTS_LOOP_OPS_H

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sys.h"
#include "loop/loop.h"
#include "tap.h"

/* An operation and what became of it. */
struct probe {
    struct xie_op op;
    bool at_once;   /* finished by its submission */
    int calls;      /* of done */
    unsigned order; /* of done, among all */
};

static struct xie_loop loop;
static unsigned probe_order;

static inline void loop_begin(void)
{
    REQUIRE(!xie_loop_open(&loop, NULL));
}

static inline void loop_end(void)
{
    CHECK_EQ(loop.pending, 0);
    xie_loop_close(&loop);
}

static inline bool on_backend(const char *name)
{
    return !strcmp(xie_loop_backend(&loop), name);
}

static inline void probe_done(struct xie_op *op)
{
    struct probe *probe = XIE_CONTAINER(op, struct probe, op);
    probe->calls++;
    probe->order = ++probe_order;
}

static inline void probe_start(struct probe *probe)
{
    probe->op.done = probe_done;
    probe->calls = 0;
    probe->at_once = xie_op_submit(&loop, &probe->op);
}

static inline bool probe_over(const struct probe *probe)
{
    return probe->at_once || probe->calls;
}

/* Wait for its end; return its result. */
static inline int64_t probe_finish(struct probe *probe)
{
    while (!probe_over(probe))
        REQUIRE(!loop.backend->wait(&loop, XIE_NEVER));
    CHECK_EQ(probe->calls, probe->at_once ? 0 : 1);
    CHECK_EQ(probe->op.state, XIE_OP_DONE);
    return probe->op.result;
}

static inline int64_t probe_run(struct probe *probe)
{
    probe_start(probe);
    return probe_finish(probe);
}

/* Give everything that is going to happen time to happen. */
static inline void settle(void)
{
    for (int i = 0; i < 3; i++)
        REQUIRE(!loop.backend->wait(&loop, XIE_MILLISECOND));
}

static inline struct probe recv_probe(int fd, void *buf, size_t len)
{
    struct probe probe = {.op = {.kind = XIE_OP_RECV, .fd = fd}};
    probe.op.buf = buf;
    probe.op.len = len;
    return probe;
}

static inline struct probe send_probe(int fd, const void *buf, size_t len)
{
    struct probe probe = {.op = {.kind = XIE_OP_SEND, .fd = fd}};
    probe.op.buf = (void *)(uintptr_t)buf;
    probe.op.len = len;
    return probe;
}

static inline struct probe poll_probe(int fd, int events)
{
    return (struct probe){.op = {.kind = XIE_OP_POLL, .fd = fd, .flags = events}};
}

/* All of it, whatever the pieces. */
static inline void send_all(int fd, const void *buf, size_t len)
{
    for (size_t sent = 0; sent < len;) {
        struct probe probe = send_probe(fd, (const char *)buf + sent, len - sent);
        int64_t result = probe_run(&probe);
        REQUIRE(result > 0);
        sent += (size_t)result;
    }
}

static inline void recv_all(int fd, void *buf, size_t len)
{
    for (size_t got = 0; got < len;) {
        struct probe probe = recv_probe(fd, (char *)buf + got, len - got);
        int64_t result = probe_run(&probe);
        REQUIRE(result > 0);
        got += (size_t)result;
    }
}

static inline void make_pair(int fds[2])
{
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

static inline void shut(int fd)
{
    xie_op_forget(&loop, fd);
    xie_sys_close(fd);
}

#endif

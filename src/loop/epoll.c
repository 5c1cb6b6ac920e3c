/* epoll.c - readiness by epoll(7): one registration per descriptor, edge-triggered.
 * Floor 2. After the first wait on a descriptor no epoll_ctl is made for it until it is
 * closed; the operations behind an edge that nobody waits for find out by trying. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/memory.h"
#include "loop/loop.h"
#include "loop/readiness.h"
#include "loop/wakeup.h"

enum {
    EVENTS_MOST = 256, /* per wait; more come by the next */
    NS_PER_MS = 1000000
};

#define WAKEUP_DATA UINT64_MAX

struct epoll_state {
    struct xie_readiness readiness;
    struct xie_wakeup wakeup;
    int fd;
    int (*wait)(int fd, struct epoll_event *events, int64_t timeout_ns);
};

/* --- what readiness.c asks for ------------------------------------------------------ */

static int add(struct epoll_state *state, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events | EPOLLET, .data.u64 = data};
    int error = xie_fault_check(XIE_FAULT_SYSCALL);
    if (error)
        return error;
    return epoll_ctl(state->fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int epoll_arm(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    struct epoll_state *state = loop->state;
    if (slot->armed)
        return 0;
    uint64_t data = (uint64_t)slot->generation << 32 | (uint32_t)fd;
    int error = add(state, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI, data);
    slot->armed = !error;
    return error;
}

static void epoll_disarm(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    (void)loop, (void)fd, (void)slot; /* an edge that nobody waits for costs less */
}

/* Said outright: a close(2) would only do where no other number has the same file. */
static void epoll_drop(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    struct epoll_state *state = loop->state;
    (void)slot;
    epoll_ctl(state->fd, EPOLL_CTL_DEL, fd, NULL);
}

static const struct xie_poller epoll_poller = {.arm = epoll_arm,
                                               .disarm = epoll_disarm,
                                               .drop = epoll_drop,
                                               .look = xie_readiness_look,
                                               .tells = true};

/* --- waiting ------------------------------------------------------------------------ */

/* Linux 5.11. */
static int wait_ns(int fd, struct epoll_event *events, int64_t timeout_ns)
{
    struct timespec timeout = {.tv_sec = timeout_ns / XIE_SECOND,
                               .tv_nsec = timeout_ns % XIE_SECOND};
    return epoll_pwait2(fd, events, EVENTS_MOST, timeout_ns == XIE_NEVER ? NULL : &timeout, NULL);
}

/* Rounded up: up to a millisecond late, but never early. */
static int wait_ms(int fd, struct epoll_event *events, int64_t timeout_ns)
{
    int64_t timeout_ms = timeout_ns / NS_PER_MS + (timeout_ns % NS_PER_MS != 0);
    if (timeout_ms > INT_MAX)
        timeout_ms = timeout_ns == XIE_NEVER ? -1 : INT_MAX;
    return epoll_wait(fd, events, EVENTS_MOST, (int)timeout_ms);
}

/* valgrind does not know the call, and says so at length. */
static bool has_pwait2(int fd)
{
    struct epoll_event event;
    struct timespec now = {0};
    return !XIE_VALGRIND_RUNS && epoll_pwait2(fd, &event, 1, &now, NULL) == 0;
}

/* epoll's bits are poll's; with RDHUP, the end of what can be read, comes something to read. */
static int poll_events(uint32_t events)
{
    int in = events & EPOLLRDHUP ? POLLIN : 0;
    return in | (int)(events & (POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP | POLLPRI));
}

/* The wait itself is no place for faults: the kernel knows none there but EINTR. */
static int epoll_backend_wait(struct xie_loop *loop, int64_t timeout_ns)
{
    struct epoll_state *state = loop->state;
    struct epoll_event events[EVENTS_MOST];

    if (!timeout_ns && !loop->pending) {
        xie_wakeup_take(&state->wakeup); /* nothing else can have come: no system call */
        return 0;
    }
    int count = state->wait(state->fd, events, timeout_ns);
    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        uint64_t data = events[i].data.u64;
        if (data == WAKEUP_DATA)
            xie_wakeup_take(&state->wakeup); /* told by edge: never read */
        else
            xie_readiness_ready(loop, &state->readiness, (int)(uint32_t)data,
                                (uint32_t)(data >> 32), poll_events(events[i].events));
    }
    return 0;
}

static void epoll_backend_wake(struct xie_loop *loop)
{
    struct epoll_state *state = loop->state;
    xie_wakeup_call(&state->wakeup);
}

/* --- open and close ----------------------------------------------------------------- */

static int make_epoll(struct epoll_state *state)
{
    int error = xie_fault_check(XIE_FAULT_SYSCALL);
    if (error)
        return error;
    state->fd = epoll_create1(EPOLL_CLOEXEC);
    return state->fd < 0 ? -errno : 0;
}

static int epoll_backend_open(struct xie_loop *loop)
{
    struct epoll_state *state = xie_alloc_zero(sizeof(*state));
    if (!state)
        return -ENOMEM;
    int error = make_epoll(state);
    if (error)
        goto free_state;
    error = xie_wakeup_open(&state->wakeup);
    if (error)
        goto close_epoll;
    error = add(state, state->wakeup.fd, EPOLLIN, WAKEUP_DATA);
    if (error)
        goto close_wakeup;
    xie_readiness_init(&state->readiness, &epoll_poller);
    state->wait = has_pwait2(state->fd) ? wait_ns : wait_ms;
    loop->state = state;
    return 0;

close_wakeup:
    xie_wakeup_close(&state->wakeup);
close_epoll:
    close(state->fd);
free_state:
    xie_release(state);
    return error;
}

static void epoll_backend_close(struct xie_loop *loop)
{
    struct epoll_state *state = loop->state;
    xie_readiness_fini(&state->readiness);
    xie_wakeup_close(&state->wakeup);
    close(state->fd);
    xie_release(state);
}

static bool epoll_submit(struct xie_loop *loop, struct xie_op *op)
{
    return xie_readiness_submit(loop, &((struct epoll_state *)loop->state)->readiness, op);
}

static void epoll_cancel(struct xie_loop *loop, struct xie_op *op)
{
    xie_readiness_cancel(loop, &((struct epoll_state *)loop->state)->readiness, op);
}

static void epoll_forget(struct xie_loop *loop, int fd)
{
    xie_readiness_forget(loop, &((struct epoll_state *)loop->state)->readiness, fd);
}

const struct xie_backend xie_backend_epoll = {
    .name = "epoll",
    .open = epoll_backend_open,
    .close = epoll_backend_close,
    .submit = epoll_submit,
    .cancel = epoll_cancel,
    .forget = epoll_forget,
    .wait = epoll_backend_wait,
    .wake = epoll_backend_wake,
};

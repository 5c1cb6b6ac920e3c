/* kqueue.c - readiness by kqueue(2), of the BSDs and macOS: two filters per descriptor, by edge.
 * Floor 2. A filter is added when it is first waited for, and stays until the descriptor is closed;
 * the operations behind an event that nobody waits for find out by trying. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/types.h>
/* after the types it needs */
#include <sys/event.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/memory.h"
#include "loop/loop.h"
#include "loop/readiness.h"

enum { EVENTS_MOST = 256 /* per wait; more come by the next */ };

/* Some kernels refuse what overflows their own count of time: a day early is no harm. */
#define TIMEOUT_MOST_NS (24 * XIE_HOUR)

/* slot->armed */
enum { ARMED_READ = 1, ARMED_WRITE = 2 };

struct kqueue_state {
    struct xie_readiness readiness;
    int fd;
    bool called; /* atomic: a wake has come that the loop has not seen */
};

/* --- what readiness.c asks for ------------------------------------------------------ */

static int change(int queue, int fd, int filter, int flags, unsigned fflags, uint32_t generation)
{
    struct kevent event;
    EV_SET(&event, (uintptr_t)fd, (short)filter, (unsigned short)flags, fflags, 0,
           (void *)(uintptr_t)generation);
    int result;
    do
        result = kevent(queue, &event, 1, NULL, 0, NULL);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

static int add(struct xie_loop *loop, int fd, struct xie_slot *slot, int filter, uint8_t armed)
{
    struct kqueue_state *state = loop->state;
    int error = xie_fault_check(XIE_FAULT_SYSCALL);
    if (!error)
        error = change(state->fd, fd, filter, EV_ADD | EV_CLEAR, 0, slot->generation);
    if (!error)
        slot->armed |= armed;
    return error;
}

/* There is no filter for errors alone: that a pipe's reader has gone is told by the one for
 * writing. */
static int kqueue_arm(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    int events = xie_slot_events(slot), error = 0;
    if (events & POLLIN && !(slot->armed & ARMED_READ))
        error = add(loop, fd, slot, EVFILT_READ, ARMED_READ);
    if (!error && events & ~POLLIN && !(slot->armed & ARMED_WRITE))
        error = add(loop, fd, slot, EVFILT_WRITE, ARMED_WRITE);
    return error;
}

static void kqueue_disarm(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    (void)loop, (void)fd, (void)slot; /* an event that nobody waits for costs less */
}

/* Said outright: a close(2) would only do where no other number has the same file. */
static void kqueue_drop(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    struct kqueue_state *state = loop->state;
    if (slot->armed & ARMED_READ)
        change(state->fd, fd, EVFILT_READ, EV_DELETE, 0, 0);
    if (slot->armed & ARMED_WRITE)
        change(state->fd, fd, EVFILT_WRITE, EV_DELETE, 0, 0);
}

static const struct xie_poller kqueue_poller = {
    .arm = kqueue_arm, .disarm = kqueue_disarm, .drop = kqueue_drop, .look = xie_readiness_look};

/* --- waiting ------------------------------------------------------------------------ */

static void take_wake(struct kqueue_state *state)
{
    (void)__atomic_exchange_n(&state->called, false, __ATOMIC_ACQ_REL);
}

static void tell(struct xie_loop *loop, struct kqueue_state *state, const struct kevent *event)
{
    if (event->filter == EVFILT_USER) {
        take_wake(state);
        return;
    }
    int events = event->filter == EVFILT_READ ? POLLIN : POLLOUT;
    if (event->flags & EV_EOF)
        events |= POLLHUP;
    xie_readiness_ready(loop, &state->readiness, (int)event->ident,
                        (uint32_t)(uintptr_t)event->udata, events);
}

/* The wait itself is no place for faults: the kernel knows none there but EINTR. */
static int kqueue_backend_wait(struct xie_loop *loop, int64_t timeout_ns)
{
    struct kqueue_state *state = loop->state;
    struct kevent events[EVENTS_MOST];

    if (!timeout_ns && !loop->pending) {
        take_wake(state); /* nothing else can have come: no system call */
        return 0;
    }
    bool bounded = timeout_ns != XIE_NEVER;
    if (timeout_ns > TIMEOUT_MOST_NS)
        timeout_ns = TIMEOUT_MOST_NS;
    struct timespec timeout = {.tv_sec = timeout_ns / XIE_SECOND,
                               .tv_nsec = timeout_ns % XIE_SECOND};
    int count = kevent(state->fd, NULL, 0, events, EVENTS_MOST, bounded ? &timeout : NULL);
    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++)
        tell(loop, state, &events[i]);
    return 0;
}

/* However many call, one system call: it is the only one made by other threads and by handlers
 * of signals. */
static void kqueue_backend_wake(struct xie_loop *loop)
{
    struct kqueue_state *state = loop->state;
    if (__atomic_exchange_n(&state->called, true, __ATOMIC_ACQ_REL))
        return;
    int saved = errno;
    change(state->fd, 0, EVFILT_USER, 0, NOTE_TRIGGER, 0);
    errno = saved;
}

/* --- open and close ----------------------------------------------------------------- */

static int make_queue(struct kqueue_state *state)
{
    int error = xie_fault_check(XIE_FAULT_SYSCALL);
    if (error)
        return error;
    state->fd = kqueue();
    if (state->fd < 0)
        return -errno;
    fcntl(state->fd, F_SETFD, FD_CLOEXEC);
    error = change(state->fd, 0, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0);
    if (error)
        close(state->fd);
    return error;
}

static int kqueue_backend_open(struct xie_loop *loop)
{
    struct kqueue_state *state = xie_alloc_zero(sizeof(*state));
    if (!state)
        return -ENOMEM;
    int error = make_queue(state);
    if (error) {
        xie_release(state);
        return error;
    }
    xie_readiness_init(&state->readiness, &kqueue_poller);
    loop->state = state;
    return 0;
}

static void kqueue_backend_close(struct xie_loop *loop)
{
    struct kqueue_state *state = loop->state;
    xie_readiness_fini(&state->readiness);
    close(state->fd);
    xie_release(state);
}

static bool kqueue_submit(struct xie_loop *loop, struct xie_op *op)
{
    return xie_readiness_submit(loop, &((struct kqueue_state *)loop->state)->readiness, op);
}

static void kqueue_cancel(struct xie_loop *loop, struct xie_op *op)
{
    xie_readiness_cancel(loop, &((struct kqueue_state *)loop->state)->readiness, op);
}

static void kqueue_forget(struct xie_loop *loop, int fd)
{
    xie_readiness_forget(loop, &((struct kqueue_state *)loop->state)->readiness, fd);
}

const struct xie_backend xie_backend_kqueue = {
    .name = "kqueue",
    .open = kqueue_backend_open,
    .close = kqueue_backend_close,
    .submit = kqueue_submit,
    .cancel = kqueue_cancel,
    .forget = kqueue_forget,
    .wait = kqueue_backend_wait,
    .wake = kqueue_backend_wake,
};

/* poll.c - readiness by poll(2): for kernels and sandboxes that allow nothing better.
 * Floor 2. An array of the descriptors waited for; each wait costs their number. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "base/memory.h"
#include "loop/loop.h"
#include "loop/readiness.h"
#include "loop/wakeup.h"

struct poll_state {
    struct xie_readiness readiness;
    struct xie_wakeup wakeup;
    struct pollfd *polls; /* the wakeup's, then those of the slots that are armed */
    size_t count, cap;
};

/* --- what readiness.c asks for ------------------------------------------------------ */

static int reserve(struct poll_state *state)
{
    if (state->count < state->cap)
        return 0;
    size_t cap = state->cap ? 2 * state->cap : 16;
    struct pollfd *polls = xie_resize(state->polls, cap * sizeof(*polls));
    if (!polls)
        return -ENOMEM;
    state->polls = polls;
    state->cap = cap;
    return 0;
}

static int poll_arm(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    struct poll_state *state = loop->state;
    if (!slot->armed) {
        int error = reserve(state);
        if (error)
            return error;
        slot->place = (uint32_t)state->count++;
        slot->armed = 1;
    }
    state->polls[slot->place] = (struct pollfd){.fd = fd, .events = (short)xie_slot_events(slot)};
    return 0;
}

/* The last one takes its place. */
static void poll_drop(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    struct poll_state *state = loop->state;
    struct pollfd last = state->polls[--state->count];
    slot->armed = 0;
    if (last.fd == fd)
        return;
    state->polls[slot->place] = last;
    xie_readiness_slot(&state->readiness, last.fd)->place = slot->place;
}

static void poll_disarm(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    struct poll_state *state = loop->state;
    int events = xie_slot_events(slot);
    if (events)
        state->polls[slot->place].events = (short)events;
    else
        poll_drop(loop, fd, slot);
}

static const struct xie_poller poll_poller = {.arm = poll_arm,
                                              .disarm = poll_disarm,
                                              .drop = poll_drop,
                                              .look = xie_readiness_look,
                                              .tells = true};

/* --- waiting ------------------------------------------------------------------------ */

/* Backwards: an entry that goes is replaced by one that was looked at already. */
static void tell_ready(struct xie_loop *loop, struct poll_state *state)
{
    for (size_t i = state->count; --i > 0;) {
        struct pollfd *entry = &state->polls[i];
        if (!entry->revents)
            continue;
        struct xie_slot *slot = xie_readiness_slot(&state->readiness, entry->fd);
        xie_readiness_ready(loop, &state->readiness, entry->fd, slot->generation, entry->revents);
    }
}

/* The wait itself is no place for faults: it fails for lack of kernel memory at most. */
static int poll_backend_wait(struct xie_loop *loop, int64_t timeout_ns)
{
    struct poll_state *state = loop->state;

    if (!timeout_ns && !loop->pending && !xie_wakeup_pending(&state->wakeup))
        return 0;
    struct timespec timeout = {.tv_sec = timeout_ns / XIE_SECOND,
                               .tv_nsec = timeout_ns % XIE_SECOND};
    int found = ppoll(state->polls, state->count, timeout_ns == XIE_NEVER ? NULL : &timeout, NULL);
    if (found < 0) /* without memory now: perhaps at the next look */
        return errno == EINTR || errno == ENOMEM || errno == EAGAIN ? 0 : -errno;
    if (state->polls[0].revents) {
        xie_wakeup_drain(&state->wakeup);
        xie_wakeup_take(&state->wakeup);
    }
    tell_ready(loop, state);
    return 0;
}

static void poll_backend_wake(struct xie_loop *loop)
{
    struct poll_state *state = loop->state;
    xie_wakeup_call(&state->wakeup);
}

/* --- open and close ----------------------------------------------------------------- */

static int poll_backend_open(struct xie_loop *loop)
{
    struct poll_state *state = xie_alloc_zero(sizeof(*state));
    if (!state)
        return -ENOMEM;
    int error = reserve(state);
    if (error)
        goto fail;
    error = xie_wakeup_open(&state->wakeup);
    if (error)
        goto fail;
    state->polls[state->count++] = (struct pollfd){.fd = state->wakeup.fd, .events = POLLIN};
    xie_readiness_init(&state->readiness, &poll_poller);
    loop->state = state;
    return 0;

fail:
    xie_release(state->polls);
    xie_release(state);
    return error;
}

static void poll_backend_close(struct xie_loop *loop)
{
    struct poll_state *state = loop->state;
    xie_readiness_fini(&state->readiness);
    xie_wakeup_close(&state->wakeup);
    xie_release(state->polls);
    xie_release(state);
}

static bool poll_submit(struct xie_loop *loop, struct xie_op *op)
{
    return xie_readiness_submit(loop, &((struct poll_state *)loop->state)->readiness, op);
}

static void poll_cancel(struct xie_loop *loop, struct xie_op *op)
{
    xie_readiness_cancel(loop, &((struct poll_state *)loop->state)->readiness, op);
}

static void poll_forget(struct xie_loop *loop, int fd)
{
    xie_readiness_forget(loop, &((struct poll_state *)loop->state)->readiness, fd);
}

const struct xie_backend xie_backend_poll = {
    .name = "poll",
    .open = poll_backend_open,
    .close = poll_backend_close,
    .submit = poll_submit,
    .cancel = poll_cancel,
    .forget = poll_forget,
    .wait = poll_backend_wait,
    .wake = poll_backend_wake,
};

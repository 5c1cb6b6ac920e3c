/* sim_flow.c - the bytes of a stream, under way and arrived.
 * Floor 2. Time and chance decide when they come and how many a call takes, never their order. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "loop/sim.h"

enum { RING_LEAST = 1024 };

static struct xie_sim_socket *owner(struct xie_sim_flow *flow)
{
    return XIE_CONTAINER(flow, struct xie_sim_socket, in);
}

/* --- arriving ------------------------------------------------------------------------------------
 */

static void arrive(struct xie_sim_flow *flow, size_t len)
{
    struct xie_sim_socket *self = owner(flow);
    xie_sim_trace(self->sim, XIE_SIM_SAW_ARRIVAL, self->serial, len);
    if (len == XIE_SIM_END)
        flow->end = true;
    else if (len == XIE_SIM_RESET)
        xie_sim_break(self, flow->end && self->domain != AF_UNIX ? EPIPE : ECONNRESET);
    else
        flow->arrived += len;
    xie_sim_changed(self);
}

static void arrive_due(struct xie_timer *timer)
{
    struct xie_sim_flow *flow = XIE_CONTAINER(timer, struct xie_sim_flow, timer);
    struct xie_sim *sim = owner(flow)->sim;
    while (flow->segment_count && flow->segments[flow->first_segment].when <= sim->now) {
        size_t len = flow->segments[flow->first_segment].len;
        flow->first_segment = (flow->first_segment + 1) % XIE_SIM_SEGMENTS;
        flow->segment_count--;
        arrive(flow, len);
    }
    if (flow->segment_count)
        xie_timer_arm(&sim->network, timer, flow->segments[flow->first_segment].when);
}

void xie_sim_flow_init(struct xie_sim_flow *flow)
{
    xie_timer_init(&flow->timer, arrive_due);
}

void xie_sim_flow_fini(struct xie_sim *sim, struct xie_sim_flow *flow)
{
    xie_timer_cancel(&sim->network, &flow->timer);
    xie_release(flow->data);
    flow->data = NULL;
}

/* Put a segment on its way. Two places are kept for the end and a reset, which never fail. */
static void depart(struct xie_sim_flow *flow, size_t len)
{
    struct xie_sim_socket *self = owner(flow);
    struct xie_sim *sim = self->sim;
    if (self->domain == AF_UNIX) { /* as in the kernel: there at once */
        arrive(flow, len);
        return;
    }
    int64_t when = sim->now + xie_sim_latency(sim);
    if (when > flow->last)
        flow->last = when;
    unsigned at = (flow->first_segment + flow->segment_count) % XIE_SIM_SEGMENTS;
    bool full = flow->segment_count >= XIE_SIM_SEGMENTS - 2;
    if (full && len < XIE_SIM_RESET) { /* travels with the one before, which is late for it */
        at = (at + XIE_SIM_SEGMENTS - 1) % XIE_SIM_SEGMENTS;
        len += flow->segments[at].len;
    } else {
        flow->segment_count++;
    }
    flow->segments[at].len = len;
    flow->segments[at].when = flow->last;
    if (!xie_timer_armed(&flow->timer))
        xie_timer_arm(&sim->network, &flow->timer, flow->segments[flow->first_segment].when);
}

void xie_sim_flow_end(struct xie_sim_socket *self)
{
    if (self->in.end_sent || self->in.reset_sent)
        return;
    self->in.end_sent = true;
    depart(&self->in, XIE_SIM_END);
}

void xie_sim_flow_reset(struct xie_sim_socket *self)
{
    if (self->in.reset_sent || self->state == XIE_SIM_BROKEN)
        return;
    self->in.reset_sent = true;
    depart(&self->in, XIE_SIM_RESET);
}

/* --- the ring ------------------------------------------------------------------------------------
 */

/* Room for len more bytes. errors -ENOMEM */
static int ring_grow(struct xie_sim_flow *flow, size_t len)
{
    size_t size = flow->size ? flow->size : RING_LEAST;
    while (size < flow->len + len)
        size *= 2;
    if (size == flow->size)
        return 0;
    char *data = xie_alloc(size);
    if (!data)
        return -ENOMEM;
    size_t head = flow->size - flow->first; /* bytes before the old ring's seam */
    if (head > flow->len)
        head = flow->len;
    if (flow->data) {
        memcpy(data, flow->data + flow->first, head);
        memcpy(data + head, flow->data, flow->len - head);
    }
    xie_release(flow->data);
    flow->data = data;
    flow->size = size;
    flow->first = 0;
    return 0;
}

/* Copy between memory and the ring, at an offset from its first byte. */
static void ring_copy(struct xie_sim_flow *flow, size_t offset, char *memory, size_t len, bool put)
{
    while (len) {
        size_t at = (flow->first + offset) & (flow->size - 1), step = flow->size - at;
        if (step > len)
            step = len;
        if (put)
            memcpy(flow->data + at, memory, step);
        else
            memcpy(memory, flow->data + at, step);
        offset += step;
        memory += step;
        len -= step;
    }
}

/* Copy len bytes between the ring and the parts of a message. */
static void ring_move(struct xie_sim_flow *flow, size_t offset, const struct msghdr *message,
                      size_t len, bool put)
{
    for (size_t i = 0; len; i++) {
        size_t step = message->msg_iov[i].iov_len;
        if (step > len)
            step = len;
        ring_copy(flow, offset, message->msg_iov[i].iov_base, step, put);
        offset += step;
        len -= step;
    }
}

static size_t message_len(const struct msghdr *message)
{
    size_t len = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        len += message->msg_iov[i].iov_len;
    return len;
}

/* --- calls -------------------------------------------------------------------------- */

size_t xie_sim_room(const struct xie_sim_socket *self)
{
    if (!self->peer)
        return 0;
    size_t cap = (size_t)self->send_size + (size_t)self->peer->receive_size;
    return cap > self->peer->in.len ? cap - self->peer->in.len : 0;
}

/* Why nothing can be read or written: negative; 1: go on. */
static int stream_check(struct xie_sim_socket *self, bool write)
{
    int unconnected = write && self->domain != AF_UNIX ? -EPIPE : -ENOTCONN;
    switch (self->state) {
    case XIE_SIM_FRESH:
        return self->error ? xie_sim_take_error(self) : unconnected;
    case XIE_SIM_LISTENING:
        return unconnected;
    case XIE_SIM_CONNECTING:
        return -EAGAIN;
    case XIE_SIM_CONNECTED:
    case XIE_SIM_BROKEN:
        break;
    }
    return 1;
}

ssize_t xie_sim_stream_read(struct xie_sim_socket *self, const struct msghdr *message, int flags)
{
    struct xie_sim_flow *in = &self->in;
    struct xie_sim *sim = self->sim;
    size_t len = message_len(message);
    int error = stream_check(self, false);
    if (error < 0)
        return error;
    if (!len)
        return 0;
    if (!in->arrived) { /* what has come is read before an error is told */
        if (self->error)
            return xie_sim_take_error(self);
        return in->end || self->read_shut || self->state == XIE_SIM_BROKEN ? 0 : -EAGAIN;
    }
    if (xie_sim_chance(sim, sim->chances.again)) {
        xie_sim_changed(self);
        return -EAGAIN;
    }
    if (len > in->arrived)
        len = in->arrived;
    if (len > 1 && xie_sim_chance(sim, sim->chances.short_read))
        len = 1 + xie_sim_below(sim, len);
    ring_move(in, 0, message, len, false);
    if (flags & MSG_PEEK)
        return (ssize_t)len;
    in->first = (in->first + len) & (in->size - 1);
    in->len -= len;
    in->arrived -= len;
    if (in->arrived)
        xie_sim_changed(self);
    if (self->peer)
        xie_sim_changed(self->peer); /* it may have room again */
    xie_sim_trace(sim, XIE_SIM_SAW_READ, self->serial, len);
    return (ssize_t)len;
}

/* The peer is closed: RFC 9293 has its system answer with a reset, Unix sockets know at once. */
static ssize_t write_to_nobody(struct xie_sim_socket *self, size_t len)
{
    if (self->domain == AF_UNIX)
        return -EPIPE;
    xie_sim_flow_reset(self);
    return (ssize_t)len;
}

/* A fault: something on the way cuts the connection. */
static ssize_t cut(struct xie_sim_socket *self)
{
    struct xie_sim_socket *peer = self->peer;
    self->peer = peer->peer = NULL;
    xie_sim_flow_reset(peer);
    xie_sim_break(self, 0);
    return -ECONNRESET;
}

ssize_t xie_sim_stream_write(struct xie_sim_socket *self, const struct msghdr *message)
{
    struct xie_sim *sim = self->sim;
    size_t len = message_len(message), room = xie_sim_room(self);
    int error = stream_check(self, true);
    if (error > 0 && self->error && self->domain != AF_UNIX)
        error = xie_sim_take_error(self);
    else if (error > 0 && (self->write_shut || self->state == XIE_SIM_BROKEN))
        error = -EPIPE;
    if (error < 0)
        return error;
    if (!len)
        return 0;
    if (!self->peer)
        return write_to_nobody(self, len);
    if (self->domain == AF_UNIX && self->peer->read_shut)
        return -EPIPE;
    if (!room)
        return -EAGAIN;
    if (xie_sim_chance(sim, sim->chances.again)) {
        xie_sim_changed(self);
        return -EAGAIN;
    }
    if (self->domain != AF_UNIX && xie_sim_chance(sim, sim->chances.reset))
        return cut(self);
    if (len > room)
        len = room;
    if (len > 1 && xie_sim_chance(sim, sim->chances.short_write))
        len = 1 + xie_sim_below(sim, len);
    struct xie_sim_flow *out = &self->peer->in;
    if (ring_grow(out, len))
        return -ENOMEM;
    ring_move(out, out->len, message, len, true);
    out->len += len;
    depart(out, len);
    xie_sim_trace(sim, XIE_SIM_SAW_WRITE, self->serial, len);
    return (ssize_t)len;
}

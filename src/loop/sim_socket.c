/* sim_socket.c - the table of sockets in memory, and the life of one.
 * Floor 2. How bytes travel is in sim_flow.c and sim_packet.c. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/memory.h"
#include "loop/sim.h"

enum { TABLE_LEAST = 16, BUFFER_BASE = 8192, BUFFER_SPREAD = 24576 };

int xie_sim_find(int fd, struct xie_sim_socket **found)
{
    struct xie_sim *sim = xie_sim_here;
    size_t at = (size_t)fd - XIE_SIM_FIRST;
    if (at >= sim->socket_cap || !sim->sockets[at])
        return -EBADF;
    *found = sim->sockets[at];
    return 0;
}

struct xie_sim_socket *xie_sim_socket_new(struct xie_sim *sim, int domain, int type)
{
    struct xie_sim_socket *self = xie_alloc_zero(sizeof(*self));
    if (!self)
        return NULL;
    self->sim = sim;
    self->fd = -1;
    self->serial = ++sim->serial;
    self->domain = domain;
    self->type = type;
    self->linger = -1;
    /* Small, and each its own: a program must not count on the size of a buffer. */
    self->send_size = BUFFER_BASE + (int)xie_sim_below(sim, BUFFER_SPREAD);
    self->receive_size = BUFFER_BASE + (int)xie_sim_below(sim, BUFFER_SPREAD);
    self->local.storage.ss_family = (sa_family_t)domain;
    self->local.len = sizeof(sa_family_t);
    xie_list_init(&self->changed);
    xie_list_init(&self->bound);
    xie_list_init(&self->queued);
    xie_list_init(&self->queue);
    xie_list_init(&self->packets);
    xie_sim_flow_init(&self->in);
    xie_timer_init(&self->timer, NULL);
    return self;
}

static int table_grow(struct xie_sim *sim)
{
    size_t cap = sim->socket_cap ? sim->socket_cap * 2 : TABLE_LEAST;
    if (cap > XIE_SIM_SOCKETS)
        return -EMFILE;
    struct xie_sim_socket **sockets = xie_resize(sim->sockets, cap * sizeof(*sockets));
    if (!sockets)
        return -ENOMEM;
    memset(sockets + sim->socket_cap, 0, (cap - sim->socket_cap) * sizeof(*sockets));
    sim->sockets = sockets;
    sim->socket_cap = cap;
    return 0;
}

int xie_sim_socket_name(struct xie_sim_socket *self)
{
    struct xie_sim *sim = self->sim;
    size_t at = sim->lowest;
    while (at < sim->socket_cap && sim->sockets[at])
        at++;
    sim->lowest = at;
    if (at == sim->socket_cap) {
        int error = table_grow(sim);
        if (error)
            return error;
    }
    sim->sockets[at] = self;
    sim->lowest = at + 1;
    self->fd = XIE_SIM_FIRST + (int)at;
    xie_sim_trace(sim, XIE_SIM_SAW_OPEN, self->serial, at);
    return self->fd;
}

void xie_sim_changed(struct xie_sim_socket *self)
{
    if (xie_list_empty(&self->changed))
        xie_list_push(&self->sim->changed, &self->changed);
}

void xie_sim_pair(struct xie_sim_socket *a, struct xie_sim_socket *b)
{
    a->peer = b;
    b->peer = a;
    b->state = XIE_SIM_CONNECTED;
    b->connect_told = true;
}

void xie_sim_break(struct xie_sim_socket *self, int error)
{
    self->state = XIE_SIM_BROKEN;
    self->error = error;
    self->peer = NULL;
    xie_sim_changed(self);
}

int xie_sim_take_error(struct xie_sim_socket *self)
{
    int error = self->error;
    self->error = 0;
    return -error;
}

/* The peer learns of a close. Unread bytes make it a reset: RFC 9293, 3.6.1. */
static void leave_peer(struct xie_sim_socket *self)
{
    struct xie_sim_socket *peer = self->peer;
    if (!peer)
        return;
    self->peer = peer->peer = NULL;
    if (self->type != SOCK_STREAM)
        return;
    if (self->in.len || !self->linger)
        xie_sim_flow_reset(peer);
    else
        xie_sim_flow_end(peer);
    xie_sim_changed(peer);
}

void xie_sim_socket_free(struct xie_sim_socket *self)
{
    struct xie_sim *sim = self->sim;
    xie_sim_trace(sim, XIE_SIM_SAW_CLOSE, self->serial, 0);
    while (!xie_list_empty(&self->queue)) {
        struct xie_sim_socket *waiting =
            XIE_CONTAINER(self->queue.next, struct xie_sim_socket, queued);
        waiting->linger = 0; /* nobody will ever answer: a reset */
        xie_sim_socket_free(waiting);
    }
    if (self->embryo)
        xie_sim_socket_free(self->embryo);
    leave_peer(self);
    xie_sim_unbind(self);
    xie_sim_packets_drop(self);
    xie_sim_flow_fini(sim, &self->in);
    xie_timer_cancel(&sim->network, &self->timer);
    xie_list_remove(&self->queued);
    xie_list_remove(&self->changed);
    if (self->fd >= 0) {
        size_t at = (size_t)self->fd - XIE_SIM_FIRST;
        sim->sockets[at] = NULL;
        if (at < sim->lowest)
            sim->lowest = at;
    }
    xie_release(self);
}

_Thread_local size_t xie_sim_left_open;

void xie_sim_close_all(struct xie_sim *sim)
{
    xie_sim_left_open = 0;
    for (size_t at = 0; at < sim->socket_cap; at++) {
        if (!sim->sockets[at])
            continue;
        xie_sim_left_open++;
        xie_sim_socket_free(sim->sockets[at]);
    }
    xie_release(sim->sockets);
    sim->sockets = NULL;
    sim->socket_cap = 0;
}

/* --- readiness ---------------------------------------------------------------------------------
 */

static int stream_events(const struct xie_sim_socket *self)
{
    const struct xie_sim_flow *in = &self->in;
    bool broken = self->state == XIE_SIM_BROKEN;
    bool ended = in->end || self->read_shut || broken;
    bool mute = self->write_shut || broken || !self->peer;
    int events = 0;
    if (in->arrived || ended)
        events |= POLLIN;
    if (ended)
        events |= POLLRDHUP;
    /* As tcp(7): writable when a third of the buffer is free. */
    if (mute || xie_sim_room(self) > (size_t)self->send_size / 3)
        events |= POLLOUT;
    if (broken || (ended && self->write_shut))
        events |= POLLHUP;
    return events;
}

int xie_sim_events(struct xie_sim_socket *self)
{
    int events = self->error ? POLLERR : 0;
    if (self->type != SOCK_STREAM)
        return events | (self->blocked ? 0 : POLLOUT) |
               (xie_sim_packet_ready(self) || self->error ? POLLIN : 0);
    switch (self->state) {
    case XIE_SIM_FRESH:
        return events | POLLOUT | POLLHUP;
    case XIE_SIM_LISTENING:
        return events | (self->queue_len ? POLLIN : 0);
    case XIE_SIM_CONNECTING:
        return events;
    case XIE_SIM_CONNECTED:
    case XIE_SIM_BROKEN:
        break;
    }
    return events | (events ? POLLIN | POLLOUT : 0) | stream_events(self);
}

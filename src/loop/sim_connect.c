/* sim_connect.c - from two sockets to a connection: listen, connect, accept.
 * Floor 2. A TCP connection takes a round trip; a Unix one is there at once, as in the kernel. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "loop/sim.h"

enum {
    ATTEMPTS_MOST = 6 /* tcp(7) tcp_syn_retries: given up after about two minutes */
};

int xie_sim_listen(struct xie_sim_socket *self, int backlog)
{
    if (self->type != SOCK_STREAM)
        return -EOPNOTSUPP;
    if (self->state != XIE_SIM_FRESH && self->state != XIE_SIM_LISTENING)
        return -EINVAL;
    if (self->domain == AF_UNIX && !self->path)
        return -EINVAL;
    int error = xie_sim_autobind(self);
    if (error)
        return error;
    self->state = XIE_SIM_LISTENING;
    self->backlog = backlog < 0 || backlog > XIE_SIM_BACKLOG_MOST ? XIE_SIM_BACKLOG_MOST : backlog;
    return 0;
}

int xie_sim_accept(struct xie_sim_socket *self, struct xie_sim_socket **accepted)
{
    struct xie_sim *sim = self->sim;
    if (self->type != SOCK_STREAM)
        return -EOPNOTSUPP;
    if (self->state != XIE_SIM_LISTENING)
        return -EINVAL;
    if (!self->queue_len)
        return -EAGAIN;
    if (xie_sim_chance(sim, sim->chances.again)) {
        xie_sim_changed(self);
        return -EAGAIN;
    }
    struct xie_sim_socket *first = XIE_CONTAINER(self->queue.next, struct xie_sim_socket, queued);
    int fd = xie_sim_socket_name(first);
    if (fd < 0)
        return fd;
    xie_list_remove(&first->queued);
    self->queue_len--;
    if (self->queue_len)
        xie_sim_changed(self);
    xie_sim_changed(first);
    *accepted = first;
    return fd;
}

/* The listener has room: there are two ends now. */
static void meet(struct xie_sim_socket *self, struct xie_sim_socket *listener)
{
    struct xie_sim_socket *embryo = self->embryo;
    self->embryo = NULL;
    embryo->domain = listener->domain;
    embryo->flags = listener->flags;
    embryo->send_size = listener->send_size;
    embryo->receive_size = listener->receive_size;
    embryo->linger = listener->linger;
    embryo->local =
        self->domain == AF_UNIX ? listener->local : xie_sim_mapped(&self->remote, listener->domain);
    embryo->remote = xie_sim_mapped(&self->local, listener->domain);
    xie_sim_pair(self, embryo);
    xie_list_push(&listener->queue, &embryo->queued);
    listener->queue_len++;
    xie_sim_changed(listener);
}

static bool is_full(const struct xie_sim_socket *listener)
{
    return listener->queue_len > listener->backlog; /* listen(2) on Linux: one more than said */
}

static void arm(struct xie_sim_socket *self, int64_t delay_ns,
                void (*fire)(struct xie_timer *timer))
{
    struct xie_sim *sim = self->sim;
    self->timer.fire = fire;
    xie_timer_arm(&sim->network, &self->timer, sim->now + delay_ns);
}

static void fail(struct xie_sim_socket *self, int error)
{
    if (self->embryo)
        xie_sim_socket_free(self->embryo);
    self->embryo = NULL;
    self->state = XIE_SIM_FRESH;
    self->remote.len = 0;
    self->error = error;
    xie_sim_trace(self->sim, XIE_SIM_SAW_CONNECT, self->serial, (uint64_t)error);
    xie_sim_changed(self);
}

static void refused(struct xie_timer *timer)
{
    fail(XIE_CONTAINER(timer, struct xie_sim_socket, timer), ECONNREFUSED);
}

static void answered(struct xie_timer *timer)
{
    struct xie_sim_socket *self = XIE_CONTAINER(timer, struct xie_sim_socket, timer);
    self->state = XIE_SIM_CONNECTED;
    xie_sim_trace(self->sim, XIE_SIM_SAW_CONNECT, self->serial, 0);
    xie_sim_changed(self);
}

/* The request has come to where it was sent. A full listener drops it: sent again, later. */
static void asked(struct xie_timer *timer)
{
    struct xie_sim_socket *self = XIE_CONTAINER(timer, struct xie_sim_socket, timer);
    struct xie_sim *sim = self->sim;
    bool lost = xie_sim_route(&self->remote) < 0;
    struct xie_sim_socket *listener = lost ? NULL : xie_sim_lookup(sim, &self->remote, SOCK_STREAM);
    if (lost || (listener && is_full(listener))) {
        if (self->attempts == ATTEMPTS_MOST)
            fail(self, ETIMEDOUT);
        else
            arm(self, XIE_SECOND << self->attempts++, asked);
        return;
    }
    int64_t delay_ns = xie_sim_latency(sim);
    if (!listener) {
        arm(self, delay_ns, refused);
        return;
    }
    meet(self, listener);
    self->in.last = sim->now + delay_ns; /* nothing comes before the answer */
    arm(self, delay_ns, answered);
}

static int connect_unix(struct xie_sim_socket *self, const struct xie_sim_name *name)
{
    struct xie_sim *sim = self->sim;
    struct xie_sim_socket *listener = xie_sim_lookup(sim, name, SOCK_STREAM);
    if (!listener)
        return xie_sim_path_error(sim, name, SOCK_STREAM);
    if (listener->state != XIE_SIM_LISTENING)
        return -ECONNREFUSED;
    if (is_full(listener))
        return -EAGAIN; /* unix(7), connect(2): Linux says so rather than EINPROGRESS */
    self->embryo = xie_sim_socket_new(sim, AF_UNIX, SOCK_STREAM);
    if (!self->embryo)
        return -ENOMEM;
    self->remote = *name;
    meet(self, listener);
    self->state = XIE_SIM_CONNECTED;
    self->connect_told = true;
    xie_sim_trace(sim, XIE_SIM_SAW_CONNECT, self->serial, 0);
    return 0;
}

static int connect_tcp(struct xie_sim_socket *self, const struct xie_sim_name *name)
{
    int error = xie_sim_route(name);
    if (error && error != -ETIMEDOUT)
        return error;
    error = xie_sim_autobind(self);
    if (error)
        return error;
    self->embryo = xie_sim_socket_new(self->sim, self->domain, SOCK_STREAM);
    if (!self->embryo)
        return -ENOMEM;
    self->local = xie_sim_source(self, name);
    self->remote = *name;
    self->state = XIE_SIM_CONNECTING;
    self->attempts = 0;
    arm(self, xie_sim_latency(self->sim), asked);
    return -EINPROGRESS;
}

/* A datagram socket only remembers whom it talks to. */
static int connect_packets(struct xie_sim_socket *self, const struct xie_sim_name *name)
{
    if (self->domain == AF_UNIX && !xie_sim_lookup(self->sim, name, SOCK_DGRAM))
        return xie_sim_path_error(self->sim, name, SOCK_DGRAM);
    int error = self->domain == AF_UNIX ? 0 : xie_sim_route(name);
    if (!error || error == -ETIMEDOUT)
        error = xie_sim_autobind(self);
    if (error)
        return error;
    self->local = xie_sim_source(self, name);
    self->remote = *name;
    self->state = XIE_SIM_CONNECTED;
    return 0;
}

static int connect_check(struct xie_sim_socket *self)
{
    switch (self->state) {
    case XIE_SIM_LISTENING:
        return -EISCONN;
    case XIE_SIM_CONNECTING:
        return -EALREADY;
    case XIE_SIM_CONNECTED:
        if (self->connect_told)
            return -EISCONN;
        self->connect_told = true; /* the answer to the call before */
        return 0;
    case XIE_SIM_BROKEN:
    case XIE_SIM_FRESH:
        break;
    }
    return self->error ? xie_sim_take_error(self) : 1;
}

int xie_sim_connect(struct xie_sim_socket *self, const struct sockaddr *address, socklen_t len)
{
    struct xie_sim_name name;
    int error = xie_sim_target(self, address, len, &name);
    if (error)
        return error;
    if (self->type != SOCK_STREAM)
        return connect_packets(self, &name);
    error = connect_check(self);
    if (error <= 0)
        return error;
    if (self->state == XIE_SIM_BROKEN)
        return -EISCONN;
    return self->domain == AF_UNIX ? connect_unix(self, &name) : connect_tcp(self, &name);
}

int xie_sim_shutdown(struct xie_sim_socket *self, int how)
{
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
        return -EINVAL;
    if (self->state == XIE_SIM_LISTENING && how != SHUT_WR) { /* Linux: no longer listening */
        self->state = XIE_SIM_FRESH;
        return 0;
    }
    if (self->state != XIE_SIM_CONNECTED)
        return -ENOTCONN;
    self->read_shut |= how != SHUT_WR;
    self->write_shut |= how != SHUT_RD;
    if (self->peer && how != SHUT_RD && self->type == SOCK_STREAM)
        xie_sim_flow_end(self->peer);
    if (self->peer)
        xie_sim_changed(self->peer);
    xie_sim_changed(self);
    return 0;
}

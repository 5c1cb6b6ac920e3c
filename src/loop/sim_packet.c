/* sim_packet.c - datagrams: whole or not at all, and over IP perhaps late or never.
 * Floor 2. Order is kept unless disorder is asked for. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "loop/sim.h"

enum { LATE_FACTOR = 20 /* times the usual time that a reordered one takes */ };

struct packet {
    struct xie_link link; /* among those to read; alone while under way */
    struct xie_timer timer;
    struct xie_sim *sim;
    struct xie_sim_name from, to;
    size_t len;
    char data[];
};

/* Copy between a packet and a message; the shorter ends it. */
static size_t packet_move(struct packet *packet, const struct msghdr *message, bool put)
{
    size_t done = 0;
    for (size_t i = 0; i < message->msg_iovlen && done < packet->len; i++) {
        size_t step = message->msg_iov[i].iov_len;
        if (step > packet->len - done)
            step = packet->len - done;
        if (!step)
            continue;
        if (put)
            memcpy(packet->data + done, message->msg_iov[i].iov_base, step);
        else
            memcpy(message->msg_iov[i].iov_base, packet->data + done, step);
        done += step;
    }
    return done;
}

/* --- arriving ------------------------------------------------------------------------------------
 */

static bool same_name(const struct xie_sim_name *a, const struct xie_sim_name *b)
{
    return a->len == b->len && !memcmp(&a->storage, &b->storage, a->len);
}

static bool has_room(const struct xie_sim_socket *self, size_t len)
{
    return !self->packet_bytes || self->packet_bytes + len <= (size_t)self->receive_size;
}

/* Nobody is there: a connected sender is told, as by ICMP. */
static void tell_sender(struct packet *packet)
{
    struct xie_sim_socket *sender = xie_sim_lookup(packet->sim, &packet->from, SOCK_DGRAM);
    if (!sender || sender->state != XIE_SIM_CONNECTED || !same_name(&sender->remote, &packet->to))
        return;
    sender->error = ECONNREFUSED;
    xie_sim_changed(sender);
}

static void arrive(struct packet *packet, struct xie_sim_socket *receiver)
{
    packet->from = xie_sim_mapped(&packet->from, receiver->domain);
    bool stranger = receiver->state == XIE_SIM_CONNECTED && receiver->remote.len &&
                    !same_name(&receiver->remote, &packet->from);
    if (!stranger && !has_room(receiver, packet->len)) {
        receiver->packets_dropped++;
        stranger = true;
    }
    if (stranger) {
        xie_release(packet);
        return;
    }
    xie_sim_trace(packet->sim, XIE_SIM_SAW_ARRIVAL, receiver->serial, packet->len);
    xie_list_push(&receiver->packets, &packet->link);
    receiver->packet_bytes += packet->len;
    xie_sim_changed(receiver);
}

static void arrive_due(struct xie_timer *timer)
{
    struct packet *packet = XIE_CONTAINER(timer, struct packet, timer);
    struct xie_sim_socket *receiver = xie_sim_lookup(packet->sim, &packet->to, SOCK_DGRAM);
    xie_list_remove(&packet->link);
    if (receiver) {
        arrive(packet, receiver);
        return;
    }
    tell_sender(packet);
    xie_release(packet);
}

bool xie_sim_packet_ready(const struct xie_sim_socket *self)
{
    return !xie_list_empty(&self->packets) || self->read_shut;
}

static void drop_all(struct xie_link *packets, struct xie_timers *timers)
{
    while (!xie_list_empty(packets)) {
        struct packet *packet = XIE_CONTAINER(packets->next, struct packet, link);
        xie_list_remove(&packet->link);
        if (timers)
            xie_timer_cancel(timers, &packet->timer);
        xie_release(packet);
    }
}

/* Somebody has room again, or is gone: whoever waited for room tries again. */
static void unblock(struct xie_sim *sim)
{
    for (size_t at = 0; at < sim->socket_cap && sim->blocked; at++) {
        struct xie_sim_socket *self = sim->sockets[at];
        if (!self || !self->blocked)
            continue;
        self->blocked = false;
        xie_sim_changed(self);
    }
    sim->blocked = false;
}

void xie_sim_packets_drop(struct xie_sim_socket *self)
{
    drop_all(&self->packets, NULL);
    self->packet_bytes = 0;
    unblock(self->sim);
}

void xie_sim_packets_forget(struct xie_sim *sim)
{
    drop_all(&sim->packets, &sim->network);
}

/* --- calls -------------------------------------------------------------------------- */

ssize_t xie_sim_packet_read(struct xie_sim_socket *self, struct msghdr *message, int flags)
{
    struct xie_sim *sim = self->sim;
    if (self->error)
        return xie_sim_take_error(self);
    if (xie_list_empty(&self->packets))
        return self->read_shut ? 0 : -EAGAIN;
    if (xie_sim_chance(sim, sim->chances.again)) {
        xie_sim_changed(self);
        return -EAGAIN;
    }
    struct packet *packet = XIE_CONTAINER(self->packets.next, struct packet, link);
    size_t len = packet->len, done = packet_move(packet, message, false);
    if (message->msg_name)
        xie_sim_copy_name(&packet->from, message->msg_name, &message->msg_namelen);
    message->msg_flags = done < len ? MSG_TRUNC : 0;
    if (!(flags & MSG_PEEK)) {
        xie_list_remove(&packet->link);
        self->packet_bytes -= len;
        xie_release(packet);
        unblock(sim);
        xie_sim_trace(sim, XIE_SIM_SAW_READ, self->serial, len);
    }
    if (!xie_list_empty(&self->packets))
        xie_sim_changed(self);
    return (ssize_t)(flags & MSG_TRUNC ? len : done);
}

/* Over IP: on its way, or lost on it. The sender sees no difference. */
static void depart(struct xie_sim_socket *self, struct packet *packet)
{
    struct xie_sim *sim = self->sim;
    int64_t when = sim->now + xie_sim_latency(sim);
    if (xie_sim_route(&packet->to) || xie_sim_chance(sim, sim->chances.drop)) {
        xie_release(packet);
        return;
    }
    if (xie_sim_chance(sim, sim->chances.reorder))
        when += LATE_FACTOR * xie_sim_latency(sim);
    else if (when > self->packet_last)
        self->packet_last = when;
    else
        when = self->packet_last;
    xie_list_push(&sim->packets, &packet->link);
    xie_timer_arm(&sim->network, &packet->timer, when);
}

/* Within the machine: there at once, or not accepted. */
static int deliver(struct xie_sim_socket *self, struct packet *packet)
{
    struct xie_sim *sim = self->sim;
    struct xie_sim_socket *receiver = self->peer;
    if (!receiver && packet->to.len)
        receiver = xie_sim_lookup(sim, &packet->to, SOCK_DGRAM);
    if (!receiver)
        return -ECONNREFUSED;
    if (!has_room(receiver, packet->len)) {
        self->blocked = true;
        sim->blocked = true;
        return -EAGAIN;
    }
    arrive(packet, receiver);
    return 0;
}

/* Where it goes. */
static int find_target(struct xie_sim_socket *self, const struct msghdr *message,
                       struct xie_sim_name *to)
{
    if (message->msg_name && message->msg_namelen)
        return xie_sim_target(self, message->msg_name, message->msg_namelen, to);
    if (!self->peer && self->state != XIE_SIM_CONNECTED)
        return self->domain == AF_UNIX ? -ENOTCONN : -EDESTADDRREQ;
    *to = self->remote;
    return 0;
}

ssize_t xie_sim_packet_write(struct xie_sim_socket *self, const struct msghdr *message)
{
    struct xie_sim *sim = self->sim;
    struct xie_sim_name to;
    size_t len = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        len += message->msg_iov[i].iov_len;
    int error = self->error        ? xie_sim_take_error(self)
                : self->write_shut ? -EPIPE
                                   : find_target(self, message, &to);
    if (!error && len > XIE_SIM_PACKET_MOST)
        error = -EMSGSIZE;
    if (!error)
        error = xie_sim_autobind(self);
    if (error)
        return error;
    struct packet *packet = xie_alloc(sizeof(*packet) + len);
    if (!packet)
        return -ENOMEM;
    *packet = (struct packet){.sim = sim, .from = xie_sim_source(self, &to), .to = to, .len = len};
    xie_list_init(&packet->link);
    xie_timer_init(&packet->timer, arrive_due);
    packet_move(packet, message, true);
    xie_sim_trace(sim, XIE_SIM_SAW_WRITE, self->serial, len);
    if (self->domain != AF_UNIX) {
        depart(self, packet);
        return (ssize_t)len;
    }
    error = deliver(self, packet);
    if (error)
        xie_release(packet);
    return error ? error : (ssize_t)len;
}

/* transport.c - a transport's life: made, stepped by the loop, ended; and what all kinds have.
 * Floor 6. */
/* SPDX-License-Identifier: MIT */
#include "proto/transport.h"

#include <errno.h>
#include <poll.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "base/sys.h"
#include "io/stream.h"
#include "task/wait.h"

/* --- what calls and completions may do ---------------------------------------------- */

void xie_transport_wake(struct xie_transport *transport)
{
    if (transport->queued || transport->ended)
        return;
    transport->queued = true;
    xie_loop_ready(transport->loop, &transport->ready);
}

void xie_transport_lose(struct xie_transport *transport, int error)
{
    if (transport->over)
        return;
    if (!transport->broken)
        transport->error = error;
    transport->over = transport->closing = true;
    xie_transport_wake(transport);
}

void xie_transport_break(struct xie_transport *transport, int error)
{
    if ((error != -EPIPE && error != -ECONNRESET) || !xie_transport_can_read(transport)) {
        xie_transport_lose(transport, error);
        return;
    }
    transport->kind->drop(transport);
    transport->error = error;
    transport->broken = true;
    xie_transport_wake(transport);
}

bool xie_transport_can_read(const struct xie_transport *transport)
{
    return transport->made && transport->established && transport->ways & XIE_TRANSPORT_READS &&
           !transport->reading_paused && !transport->read_ended && !transport->closing;
}

int xie_transport_check_write(const struct xie_transport *transport,
                              const struct xie_transport_kind *kind, size_t len)
{
    if (transport->kind != kind || !(transport->ways & XIE_TRANSPORT_WRITES))
        return -EOPNOTSUPP;
    if (transport->closing || transport->broken)
        return XIE_ECLOSED;
    if (transport->buffered > XIE_TRANSPORT_BUFFER_MOST) /* by a last datagram's overhead */
        return -ENOBUFS;
    return len > XIE_TRANSPORT_BUFFER_MOST - transport->buffered ? -ENOBUFS : 0;
}

int xie_transport_written(struct xie_transport *transport)
{
    if (transport->buffered)
        xie_transport_wake(transport);
    if (transport->buffered > transport->high)
        transport->pressed = true;
    return transport->buffered > transport->high;
}

/* --- the loop's step ---------------------------------------------------------------- */

static void op_done(struct xie_op *op)
{
    struct xie_transport *transport = op->owner;
    if (op->result < 0)
        xie_transport_lose(transport, (int)op->result);
    else if (op == &transport->in)
        transport->readable = true;
    else
        transport->writable = true;
    xie_transport_wake(transport);
}

static void watch(struct xie_transport *transport, struct xie_op *op, int events)
{
    if (op->state == XIE_OP_PENDING)
        return;
    op->flags = events;
    op->dry = transport->dry && events == POLLIN;
    if (xie_op_submit(transport->loop, op))
        op_done(op);
}

/* return false: a handshake goes on, or has failed, or is not wanted any more */
static bool establish(struct xie_transport *transport)
{
    int error = transport->over ? -ECANCELED : transport->wire->begin(transport);
    if (error && error != -EAGAIN)
        xie_transport_lose(transport, error);
    if (error)
        return false;
    transport->established = true;
    transport->readable = true; /* the wire may have read more than its own */
    return true;
}

/* The connection stands, for the first time, or again by another wire. */
static void begin(struct xie_transport *transport)
{
    const struct xie_protocol *protocol = transport->protocol;
    bool again = transport->made;
    transport->readable |= transport->kept != NULL;
    if (!transport->established && !establish(transport))
        return;
    transport->made = true;
    if (!again && protocol->connection_made)
        protocol->connection_made(transport->self, transport);
    if (again && protocol->tls_started)
        protocol->tls_started(transport->self, transport);
}

/* What the descriptor must be ready for, so that what is to be sent gets on. */
static int wants(struct xie_transport *transport)
{
    const struct xie_wire *wire = transport->wire;
    bool eof = transport->eof_asked && !transport->eof_sent;
    bool waiting = transport->established && (transport->buffered || eof);
    if (transport->broken)
        return 0;
    return wire && wire->wants ? wire->wants(transport, waiting) : waiting ? POLLOUT : 0;
}

static bool may_flush(struct xie_transport *transport)
{
    if (!transport->made || !transport->established || transport->over || transport->broken)
        return false;
    return transport->writable || (transport->readable && wants(transport) & POLLIN);
}

/* The one thing that the end of a pipe to write can be ready for, but for writing. */
static void reader_went(struct xie_transport *transport)
{
    xie_transport_lose(transport, transport->buffered ? -EPIPE : 0);
}

static void tell_pressure(struct xie_transport *transport)
{
    const struct xie_protocol *protocol = transport->protocol;
    bool pressed = transport->pressed || transport->buffered > transport->high;
    bool pause = !transport->writing_paused && pressed;
    bool resume = transport->writing_paused && transport->buffered <= transport->low;
    if (transport->over || transport->broken || (!pause && !resume))
        return;
    transport->writing_paused = pause;
    transport->pressed = false;
    xie_transport_wake(transport); /* it may be time for the opposite already */
    if (pause && protocol->pause_writing)
        protocol->pause_writing(transport->self, transport);
    if (resume && protocol->resume_writing)
        protocol->resume_writing(transport->self, transport);
}

static bool pending(const struct xie_transport *transport)
{
    return transport->in.state == XIE_OP_PENDING || transport->out.state == XIE_OP_PENDING;
}

void xie_transport_end(struct xie_transport *transport)
{
    struct xie_serving *serving = transport->serving;
    transport->ended = true;
    transport->kind->drop(transport);
    if (transport->protocol->connection_lost)
        transport->protocol->connection_lost(transport->self, transport, transport->error);
    if (transport->wire)
        transport->wire->close(transport, transport->reset);
    else
        xie_socket_close(transport->fd);
    transport->fd = -1;
    xie_list_remove(&transport->link);
    if (serving)
        xie_waiters_wake_all(&serving->gone);
    xie_waiters_wake_all(&transport->enders);
    xie_transport_unref(transport);
}

/* Is all said that a transport which closes has to say? */
static bool all_said(struct xie_transport *transport)
{
    const struct xie_wire *wire = transport->wire;
    bool may = !wire || !wire->leave || wire->leave(transport);
    return may && !transport->buffered;
}

static void wait_or_go_on(struct xie_transport *transport)
{
    bool can_read = xie_transport_can_read(transport);
    int events = wants(transport);
    if (!(transport->ways & XIE_TRANSPORT_READS))
        watch(transport, &transport->in, POLLERR);
    else if (!transport->established || (!transport->readable && (can_read || events & POLLIN)))
        watch(transport, &transport->in, POLLIN);
    else if (can_read)
        xie_transport_wake(transport); /* there is more, when the others had their turn */
    if (events & POLLOUT)
        watch(transport, &transport->out, POLLOUT);
}

/* Wait for what the state asks for, or end. The transport may be gone when this returns. */
static void settle(struct xie_transport *transport)
{
    if (transport->broken && !xie_transport_can_read(transport))
        xie_transport_lose(transport, transport->error);
    if (transport->closing && !transport->over && all_said(transport))
        xie_transport_lose(transport, 0);
    if (!transport->over) {
        wait_or_go_on(transport);
        return;
    }
    xie_op_cancel(transport->loop, &transport->in);
    xie_op_cancel(transport->loop, &transport->out);
    if (!pending(transport) && !transport->queued)
        xie_transport_end(transport);
}

/* One of each thing: so that none of them, and no other transport, is starved by a busy one. */
void xie_transport_step(struct xie_ready *item)
{
    struct xie_transport *transport = XIE_CONTAINER(item, struct xie_transport, ready);
    transport->queued = false;
    if (!transport->made || !transport->established)
        begin(transport);
    if (transport->readable && !(transport->ways & XIE_TRANSPORT_READS))
        reader_went(transport);
    else if (transport->readable && xie_transport_can_read(transport))
        transport->kind->receive(transport);
    if (may_flush(transport)) {
        transport->writable = false;
        transport->kind->flush(transport);
    }
    tell_pressure(transport);
    settle(transport);
}

/* --- making one --------------------------------------------------------------------- */

static void end_all(struct xie_loop *loop)
{
    struct xie_link *head = &loop->transports;
    for (struct xie_link *link = head->next; link != head; link = link->next)
        xie_transport_lose(XIE_CONTAINER(link, struct xie_transport, link), -ECANCELED);
}

/* errors -EPERM XIE_ECLOSED -ENOMEM */
static int prepare_loop(struct xie_loop *loop)
{
    if (!loop)
        return -EPERM;
    if (loop->ending)
        return XIE_ECLOSED;
    loop->on_end = end_all;
    if (!loop->scratch)
        loop->scratch = xie_alloc(XIE_TRANSPORT_READ_MOST);
    return loop->scratch ? 0 : -ENOMEM;
}

int xie_transport_open(const struct xie_transport *model, void *arg, struct xie_transport **out)
{
    struct xie_loop *loop = xie_loop_current();
    int error = prepare_loop(loop);
    if (error)
        return error;
    struct xie_transport *made = xie_alloc_zero(model->kind->size);
    if (!made)
        return -ENOMEM;
    *made = *model;
    made->ready.run = made->kind->step;
    made->loop = loop;
    made->in = (struct xie_op){.kind = XIE_OP_POLL, .fd = made->fd, .owner = made, .done = op_done};
    made->out = made->in;
    made->high = XIE_TRANSPORT_HIGH;
    made->low = XIE_TRANSPORT_LOW;
    made->refs = 1;
    made->established |= !made->wire || !made->wire->begin;
    made->self = made->protocol->create ? made->protocol->create(arg) : arg;
    if (made->protocol->create && !made->self) {
        if (made->serving)
            made->serving->refused = true;
        xie_release(made);
        return -ENOMEM;
    }
    xie_list_push(made->serving ? &made->serving->transports : &loop->transports, &made->link);
    xie_transport_wake(made);
    if (out)
        *out = made;
    return 0;
}

void xie_transport_discard(struct xie_transport *transport)
{
    xie_loop_unready(transport->loop, &transport->ready);
    xie_list_remove(&transport->link);
    xie_release(transport);
}

struct xie_transport *xie_transport_ref(struct xie_transport *transport)
{
    transport->refs++;
    return transport;
}

void xie_transport_unref(struct xie_transport *transport)
{
    if (!--transport->refs)
        xie_release(transport);
}

/* --- closing ------------------------------------------------------------------------ */

void xie_transport_close(struct xie_transport *transport)
{
    transport->closing = true;
    xie_transport_wake(transport);
}

void xie_transport_abort(struct xie_transport *transport)
{
    if (!transport->over)
        transport->reset = true;
    xie_transport_lose(transport, 0);
}

bool xie_transport_is_closing(const struct xie_transport *transport)
{
    return transport->closing || transport->broken;
}

int xie_transport_wait(struct xie_transport *transport)
{
    struct xie_task *self;
    xie_transport_ref(transport); /* before others may run */
    int error = xie_wait_enter(&self);
    if (!error && transport->fd >= 0)
        error = xie_waiters_wait(&transport->enders, self, "xie_transport_wait", NULL);
    if (!error)
        error = transport->error;
    xie_transport_unref(transport);
    return error;
}

/* --- the protocol ------------------------------------------------------------------- */

void xie_transport_set_protocol(struct xie_transport *transport,
                                const struct xie_protocol *protocol, void *self)
{
    transport->protocol = protocol;
    transport->self = self;
    transport->writing_paused = false;
    xie_transport_wake(transport);
}

const struct xie_protocol *xie_transport_get_protocol(const struct xie_transport *transport,
                                                      void **self)
{
    if (self)
        *self = transport->self;
    return transport->protocol;
}

/* --- pressure ----------------------------------------------------------------------- */

void xie_transport_pause_reading(struct xie_transport *transport)
{
    transport->reading_paused = true;
}

void xie_transport_resume_reading(struct xie_transport *transport)
{
    transport->reading_paused = false;
    xie_transport_wake(transport);
}

bool xie_transport_is_reading(const struct xie_transport *transport)
{
    return transport->ways & XIE_TRANSPORT_READS && !transport->reading_paused &&
           !transport->closing;
}

size_t xie_transport_get_write_buffer_size(const struct xie_transport *transport)
{
    return transport->buffered;
}

int xie_transport_set_write_buffer_limits(struct xie_transport *transport, size_t high, size_t low)
{
    if (low > high)
        return -EINVAL;
    transport->high = high;
    transport->low = low;
    xie_transport_wake(transport);
    return 0;
}

void xie_transport_get_write_buffer_limits(const struct xie_transport *transport, size_t *high,
                                           size_t *low)
{
    if (high)
        *high = transport->high;
    if (low)
        *low = transport->low;
}

/* --- the two ends ------------------------------------------------------------------- */

static int end_of(int fd, struct xie_address *address,
                  int (*ask)(int fd, struct sockaddr *address, socklen_t *len))
{
    struct xie_address found = {.len = sizeof found.storage};
    int error = ask(fd, (struct sockaddr *)&found.storage, &found.len);
    if (error)
        return error == -ENOTSOCK ? -EOPNOTSUPP : error;
    *address = found;
    return 0;
}

int xie_transport_local(const struct xie_transport *transport, struct xie_address *address)
{
    return end_of(transport->fd, address, xie_sys_getsockname);
}

int xie_transport_peer(const struct xie_transport *transport, struct xie_address *address)
{
    return end_of(transport->fd, address, xie_sys_getpeername);
}

int xie_transport_fd(const struct xie_transport *transport)
{
    return transport->fd;
}

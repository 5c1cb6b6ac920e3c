/* transport.h - inside a transport: its state, and what it stands on.
 * Floor 6. User's calls and the backend's completions only change the state and put the transport
 * into the ready queue; its step, run by the loop alone, does one of each thing that is
 * to be done and calls the protocol. So nothing ever re-enters anything. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_PROTO_TRANSPORT_H
#define XIE_PROTO_TRANSPORT_H

#include <xie/future.h>
#include <xie/transport.h>

#include "loop/loop.h"

enum { XIE_TRANSPORT_READS = 1, XIE_TRANSPORT_WRITES = 2 };

/* What a kind of transport (bytes, datagrams, a child) is, and does in a step. */
struct xie_transport_kind {
    size_t size; /* of the struct that begins with its struct xie_transport; the rest is zeroed */
    void (*step)(struct xie_ready *item); /* xie_transport_step, or one of its own: then the
                                             next two are its own affair */
    /* One read, one callback. Clears readable when there is nothing more for now. */
    void (*receive)(struct xie_transport *transport);
    /* Send what waits, as far as it goes; lowers buffered. */
    void (*flush)(struct xie_transport *transport);
    /* Throw away what waits. */
    void (*drop)(struct xie_transport *transport);
};

/* What bytes go through: sockets and pipes here, TLS on the floor above. `layer` of the transport
 * is the wire's own; one that stands on another puts that one's in its place while it calls it. No
 * function suspends, or calls the protocol; all of the memory they are given is borrowed for the
 * call. -EAGAIN: not now; another error is the connection's end. */
struct xie_wire {
    /* A handshake, before anything is read or written: called until it says 0, at first, then when
     * the descriptor is readable, or ready for what is wanted. What the protocol gave back (kept)
     * may be taken as its beginning. Sets transport->readable as read does. NULL: there is none. */
    int (*begin)(struct xie_transport *transport);
    /* What the descriptor must be ready for, POLLIN and POLLOUT, so that the bytes of the wire's
     * own and (waiting) those it is to write get on. Then begin, or write, perhaps of nothing
     * (count 0), is called. NULL: POLLOUT while bytes wait. */
    int (*wants)(struct xie_transport *transport, bool waiting);
    /* 1..cap bytes, 0 at the end. Sets transport->readable: can there be more, or the end, before
     * the descriptor is readable again? */
    ssize_t (*read)(struct xie_transport *transport, void *buf, size_t cap);
    /* Take some of parts, at least a byte. What is not taken is given again, perhaps with more
     * behind it. */
    ssize_t (*write)(struct xie_transport *transport, const struct iovec *parts, int count);
    /* All was written: tell the peer. NULL: there is no such thing. */
    int (*write_eof)(struct xie_transport *transport);
    /* The transport is closing; asked at each step from then on. May it end, once nothing waits to
     * be written? NULL: yes. */
    bool (*leave)(struct xie_transport *transport);
    /* Close the descriptor, by xie_socket_close. reset: the peer shall see that all is dropped. */
    void (*close)(struct xie_transport *transport, bool reset);
};

extern const struct xie_wire xie_wire_socket, xie_wire_pipe;

/* One datagram that waits to be sent. */
struct xie_packet;

/* One call of xie_serve_protocol, in its frame. */
struct xie_serving {
    struct xie_link transports;
    struct xie_waiters gone; /* woken when one has ended */
    bool refused;            /* the last: by its protocol, and not for want of memory */
};

/* The fields of a transport that idles are all the memory it costs. */
struct xie_transport {
    struct xie_ready ready; /* the kind's step, while queued */
    struct xie_loop *loop;
    const struct xie_transport_kind *kind;
    const struct xie_wire *wire; /* of bytes */
    void *layer;                 /* the wire's own */
    const struct xie_protocol *protocol;
    void *self;                  /* the protocol's */
    struct xie_op in, out;       /* XIE_OP_POLL: nothing of ours is ever in the kernel's hands */
    struct xie_link link;        /* in the loop's list, or serving's */
    struct xie_serving *serving; /* NULL: none */
    struct xie_waiters enders;   /* in xie_transport_wait */
    size_t buffered, high, low;  /* what waits to be sent, and its marks [bytes] */
    char *out_data;              /* bytes [out_start, out_start + buffered) of out_cap */
    size_t out_start, out_cap;
    struct xie_packet *packets, **packets_tail; /* datagrams that wait, instead of bytes */
    char *kept;                                 /* given back by the protocol, to be told again */
    size_t kept_len, kept_at;
    const char *told; /* within data_received: what may be given back */
    size_t told_len;
    int fd;
    int error; /* for connection_lost */
    unsigned refs;
    uint8_t ways;            /* XIE_TRANSPORT_READS | XIE_TRANSPORT_WRITES */
    bool queued;             /* ready stands in the loop's queue */
    bool established;        /* the wire's handshake is over, or there was none */
    bool made;               /* connection_made was called */
    bool tcp;                /* a short read tells that no more is there */
    bool dry;                /* the last one did */
    bool readable, writable; /* the descriptor was, when it was looked at last */
    bool pressed; /* a write said to pause: that is told, even if all has gone meanwhile */
    bool reading_paused, writing_paused; /* by the protocol; the protocol, by us */
    bool read_ended;                     /* the peer's end was told */
    bool eof_asked, eof_sent;            /* of ours */
    bool closing;                        /* by close, or because it is over */
    bool broken;                         /* writing failed: what had come is still read */
    bool over;                           /* what is left is to call connection_lost */
    bool reset;                          /* by abort */
    bool ended;                          /* connection_lost was called, or is being */
};

/* Make one like model (kind, wire, layer, protocol, serving, kept, ways, fd, and what else it says;
 * the rest 0), whose fd and kept are its own on success. Calls the protocol's create. out may be
 * NULL.
 * errors  -ENOMEM, XIE_ECLOSED, -EPERM */
int xie_transport_open(const struct xie_transport *model, void *arg, struct xie_transport **out);

/* Undo it, before the loop has run: what it was given is still the caller's. */
void xie_transport_discard(struct xie_transport *transport);
/* Make a stream one like model, which lacks kind and fd, and the wire too unless it sets one.
 * errors as xie_transport_adopt's */
int xie_transport_adopt_as(struct xie_stream *stream, struct xie_transport *model, void *arg,
                           struct xie_transport **out);

/* One of each thing that is to be done: the step of bytes and datagrams. */
void xie_transport_step(struct xie_ready *item);
/* The last step: connection_lost, and everything given back. It is over, not queued, and no
 * operation is pending. */
void xie_transport_end(struct xie_transport *transport);

/* What a stream becomes that is made a transport: put lays a wire over the model's, take_off takes
 * it away where the transport cannot be made after all. errors as xie_transport_adopt */
struct xie_dress {
    int (*put)(struct xie_transport *model, void *arg);
    void (*take_off)(struct xie_transport *model);
    void *arg;
};
XIE_API int xie_transport_adopt_dressed(struct xie_stream *stream, const struct xie_dress *dress,
                                        const struct xie_protocol *protocol, void *arg,
                                        struct xie_transport **transport);
XIE_API int xie_serve_dressed(struct xie_listener *listener, const struct xie_dress *dress,
                              const struct xie_protocol *protocol, void *arg);

/* Have the loop do what the state asks for. */
XIE_API void xie_transport_wake(struct xie_transport *transport);
/* It is over with error (0: none): connection_lost is to be called. The first call counts. */
XIE_API void xie_transport_lose(struct xie_transport *transport, int error);
/* Writing failed: the same; but where the peer hears no more (-EPIPE, -ECONNRESET), not before what
 * it still says was read to its end, unless reading is paused. */
void xie_transport_break(struct xie_transport *transport, int error);
/* May data, or the end, be told? */
bool xie_transport_can_read(const struct xie_transport *transport);
/* The start of each call that sends len bytes. return 0, or the error it fails with */
int xie_transport_check_write(const struct xie_transport *transport,
                              const struct xie_transport_kind *kind, size_t len);
/* The end of it: tells the protocol to pause where it should. return 1 it should, else 0 */
int xie_transport_written(struct xie_transport *transport);

/* The first len bytes that wait to be sent have been. */
XIE_API void xie_transport_taken(struct xie_transport *transport, size_t len);

XIE_API extern const struct xie_transport_kind xie_transport_bytes, xie_transport_datagrams;

#endif

/* protocol.h - what a program is told about a connection, as a table of callbacks.
 * Floor 6. The callbacks of asyncio, without a stack per connection. They run on the loop's own
 * stack, one at a time, and may not wait. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_PROTOCOL_H
#define XIE_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#include <xie/address.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xie_transport;

/**
 * A protocol: constant, one for all its connections; what belongs to one of them is `self`. Any
 * function may be NULL: then nothing is told (and data that comes is thrown away).
 *
 * Each may call every function of <xie/transport.h>, and spawn tasks. None is ever called from
 * within a call that the program makes: the loop calls them, between one step and the next. The
 * first is connection_made, for a connection that came to stand; the last, exactly once, is
 * connection_lost. Data is borrowed for the call.
 *
 * source  asyncio Protocol, BufferedProtocol, DatagramProtocol, SubprocessProtocol
 */
struct xie_protocol {
    /* Make the self of a new connection, from the arg given with the protocol; NULL: refuse it
     * (-ENOMEM). Runs within the call that makes the transport. Without this, self is arg.
     * source protocol_factory */
    void *(*create)(void *arg);
    /* The connection stands. source connection_made */
    void (*connection_made)(void *self, struct xie_transport *transport);
    /* It is over: 0 the peer ended it or this side closed or aborted it; -ECANCELED the loop
     * ends; another error: what broke it. Where a handshake beneath (TLS) failed before
     * connection_made, this alone is called. The place to free self: transport and descriptor
     * go as soon as this returns. source connection_lost */
    void (*connection_lost)(void *self, struct xie_transport *transport, int error);

    /* TLS that was begun on a connection in use stands (<xie/tls_transport.h>); where it cannot,
     * the connection is lost. source the return of loop.start_tls */
    void (*tls_started)(void *self, struct xie_transport *transport);

    /* More than the high-water mark waits to be sent: write no more for now. source
     * pause_writing */
    void (*pause_writing)(void *self, struct xie_transport *transport);
    /* Not more than the low-water mark does: write on. source resume_writing */
    void (*resume_writing)(void *self, struct xie_transport *transport);

    /* Streams: bytes came; at most 64 KiB a call. source data_received */
    void (*data_received)(void *self, struct xie_transport *transport, const char *data,
                          size_t len);
    /* Streams, instead of data_received: where shall bytes go? hint: how many may come; cap
     * receives how many there is room for. NULL, or no room, is the end of the connection, with
     * -ENOBUFS. The buffer is borrowed until buffer_updated returns. source get_buffer */
    char *(*get_buffer)(void *self, struct xie_transport *transport, size_t hint, size_t *cap);
    /* len bytes (at least 1) were put there. source buffer_updated */
    void (*buffer_updated)(void *self, struct xie_transport *transport, size_t len);
    /* Streams: the peer will send no more. return true: this side goes on writing, and closes
     * itself; false, or no such function: the transport is closed, having sent what waits.
     * source eof_received */
    bool (*eof_received)(void *self, struct xie_transport *transport);

    /* Datagrams: one came, whole, perhaps empty. from: the sender; len 0 if it has no name.
     * source datagram_received */
    void (*datagram_received)(void *self, struct xie_transport *transport,
                              const struct xie_address *from, const char *data, size_t len);
    /* Datagrams: an earlier one was refused (-ECONNREFUSED), or could not be sent; the transport
     * goes on. source error_received */
    void (*error_received)(void *self, struct xie_transport *transport, int error);

    /* Children (see <xie/process_transport.h>): it wrote to its descriptor 1 or 2; at most 64 KiB
     * a call. source pipe_data_received */
    void (*pipe_data_received)(void *self, struct xie_transport *transport, int fd,
                               const char *data, size_t len);
    /* Children: the pipe of its descriptor 0, 1 or 2 is over, once each: 0 the other end was
     * closed, or this one; -EPIPE bytes for it still waited; another error: what broke it. source
     * pipe_connection_lost */
    void (*pipe_connection_lost)(void *self, struct xie_transport *transport, int fd, int error);
    /* Children: it has ended, once; xie_subprocess_get_status tells how. source process_exited */
    void (*process_exited)(void *self, struct xie_transport *transport);
};

#ifdef __cplusplus
}
#endif
#endif

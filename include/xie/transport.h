/* transport.h - connections that call back: bytes and datagrams without a task for each.
 * Floor 6. One that idles costs less than 1 KiB. Of one thread's loop, as tasks are. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TRANSPORT_H
#define XIE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <xie/protocol.h>
#include <xie/server.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A connection and its protocol; opaque. It belongs to the loop, which frees it when
 * connection_lost has returned: from then on a pointer to it is no more valid, unless it was
 * counted by xie_transport_ref. A task that made one may use it until it next waits, at least. When
 * the loop ends, after its tasks, it ends the transports that are left, with -ECANCELED.
 */
struct xie_transport;

enum {
    XIE_TRANSPORT_HIGH = 64 * 1024, /* water marks, unless set [bytes] */
    XIE_TRANSPORT_LOW = 16 * 1024,
    XIE_TRANSPORT_PARTS_MOST = 64,       /* of one xie_transport_writev */
    XIE_TRANSPORT_BUFFER_MOST = 1 << 30, /* waiting to be sent [bytes] */
    XIE_TRANSPORT_READ_MOST = 256 * 1024 /* of one data_received [bytes] */
};

/* --- making one --------------------------------------------------------------------- */

/* Of all of these: protocol is borrowed until connection_lost; arg: see its create. transport
 * receives the transport, and may be NULL. connection_made comes by the loop, after the return.
 * errors beside those listed: -ENOMEM (or create refused); XIE_ECLOSED the loop ends; -EPERM no
 * loop. Untouched outputs, and what was given is still the caller's, on every error. */

/**
 * Connect over TCP; suspends the calling task until the connection stands.
 *
 * errors  those of xie_tcp_connect
 * source  asyncio loop.create_connection
 */
XIE_API int xie_create_connection(const char *host, uint16_t port,
                                  const struct xie_protocol *protocol, void *arg,
                                  struct xie_transport **transport);

/* Connect to a Unix socket, as xie_unix_connect does. source create_unix_connection */
XIE_API int xie_create_unix_connection(const char *path, const struct xie_protocol *protocol,
                                       void *arg, struct xie_transport **transport);

/**
 * Make a stream a transport.
 *
 * stream  gone on success; what had been read ahead into its buffer comes first
 * errors  -EBUSY a task is in a call of it; -EOPNOTSUPP it stands on something else than a
 *         descriptor (memory)
 * cost    does not wait: callbacks may call it. Of TLS (<xie/tls_transport.h>) it may suspend
 *         for a moment while bytes under way are taken back from the kernel; then from a
 *         callback -EBUSY. A stream whose TLS is broken returns why
 */
XIE_API int xie_transport_adopt(struct xie_stream *stream, const struct xie_protocol *protocol,
                                void *arg, struct xie_transport **transport);

/* A connected stream socket made elsewhere. fd is owned on success. errors -EBADF; -ENOTSOCK.
 * Does not wait. source connect_accepted_socket, create_connection(sock=) */
XIE_API int xie_connect_accepted_socket(int fd, const struct xie_protocol *protocol, void *arg,
                                        struct xie_transport **transport);

/* The end to read of a pipe, or what is like it: a FIFO, a tty. fd is owned on success. Nothing
 * can be written. Does not wait. errors -EBADF. source connect_read_pipe */
XIE_API int xie_connect_read_pipe(int fd, const struct xie_protocol *protocol, void *arg,
                                  struct xie_transport **transport);

/* The end to write. Nothing is read; when the reader goes, connection_lost comes at once: with
 * -EPIPE if bytes still waited, else 0. errors -EBADF. source connect_write_pipe */
XIE_API int xie_connect_write_pipe(int fd, const struct xie_protocol *protocol, void *arg,
                                   struct xie_transport **transport);

/**
 * Send and receive datagrams.
 *
 * local   where to be bound; NULL: anywhere (of remote's family)
 * remote  with whom alone to speak; NULL: anybody
 * errors  -EINVAL both NULL; those of bind(2) and connect(2)
 * cost    does not wait: look names up before
 * source  create_datagram_endpoint(local_addr=, remote_addr=)
 */
XIE_API int xie_create_datagram_endpoint(const struct xie_address *local,
                                         const struct xie_address *remote,
                                         const struct xie_protocol *protocol, void *arg,
                                         struct xie_transport **transport);

/* The same on a socket made elsewhere, with options set before its bind(2): shared ports,
 * multicast. fd is owned on success. errors -EBADF -ENOTSOCK; -EINVAL of streams.
 * source create_datagram_endpoint(sock=) */
XIE_API int xie_connect_datagram_socket(int fd, const struct xie_protocol *protocol, void *arg,
                                        struct xie_transport **transport);

/**
 * Accept connections, and give each a transport: a server, for as long as this call lasts.
 *
 * listener  of any kind; not closed by this
 * protocol  its create makes the self of each connection; one it refuses, or for which there is
 *           no memory, is reset. Without memory the next is accepted a little later
 * return    0: the listener was closed, and then the last connection has ended
 * errors    -ECANCELED -ETIMEDOUT, or why the listener can accept no more: then its connections
 *           are aborted, and their connection_lost has returned when this does
 * source    asyncio loop.create_server, create_unix_server, Server.serve_forever
 */
XIE_API int xie_serve_protocol(struct xie_listener *listener, const struct xie_protocol *protocol,
                               void *arg);

/* --- all kinds ---------------------------------------------------------------------- */

/* Read no more, send what waits, then connection_lost(0). A peer that never reads holds that up
 * for as long as it likes: xie_transport_abort ends it. Does not wait; harmless twice.
 * source close */
XIE_API void xie_transport_close(struct xie_transport *transport);

/* Drop what waits; connection_lost(0) comes by the loop. A TCP peer sees a reset. Harmless twice,
 * and after close. source abort */
XIE_API void xie_transport_abort(struct xie_transport *transport);

/* Closing, closed, broken or aborted. source is_closing */
XIE_API bool xie_transport_is_closing(const struct xie_transport *transport);

/**
 * Wait until connection_lost has returned and the descriptor is closed.
 *
 * return  0 or a negative error: what connection_lost was told
 * errors  -ECANCELED -ETIMEDOUT also of the caller's scope; the transport is not affected
 * note    any number of tasks may wait
 */
XIE_API int xie_transport_wait(struct xie_transport *transport);

/* Keep the pointer valid until xie_transport_unref, even after connection_lost; all that can be
 * done with it then is done without effect, or XIE_ECLOSED. return transport */
XIE_API struct xie_transport *xie_transport_ref(struct xie_transport *transport);
XIE_API void xie_transport_unref(struct xie_transport *transport);

/* From now on another protocol is told. Nothing is called by this: not connection_made, not
 * connection_lost of the old one. If writing is paused the new one is told so.
 * source set_protocol */
XIE_API void xie_transport_set_protocol(struct xie_transport *transport,
                                        const struct xie_protocol *protocol, void *self);
/* self receives what belongs to it; may be NULL. source get_protocol */
XIE_API const struct xie_protocol *xie_transport_get_protocol(const struct xie_transport *transport,
                                                              void **self);

/* The two ends. errors -ENOTCONN -EOPNOTSUPP (not a socket).
 * source get_extra_info("sockname"), get_extra_info("peername") */
XIE_API int xie_transport_local(const struct xie_transport *transport, struct xie_address *address);
XIE_API int xie_transport_peer(const struct xie_transport *transport, struct xie_address *address);
/* The descriptor, borrowed; valid until connection_lost returns. source get_extra_info("socket"),
 * get_extra_info("pipe") */
XIE_API int xie_transport_fd(const struct xie_transport *transport);

/* --- reading ------------------------------------------------------------------------ */

/* Neither data, nor datagrams, nor the end are told until resume; the peer is slowed down by the
 * kernel's buffers. Both are harmless twice. source pause_reading, resume_reading */
XIE_API void xie_transport_pause_reading(struct xie_transport *transport);
XIE_API void xie_transport_resume_reading(struct xie_transport *transport);
/* Neither paused nor closing. source is_reading */
XIE_API bool xie_transport_is_reading(const struct xie_transport *transport);

/**
 * Within data_received or buffer_updated: give back the last len of the bytes told. They are told
 * again, to the protocol that is set then, before any that came later, and not while reading is
 * paused: to switch protocols in the middle of data, and to pause there. (Who does neither is told
 * the same again and again: it does not wait for more.)
 *
 * len     more than were told aborts, as does a call from elsewhere
 * errors  -ENOMEM: they are lost, and so is the connection
 * cost    a copy
 */
XIE_API int xie_transport_unread(struct xie_transport *transport, size_t len);

/* --- writing bytes ------------------------------------------------------------------ */

/**
 * Write all of it: at once as far as the kernel takes it; the rest is copied, and sent later.
 *
 * return  0 go on; 1 more than the high-water mark waits: pause_writing comes, unless it has come
 * errors  XIE_ECLOSED closing or broken: connection_lost tells why. -ENOBUFS more would wait than
 *         XIE_TRANSPORT_BUFFER_MOST: nothing was taken. -ENOMEM the rest could not be copied: the
 *         connection is lost by it. -EOPNOTSUPP nothing can be written here
 * note    after xie_transport_write_eof aborts. When the peer takes no more (-EPIPE -ECONNRESET),
 *         what it has said is still told before connection_lost, unless reading is paused
 * cost    one system call when nothing waits, else none
 * source  write
 */
XIE_API int xie_transport_write(struct xie_transport *transport, const void *data, size_t len);
/* The same from several places (count 0..64, else -EINVAL). source writelines */
XIE_API int xie_transport_writev(struct xie_transport *transport, const struct iovec *parts,
                                 int count);

/* Once what waits is sent, the peer reads the end; reading goes on (a pipe's end is closed).
 * Harmless twice. errors -EOPNOTSUPP see can_write_eof; XIE_ECLOSED. source write_eof */
XIE_API int xie_transport_write_eof(struct xie_transport *transport);
/* source can_write_eof */
XIE_API bool xie_transport_can_write_eof(const struct xie_transport *transport);

/* How much waits to be sent [bytes]. source get_write_buffer_size */
XIE_API size_t xie_transport_get_write_buffer_size(const struct xie_transport *transport);
/* Above high, pause_writing; at or below low, resume_writing [bytes]. errors -EINVAL low above
 * high. source set_write_buffer_limits */
XIE_API int xie_transport_set_write_buffer_limits(struct xie_transport *transport, size_t high,
                                                  size_t low);
/* Either may be NULL. source get_write_buffer_limits */
XIE_API void xie_transport_get_write_buffer_limits(const struct xie_transport *transport,
                                                   size_t *high, size_t *low);

/* --- sending datagrams -------------------------------------------------------------- */

/**
 * Send one datagram; copied where the kernel has no room now. Water marks apply as to bytes.
 *
 * to      NULL: the remote of a connected one
 * return  as xie_transport_write
 * errors  what the kernel says at once, of this one or of an earlier (-EMSGSIZE -ECONNREFUSED …):
 *         it was not sent, the transport goes on; -ENOMEM likewise. XIE_ECLOSED -ENOBUFS
 *         -EOPNOTSUPP (not a datagram transport)
 * source  DatagramTransport.sendto
 */
XIE_API int xie_transport_sendto(struct xie_transport *transport, const void *data, size_t len,
                                 const struct xie_address *to);

#ifdef __cplusplus
}
#endif
#endif

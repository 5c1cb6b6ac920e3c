/* tls_transport.h - TLS under protocols that need not know of it: clients, servers, upgrades.
 * Floor 7. Callbacks alone, without a task for a connection, in the handshake neither. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TLS_TRANSPORT_H
#define XIE_TLS_TRANSPORT_H

#include <xie/tls.h>
#include <xie/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Connect over TCP, shake hands, and give the connection to a protocol; suspends the calling task
 * until that is done. For all other ways of connecting: xie_tls_start on a stream, then
 * xie_transport_adopt.
 *
 * context    a client's; NULL: one with the defaults, made for this call
 * host       connected to, asked for, and checked against the certificate
 * failure    receives what failed in the handshake; may be NULL
 * protocol, arg, transport  as in xie_create_connection: connection_made comes after the return
 * errors     those of xie_tls_connect and xie_transport_adopt; then the protocol was told nothing
 * source     asyncio loop.create_connection(ssl=, server_hostname=, ssl_handshake_timeout=)
 */
XIE_API int xie_tls_create_connection(struct xie_tls_context *context, const char *host,
                                      uint16_t port, struct xie_tls_failure *failure,
                                      const struct xie_protocol *protocol, void *arg,
                                      struct xie_transport **transport);

/**
 * xie_serve_protocol over TLS. The loop shakes hands with many at once; connection_made comes when
 * TLS stands. Where it comes to nothing the protocol is told connection_lost alone, with an error
 * as of xie_tls_start, or -ETIMEDOUT after handshake_ns; and the server goes on.
 *
 * context  a server's; it may be loaded again meanwhile (xie_tls_context_reload)
 * errors   -EINVAL not a server's; those of xie_serve_protocol
 * source   asyncio loop.create_server(ssl=, ssl_handshake_timeout=, ssl_shutdown_timeout=)
 */
XIE_API int xie_tls_serve_protocol(struct xie_listener *listener, struct xie_tls_context *context,
                                   const struct xie_protocol *protocol, void *arg);

/**
 * Turn a transport in use into TLS, as a client or a server by its context; over TLS too. Does not
 * wait: callbacks may call it. The protocol is told tls_started when TLS stands, if it has that;
 * where it comes to nothing connection_lost, with an error as of xie_tls_start, or -ETIMEDOUT
 * after handshake_ns.
 *
 * Bytes written before leave as they are; those written afterwards wait for TLS, and count among
 * what waits. Nothing is told of the peer's bytes before. All of them that were not told yet, or
 * given back by xie_transport_unread, which within the same data_received may still follow, are its
 * TLS.
 *
 * host    a client: whom to ask for and check; NULL only where the check is off. A server: NULL
 * errors  XIE_ECLOSED closing or broken; -EPIPE after xie_transport_write_eof; -EBUSY a handshake
 *         goes on; -EOPNOTSUPP not of bytes both ways; -EINVAL a client without host; -ENOMEM.
 *         Then the transport is as it was
 * source  asyncio loop.start_tls
 */
XIE_API int xie_tls_transport_start(struct xie_transport *transport,
                                    struct xie_tls_context *context, const char *host);

/**
 * Wait until the handshake of a transport has ended.
 *
 * failure  receives what failed; may be NULL
 * return   0 TLS stands
 * errors   what connection_lost is told; XIE_ECLOSED it was closed or aborted before; -EINVAL not
 *          TLS, or lost already. -ECANCELED -ETIMEDOUT also of the caller's scope; the transport is
 *          not affected
 */
XIE_API int xie_tls_transport_wait(struct xie_transport *transport,
                                   struct xie_tls_failure *failure);

/**
 * How a transport's calls behave once it is TLS, where that differs from transport.h and
 * protocol.h:
 *
 * connection_lost  XIE_ETLS_TRUNCATED: the connection beneath ended without an end of TLS, so that
 *                  what was told may not be all; XIE_ETLS_PROTOCOL XIE_ETLS_REFUSED it broke
 * eof_received     the peer has ended TLS in order
 * get_buffer       is also asked when what comes is no plain text in the end
 * write_eof        tells the peer that the plain text ends (close_notify); reading goes on
 * buffer sizes     are of plain text: what was written and has not left, encrypted or not
 * close            tells the peer too, once what waits has left; connection_lost is told -ETIMEDOUT
 *                  when that takes longer than shutdown_ns. The peer's answer is not waited for
 * abort            tells nothing
 * pause_reading    neither the peer's end nor its wish for new keys is seen
 */

/* What was agreed upon; strings live until connection_lost returns. After a failure, reason is what
 * failed in words. errors -EINVAL not TLS. source get_extra_info("cipher"), ("ssl_object") */
XIE_API int xie_tls_transport_info(const struct xie_transport *transport,
                                   struct xie_tls_info *info);

/* A part of the peer's certificate, as xie_tls_peer. source get_extra_info("peercert") */
XIE_API ssize_t xie_tls_transport_peer(const struct xie_transport *transport,
                                       enum xie_tls_part part, char *buf, size_t cap);

#ifdef __cplusplus
}
#endif
#endif

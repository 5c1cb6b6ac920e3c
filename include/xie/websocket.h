/* websocket.h - WebSocket server and client, on HTTP.
 * Floor 8, library xie-web. Every call that waits honours the scopes around it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEBSOCKET_H
#define XIE_WEBSOCKET_H

#include <xie/http.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One WebSocket; opaque, owned, closed by xie_ws_free. */
struct xie_ws;

struct xie_ws_options {
    size_t max_message; /* received [bytes], as it was before it was compressed; 64 MiB; beyond it
                           closed with 1009 */
    const struct xie_http_field *fields; /* sent with a client's request; ended by name NULL */
    int64_t ping_interval_ns; /* ping a silent peer; 0: never. Without any sign of life within one
                                 more interval the connection fails with -ETIMEDOUT, also for
                                 those who send. The time runs while somebody receives */
    /* A client's, for wss://, borrowed until return. NULL: whom the system trusts. */
    struct xie_tls_context *tls;
    /* A client's, for wss://: receives what failed of TLS, in words (<xie/tls.h>); "" when it was
     * something else. May be NULL. */
    struct xie_tls_failure *tls_failure;

    /* Compress messages (permessage-deflate), where this build has zlib and the other side agrees:
     * a client offers it, a server takes the first offer it can. Each direction that is used
     * costs memory as long as the connection: 256 KiB to send, 44 KiB to receive. What is secret
     * should not be compressed along with what an attacker chooses. */
    bool deflate;
    size_t deflate_least; /* shorter messages go as they are [bytes]; 128 */
    bool own_alone;       /* compress each of our messages by itself: larger, but nothing is
                             kept between messages */
    bool peer_alone;      /* demand that of the peer */
    int own_window_bits;  /* how far back our messages refer, at most: 9..15, a power of two
                             in bytes; 15 */
    int peer_window_bits; /* demand that of the peer; of a client that cannot be told: 15 */
};

/**
 * Connect to a WebSocket server and shake hands.
 *
 * url     "ws://host[:port][/path][?query]", or "wss://…" over TLS; no user information, no
 *         fragment
 * options borrowed until return; NULL for defaults. Among fields, those of the handshake
 *         itself are -EINVAL; "Sec-WebSocket-Protocol" may be offered
 * status  receives the HTTP status the server answered, 0 if none came; may be NULL
 * ws      receives it, owned; untouched on error
 * errors  XIE_EURL (wss:// where TLS is not built in: -EPROTONOSUPPORT) XIE_EWS_HANDSHAKE (see
 *         status) XIE_EAUTH (status 401 or 403) XIE_EHTTP (the answer is no HTTP) XIE_ELIMIT
 *         (its head is longer than 16 KiB) XIE_EOF (it ended early) -EINVAL, and those of
 *         xie_tcp_connect and xie_tls_connect
 * note    a server that selects a subprotocol or extension that was not offered is refused, and
 *         so is one that did not grant what of a compression was demanded
 * source  RFC 6455 section 4.1; RFC 7692 section 7.1
 */
XIE_API int xie_ws_connect(const char *url, const struct xie_ws_options *options, int *status,
                           struct xie_ws **ws);

/* Did both sides agree to compress messages? */
XIE_API bool xie_ws_deflates(const struct xie_ws *ws);

/* Is this request the opening of a WebSocket? */
XIE_API bool xie_ws_requested(const struct xie_http *http);

/**
 * Answer a request by becoming a WebSocket; the handler then uses it and frees it before
 * it returns; the connection ends with it.
 *
 * options  borrowed until return; NULL for defaults
 * errors   -EINVAL window bits; XIE_EWS_HANDSHAKE not a valid opening (400 or 426 was answered);
 * -EBUSY answered already; -ENOMEM; as xie_stream_write note     fields set before are sent with
 * the answer. Browsers let any page connect: whether the field "Origin" is welcome is the handler's
 * to decide. A handler that returns without freeing it aborts
 */
XIE_API int xie_ws_accept(struct xie_http *http, const struct xie_ws_options *options,
                          struct xie_ws **ws);

enum xie_ws_kind { XIE_WS_TEXT = 1, XIE_WS_BINARY = 2 };

/**
 * Receive the next whole message; pings are answered within.
 *
 * data    receives a pointer, ended by a 0 byte besides: valid until the next receive or free
 * len     receives its length in bytes
 * return  XIE_WS_TEXT (valid UTF-8) or XIE_WS_BINARY; 0 the peer closed (xie_ws_close_code)
 * errors  XIE_EWS_PROTOCOL (closed with 1002, or 1007: no UTF-8, or not compressed as it said)
 *         XIE_ELIMIT (1009) XIE_EOF
 *         (ended without a close frame) -ECONNRESET -ETIMEDOUT (no sign of life): the same from
 *         now on. -ETIMEDOUT -ECANCELED of the caller's scope (nothing is lost: the next
 *         receive goes on) -EBUSY another task receives; -ENOMEM
 * cost    memory follows what has arrived, not what a frame announces
 */
XIE_API int xie_ws_receive(struct xie_ws *ws, char **data, size_t *len);

/**
 * Send a message; tasks may send at the same time, messages do not mix, keep the order of the
 * calls, and those that wait for the same write go out in one.
 *
 * return  0 it was handed to the kernel; or, while more that the peer sent is at hand, will be by
 *         the next time that the task waits: answers to messages that came together share a write.
 *         What of that fails is the error of the next call
 * errors  as xie_stream_write; XIE_ECLOSED the connection is closed or being closed; -EILSEQ
 *         a text that is not UTF-8; -EINVAL kind; -ENOMEM. Interrupted (-ECANCELED -ETIMEDOUT)
 *         before any of it went out, it is taken back; later, the rest of it goes out all the
 *         same: the connection stays whole for the others. A compressed one that others refer to
 *         already goes out, too
 * cost    one allocation and one copy of the data; compressed at once, not on a thread
 */
XIE_API int xie_ws_send(struct xie_ws *ws, enum xie_ws_kind kind, const void *data, size_t len);

/* Send a ping; its answer is taken by whoever receives. */
XIE_API int xie_ws_ping(struct xie_ws *ws);

/* Close: send the close frame and wait up to 2 s for the peer's, discarding messages (unless
 * another task receives: they are still its). code 1000 is the usual one; reason at most 123
 * bytes of UTF-8, or NULL; else -EINVAL. 0 or an error; free it all the same. */
XIE_API int xie_ws_close(struct xie_ws *ws, uint16_t code, const char *reason);
/* What the peer closed with: its code, 1005 without one, 1006 without a close frame; 0 while
 * open. reason receives a string borrowed until free; may be NULL. */
XIE_API uint16_t xie_ws_close_code(const struct xie_ws *ws, const char **reason);

/* Close the connection at once and free; NULL allowed. A task in receive or send returns
 * XIE_ECLOSED before. What has been sent and not been written is written before, for which the
 * peer has 2 s; 1 s in a scope that has triggered. */
XIE_API void xie_ws_free(struct xie_ws *ws);

#ifdef __cplusplus
}
#endif
#endif

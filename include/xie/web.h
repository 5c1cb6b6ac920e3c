/* web.h - HTTP/1.1 server, WebSocket server and client, on streams.
 * Floor 8, library xie-web. Every call that waits honours the scopes around it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_H
#define XIE_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xie/server.h>
#include <xie/time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xie_tls_context;
struct xie_tls_failure;

/* One header field; both strings are borrowed from the message. */
struct xie_http_field {
    const char *name, *value;
};

/* --- HTTP server -------------------------------------------------------------------- */

/* One request being answered; opaque, valid while its handler runs. */
struct xie_http;

/* Answers one request; runs as (part of) a task per connection and may wait. A request that
 * it leaves unanswered gets 500 when it returned an error, else 204. */
typedef int xie_http_handler(struct xie_http *http, void *arg);

/* Limits and deadlines of a server; zero is the default of each. */
struct xie_http_options {
    size_t max_head;          /* request line and fields [bytes]; 16 KiB; beyond it 431 */
    size_t max_body;          /* [bytes]; 1 MiB; beyond it 413 */
    size_t max_connections;   /* 1000; beyond it accepting waits */
    int64_t head_timeout_ns;  /* from a request's first byte to the end of its head; 10 s; 408 */
    int64_t body_timeout_ns;  /* for the whole body; 60 s; 408 */
    int64_t idle_timeout_ns;  /* without the first byte of a request; 60 s; closed */
    int64_t write_timeout_ns; /* for the client to take 256 KiB of an answer; 60 s; closed */
    /* A server's (<xie/tls.h>): https and wss alone. NULL: plain. Borrowed. */
    struct xie_tls_context *tls;
};

/**
 * Serve until the surrounding scope is cancelled or the listener is closed.
 *
 * listener  borrowed until return, or until it is closed by another task
 * options   borrowed until return; NULL for defaults
 * handler   called for each request; requests of one connection in order, connections
 *           concurrently
 * return    0 the listener was closed; every connection has ended: idle ones at once, others
 *           after the answer they were at, WebSockets when their handlers return
 * errors    -ECANCELED -ETIMEDOUT; the connections were cancelled and have ended
 * note      HTTP/1.0 and 1.1, keep-alive, pipelining, chunked bodies, HEAD, 100-continue.
 *           A request whose meaning is not beyond doubt gets 400 and the connection is closed:
 *           bare CR or LF, folded lines, two lengths, a length and a coding, no or two hosts,
 *           '%' without two digits, "%00". 501: codings but chunked, CONNECT; 505: other
 *           versions; 417: other expectations
 * note      answers to pipelined requests share a write when the next request is at hand;
 *           none waits for a handler that waits
 * source    asyncio.start_server + serve_forever, for HTTP
 */
XIE_API int xie_http_serve(struct xie_listener *listener, const struct xie_http_options *options,
                           xie_http_handler *handler, void *arg);

/* "GET", "POST", … */
XIE_API const char *xie_http_method(const struct xie_http *http);
/* The path, percent-decoded, without the query; "*" for OPTIONS *. It is not normalised: "..",
 * "//" and decoded slashes are there as the client sent them, so compare it whole, or refuse
 * those before using it as a file's name. */
XIE_API const char *xie_http_path(const struct xie_http *http);
/* A field's value by name in any case, the first of several; NULL without one. */
XIE_API const char *xie_http_field(const struct xie_http *http, const char *name);
/* A query parameter, percent-decoded with '+' as a space, the first of several; "" without a
 * value; NULL without one. Borrowed as the request is. */
XIE_API const char *xie_http_query(struct xie_http *http, const char *name);
/* The peer's address. */
XIE_API int xie_http_peer(struct xie_http *http, struct xie_address *address);

/**
 * Read the whole body.
 *
 * body    receives a pointer, ended by a 0 byte besides; valid while the handler runs
 * return  its length, 0 without one
 * errors  XIE_ELIMIT (413 is answered) -ETIMEDOUT (408) XIE_EHTTP (400) XIE_EOF; -ENOMEM.
 *         -ECANCELED -ETIMEDOUT of the caller's own scope: nothing is answered, and a later
 *         call goes on
 * note    a client that sent "Expect: 100-continue" is told to go on. What a handler does not
 *         read is read and dropped after it, or the connection is closed
 */
XIE_API ssize_t xie_http_body(struct xie_http *http, char **body);

/* Add a field to the answer, before it is sent. name and value are copied. "Connection" may
 * only be "close"; lengths and codings are not the handler's.
 * errors  -EINVAL a line break or other control character in it; -EBUSY answered already;
 *         -ENOMEM */
XIE_API int xie_http_set_field(struct xie_http *http, const char *name, const char *value);

/**
 * Send the whole answer.
 *
 * status        200..999
 * content_type  NULL without a body
 * body          borrowed until return; not sent for HEAD, 204 and 304
 * return        0
 * errors        as xie_stream_write; -EINVAL status, or a control character in content_type;
 *               -EBUSY answered already; -ENOMEM. Interrupted before it began, it may be sent
 *               later; in the middle, the connection is closed
 */
XIE_API int xie_http_answer(struct xie_http *http, int status, const char *content_type,
                            const void *body, size_t len);

/* --- WebSocket ---------------------------------------------------------------------- */

/* One WebSocket; opaque, owned, closed by xie_ws_free. */
struct xie_ws;

struct xie_ws_options {
    size_t max_message;                  /* received [bytes]; 64 MiB; beyond it closed with 1009 */
    const struct xie_http_field *fields; /* sent with a client's request; ended by name NULL */
    int64_t ping_interval_ns; /* ping a silent peer; 0: never. Without any sign of life within one
                                 more interval the connection fails with -ETIMEDOUT, also for
                                 those who send. The time runs while somebody receives */
    /* A client's, for wss://, borrowed until return. NULL: whom the system trusts. */
    struct xie_tls_context *tls;
    /* A client's, for wss://: receives what failed of TLS, in words (<xie/tls.h>); "" when it was
     * something else. May be NULL. */
    struct xie_tls_failure *tls_failure;
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
 * note    a server that selects a subprotocol or extension that was not offered is refused
 * source  RFC 6455 section 4.1
 */
XIE_API int xie_ws_connect(const char *url, const struct xie_ws_options *options, int *status,
                           struct xie_ws **ws);

/* Is this request the opening of a WebSocket? */
XIE_API bool xie_ws_requested(const struct xie_http *http);

/**
 * Answer a request by becoming a WebSocket; the handler then uses it and frees it before
 * it returns; the connection ends with it.
 *
 * options  borrowed until return; NULL for defaults
 * errors   XIE_EWS_HANDSHAKE not a valid opening (400 or 426 was answered); -EBUSY answered
 *          already; -ENOMEM; as xie_stream_write
 * note     fields set before are sent with the answer. Browsers let any page connect: whether
 *          the field "Origin" is welcome is the handler's to decide. A handler that returns
 *          without freeing it aborts
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
 * errors  XIE_EWS_PROTOCOL (closed with 1002, or 1007: no UTF-8) XIE_ELIMIT (1009) XIE_EOF
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
 * return  0 it was handed to the kernel
 * errors  as xie_stream_write; XIE_ECLOSED the connection is closed or being closed; -EILSEQ
 *         a text that is not UTF-8; -EINVAL kind; -ENOMEM. Interrupted (-ECANCELED -ETIMEDOUT)
 *         before any of it went out, it is taken back; later, the rest of it goes out all the
 *         same: the connection stays whole for the others
 * cost    one allocation and one copy of the data
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
 * XIE_ECLOSED before. */
XIE_API void xie_ws_free(struct xie_ws *ws);

#ifdef __cplusplus
}
#endif
#endif

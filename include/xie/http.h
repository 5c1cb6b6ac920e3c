/* http.h - HTTP/1.1 server and client, on streams.
 * Floor 8, library xie-web. Every call that waits honours the scopes around it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_HTTP_H
#define XIE_HTTP_H

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
/* All of them, in their order: 1 and the one with this index, from 0; 0 when there are no more.
 * cost: the index is counted off from the first */
XIE_API int xie_http_query_at(struct xie_http *http, size_t index, struct xie_http_field *pair);

/**
 * Read a body of the type application/x-www-form-urlencoded; its pairs are then found as those of
 * the query are, after them.
 *
 * return  0; again: the same
 * errors  -EINVAL the body is of another type; -EILSEQ it is malformed: a '%' without two digits,
 *         "%00"; those of xie_http_body. Nothing is answered for the first two
 * cost    a copy of the body, kept while the handler runs
 */
XIE_API int xie_http_form(struct xie_http *http);
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

/* --- HTTP client -------------------------------------------------------------------- */

/* How many connections a client may have, and for how long; zero is the default of each. */
struct xie_http_client_options {
    size_t max_connections;      /* at a time; 100; beyond it requests wait for their turn */
    size_t max_per_host;         /* of these to one scheme, host and port; 8 */
    int64_t idle_timeout_ns;     /* one that nobody uses is closed; 30 s */
    struct xie_tls_context *tls; /* a client's, for https; NULL: whom the system trusts. Borrowed */
};

/* Connections that are kept for the next request to the same host; opaque, owned, of one loop. */
struct xie_http_client;

/* errors -ENOMEM; -EPERM no loop in this thread. source aiohttp.ClientSession */
XIE_API int xie_http_client_open(const struct xie_http_client_options *options,
                                 struct xie_http_client **client);

/* Close every connection. A task in xie_http_fetch, or reading an answer, returns XIE_ECLOSED
 * before; answers that have not come whole fail with it once what has come is read, and are freed
 * all the same. NULL is allowed; not from within a source. */
XIE_API void xie_http_client_close(struct xie_http_client *client);

/* How many connections it has: in use, being opened, and kept (of which *idle; may be NULL). */
XIE_API size_t xie_http_client_count(const struct xie_http_client *client, size_t *idle);

/**
 * Give the next piece of a request's body; may wait.
 *
 * buf     for the piece [cap bytes]
 * return  its length, 1..cap; 0 at the end; an error makes the request fail with it
 */
typedef ssize_t xie_http_source(void *arg, void *buf, size_t cap);

/* One request; zero is the default of each. Everything is borrowed until the call returns. */
struct xie_http_request {
    const char *url; /* "http://host[:port][/path][?query]" or "https://…"; no user information;
                        a fragment is not sent */
    const char *method; /* "GET", "DELETE", …, as it is sent; NULL: "GET", with a body "POST" */
    const struct xie_http_field *fields; /* ended by name NULL. Those that the client sends by
                                            itself are -EINVAL: Host, Content-Length,
                                            Transfer-Encoding, Connection, Expect and their like */
    const void *body;                    /* body_len bytes */
    xie_http_source *source;             /* instead of body, asked for one piece after the other */
    void *source_arg;
    uint64_t body_len; /* of a source: exactly so many bytes; 0: not known, sent in chunks */
    bool expect;       /* "Expect: 100-continue": the body is not sent before the server asks for
                          it, or a second has passed */
    bool stream;       /* return with the head of the answer: xie_http_response_read reads on */
    int redirects;     /* followed at most; 0: 10; below 0: none */
    size_t max_head;   /* of the answer [bytes]; 16 KiB */
    size_t max_body;   /* [bytes]; 16 MiB; with stream: no limit */
    struct xie_tls_context *tls;         /* instead of the client's */
    struct xie_tls_failure *tls_failure; /* receives what failed of TLS, in words (<xie/tls.h>); ""
                                            when it was something else. May be NULL */
};

/* An answer; opaque, owned. */
struct xie_http_response;

/**
 * Send a request and receive its answer.
 *
 * client    whose connections to use; NULL: one for this call, closed after it
 * response  receives the answer, whatever its status, owned: xie_http_response_free. Untouched on
 *           error
 * return    0 the whole answer has come; with stream, its head
 * errors    XIE_EURL; XIE_EDNS_… -ECONNREFUSED and what else xie_tcp_connect returns; XIE_ETLS_…
 *           (see tls_failure), https where TLS is not built in: -EPROTONOSUPPORT; XIE_EOF the
 *           connection ended before the answer did; XIE_EHTTP the answer is not valid HTTP;
 *           XIE_ELIMIT it is longer than max_head or max_body; -ELOOP more redirects than
 *           allowed; -ECONNRESET -EPIPE; -EINVAL a line break or other control character in the
 *           method or a field, a method that is no token, CONNECT, body and source; XIE_ECLOSED
 *           the client was closed; -ENOMEM; what a source returned, XIE_EOF one that ended before
 *           body_len. -ECANCELED -ETIMEDOUT of a scope: the connection is closed; how much of the
 *           request was understood is not known
 * note      answers whose length is not beyond doubt are XIE_EHTTP: two lengths, a length and a
 *           coding, codings but chunked; bare CR or LF, folded lines. Of answers 1xx up to 8 are
 *           read over. Trailers are read over
 * note      beside the fields given it sends Host, and what the body needs; no User-Agent, no
 * Accept note      redirects are followed for GET, HEAD, OPTIONS and TRACE, unless a source was
 * asked; others return the answer 3xx. To another scheme, host or port the fields Authorization,
 * Cookie and Proxy-Authorization are not sent. The error is XIE_EURL where such an answer points to
 * what is no http or https note      a kept connection that turns out to be dead before a byte of
 * the answer came is replaced by a fresh one, and the request sent again: if its method is
 * idempotent (those, PUT, DELETE), or nothing of it was written; and no source was asked note an
 * answer may come before the whole body was sent: the rest is not sent then, and the connection
 * closed after it cost      a body beyond 16 KiB or from a source takes a task meanwhile source RFC
 * 9110, 9112; urllib.request.urlopen, aiohttp ClientSession.request
 */
XIE_API int xie_http_fetch(struct xie_http_client *client, const struct xie_http_request *request,
                           struct xie_http_response **response);

/* A source that reads a stream to its end: its argument. */
XIE_API ssize_t xie_http_from_stream(void *stream, void *buf, size_t cap);

/* 200..999 */
XIE_API int xie_http_response_status(const struct xie_http_response *response);
/* Where it came from at last, redirects followed. */
XIE_API const char *xie_http_response_url(const struct xie_http_response *response);
/* The value of a field by name in any case: of several with that name the one with this index,
 * from 0; NULL when there are no more. Valid until the free, as the others are. */
XIE_API const char *xie_http_response_field(const struct xie_http_response *response,
                                            const char *name, size_t index);
/* All fields, in their order: 1 and the one with this index, from 0; 0 when there are no more. */
XIE_API int xie_http_response_field_at(const struct xie_http_response *response, size_t index,
                                       struct xie_http_field *field);

/**
 * Read what there is of the body, waiting for at least one byte.
 *
 * return  bytes, 1..cap; 0 at its end, or when cap is 0
 * errors  XIE_EOF it ended early (in the middle of a chunk, before its length) XIE_EHTTP
 *         XIE_ELIMIT XIE_ECLOSED -ECONNRESET -ENOMEM, XIE_ETLS_…: the same from then on.
 *         -ECANCELED -ETIMEDOUT of the caller's scope: nothing is lost; -EBUSY another task reads
 * cost    one copy; at most 16 KiB are held
 */
XIE_API ssize_t xie_http_response_read(struct xie_http_response *response, void *buf, size_t cap);

/**
 * The whole body, or with stream what is left of it.
 *
 * body    receives a pointer, ended by a 0 byte besides: valid until the next read or the free
 * return  its length in bytes, 0 without one
 * errors  as read; XIE_ELIMIT longer than max_body, 16 MiB unless set
 */
XIE_API ssize_t xie_http_response_body(struct xie_http_response *response, char **body);

/* Free it. A connection whose answer was not read whole is closed. NULL is allowed; while another
 * task reads it aborts. */
XIE_API void xie_http_response_free(struct xie_http_response *response);

#ifdef __cplusplus
}
#endif
#endif

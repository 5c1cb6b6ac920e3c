/* client.h - the HTTP client: its connections, and one request with its answer.
 * Floor 8. Shared by the files that keep connections, send, read and follow. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_CLIENT_H
#define XIE_WEB_CLIENT_H

#include <xie/group.h>
#include <xie/http.h>
#include <xie/sync.h>

#include "base/list.h"
#include "bytes.h"
#include "message.h"
#include "url.h"

enum {
    XIE_FETCH_READ = 16 << 10, /* room for one read: also the most of one record of TLS */
    XIE_FETCH_SMALL = 16 << 10 /* a body that goes out with its head */
};

/* Whom a connection is to. */
struct xie_origin {
    char host[XIE_URL_HOST];
    uint16_t port;
    bool secure;
    struct xie_tls_context *tls; /* the connection holds it, so that no other has its address */
};

/* A connection, or the place for one. */
struct xie_conn {
    struct xie_link link;           /* of the client's idle or busy ones */
    struct xie_http_client *client; /* NULL: it belongs to none, or to one that was closed */
    struct xie_stream *stream;      /* NULL: not open */
    struct xie_origin origin;
    struct xie_bytes in; /* read, not yet understood */
    int64_t since;       /* idle since */
    bool kept;           /* open since an earlier request */
    bool stale;          /* what is open is not to be used */
    bool closed;         /* by the end of its client */
};

struct xie_http_client {
    struct xie_http_client_options options; /* defaults filled in */
    struct xie_tls_context *defaults;       /* made when first needed */
    struct xie_link idle;                   /* connections, the longest idle first */
    struct xie_link busy;                   /* connections */
    struct xie_link waiting;                /* requests in line for one */
    struct xie_link calls;                  /* tasks inside */
    struct xie_call sweep;                  /* closes what is idle for too long */
    struct xie_event left;                  /* the last call has, while the client is closed */
    size_t count;                           /* connections */
    bool closing;
};

/* A task inside the client, whose end interrupts it. */
struct xie_client_call {
    struct xie_http_client *client;
    struct xie_link link;
    struct xie_scope scope;
};

struct xie_http_response {
    struct xie_conn *conn; /* NULL: given back, or broken */
    struct xie_message message;
    char *url;
    size_t max_head;
    int error;    /* that ended the reading */
    bool limited; /* max_body was given */
    bool close;   /* the connection cannot be used again */
    bool reading;
};

/* One xie_http_fetch. */
struct xie_fetch {
    struct xie_http_client *client;
    const struct xie_http_request *request;
    const char *method;
    char *url;
    struct xie_url parts; /* of url */
    struct xie_bytes head;
    struct xie_http_response *response;
    struct xie_scope *sending; /* around an upload, which an early answer ends */
    struct xie_event go;       /* the server asks for the body, or has answered without */
    bool stranger;             /* it was redirected to another origin: no credentials */
    bool asked;                /* the source was: the body cannot be sent twice */
    bool failed;               /* and it failed */
    bool heard;                /* a byte of the answer came */
    bool early;                /* the answer came before the body was out */
    int hops;
};

/* pool.c */
int xie_client_enter(struct xie_http_client *client, struct xie_client_call *call);
/* return result, or XIE_ECLOSED in place of an error when the client was closed meanwhile. */
int xie_client_leave(struct xie_client_call *call, int result);
/* A connection to origin, waiting in line where there is no room. fresh: no kept one.
 * client NULL: outside any. errors of connecting; -ENOMEM -ECANCELED -ETIMEDOUT */
int xie_conn_take(struct xie_http_client *client, const struct xie_origin *origin, bool fresh,
                  struct xie_tls_failure *failure, struct xie_conn **conn);
/* It may serve the next request. */
void xie_conn_keep(struct xie_conn *conn);
/* It may not. NULL is allowed. */
void xie_conn_drop(struct xie_conn *conn);

/* request.c's counterpart, ask.c: what may be asked, and how it is written. */
int xie_fetch_check(const struct xie_http_request *request);
int xie_fetch_head(struct xie_fetch *fetch);
bool xie_fetch_safe(const char *method);
bool xie_fetch_idempotent(const char *method);

/* exchange.c: send the request over the response's connection and read the head of the answer. */
int xie_fetch_exchange(struct xie_fetch *fetch);

/* response.c */
/* The head was parsed: what follows it? errors XIE_EHTTP XIE_ELIMIT */
int xie_response_begin(struct xie_http_response *response, bool whole);
/* Drop a short body, so that the connection can be kept. */
void xie_response_skip(struct xie_http_response *response);

#endif

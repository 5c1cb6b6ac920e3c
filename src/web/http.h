/* http.h - one connection of the server, and the request it is at.
 * Floor 8. Shared by the files that read, answer and serve. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_HTTP_H
#define XIE_WEB_HTTP_H

#include <time.h>
#include <xie/group.h>
#include <xie/web.h>

#include "bytes.h"
#include "message.h"
#include "out.h"

enum {
    XIE_HTTP_READ = 1024, /* room for one read, at first */
    XIE_HTTP_READ_KEPT = 4 << 10,
    XIE_HTTP_READ_MAX = 16 << 10, /* and when requests are large */
    XIE_HTTP_CORK = 64 << 10,     /* answers kept back for one write, at most */
    XIE_HTTP_LINGER_S = 2,        /* for the peer to close after our end */
    XIE_HTTP_DATE = sizeof "Sun, 06 Nov 1994 08:49:37 GMT"
};

/* One xie_http_serve. */
struct xie_http_server {
    struct xie_http_options options; /* defaults filled in */
    xie_http_handler *handler;
    void *arg;
    struct xie_group *group;
    struct xie_link idle;   /* connections between requests */
    struct xie_event ended; /* a connection has: there is room for another */
    size_t count;           /* connections */
    bool stopping;          /* the listener was closed */
    time_t date_of;
    char date[XIE_HTTP_DATE];
};

struct xie_http {
    struct xie_link link; /* of the server's idle ones */
    struct xie_http_server *server;
    struct xie_stream *stream;
    struct xie_scope *idle; /* around the wait for the next request */
    struct xie_out out;
    struct xie_bytes in; /* read, not yet understood */
    size_t read_size;    /* grows while reads come back full */
    bool ended;          /* the peer sends no more */
    bool broken;         /* of no more use: it ended within a body or an answer */
    bool close;          /* after this answer */
    bool taken;          /* by a WebSocket */
    struct xie_ws *ws;   /* that one, while it is open */

    /* The request. */
    struct xie_scan scan;
    struct xie_message message;
    struct xie_bytes target; /* decoded: path, 0, then name, 0, value, 0, … */
    struct xie_bytes form;   /* the pairs of a form that was read, likewise */
    bool expects;            /* a "100 Continue" before it sends the body */
    int64_t body_by;         /* deadline; 0: reading has not begun */
    int body_error;          /* that ended the reading */

    /* The answer. */
    struct xie_bytes fields; /* lines of the handler's */
    bool has_date;
    bool answered;
};

/* request.c: what the head means. return 0, or the status to refuse it with. */
int xie_request_check(struct xie_http *http);
/* The same for a head that could not be parsed. */
int xie_request_refusal(const struct xie_http *http);

/* connection.c */
/* Wait for the next request. return 1 there is one; 0 the connection ends. */
int xie_http_next(struct xie_http *http);
/* Read on and drop what the handler left of the body. return 0; < 0: close. */
int xie_http_skip_body(struct xie_http *http);
/* Flush, tell the peer that no more comes, and wait a little for it to close: bytes of its
 * that arrive after a close would make the kernel throw away the answer. */
void xie_http_linger(struct xie_http *http);

/* answer.c */
/* Answer with a status alone (the handler's fields are dropped). */
int xie_http_refuse(struct xie_http *http, int status);
/* Send a chunk, then body (may be NULL), and wait until they are out. */
int xie_http_send(struct xie_http *http, struct xie_chunk *head, const void *body, size_t len);
/* The reason phrase of a status. */
const char *xie_http_reason(int status);

/* server.c: one connection, from first byte to last. */
int xie_http_connection(void *arg);

#endif

/* message.h - one HTTP message being taken apart: head, then body.
 * Floor 8. llhttp does the grammar; this adds limits, and strictness about line ends. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_MESSAGE_H
#define XIE_WEB_MESSAGE_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bytes.h"

/* How far a head has been looked at while it arrives. Zero is the beginning. */
struct xie_scan {
    size_t at;    /* bytes looked at */
    size_t start; /* of the head: after an empty line before it */
    size_t line;  /* start of the line at hand */
    size_t lines; /* complete ones */
};

/* A field; strings end by a 0 byte and live in the message. */
struct xie_field {
    char *name, *value;
    size_t name_len, value_len;
};

/* What follows the head of an answer. */
enum xie_message_rest {
    XIE_REST_IGNORED, /* the parser stops at the head's end */
    XIE_REST_BODY,
    XIE_REST_NONE /* it answers a HEAD */
};

/* A request or answer. Zero is a valid one; used again for message after message. */
struct xie_message {
    llhttp_t parser;
    enum xie_message_rest rest; /* of an answer; the caller's to set before it is parsed */
    struct xie_bytes text;      /* the head's bytes, that the fields point into */
    struct xie_field *fields;
    size_t count, cap;
    char *target; /* of a request; not ended by 0 */
    size_t target_len;
    bool head_done;     /* fields from now on are trailers, and ignored */
    bool complete;      /* the body, or its absence, is known to its end */
    bool until_end;     /* the body of an answer ends with the connection */
    bool keep_alive;    /* the peer wants the connection kept */
    bool discard;       /* count the body, do not keep it */
    uint64_t length;    /* Content-Length, 0 without one */
    size_t body_limit;  /* bytes of body, beyond it XIE_ELIMIT */
    uint64_t body_seen; /* bytes of body so far */
    uint64_t body_wire; /* the same as sent, chunk by chunk */
    size_t gap_limit;   /* bytes on the wire between two of body: extensions, trailers; 0: none */
    size_t gap;         /* so far */
    bool gap_cr;        /* the last of it was a CR */
    const char *mark;   /* of what is being fed: where the last byte of body ended */
    struct xie_bytes body;
    int error; /* of a callback */
};

/**
 * Look for the end of a head in what has come so far.
 *
 * return  the bytes up to and including its empty line; 0 not there yet
 * errors  XIE_EHTTP it cannot become one: a bare CR or LF, a control character, a folded
 *         line, a line that does not begin with a name and a colon
 * cost    each byte is looked at once, however it arrives
 */
ssize_t xie_head_scan(struct xie_scan *scan, const char *data, size_t len);

/* Parse a whole head (without an empty line before it). type: HTTP_REQUEST, HTTP_RESPONSE.
 * errors XIE_EHTTP (llhttp_get_errno(&message->parser) tells more) -ENOMEM */
int xie_message_parse(struct xie_message *message, llhttp_type_t type, const char *data,
                      size_t len);

/* Parse bytes of the body; used receives how many were its.
 * return 1 complete; 0 more is to come. errors XIE_EHTTP XIE_ELIMIT -ENOMEM */
int xie_message_feed(struct xie_message *message, const char *data, size_t len, size_t *used);

/* The first field of that name, in any case, after `after` (NULL: from the beginning). */
const struct xie_field *xie_message_field(const struct xie_message *message, const char *name,
                                          const struct xie_field *after);
/* Its value; NULL without one. */
const char *xie_message_value(const struct xie_message *message, const char *name);
/* How many fields have that name. */
size_t xie_message_count(const struct xie_message *message, const char *name);

void xie_message_fini(struct xie_message *message);

#endif

/* raw.h - a server that says what it was told to, byte for byte, one connection after the other.
 * For what a real server would not say, and for who counts connections. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_WEB_RAW_H
#define XIE_TESTS_WEB_RAW_H

#include "kit.h"

enum { RAW_ANSWERS = 8, RAW_LOG = 1 << 16 };

/* One connection: for each answer the head of a request is awaited, then the answer sent; after
 * the last the connection ends. */
struct raw_script {
    const char *answers[RAW_ANSWERS]; /* ended by NULL; "" says nothing */
    size_t len;                       /* of the first, where it has 0 bytes in it */
    bool hold;  /* after the last, stay until the client ends the connection */
    bool stuck; /* after the last, neither read nor end before the gate opens */
    bool reset; /* end by a reset */
    bool gated; /* each answer but the first waits for the gate */
    bool deaf;  /* do not even wait for a request */
};

#define RAW_END    \
    {              \
        .hold = 0, \
    }

struct raw {
    const struct raw_script *scripts; /* ended by one without answers */
    size_t split;  /* so many bytes of each answer first, the rest later; 0: all at once; */
    bool bytewise; /* or one at a time */
    struct xie_listener *listener;
    struct xie_task *task;
    uint16_t port;
    struct xie_event gate;
    int said;        /* answers */
    int connections; /* that came */
    char *log;       /* what was read from all of them, as a string [RAW_LOG bytes] */
    size_t logged;
};

void raw_open(struct raw *raw);
/* Wait until so many answers are said, and have come to where they go. */
void raw_settle(const struct raw *raw, int said);
void raw_close(struct raw *raw);
/* "http://127.0.0.1:PORT" and path; in one buffer of a few, used in turn. */
const char *raw_url(const struct raw *raw, const char *path);

#endif

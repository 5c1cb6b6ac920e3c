/* kit.h - a server and its client in one process, on a port that the kernel chose. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_WEB_KIT_H
#define XIE_TESTS_WEB_KIT_H

#include <stddef.h>
#include <stdint.h>
#include <xie.h>
#include <xie/web.h>

#include "tap.h"

/* Where the server of the running test listens. */
extern uint16_t kit_port;
extern struct xie_listener *kit_listener;
/* What xie_http_serve returned, and whether it has. */
extern int kit_served;
extern bool kit_done;

/* Run client with the server beside it; after it the server is cancelled. Checks that all
 * memory was given back and no task is left. */
void kit_run(xie_http_handler *handler, const struct xie_http_options *options,
             int (*client)(void));
/* As kit_run, with any main task and no server. */
void kit_alone(int (*fn)(void));

/* A connection to the server. */
struct xie_stream *kit_open(void);
void kit_put(struct xie_stream *stream, const char *text);
void kit_put_bytes(struct xie_stream *stream, const void *data, size_t len);
/* Everything until the end of the stream, ended by a 0 byte; the caller's to free(3). */
char *kit_rest(struct xie_stream *stream, size_t *len);
/* Send bytes, end, and give everything that comes back. */
char *kit_ask(const char *text);
char *kit_ask_bytes(const void *data, size_t len);
/* The status of the first answer in text, 0 without one; how many answers there are. */
int kit_status(const char *text);
int kit_answers(const char *text);
/* The body of an only answer. */
const char *kit_body(const char *text);
/* Send text and check the status of the (first) answer. */
#define KIT_STATUS(text, status)                \
    do {                                        \
        char *kit_text = kit_ask(text);         \
        CHECK_EQ(kit_status(kit_text), status); \
        free(kit_text);                         \
    } while (0)

/* A server that answers every connection with these bytes once a head has come, then either
 * ends or goes on reading; for what a real server would not say. */
struct kit_fake {
    struct xie_listener *listener;
    uint16_t port;
    const char *answer; /* "%s" in it is replaced by the proof for the client's key */
    const void *then;   /* bytes after it */
    size_t then_len;
    bool hold; /* keep the connection until the client ends it */
    char request[4096];
};
void kit_fake_open(struct kit_fake *fake);
/* Serve one connection; a task's function. */
int kit_fake_serve(void *fake);
void kit_fake_close(struct kit_fake *fake);
extern const char kit_accept[]; /* an answer that agrees */

#endif

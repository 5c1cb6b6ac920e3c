/* load.h - a load generator for servers: connections, pipelines, windows of time, latencies.
 * A program fills in what its protocol is and calls load_main; bench/README.md has the commands. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One connection to one server. */
struct load_connection {
    int fd;
    size_t server;     /* its index on the command line */
    void *own;         /* the protocol's */
    size_t at;         /* in the reply that is being received [bytes] */
    size_t unsent;     /* of what was begun to be sent [bytes] */
    uint64_t wanted;   /* requests of this window: due, */
    uint64_t sent;     /* handed to be written, */
    uint64_t answered; /* and answered */
    int64_t *since;    /* when each outstanding one was sent: a ring of depth */
    bool broken;
};

/* What a program knows of its protocol; zero is the default of each. Set before load_main, or in
 * option or prepare. */
struct load_protocol {
    const char *usage; /* of its own options */

    /* Take an option "--NAME VALUE" other than the kit's; 0 or -1 (unknown, wrong). */
    int (*option)(const char *name, const char *value);
    /* After the options, before connecting: make the request; 0 or -1. */
    int (*prepare)(struct load_protocol *protocol);
    /* On a connected, blocking socket: shake hands; 0 or -1. It may set reply_len. */
    int (*open)(struct load_protocol *protocol, struct load_connection *connection);
    void (*close)(struct load_connection *connection);

    const char *request; /* the bytes of one request, the same for all */
    size_t request_len;

    /* Replies all have this many bytes (of each server: set it when the first was seen), and begin
     * with these. */
    size_t *reply_len; /* by server; the kit allocates it before prepare */
    const char *expect;
    size_t expect_len;
    /* Instead: how many replies end within these bytes; -1: it is none. */
    int (*feed)(struct load_connection *connection, const char *buf, size_t len);

    /* Instead of recv and send; -1 and errno, EAGAIN as they. */
    ssize_t (*read)(struct load_connection *connection, void *buf, size_t cap);
    ssize_t (*write)(struct load_connection *connection, const void *buf, size_t len);

    /* The kit's options. */
    size_t connections; /* to each server; --connections */
    size_t depth;       /* requests outstanding on each; --depth */
    size_t size;        /* of what a request carries [bytes]; --size */
};

/* The whole program: reads the command line, then commands from stdin until it ends. */
int load_main(int argc, char **argv, struct load_protocol *protocol);

/* For open: write all, read exactly, read until the end of a head ("\r\n\r\n"); 0, the length, or
 * -1. They block, for ten seconds at most. */
int load_write_all(int fd, const void *buf, size_t len);
int load_read_exactly(int fd, void *buf, size_t len);
ssize_t load_read_head(int fd, char *buf, size_t cap);

#endif

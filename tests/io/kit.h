/* kit.h - what the tests of this floor share: bodies in a task, connected pairs, counting. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_IO_KIT_H
#define XIE_TESTS_IO_KIT_H

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>

#include "base/memory.h"
#include "tap.h"

/* A test whose body runs as main task: IN_TASK(name) { … return 0; } Afterwards every
 * allocation of the library has been given back. */
#define IN_TASK(name)                            \
    static int name##_body(void *arg);           \
    static void name(void)                       \
    {                                            \
        size_t live = xie_alloc_live();          \
        CHECK_EQ(xie_run(name##_body, NULL), 0); \
        CHECK_EQ(xie_alloc_live(), live);        \
    }                                            \
    static int name##_body(void *arg __attribute__((unused)))

static inline bool kit_on(const char *backend)
{
    return !strcmp(xie_loop_backend(xie_loop_current()), backend);
}

/* Descriptors of the kernel that this process has open. */
static inline int kit_fds(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

/* The byte at a place of a stream: changes with every multiple, so that nothing lost, doubled
 * or swapped goes unseen. */
static inline char kit_byte(uint64_t at)
{
    return (char)(at ^ at >> 8 ^ at >> 15 ^ at >> 23);
}

static inline void kit_fill(char *buf, size_t len, uint64_t at)
{
    for (size_t i = 0; i < len; i++)
        buf[i] = kit_byte(at + i);
}

static inline bool kit_same(const char *buf, size_t len, uint64_t at)
{
    for (size_t i = 0; i < len; i++)
        if (buf[i] != kit_byte(at + i))
            return false;
    return true;
}

/* A small random number; the same in each run. */
static inline unsigned kit_random(uint32_t *state, unsigned limit)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % limit;
}

/* A connected pair over TCP. */
static inline void kit_tcp_pair(struct xie_stream *pair[2])
{
    struct xie_listener *listener = NULL;
    struct xie_address address;
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &listener) == 0);
    REQUIRE(xie_listener_address(listener, &address) == 0);
    REQUIRE(xie_stream_connect(&address, &pair[0]) == 0);
    REQUIRE(xie_listener_accept(listener, &pair[1]) == 0);
    xie_listener_close(listener);
}

static inline void kit_pair(struct xie_stream *pair[2])
{
    REQUIRE(xie_stream_pair(pair) == 0);
}

static inline void kit_close(struct xie_stream *pair[2])
{
    xie_stream_close(pair[0]);
    xie_stream_close(pair[1]);
}

static inline void kit_send(struct xie_stream *stream, const char *text)
{
    CHECK_EQ(xie_stream_write(stream, text, strlen(text)), (ssize_t)strlen(text));
}

#endif

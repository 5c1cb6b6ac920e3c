/* where_none.c - a C library that cannot tell where a thread is.
 * Floor 2. */
/* SPDX-License-Identifier: MIT */
#include "loop/where.h"

void xie_where_prepare(void)
{
}

void xie_where_print(pthread_t thread)
{
    (void)thread;
}

size_t xie_where_get(void **frames, size_t cap)
{
    (void)frames;
    (void)cap;
    return 0;
}

void xie_where_write(void *const *frames, size_t count, int fd)
{
    (void)frames;
    (void)count;
    (void)fd;
}

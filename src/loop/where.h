/* where.h - the calls a thread is in: this one's, or another's.
 * Floor 2. where_glibc.c does it by a signal, where_none.c not at all. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_WHERE_H
#define XIE_LOOP_WHERE_H

#include <pthread.h>
#include <stddef.h>

/* Before the first print: what cannot be done in a handler of a signal. */
void xie_where_prepare(void);

/* Have thread print its stack on stderr, and wait until it has, or for a tenth of a second. One
 * that sleeps in the kernel may find its call interrupted. From one thread at a time. */
void xie_where_print(pthread_t thread);

/* Where this thread is: return addresses, the innermost call's first. return how many, at most
 * cap; 0 when it cannot be told */
size_t xie_where_get(void **frames, size_t cap);

/* Write a line for each. */
void xie_where_write(void *const *frames, size_t count, int fd);

#endif

/* where.h - printing where another thread is.
 * Floor 2. where_glibc.c does it by a signal, where_none.c not at all. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_WHERE_H
#define XIE_LOOP_WHERE_H

#include <pthread.h>

/* Before the first print: what cannot be done in a handler of a signal. */
void xie_where_prepare(void);

/* Have thread print its stack on stderr, and wait until it has, or for a tenth of a second. One
 * that sleeps in the kernel may find its call interrupted. From one thread at a time. */
void xie_where_print(pthread_t thread);

#endif

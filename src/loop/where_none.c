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

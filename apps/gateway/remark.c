/* remark.c - lines for who runs the gateway.
 * Gateway, ground. Tests of bots keep them, in place of stderr. */
/* SPDX-License-Identifier: MIT */
#include "remark.h"

#include <stdarg.h>
#include <stdio.h>

enum { REMARK_LINE = 1024 }; /* a longer one is cut [bytes] */

static _Thread_local struct {
    remark_fn *fn;
    void *arg;
} taker;

void remark_to(remark_fn *fn, void *arg)
{
    taker.fn = fn;
    taker.arg = arg;
}

void remark(const char *format, ...)
{
    char line[REMARK_LINE];
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    if (taker.fn)
        taker.fn(taker.arg, line);
    else
        fprintf(stderr, "xie-gateway: %s\n", line);
}

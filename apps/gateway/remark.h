/* remark.h - lines for who runs the gateway.
 * Gateway, ground. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_REMARK_H
#define GATEWAY_REMARK_H

typedef void remark_fn(void *arg, const char *line);

/* A line without its newline: to stderr, behind the program's name, or to who takes them. */
__attribute__((format(printf, 1, 2))) void remark(const char *format, ...);

/* From now on fn takes this thread's; NULL: stderr again. */
void remark_to(remark_fn *fn, void *arg);

#endif

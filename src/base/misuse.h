/* misuse.h - one line on stderr: for reports, and for the caller's mistakes, which abort.
 * Floor 0. Async-signal-safe. The format knows %s %.*s %d %u %x %c %p %% and the lengths
 * l, ll, z: nothing else. A line longer than 512 bytes is cut. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BASE_MISUSE_H
#define XIE_BASE_MISUSE_H

#include <stdarg.h>
#include <stddef.h>
#include <xie/error.h>

/* Write "xie: …\n" to stderr in one write. */
XIE_API __attribute__((format(printf, 1, 2))) void xie_report(const char *format, ...);

/* The same formatter: at most cap - 1 bytes and a 0. return how many bytes */
__attribute__((format(printf, 3, 0))) size_t xie_format(char *text, size_t cap, const char *format,
                                                        va_list args);

/* Names the running task, or NULL outside one: set by the task floor. */
extern const char *(*xie_misuse_who)(void);

/* Write "xie: misuse: … [task NAME]\n" and abort. */
XIE_API __attribute__((format(printf, 1, 2), noreturn, cold)) void xie_misuse(const char *format,
                                                                              ...);

#endif

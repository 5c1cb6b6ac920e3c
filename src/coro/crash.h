/* crash.h - what is said when the process is about to die by a signal.
 * Floor 1. Shares the handler, and its stack, with overflow.c. All of it is async-signal-safe. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_CRASH_H
#define XIE_CORO_CRASH_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xie/error.h>

enum { XIE_CRASH_TEXT = 2048 };

/* One that is being reported, on the handler's stack. */
struct xie_crash {
    int signal;
    const void *pc, *sp; /* NULL: this architecture's are not known */
    size_t len;
    char text[XIE_CRASH_TEXT]; /* whole lines */
};

/* Add a line, with "xie: crash: " before it; format as xie_report's. What does not fit is left
 * out. */
XIE_API __attribute__((format(printf, 2, 3))) void xie_crash_say(struct xie_crash *crash,
                                                                 const char *format, ...);
/* The words on the stack, from the top of it on, as far as there is memory.
 * return how many, up to cap */
XIE_API size_t xie_crash_stack(const struct xie_crash *crash, uintptr_t *words, size_t cap);

/**
 * From now on, report SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT by one write to stderr, before
 * they do what they did without: end the process, with a core where there was one.
 *
 * tell  adds what it knows, in the handler; there is one for the process, the first
 * note  a signal that somebody else has taken (a sanitizer, the program) is left to them; so is one
 *       that comes to be taken later
 */
XIE_API void xie_crash_watch(void (*tell)(struct xie_crash *crash));

/* For overflow.c: report, if somebody watches. */
void xie_crash_report(const siginfo_t *info, const void *context);
/* overflow.c: take a signal for it, unless it has been taken. */
void xie_overflow_take(int number);

#endif

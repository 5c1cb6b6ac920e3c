/* bare.h - what the bare servers have in common: a port of loopback, and ends by misfortune. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_ECHO_BARE_H
#define BENCH_ECHO_BARE_H

/* Listen on a port of 127.0.0.1 that the kernel chooses, and print it, for who started this.
 * return the descriptor, non-blocking */
int bare_listen(void);
/* No delay for small writes. */
void bare_tune(int fd);
/* Say what failed, by errno, and end. */
__attribute__((noreturn)) void bare_fail(const char *what);

#endif

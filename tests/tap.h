/* tap.h - a test program: functions in a table, run one by one, told in TAP.
 * Each runs in a child of its own, bounded in time, so that a crash is one failure. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_TAP_H
#define XIE_TESTS_TAP_H

#include <stdbool.h>

struct tap_test {
    const char *name;
    void (*run)(void);
};

/* Run the tests (or those whose name contains argv[1]) and return the exit code. */
int tap_main(int argc, char **argv, const struct tap_test *tests);

/* Skip the rest of the running test with a reason: ends its process. */
__attribute__((noreturn, format(printf, 1, 2))) void tap_skip(const char *format, ...);

/* What CHECK calls: records a failure and goes on. */
void tap_failed(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Seconds one test may take; 20 unless set at the start of the test (valgrind: times 10). */
void tap_limit(unsigned seconds);
/* True under valgrind, a sanitizer or an emulator: for scaling counts down. */
bool tap_slow(void);
/* True under valgrind: for what it does not let a program do. */
bool tap_valgrind(void);
/* Run fn in a forked child with stderr captured into text (cap bytes); returns the wait
 * status: for tests of aborts and reports. */
int tap_child(void (*fn)(void *arg), void *arg, char *text, unsigned cap);

#define CHECK(condition)                                      \
    do {                                                      \
        if (!(condition))                                     \
            tap_failed(__FILE__, __LINE__, "%s", #condition); \
    } while (0)
#define CHECK_EQ(a, b)                                                                      \
    do {                                                                                    \
        long long tap_a = (long long)(a), tap_b = (long long)(b);                           \
        if (tap_a != tap_b)                                                                 \
            tap_failed(__FILE__, __LINE__, "%s == %s: %lld != %lld", #a, #b, tap_a, tap_b); \
    } while (0)
#define CHECK_STR(a, b)                                                          \
    do {                                                                         \
        const char *tap_a = (a), *tap_b = (b);                                   \
        if (!tap_a || !tap_b || __builtin_strcmp(tap_a, tap_b))                  \
            tap_failed(__FILE__, __LINE__, "%s == %s: \"%s\" != \"%s\"", #a, #b, \
                       tap_a ? tap_a : "(null)", tap_b ? tap_b : "(null)");      \
    } while (0)
/* As CHECK, but ends the test when it fails. */
#define REQUIRE(condition)                                    \
    do {                                                      \
        if (!(condition)) {                                   \
            tap_failed(__FILE__, __LINE__, "%s", #condition); \
            tap_end();                                        \
        }                                                     \
    } while (0)
__attribute__((noreturn)) void tap_end(void);

#endif

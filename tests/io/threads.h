/* threads.h - what the tests of threads share: flags, threads, waiting for what they do. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_IO_THREADS_H
#define XIE_TESTS_IO_THREADS_H

#include <pthread.h>
#include <unistd.h>

#include "io/kit.h"

#if defined(__SANITIZE_THREAD__)
enum { UNDER_TSAN = 1 };
#elif defined(__has_feature)
enum { UNDER_TSAN = __has_feature(thread_sanitizer) };
#else
enum { UNDER_TSAN = 0 };
#endif

static inline int load(const int *value)
{
    return __atomic_load_n(value, __ATOMIC_SEQ_CST);
}

static inline void store(int *value, int number)
{
    __atomic_store_n(value, number, __ATOMIC_SEQ_CST);
}

static inline int add(int *value, int number)
{
    return __atomic_add_fetch(value, number, __ATOMIC_SEQ_CST);
}

/* In a task: let the loop run until the flag is set. */
static inline void until(const int *flag)
{
    while (!load(flag))
        xie_sleep(XIE_MILLISECOND);
}

/* In a thread: the same. */
static inline void hold(const int *flag)
{
    while (!load(flag))
        usleep(500);
}

/* In a task: let every other that is ready run. */
static inline void settle(void)
{
    for (int i = 0; i < 5; i++)
        xie_sleep(0);
}

static inline pthread_t begin(void *(*fn)(void *arg), void *arg)
{
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, fn, arg) == 0);
    return thread;
}

static inline void end(pthread_t thread)
{
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* Run fn on a thread to its end while this one's loop stands still. */
static inline void meanwhile(void *(*fn)(void *arg), void *arg)
{
    end(begin(fn, arg));
}

#endif

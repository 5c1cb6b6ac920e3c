/* kit.h - a function run as main task: what most tests above the loop begin with. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_KIT_H
#define XIE_TESTS_KIT_H

#include <unistd.h>
#include <xie.h>

#include "tap.h"

struct kit_body {
    int (*fn)(void);
};

static inline int kit_call(void *arg)
{
    return ((struct kit_body *)arg)->fn();
}

/* Run fn as main task; it returns 0. */
static inline void in_task(int (*fn)(void))
{
    CHECK_EQ(xie_run(kit_call, &(struct kit_body){fn}), 0);
}

static inline void kit_run_child(void *arg)
{
    _exit(xie_run(kit_call, arg) ? 1 : 0);
}

/* The same in a child, with what it writes to stderr in text; returns its wait status. */
static inline int in_child_task(int (*fn)(void), char *text, unsigned cap)
{
    return tap_child(kit_run_child, &(struct kit_body){fn}, text, cap);
}

#endif

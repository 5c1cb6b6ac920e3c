/* fault.h - a program run again and again, each time with another of its calls failing.
 * The Nth fails, alone or with all after it, for every N until a run comes through untouched.
 * Each run must end with 0 or a clean error and leave nothing behind. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_FAULT_H
#define XIE_TESTS_FAULT_H

#include "base/fault.h"

/* A program: what xie_run is given. It returns 0 on success, else the error it met. */
struct fault_program {
    const char *name;
    int (*run)(void *arg);
    void *arg;
    bool tolerant; /* may succeed although a call failed; else a run with a fault must not */
};

/* Each of the kinds, with the error given, once and from then on; all on XIE_BACKEND. */
void fault_sweep(const struct fault_program *program, unsigned kinds, int error);

/* Memory, system calls, operations: fault_sweep with the errors that are usual for each. */
void fault_sweep_all(const struct fault_program *program);

/* As fault_sweep, but each run in a fresh process: nothing is warm, no pool filled. */
void fault_sweep_cold(const struct fault_program *program, unsigned kinds, int error);

#endif

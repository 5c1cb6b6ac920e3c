/* snapshot.h - the tasks of a process, read while it runs.
 * It is not stopped for that: a list that changes meanwhile is read again. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_APPS_SNAPSHOT_H
#define XIE_APPS_SNAPSHOT_H

#include "process.h"

struct task {
    uint64_t address, id;
    size_t loop; /* index */
    bool runs, ended, told;
    int result;                     /* of one that has ended */
    const char *name;               /* its function's */
    const char *where;              /* FILE:LINE of its spawn */
    const char *what;               /* what it waits in, "" when it does not wait */
    uint64_t blocker_at, opener_at; /* where those are that it waits for, that opened its group */
    struct task *blocker;           /* NULL: none, or gone meanwhile */
    struct task *parent, *child, *next; /* the tree: above it, its first below, its next beside */
};

struct loop {
    uint64_t address;
    const char *backend;
    size_t count; /* of its tasks */
};

struct snapshot {
    struct loop *loops;
    struct task *tasks; /* loop by loop, in the order of the spawns */
    struct task *roots; /* of the tree, by `next` */
    size_t loop_count, task_count, loop_cap, task_cap;
};

/* return false: process->problem. snapshot is filled, or empty */
bool snapshot_take(struct snapshot *snapshot, struct process *process);
void snapshot_free(struct snapshot *snapshot);

#endif

/* case.h - one thing waited for: what each primitive gives to select, and waits by itself with.
 * Floor 4. Who wakes a case has it take effect in the same moment, so that nobody comes between. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_SYNC_CASE_H
#define XIE_SYNC_CASE_H

#include <xie/select.h>

#include "task/wait.h"

/* What a primitive is to a select: a list to stand in, and this. */
struct xie_case_kind {
    const char *what; /* for the dump: "xie_lock_take" */
    /* Take effect if that is possible now: true, with the result set. Called by who comes, and on
     * waking by who made it possible: then it must be. */
    bool (*attempt)(struct xie_case *self);
};

/* The wait of one or more cases; in the waiting task's frame. */
struct xie_select_wait {
    struct xie_wait wait;
    struct xie_case *cases, *chosen;
    size_t count;
};

/* Wait for one case, which was not possible at once; returns its result or the scope's error. */
int xie_case_wait(struct xie_case *self, struct xie_task *task, struct xie_task *const *blocker);

#endif

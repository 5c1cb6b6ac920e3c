/* late.h - actions called with the suffix _rate_limited: one after another, spaced.
 * Gateway, sixth floor. The caller was told `async` and learns no outcome. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_LATE_H
#define GATEWAY_LATE_H

#include "call.h"

enum {
    LATE_SPACING_MS = 500,         /* between two of them; source: the standard's default */
    LATE_CALLS = 1000,             /* most that wait, */
    LATE_BYTES = 16 * 1024 * 1024, /* and most of their parameters, as JSON; one may exceed it */
};

void late_init(struct gateway *gateway);
/* Drop those that still wait. */
void late_fini(struct gateway *gateway);

/* Queue a call by an account. params is borrowed, may be NULL.
 * errors -EAGAIN too many wait; -ENOMEM */
int late_put(struct gateway *gateway, int64_t self, action_fn *run, const json_t *params);

/* The task that runs them until cancelled; arg is the gateway. */
int late_run(void *arg);

#endif

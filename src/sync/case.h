/* case.h - one thing waited for: what each primitive gives to select, and waits by itself with.
 * Floor 4. Who wakes a case has it take effect in the same moment, so that nobody comes between.
 * A higher floor has kinds of its own: of what other threads wake. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_SYNC_CASE_H
#define XIE_SYNC_CASE_H

#include <xie/select.h>

#include "loop/loop.h"
#include "task/wait.h"

/* What a primitive is to a select: a list to stand in, and this. */
struct xie_case_kind {
    const char *what; /* for the dump: "xie_lock_take" */
    /* Take effect if that is possible now: true, with the result set. Called by who comes, and on
     * waking by who made it possible: then it must be. */
    bool (*attempt)(struct xie_case *self);
    /* Stand in line, and leave it (harmless when it does not stand there). NULL: self->line */
    bool (*arm)(struct xie_case *self);
    void (*leave)(struct xie_case *self);
    /* Whose end, or giving, makes it possible; NULL: not known. */
    struct xie_task *(*blocker)(const struct xie_case *self);
    /* Other threads wake it. It has a lock, under which it stands in line: arm asks again whether
     * it is possible; if so it claims the select, has the case take effect, and returns true. Who
     * wakes it takes it out of the line, claims the select, has it take effect, and calls
     * xie_case_told. All of that under the lock. */
    bool shared;
};

/* The wait of one or more cases; in the waiting task's frame. */
struct xie_select_wait {
    struct xie_wait wait;
    struct xie_case *cases, *chosen;
    size_t count;
    struct xie_blockers blockers;
    /* Where other threads wake one of the cases: */
    bool shared;
    int claim;                                   /* atomic: an enum of select.c */
    struct xie_loop *loop;                       /* NULL: a thread waits, */
    struct xie_inbox_call back;                  /* the outcome, told to the loop */
    void (*rouse)(struct xie_select_wait *self); /* or to the thread, under the case's lock */
};

/* Wait for one case, which was not possible at once; returns its result or the scope's error. */
int xie_case_wait(struct xie_case *self, struct xie_task *task, struct xie_task *const *blocker);
/* The same under another name, for who asks for its result by itself. return 0: it took effect;
 * else the scope's error */
int xie_case_park(struct xie_case *self, struct xie_task *task, const char *what,
                  struct xie_task *const *blocker);

/* May this case take effect? Then no other of its select does any more: so it must. Where no other
 * thread has a part in the select it always may. */
bool xie_case_claim(struct xie_case *self);
/* It was claimed, and is out of its line: have it take effect, and its task go on. Of this loop. */
void xie_case_take(struct xie_case *self);
/* It was claimed, and has taken effect, under its lock: its task, or thread, hears of it. */
void xie_case_told(struct xie_case *self);

/* To claim several at once, or none: each is held first, then claimed or let go. Of this loop, and
 * nothing may come between that waits or takes a lock: other threads spin meanwhile.
 * return  false: another case has taken effect */
bool xie_case_hold(struct xie_case *self);
void xie_case_hold_end(struct xie_case *self, bool claim);

#endif

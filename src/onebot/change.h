/* change.h - changing a program while it runs, as its start and its end see it.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_CHANGE_H
#define XIE_ONEBOT_CHANGE_H

#include <xie.h>

struct onebot_program;

/* How changes stand beside each other, and beside the start and the end. Zero is a valid one. */
struct onebot_changes {
    struct xie_lock lock;    /* of the one that is made; at first the start's */
    struct xie_scope *scope; /* around what it waits for before anything is changed */
    size_t count;            /* tasks that are in onebot_change */
    struct xie_event none;   /* set: the last of them has left, and none has come since */
    bool starting;           /* the lock is the start's */
};

/* The program is not to be changed before it runs. */
void onebot_changes_init(struct onebot_program *program);
/* From now on it may. */
void onebot_changes_allow(struct onebot_program *program);
/* It stops: nothing more is changed. Does not wait. */
void onebot_changes_stop(struct onebot_program *program);
/* Wait until nobody is in onebot_change, whatever the scopes around say. */
void onebot_changes_end(struct onebot_program *program);

#endif

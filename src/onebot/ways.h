/* ways.h - all ways of a program, as its options name them.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_WAYS_H
#define XIE_ONEBOT_WAYS_H

#include "onebot/way.h"

/**
 * Make those that the options ask for and that are not among the program's; which of these the
 * options have too is noted in their `stays`.
 *
 * fresh   receives them; on error also, as many as were made
 * errors  as onebot_way_new
 */
int onebot_ways_make(struct onebot_program *program, const struct onebot_options *options,
                     struct xie_link *fresh);

/* Those that listen do from now on. One whose port a way has that is about to go gets its listener
 * from it or, where the address is another, opens its own later. May wait.
 * errors  as onebot_way_open: said in the log */
int onebot_ways_open(struct onebot_program *program, struct xie_link *fresh);

/* Settle all of them and start their tasks, or none. Does not wait.
 * errors as onebot_way_settle and onebot_way_start */
int onebot_ways_start(struct onebot_program *program, struct xie_link *fresh);

/* They are the program's from now on, and work. */
void onebot_ways_begin(struct onebot_program *program, struct xie_link *fresh);

/* Nobody uses them any more but tasks of theirs that were stopped, which are waited for, whatever
 * the scopes around say. */
void onebot_ways_free(struct xie_link *ways);

#endif

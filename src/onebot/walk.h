/* walk.h - an event's way from rule to rule.
 * Floor 9. Nothing here waits. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_WALK_H
#define XIE_ONEBOT_WALK_H

#include "onebot/event.h"

/* From the entry where the letter stands to the last, and then to on_event; takes it over. */
void onebot_walk(struct onebot_letter *letter);

/* A letter that was kept for a question, or taken by one, and is free again: what stands behind
 * the questions gets it; takes it over. */
void onebot_walk_again(struct onebot_letter *letter);

/* A letter that waited for its turn at a rule that is no more: to whatever stands in its place, and
 * on, or to that alone when those below have seen it; takes it over. */
void onebot_walk_return(struct onebot_letter *letter);

#endif

/* nearest.h - the known word that a wrong one was meant to be.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_NEAREST_H
#define XIE_ONEBOT_NEAREST_H

#include <stddef.h>

/* Longer words are near to none [bytes]. */
enum { ONEBOT_NEAREST_LEN = 63 };

/* Letters to change, add, drop or swap with the next one to get from one to the other; a case
 * counts nothing. limit + 1 when there are more. */
unsigned onebot_distance(const char *a, const char *b, unsigned limit);

/* Words are given one by one: the nearest so far. Start with best NULL. */
struct onebot_nearest {
    const char *word; /* that was written */
    const char *best; /* NULL: none is near */
    unsigned distance;
};
void onebot_nearest_try(struct onebot_nearest *nearest, const char *known);

#endif

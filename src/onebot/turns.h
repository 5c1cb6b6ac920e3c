/* turns.h - one at a time: who runs, and who waits for it.
 * Floor 9. Knows letters and whom they are by; knows nothing of tasks. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_TURNS_H
#define XIE_ONEBOT_TURNS_H

#include "onebot/key.h"

enum { ONEBOT_TURN_BUCKETS = 1024 };

/* One who has the turn, and those behind it. Opaque but for who runs. */
struct onebot_turn {
    struct xie_link link; /* in its bucket */
    struct onebot_key key;
    struct xie_link letters;  /* that wait, oldest first */
    size_t count;             /* length of letters */
    struct onebot_talk *talk; /* that runs; NULL: not yet */
};

struct onebot_turns_table {
    struct xie_link buckets[ONEBOT_TURN_BUCKETS];
    size_t waiting, limit; /* letters in all lines */
};

void onebot_turns_init(struct onebot_turns_table *turns, size_t limit);

enum onebot_entry {
    ONEBOT_ENTRY_RUN,     /* it is its turn: *turn is its own, until onebot_turns_leave */
    ONEBOT_ENTRY_WAIT,    /* it waits; the letter is kept */
    ONEBOT_ENTRY_REPLACE, /* the same, and turn->talk is to be cancelled */
    ONEBOT_ENTRY_REJECTED /* there is no room */
};

/* A letter comes to a rule that runs one at a time. errors -ENOMEM */
int onebot_turns_enter(struct onebot_turns_table *turns, const struct onebot_key *key,
                       struct onebot_letter *letter, struct onebot_turn **turn);
/* Has somebody the turn? */
bool onebot_turns_taken(struct onebot_turns_table *turns, const struct onebot_key *key);
/* Who had the turn has ended. The next letter, whose turn it is now; NULL: none waits, and the
 * turn is gone. */
struct onebot_letter *onebot_turns_leave(struct onebot_turns_table *turns,
                                         struct onebot_turn *turn);

/* These rules are no more: take out the letters that wait for one of them. Looks at every turn. */
void onebot_turns_release(struct onebot_turns_table *turns, const struct onebot_rule *rules,
                          size_t count, struct xie_link *released);

#endif

/* own.h - which messages the account has sent lately, so that a reply to one is known.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_OWN_H
#define XIE_ONEBOT_OWN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* How many messages are remembered. */
enum { ONEBOT_OWN = 1024 };

/* Zero is a valid empty one. */
struct onebot_own {
    int64_t ids[ONEBOT_OWN];
    unsigned next;
};

/* Remember a message; 0 is none. */
void onebot_own_add(struct onebot_own *own, int64_t message_id);
/* Remember the message that an answer to a call tells of, if it is one to sending: it has an id,
 * and no sender as one that was looked up has. Seen when it comes, not when its caller runs: a
 * reply to the message may stand right behind. */
void onebot_own_answer(struct onebot_own *own, const json_t *answer);
/* Was it among the last ONEBOT_OWN? A scan of 8 KiB, for messages that reply only. */
bool onebot_own_has(const struct onebot_own *own, int64_t message_id);

#endif

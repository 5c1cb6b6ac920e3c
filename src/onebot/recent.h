/* recent.h - which messages have been seen lately, so that none runs twice.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_RECENT_H
#define XIE_ONEBOT_RECENT_H

#include <stdbool.h>
#include <stdint.h>

/* How many messages are remembered. */
enum { ONEBOT_RECENT = 1024 };

/* What makes two events the same message. The time and the person belong to it: an
 * implementation that starts anew may count its message ids from 1 again. */
struct onebot_message_key {
    int64_t self_id, message_id, user_id, time;
};

/* Zero is a valid empty one. */
struct onebot_recent {
    struct onebot_message_key keys[ONEBOT_RECENT];
    unsigned next, count;
};

/* Was it seen among the last ONEBOT_RECENT? If not, it is remembered. */
bool onebot_recent_seen(struct onebot_recent *recent, const struct onebot_message_key *key);

#endif

/* recent.c - which messages have been seen lately, so that none runs twice.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/recent.h"

static bool same(const struct onebot_message_key *a, const struct onebot_message_key *b)
{
    return a->message_id == b->message_id && a->time == b->time && a->user_id == b->user_id &&
           a->self_id == b->self_id;
}

/* Linear scan of 32 KiB: less than what parsing the event's JSON costs. */
bool onebot_recent_seen(struct onebot_recent *recent, const struct onebot_message_key *key)
{
    for (unsigned i = 0; i < recent->count; i++)
        if (same(&recent->keys[i], key))
            return true;
    recent->keys[recent->next] = *key;
    recent->next = (recent->next + 1) % ONEBOT_RECENT;
    if (recent->count < ONEBOT_RECENT)
        recent->count++;
    return false;
}

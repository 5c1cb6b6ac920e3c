/* own.c - which messages the account has sent lately.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/own.h"

#include <xie/onebot.h>

void onebot_own_add(struct onebot_own *own, int64_t message_id)
{
    if (!message_id || onebot_own_has(own, message_id))
        return;
    own->ids[own->next] = message_id;
    own->next = (own->next + 1) % ONEBOT_OWN;
}

void onebot_own_answer(struct onebot_own *own, const json_t *answer)
{
    const json_t *data = json_object_get(answer, "data");
    if (!json_object_get(data, "sender"))
        onebot_own_add(own, onebot_int(data, "message_id"));
}

bool onebot_own_has(const struct onebot_own *own, int64_t message_id)
{
    for (size_t i = 0; i < ONEBOT_OWN; i++)
        if (own->ids[i] == message_id)
            return message_id != 0;
    return false;
}

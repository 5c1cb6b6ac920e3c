/* greet.c - what happens beside messages: who joins is welcomed, who pokes hears of it. */
/* SPDX-License-Identifier: MIT */
#include <xie.h>

#include "commands.h"

/* "@them welcome to the group", with a face. */
static int welcome(struct onebot_event *event, int64_t user_id)
{
    struct onebot_message message = {0};
    struct onebot_group_info info = onebot_get_group_info(event->bot, event->group_id, false);
    onebot_message_cq(&message, "[CQ:at,qq=%lld] welcome to %s! [CQ:face,id=%d]",
                      (long long)user_id, *info.group.group_name ? info.group.group_name : "us",
                      21);
    onebot_result_free(&info.call);
    return onebot_reply_message(event, &message);
}

int on_greet(struct onebot_event *event)
{
    const struct onebot_detail *detail = onebot_event_detail(event);
    switch (detail->kind) {
    case ONEBOT_EVENT_GROUP_INCREASE:
        if (detail->member.user_id == event->self_id)
            return 0;
        return welcome(event, detail->member.user_id);
    case ONEBOT_EVENT_POKE:
        if (detail->poke.target_id != event->self_id)
            return 0;
        return onebot_reply(event, "Ouch."); /* a poke back would never end with another bot */
    default:
        return 0;
    }
}

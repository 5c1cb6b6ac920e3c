/* whoami.c - /whoami: one call, whose value is there on the next line. */
/* SPDX-License-Identifier: MIT */
#include <xie.h>

#include "commands.h"

static int in_group(struct onebot_event *event)
{
    struct onebot_result member =
        onebot_call(event->bot, "get_group_member_info", "{s:I, s:I}", "group_id", event->group_id,
                    "user_id", event->user_id);
    if (member.error)
        return onebot_reply(event, "I could not look you up: %s", member.wording);
    int error =
        onebot_reply(event, "You are %s (%lld), card %s, role %s.",
                     onebot_string(member.data, "nickname"), (long long)event->user_id,
                     onebot_string(member.data, "card"), onebot_string(member.data, "role"));
    json_decref(member.data);
    return error;
}

static int in_private(struct onebot_event *event)
{
    struct onebot_result person =
        onebot_call(event->bot, "get_stranger_info", "{s:I}", "user_id", event->user_id);
    if (person.error)
        return onebot_reply(event, "I could not look you up: %s", person.wording);
    int error = onebot_reply(event, "You are %s (%lld).", onebot_string(person.data, "nickname"),
                             (long long)event->user_id);
    json_decref(person.data);
    return error;
}

int on_whoami(struct onebot_event *event)
{
    return event->group_id ? in_group(event) : in_private(event);
}

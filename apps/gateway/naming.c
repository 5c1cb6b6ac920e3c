/* naming.c - actions that give names: card, title, the group's name.
 * Gateway, sixth floor. */
/* SPDX-License-Identifier: MIT */
#include "naming.h"

#include <string.h>

#include "clock.h"
#include "event.h"

json_t *naming_card(struct call *call)
{
    struct member *self, *member;
    struct group *group = call_group(call, &self);
    char card[WORLD_NAME];
    if (!group || !call_text(call, "card", card, sizeof card))
        return NULL;
    member = call_member(call, group);
    if (!member || (member != self && !call_outranks(call, self, member)))
        return NULL;
    /* Not in the standard; its implementations tell it. */
    json_t *event = event_new("notice", "group_card", NULL, "{s:I, s:I, s:s, s:s}", "group_id",
                              (json_int_t)group->group_id, "user_id", (json_int_t)member->user_id,
                              "card_new", card, "card_old", member->card);
    if (event)
        memcpy(member->card, card, sizeof card);
    return call_told(call, event);
}

json_t *naming_group(struct call *call)
{
    struct member *self;
    struct group *group = call_group(call, &self);
    char name[WORLD_NAME];
    if (!group || !call_text(call, "group_name", name, sizeof name) ||
        !call_role(call, self, ROLE_ADMIN))
        return NULL;
    if (!*name)
        return call_fail(call, RETCODE_BAD_PARAMS, "parameter group_name is missing, or empty");
    json_t *event =
        event_new("notice", "notify", "group_name", "{s:I, s:I, s:s}", "group_id",
                  (json_int_t)group->group_id, "user_id", (json_int_t)call->self, "name_new", name);
    if (event)
        memcpy(group->name, name, sizeof name);
    return call_told(call, event);
}

json_t *naming_title(struct call *call)
{
    struct member *self, *member;
    struct group *group = call_group(call, &self);
    char title[WORLD_TITLE];
    int64_t duration = -1;
    if (!group || !call_text(call, "special_title", title, sizeof title) ||
        !call_number(call, "duration", -1, INT32_MAX, &duration) ||
        !call_role(call, self, ROLE_OWNER))
        return NULL;
    member = call_member(call, group);
    if (!member)
        return NULL;
    json_t *event = event_new("notice", "notify", "title", "{s:I, s:I, s:s}", "group_id",
                              (json_int_t)group->group_id, "user_id", (json_int_t)member->user_id,
                              "title", title);
    if (!event)
        return NULL;
    memcpy(member->title, title, sizeof title);
    member->title_until = duration < 0 ? -1 : clock_now() + duration;
    return call_told(call, event);
}

/* rank.c - actions on who is in a group, and as what: kick, leave, appoint.
 * Gateway, sixth floor. */
/* SPDX-License-Identifier: MIT */
#include "rank.h"

#include "event.h"

/* They go, and the accounts hear of it. */
static json_t *go(struct call *call, struct group *group, struct member *member, const char *how)
{
    int64_t user_id = member->user_id;
    json_t *event = event_new("notice", "group_decrease", how, "{s:I, s:I, s:I}", "group_id",
                              (json_int_t)group->group_id, "operator_id", (json_int_t)call->self,
                              "user_id", (json_int_t)user_id);
    if (!event)
        return NULL;
    world_leave(group, member);
    return call_told(call, event);
}

json_t *rank_kick(struct call *call)
{
    struct member *self, *member;
    struct group *group = call_group(call, &self);
    bool reject = false;
    if (!group || !call_flag(call, "reject_add_request", &reject))
        return NULL;
    member = call_member(call, group);
    if (!member || !call_outranks(call, self, member))
        return NULL;
    if (reject)
        world_bar(group, member->user_id);
    return go(call, group, member, "kick");
}

/* The owner's leaving ends the group, so it must be meant. */
static json_t *dismiss(struct call *call, struct group *group, struct member *self)
{
    json_t *told = go(call, group, self, "disband");
    group->count = 0;
    return told;
}

json_t *rank_leave(struct call *call)
{
    struct member *self;
    struct group *group = call_group(call, &self);
    bool end = false;
    if (!group || !call_flag(call, "is_dismiss", &end))
        return NULL;
    if (self->role == ROLE_OWNER && !end)
        return call_fail(call, RETCODE_REFUSED,
                         "the owner can only dismiss the group: is_dismiss must be true");
    return self->role == ROLE_OWNER ? dismiss(call, group, self) : go(call, group, self, "leave");
}

json_t *rank_admin(struct call *call)
{
    struct member *self, *member;
    struct group *group = call_group(call, &self);
    bool enable = true;
    if (!group || !call_flag(call, "enable", &enable) || !call_role(call, self, ROLE_OWNER))
        return NULL;
    member = call_member(call, group);
    if (!member || !call_outranks(call, self, member))
        return NULL;
    if ((member->role == ROLE_ADMIN) == enable)
        return json_null();
    json_t *event =
        event_new("notice", "group_admin", enable ? "set" : "unset", "{s:I, s:I}", "group_id",
                  (json_int_t)group->group_id, "user_id", (json_int_t)member->user_id);
    if (event)
        member->role = enable ? ROLE_ADMIN : ROLE_MEMBER;
    return call_told(call, event);
}

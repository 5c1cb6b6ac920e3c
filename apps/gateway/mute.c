/* mute.c - actions that silence: one member, all of them, one without a name.
 * Gateway, sixth floor. */
/* SPDX-License-Identifier: MIT */
#include "mute.h"

#include <string.h>

#include "clock.h"
#include "event.h"
#include "mask.h"

/* user_id 0: everybody. */
static json_t *ban_event(struct call *call, const struct group *group, int64_t user_id,
                         int64_t duration)
{
    return event_new("notice", "group_ban", duration ? "ban" : "lift_ban", "{s:I, s:I, s:I, s:I}",
                     "group_id", (json_int_t)group->group_id, "operator_id", (json_int_t)call->self,
                     "user_id", (json_int_t)user_id, "duration", (json_int_t)duration);
}

json_t *mute_member(struct call *call)
{
    struct member *self, *member;
    struct group *group = call_group(call, &self);
    int64_t duration = 30 * 60;
    if (!group || !call_number(call, "duration", 0, MUTE_MOST, &duration))
        return NULL;
    member = call_member(call, group);
    if (!member || !call_outranks(call, self, member))
        return NULL;
    json_t *event = ban_event(call, group, member->user_id, duration);
    if (event)
        member->muted_until = clock_now() + duration;
    return call_told(call, event);
}

json_t *mute_whole(struct call *call)
{
    struct member *self;
    struct group *group = call_group(call, &self);
    bool enable = true;
    if (!group || !call_flag(call, "enable", &enable) || !call_role(call, self, ROLE_ADMIN))
        return NULL;
    if (group->muted == enable)
        return json_null();
    json_t *event = ban_event(call, group, 0, enable ? -1 : 0);
    if (event)
        group->muted = enable;
    return call_told(call, event);
}

json_t *mute_anonymous_allowed(struct call *call)
{
    struct member *self;
    struct group *group = call_group(call, &self);
    bool enable = true;
    if (!group || !call_flag(call, "enable", &enable) || !call_role(call, self, ROLE_ADMIN))
        return NULL;
    group->anonymous = enable;
    return json_null();
}

/* The flag, by any of the names that the standard allows for it. */
static bool find_flag(struct call *call, char flag[MASK_FLAG])
{
    json_t *whole = call_param(call, "anonymous");
    if (whole && !json_is_object(whole)) {
        call_fail(call, RETCODE_BAD_PARAMS, "parameter anonymous must be the event's object");
        return false;
    }
    const struct call inner = {.params = whole};
    json_t *value = call_param(&inner, "flag");
    value = value ? value : call_param(call, "anonymous_flag");
    value = value ? value : call_param(call, "flag");
    if (json_string_length(value) == 0 || json_string_length(value) >= MASK_FLAG) {
        call_fail(call, RETCODE_BAD_PARAMS, "parameter flag is missing, or no flag");
        return false;
    }
    strcpy(flag, json_string_value(value));
    return true;
}

json_t *mute_anonymous(struct call *call)
{
    struct member *self;
    struct group *group = call_group(call, &self);
    int64_t duration = 30 * 60;
    char flag[MASK_FLAG], known[MASK_FLAG];
    if (!group || !call_number(call, "duration", 0, MUTE_MOST, &duration) ||
        !find_flag(call, flag) || !call_role(call, self, ROLE_ADMIN))
        return NULL;
    for (size_t i = 0; i < group->count; i++) {
        mask_flag(group->group_id, group->members[i].user_id, known);
        if (strcmp(flag, known) == 0) {
            group->members[i].masked_until = clock_now() + duration;
            return json_null();
        }
    }
    return call_fail(call, RETCODE_REFUSED, "the flag is of nobody in group %lld",
                     (long long)group->group_id);
}

/* deed.c - what people do that no message is: poke, open a red packet, gain an honour.
 * Gateway, sixth floor. */
/* SPDX-License-Identifier: MIT */
#include "deed.h"

#include <string.h>

#include "event.h"

/* In private one of the two is an account. */
static json_t *poke_in_private(struct call *call, int64_t target_id)
{
    const struct person *target = world_person(&call->gateway->world, target_id);
    bool account = world_is_account(&call->gateway->world, target_id) ||
                   world_is_account(&call->gateway->world, call->self);
    if (!target || target_id == call->self || !account)
        return call_fail(call, RETCODE_REFUSED, "user %lld cannot be poked", (long long)target_id);
    return call_told(call, event_new("notice", "notify", "poke", "{s:I, s:I}", "user_id",
                                     (json_int_t)call->self, "target_id", (json_int_t)target_id));
}

static json_t *poke_in_group(struct call *call, int64_t target_id)
{
    struct group *group = call_group(call, NULL);
    if (!group)
        return NULL;
    if (!world_member(group, target_id))
        return call_fail(call, RETCODE_REFUSED, "user %lld is not in group %lld",
                         (long long)target_id, (long long)group->group_id);
    return call_told(call, event_new("notice", "notify", "poke", "{s:I, s:I, s:I}", "group_id",
                                     (json_int_t)group->group_id, "user_id", (json_int_t)call->self,
                                     "target_id", (json_int_t)target_id));
}

/* target_id names who is poked, or user_id, as the extensions have it. */
json_t *deed_poke(struct call *call)
{
    int64_t target_id;
    const char *key = call_param(call, "target_id") ? "target_id" : "user_id";
    if (!call_id(call, key, &target_id))
        return NULL;
    return call_param(call, "group_id") ? poke_in_group(call, target_id)
                                        : poke_in_private(call, target_id);
}

json_t *deed_lucky_king(struct call *call)
{
    struct group *group = call_group(call, NULL);
    int64_t target_id;
    if (!group || !call_id(call, "target_id", &target_id))
        return NULL;
    if (!world_member(group, target_id))
        return call_fail(call, RETCODE_REFUSED, "user %lld is not in group %lld",
                         (long long)target_id, (long long)group->group_id);
    return call_told(call, event_new("notice", "notify", "lucky_king", "{s:I, s:I, s:I}",
                                     "group_id", (json_int_t)group->group_id, "user_id",
                                     (json_int_t)call->self, "target_id", (json_int_t)target_id));
}

json_t *deed_honor(struct call *call)
{
    static const char *const kinds[] = {"talkative", "performer", "emotion"};
    struct group *group = call_group(call, NULL);
    char kind[16];
    if (!group || !call_text(call, "honor_type", kind, sizeof kind))
        return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kind, kinds[i]) != 0)
            continue;
        group->honors[i] = call->self;
        return call_told(call, event_new("notice", "notify", "honor", "{s:I, s:I, s:s}", "group_id",
                                         (json_int_t)group->group_id, "user_id",
                                         (json_int_t)call->self, "honor_type", kind));
    }
    return call_fail(call, RETCODE_BAD_PARAMS,
                     "parameter honor_type must be \"talkative\", \"performer\" or \"emotion\"");
}

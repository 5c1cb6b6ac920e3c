/* directory.c - actions that look things up: accounts, friends, groups, members.
 * Gateway, sixth floor. The shapes are those of the standard, every field present. */
/* SPDX-License-Identifier: MIT */
#include "directory.h"

#include "clock.h"

enum { GROUP_ROOM = 200 }; /* max_member_count */

json_t *directory_login_info(struct call *call)
{
    return json_pack("{s:I, s:s}", "user_id", (json_int_t)call->self, "nickname",
                     world_person(&call->gateway->world, call->self)->nickname);
}

json_t *directory_stranger_info(struct call *call)
{
    int64_t user_id;
    bool no_cache = false;
    if (!call_id(call, "user_id", &user_id) || !call_flag(call, "no_cache", &no_cache))
        return NULL;
    const struct person *person = world_person(&call->gateway->world, user_id);
    if (!person)
        return call_fail(call, RETCODE_REFUSED, "there is no user %lld", (long long)user_id);
    return json_pack("{s:I, s:s, s:s, s:i}", "user_id", (json_int_t)user_id, "nickname",
                     person->nickname, "sex", person->sex, "age", person->age);
}

/* Add item to list, both new references; either NULL: the list is given up. */
static json_t *listed(json_t *list, json_t *item)
{
    if (list && item && json_array_append_new(list, item) == 0)
        return list;
    if (!list)
        json_decref(item);
    json_decref(list);
    return NULL;
}

json_t *directory_friend_list(struct call *call)
{
    const struct world *world = &call->gateway->world;
    json_t *list = json_array();
    for (size_t i = 0; list && i < world->person_count; i++) {
        const struct person *person = &world->people[i];
        const struct tie *tie = call_tie(call, person->user_id);
        if (tie && tie->friend)
            list = listed(list, json_pack("{s:I, s:s, s:s}", "user_id", (json_int_t)person->user_id,
                                          "nickname", person->nickname, "remark", tie->remark));
    }
    return list;
}

static json_t *group_info(const struct group *group)
{
    return json_pack("{s:I, s:s, s:i, s:i}", "group_id", (json_int_t)group->group_id, "group_name",
                     group->name, "member_count", (int)group->count, "max_member_count",
                     GROUP_ROOM);
}

/* Of any group: it can be found without being in it. */
json_t *directory_group_info(struct call *call)
{
    int64_t group_id;
    bool no_cache = false;
    if (!call_id(call, "group_id", &group_id) || !call_flag(call, "no_cache", &no_cache))
        return NULL;
    const struct group *group = world_group(&call->gateway->world, group_id);
    if (!group)
        return call_fail(call, RETCODE_REFUSED, "there is no group %lld", (long long)group_id);
    return group_info(group);
}

json_t *directory_group_list(struct call *call)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < call->gateway->world.group_count; i++) {
        struct group *group = &call->gateway->world.groups[i];
        if (world_member(group, call->self))
            list = listed(list, group_info(group));
    }
    return list;
}

/* The group that group_id names, whose members the account may see; NULL: the call has failed. */
static struct group *own_group(struct call *call)
{
    bool no_cache = false;
    struct group *group = call_group(call, NULL);
    return group && call_flag(call, "no_cache", &no_cache) ? group : NULL;
}

static json_t *member_info(const struct world *world, const struct group *group,
                           const struct member *member)
{
    const struct person *person = world_person(world, member->user_id);
    bool over = member->title_until >= 0 && member->title_until <= clock_now();
    return json_pack(
        "{s:I, s:I, s:s, s:s, s:s, s:i, s:s, s:I, s:I, s:s, s:s, s:b, s:s, s:I, s:b}", "group_id",
        (json_int_t)group->group_id, "user_id", (json_int_t)member->user_id, "nickname",
        person->nickname, "card", member->card, "sex", person->sex, "age", person->age, "area",
        person->area, "join_time", (json_int_t)member->joined, "last_sent_time",
        (json_int_t)member->last_sent, "level", member->level, "role",
        world_role_name(member->role), "unfriendly", 0, "title", over ? "" : member->title,
        "title_expire_time", (json_int_t)member->title_until, "card_changeable", 1);
}

json_t *directory_member_info(struct call *call)
{
    struct group *group = own_group(call);
    int64_t user_id;
    if (!group || !call_id(call, "user_id", &user_id))
        return NULL;
    const struct member *member = world_member(group, user_id);
    if (!member)
        return call_fail(call, RETCODE_REFUSED, "user %lld is not in group %lld",
                         (long long)user_id, (long long)group->group_id);
    return member_info(&call->gateway->world, group, member);
}

json_t *directory_member_list(struct call *call)
{
    const struct group *group = own_group(call);
    json_t *list = group ? json_array() : NULL;
    for (size_t i = 0; list && i < group->count; i++)
        list = listed(list, member_info(&call->gateway->world, group, &group->members[i]));
    return list;
}

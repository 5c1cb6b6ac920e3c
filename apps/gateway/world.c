/* world.c - who there is: the bot's account, the people, the groups and their members.
 * Gateway, ground. Linear scans: a hundred people at most, and twenty groups. */
/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdio.h>
#include <string.h>

#define MEMBER(id, card, title, level, role)         \
    {                                                \
        id, card, title, level, role, 0, 0, -1, 0, 0 \
    }

static const struct person people[] = {
    {WORLD_BOT, "小协", "unknown", "127.0.0.1", "", 1, false, {0, 0}},
    {10001, "林晚", "female", "杭州", "晚晚", 27, true, {0, 0}},
    {10002, "Mira", "female", "上海", "米拉", 31, true, {0, 0}},
    {10003, "老K", "male", "成都", "", 42, true, {0, 0}},
    {10004, "念念", "female", "广州", "", 19, true, {0, 0}},
    {10005, "Otto", "male", "Berlin", "奥托", 35, true, {0, 0}},
};

static const struct {
    int64_t group_id;
    const char *name;
    bool anonymous;
    size_t count;
    struct member members[sizeof people / sizeof *people];
} groups[] = {
    {20001,
     "协程茶馆",
     true,
     6,
     {
         MEMBER(10001, "掌柜·晚", "茶馆主人", "100", ROLE_OWNER),
         MEMBER(10002, "管理员·米拉", "", "62", ROLE_ADMIN),
         MEMBER(WORLD_BOT, "跑堂的", "", "1", ROLE_MEMBER),
         MEMBER(10003, "夜班老K", "守夜人", "48", ROLE_MEMBER),
         MEMBER(10004, "念念不忘", "", "17", ROLE_MEMBER),
         MEMBER(10005, "奥托(新来的)", "", "3", ROLE_MEMBER),
     }},
    {20002,
     "机器人调试间",
     false,
     3,
     {
         MEMBER(10001, "晚·调试", "", "12", ROLE_OWNER),
         MEMBER(WORLD_BOT, "被调试的", "", "1", ROLE_ADMIN),
         MEMBER(10002, "米拉·围观", "", "9", ROLE_MEMBER),
     }},
};

enum { WORLD_AGE = 400 * 24 * 3600 }; /* everyone joined that many seconds ago */

void world_empty(struct world *world)
{
    world->person_count = world->group_count = 0;
    world_add_person(world, &people[0]);
}

void world_init(struct world *world, int64_t now)
{
    world_empty(world);
    for (size_t i = 1; i < sizeof people / sizeof *people; i++)
        world_add_person(world, &people[i]);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct group *group = world_add_group(world, groups[i].group_id, groups[i].name);
        group->anonymous = groups[i].anonymous;
        group->count = groups[i].count;
        for (size_t k = 0; k < group->count; k++) {
            group->members[k] = groups[i].members[k];
            group->members[k].joined = now - WORLD_AGE;
        }
    }
}

struct person *world_add_person(struct world *world, const struct person *person)
{
    if (world->person_count == WORLD_PEOPLE)
        return NULL;
    struct person *added = &world->people[world->person_count++];
    *added = *person;
    return added;
}

struct group *world_add_group(struct world *world, int64_t group_id, const char *name)
{
    if (world->group_count == WORLD_GROUPS)
        return NULL;
    struct group *added = &world->groups[world->group_count++];
    memset(added, 0, offsetof(struct group, members));
    added->group_id = group_id;
    snprintf(added->name, sizeof added->name, "%s", name);
    return added;
}

const struct person *world_person(const struct world *world, int64_t user_id)
{
    for (size_t i = 0; i < world->person_count; i++) {
        if (world->people[i].user_id == user_id)
            return &world->people[i];
    }
    return NULL;
}

struct person *world_change_person(struct world *world, int64_t user_id)
{
    return (struct person *)world_person(world, user_id); /* not const, as world is not */
}

struct group *world_group(struct world *world, int64_t group_id)
{
    for (size_t i = 0; i < world->group_count; i++) {
        if (world->groups[i].group_id == group_id)
            return &world->groups[i];
    }
    return NULL;
}

struct member *world_member(struct group *group, int64_t user_id)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->members[i].user_id == user_id)
            return &group->members[i];
    }
    return NULL;
}

struct member *world_join(struct group *group, int64_t user_id, int64_t now)
{
    struct member *member = &group->members[group->count++];
    *member = (struct member)MEMBER(user_id, "", "", "1", ROLE_MEMBER);
    member->joined = now;
    return member;
}

void world_leave(struct group *group, struct member *member)
{
    size_t after = (size_t)(group->members + --group->count - member);
    memmove(member, member + 1, after * sizeof *member);
}

/* There is a place for each person but one. */
void world_bar(struct group *group, int64_t user_id)
{
    size_t i = 0;
    while (group->barred[i] && group->barred[i] != user_id)
        i++;
    group->barred[i] = user_id;
}

bool world_barred(const struct group *group, int64_t user_id)
{
    for (size_t i = 0; i < WORLD_PEOPLE; i++) {
        if (group->barred[i] == user_id)
            return true;
    }
    return false;
}

const char *world_role_name(enum world_role role)
{
    static const char *const names[] = {"member", "admin", "owner"};
    return names[role];
}

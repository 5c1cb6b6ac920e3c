/* world.c - who there is: the bot's account, the people, the groups and their members.
 * Gateway, ground. Linear scans: six people and two groups. */
/* SPDX-License-Identifier: MIT */
#include "world.h"

static const struct world beginning = {
    .people =
        {
            {WORLD_BOT, "小协", "", "unknown", "127.0.0.1", 1},
            {10001, "林晚", "晚晚", "female", "杭州", 27},
            {10002, "Mira", "米拉", "female", "上海", 31},
            {10003, "老K", "", "male", "成都", 42},
            {10004, "念念", "", "female", "广州", 19},
            {10005, "Otto", "奥托", "male", "Berlin", 35},
        },
    .groups =
        {
            {20001,
             "协程茶馆",
             6,
             {
                 {10001, "掌柜·晚", "茶馆主人", "100", ROLE_OWNER, 0},
                 {10002, "管理员·米拉", "", "62", ROLE_ADMIN, 0},
                 {WORLD_BOT, "跑堂的", "", "1", ROLE_MEMBER, 0},
                 {10003, "夜班老K", "守夜人", "48", ROLE_MEMBER, 0},
                 {10004, "念念不忘", "", "17", ROLE_MEMBER, 0},
                 {10005, "奥托(新来的)", "", "3", ROLE_MEMBER, 0},
             }},
            {20002,
             "机器人调试间",
             3,
             {
                 {10001, "晚·调试", "", "12", ROLE_OWNER, 0},
                 {WORLD_BOT, "被调试的", "", "1", ROLE_ADMIN, 0},
                 {10002, "米拉·围观", "", "9", ROLE_MEMBER, 0},
             }},
        },
};

enum { WORLD_AGE = 400 * 24 * 3600 }; /* everyone joined that many seconds ago */

void world_init(struct world *world, int64_t now)
{
    *world = beginning;
    world->since = now - WORLD_AGE;
}

const struct person *world_person(const struct world *world, int64_t user_id)
{
    for (size_t i = 0; i < WORLD_PEOPLE; i++) {
        if (world->people[i].user_id == user_id)
            return &world->people[i];
    }
    return NULL;
}

struct group *world_group(struct world *world, int64_t group_id)
{
    for (size_t i = 0; i < WORLD_GROUPS; i++) {
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

const char *world_role_name(enum world_role role)
{
    static const char *const names[] = {"member", "admin", "owner"};
    return names[role];
}

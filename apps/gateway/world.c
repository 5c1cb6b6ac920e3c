/* world.c - who there is: the people, which of them are accounts of bots, the groups.
 * Gateway, ground. Linear scans: a hundred people at most, and twenty groups. */
/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"

#define MEMBER(id, card, title, level, role)         \
    {                                                \
        id, card, title, level, role, 0, 0, -1, 0, 0 \
    }

static const struct person people[] = {
    {WORLD_BOT, "小协", "unknown", "127.0.0.1", "", 1, false},
    {10001, "林晚", "female", "杭州", "晚晚", 27, true},
    {10002, "Mira", "female", "上海", "米拉", 31, true},
    {10003, "老K", "male", "成都", "", 42, true},
    {10004, "念念", "female", "广州", "", 19, true},
    {10005, "Otto", "male", "Berlin", "奥托", 35, true},
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
    world->person_count = world->account_count = world->group_count = 0;
    world_add_person(world, &people[0]);
    (void)world_open_account(world, WORLD_BOT, ""); /* there is room */
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

/* What an account has with somebody whom it did not know. */
static void meet(struct world *world, struct account *account, const struct person *person)
{
    struct tie *tie = &account->ties[person - world->people];
    memset(tie, 0, sizeof *tie);
    tie->friend = person->friend && person->user_id != account->user_id;
    if (account == world->accounts)
        memcpy(tie->remark, person->remark, sizeof tie->remark);
}

struct person *world_add_person(struct world *world, const struct person *person)
{
    if (world->person_count == WORLD_PEOPLE)
        return NULL;
    struct person *added = &world->people[world->person_count++];
    *added = *person;
    for (size_t i = 0; i < world->account_count; i++)
        meet(world, &world->accounts[i], added);
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
    parse_repair(added->name);
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

/* --- accounts ----------------------------------------------------------------------- */

/* One that is open or was. */
static struct account *find_account(struct world *world, int64_t user_id)
{
    for (size_t i = 0; i < world->account_count; i++) {
        if (world->accounts[i].user_id == user_id)
            return &world->accounts[i];
    }
    return NULL;
}

struct account *world_account(struct world *world, int64_t user_id)
{
    struct account *account = find_account(world, user_id);
    return account && account->open ? account : NULL;
}

bool world_is_account(const struct world *world, int64_t user_id)
{
    return world_account((struct world *)world, user_id); /* which looks only */
}

/* The person of a new account's number; NULL: there is no room. */
static struct person *person_of(struct world *world, int64_t user_id)
{
    const struct person new = {
        .user_id = user_id, .nickname = "", .sex = "unknown", .area = "127.0.0.1", .age = 1};
    struct person *person = (struct person *)world_person(world, user_id); /* as the world is */
    return person ? person : world_add_person(world, &new);
}

static void begin_account(struct world *world, struct account *account)
{
    account->nickname[0] = 0;
    for (size_t i = 0; i < world->person_count; i++)
        meet(world, account, &world->people[i]);
    for (size_t i = 0; i < world->account_count; i++)
        world_befriend(world, account->user_id, world->accounts[i].user_id,
                       &world->accounts[i] != account);
}

int world_open_account(struct world *world, int64_t user_id, const char *nickname)
{
    struct account *account = find_account(world, user_id);
    if (!account && world->account_count == WORLD_ACCOUNTS)
        return -ENOSPC;
    struct person *person = person_of(world, user_id);
    if (!person)
        return -ENOSPC;
    if (!account) {
        account = &world->accounts[world->account_count++];
        account->user_id = user_id;
        begin_account(world, account);
    }
    if (*nickname || !*person->nickname) {
        if (*nickname)
            snprintf(account->nickname, sizeof account->nickname, "%s", nickname);
        else
            snprintf(account->nickname, sizeof account->nickname, "%lld", (long long)user_id);
        parse_repair(account->nickname); /* where it was cut */
        person->nickname = account->nickname;
    }
    account->open = true;
    return 0;
}

void world_close_account(struct account *account)
{
    account->open = false;
}

struct tie *world_tie(struct world *world, struct account *account, int64_t user_id)
{
    const struct person *person = world_person(world, user_id);
    return person ? &account->ties[person - world->people] : NULL;
}

static const struct tie *tie_between(struct world *world, int64_t account_id, int64_t user_id)
{
    struct account *account = world_account(world, account_id);
    return account ? world_tie(world, account, user_id) : NULL;
}

bool world_friends(struct world *world, int64_t one, int64_t other)
{
    const struct tie *tie = tie_between(world, one, other);
    tie = tie ? tie : tie_between(world, other, one);
    return tie && tie->friend;
}

void world_befriend(struct world *world, int64_t one, int64_t other, bool friend)
{
    struct account *first = find_account(world, one), *second = find_account(world, other);
    struct tie *tie = first ? world_tie(world, first, other) : NULL;
    struct tie *back = second ? world_tie(world, second, one) : NULL;
    if (tie)
        tie->friend = friend;
    if (back)
        back->friend = friend;
}

struct group *world_common_group(struct world *world, int64_t one, int64_t other)
{
    for (size_t i = 0; i < world->group_count; i++) {
        struct group *group = &world->groups[i];
        if (world_member(group, one) && world_member(group, other))
            return group;
    }
    return NULL;
}

const char *world_role_name(enum world_role role)
{
    static const char *const names[] = {"member", "admin", "owner"};
    return names[role];
}

/* qq_people.c - the people of a test's QQ: who they are, and what they do.
 * Kit, third floor. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot.h"
#include "chat.h"
#include "clock.h"
#include "event.h"
#include "gateway.h"
#include "qq.h"
#include "table.h"

enum { FIRST_PERSON = 10001, FIRST_GROUP = 20001, NAMES = 4, NAME = 160 };

_Static_assert((int)ONEBOT_TEST_PEOPLE == WORLD_PEOPLE - 1, "all but the bot");
_Static_assert((int)ONEBOT_TEST_NAME == WORLD_NAME - 1, "with the 0");
_Static_assert((int)ONEBOT_TEST_GROUPS == (int)WORLD_GROUPS, "as the header says");

/* --- names -------------------------------------------------------------------------- */

/* Room for a few names at a time, so that a line can have several. */
static char *name_room(void)
{
    static _Thread_local char rooms[NAMES][NAME];
    static _Thread_local unsigned next;
    return rooms[next++ % NAMES];
}

const char *kit_qq_name(struct onebot_test *t, int64_t user_id)
{
    const struct person *person = world_person(&t->gateway->world, user_id);
    char *name = name_room();
    if (user_id == WORLD_BOT)
        return "the bot";
    if (person)
        snprintf(name, NAME, "%.100s", person->nickname);
    else
        snprintf(name, NAME, "user %lld", (long long)user_id);
    return name;
}

const char *kit_qq_place(struct onebot_test *t, int64_t user_id, int64_t group_id)
{
    const struct group *group = world_group(&t->gateway->world, group_id);
    const char *who = kit_qq_name(t, user_id);
    char *place = name_room();
    if (group)
        snprintf(place, NAME, "%.70s in %.70s", who, group->name);
    else if (group_id)
        snprintf(place, NAME, "%.70s in group %lld", who, (long long)group_id);
    else
        snprintf(place, NAME, "%.70s in private", who);
    return place;
}

/* --- who there is ------------------------------------------------------------------- */

int64_t(onebot_test_bot)(struct onebot_test *t)
{
    (void)t;
    return WORLD_BOT;
}

static bool check_name(struct onebot_test *t, const char *name)
{
    if (strlen(name) > ONEBOT_TEST_NAME)
        return kit_fail(t, "a name has at most %d bytes", ONEBOT_TEST_NAME);
    return parse_utf8(name) || kit_fail(t, "a name must be UTF-8");
}

int64_t(onebot_test_person)(struct onebot_test *t, const char *nickname)
{
    struct world *world = &t->gateway->world;
    if (t->failed || !check_name(t, nickname))
        return 0;
    struct kit_line *name = kit_list_add(&t->names, sizeof *name);
    if (name)
        name->text = strdup(nickname);
    if (!name || !name->text)
        return kit_no_memory(t);
    struct person person = {.user_id = FIRST_PERSON + (int64_t)world->person_count - 1,
                            .nickname = name->text,
                            .sex = "unknown",
                            .area = "",
                            .age = 20,
                            .friend = true};
    if (!world_add_person(world, &person))
        return kit_fail(t, "there are %d people already", ONEBOT_TEST_PEOPLE);
    return person.user_id;
}

bool(onebot_test_friend)(struct onebot_test *t, int64_t user_id, bool friend_of_bot)
{
    struct world *world = &t->gateway->world;
    if (t->failed)
        return false;
    if (!world_person(world, user_id) || user_id == WORLD_BOT)
        return kit_fail(t, "there is no person %lld", (long long)user_id);
    world_befriend(world, WORLD_BOT, user_id, friend_of_bot);
    return true;
}

static bool enter(struct onebot_test *t, struct group *group, int64_t user_id, enum world_role role)
{
    struct member *member = world_member(group, user_id);
    if (!world_person(&t->gateway->world, user_id))
        return kit_fail(t, "there is no person %lld", (long long)user_id);
    if (!member)
        member = world_join(group, user_id, clock_now());
    member->role = role;
    return true;
}

int64_t(onebot_test_group)(struct onebot_test *t, const char *name, const int64_t *people)
{
    struct world *world = &t->gateway->world;
    if (t->failed || !check_name(t, name))
        return 0;
    struct group *group = world_add_group(world, FIRST_GROUP + (int64_t)world->group_count, name);
    if (!group)
        return kit_fail(t, "there are %d groups already", ONEBOT_TEST_GROUPS);
    group->anonymous = true;
    for (size_t i = 0; people && people[i]; i++) {
        if (!enter(t, group, people[i], i ? ROLE_MEMBER : ROLE_OWNER))
            return 0;
    }
    return enter(t, group, WORLD_BOT, ROLE_MEMBER) ? group->group_id : 0;
}

bool(onebot_test_rank)(struct onebot_test *t, int64_t group_id, int64_t user_id,
                       enum onebot_rank rank)
{
    static const enum world_role roles[] = {
        [ONEBOT_ANYBODY] = ROLE_MEMBER, [ONEBOT_ADMIN] = ROLE_ADMIN, [ONEBOT_OWNER] = ROLE_OWNER};
    struct group *group = world_group(&t->gateway->world, group_id);
    if (t->failed)
        return false;
    if (!group)
        return kit_fail(t, "there is no group %lld", (long long)group_id);
    if ((unsigned)rank >= sizeof roles / sizeof *roles)
        return kit_fail(t, "a group has members, admins and an owner");
    return enter(t, group, user_id, roles[rank]);
}

bool kit_qq_check_hearer(struct onebot_test *t, int64_t user_id, int64_t group_id)
{
    struct world *world = &t->gateway->world;
    struct group *group = world_group(world, group_id);
    if (!world_person(world, user_id) || user_id == WORLD_BOT)
        return kit_fail(t, "there is no person %lld who could hear", (long long)user_id);
    if (group_id && !group)
        return kit_fail(t, "there is no group %lld", (long long)group_id);
    if (group && !world_member(group, user_id))
        return kit_fail(t, "%s hears nothing in %s: no member", kit_qq_name(t, user_id),
                        group->name);
    return true;
}

/* --- what they do ------------------------------------------------------------------- */

int64_t kit_qq_say(struct onebot_test *t, int64_t user_id, int64_t group_id, json_t *segments)
{
    const struct place place = {.group_id = group_id, .target_id = WORLD_BOT};
    struct refusal refusal = {0};
    if (!segments)
        return kit_no_memory(t);
    int64_t id = chat_say(t->gateway, user_id, &place, segments, &refusal);
    json_decref(segments);
    if (!id && refusal.status == 500)
        return kit_no_memory(t);
    if (!id)
        return kit_fail(t, "%s cannot say that: %s", kit_qq_place(t, user_id, group_id),
                        refusal.why);
    const struct message *message = history_get(&t->gateway->history, id);
    kit_story(t, "%s: %s", kit_qq_place(t, user_id, group_id), message->text);
    return t->failed ? 0 : id;
}

bool kit_qq_act(struct onebot_test *t, int64_t user_id, const char *action, json_t *params)
{
    struct call call = {.gateway = t->gateway, .self = user_id, .params = params};
    action_fn *run = table_find(action, strlen(action), TABLE_PERSON);
    if (!run || user_id == WORLD_BOT || !world_person(&t->gateway->world, user_id)) {
        json_decref(params);
        if (!run)
            return kit_fail(t, "people cannot do \"%s\"", action);
        return kit_fail(t, "%s is nobody who could do that", kit_qq_name(t, user_id));
    }
    json_t *data = run(&call);
    char *text = json_dumps(params, JSON_COMPACT);
    kit_story(t, "%s does %s %s", kit_qq_name(t, user_id), action, text ? text : "");
    free(text);
    json_decref(params);
    json_decref(data);
    if (data)
        return !t->failed;
    if (!call.retcode)
        return kit_no_memory(t);
    return kit_fail(t, "%s cannot do %s: %s", kit_qq_name(t, user_id), action, call.why);
}

bool kit_qq_emit(struct onebot_test *t, json_t *event)
{
    json_t *common = json_pack("{s:I}", "time", (json_int_t)clock_now());
    int failed = event && common ? json_object_update(common, event) : -1;
    json_decref(event);
    if (failed) {
        json_decref(common);
        return kit_no_memory(t);
    }
    event_emit_to(t->gateway, WORLD_BOT, common);
    return true;
}

bool(onebot_test_joins)(struct onebot_test *t, int64_t user_id, int64_t group_id)
{
    struct group *group = world_group(&t->gateway->world, group_id);
    if (!kit_bot_meets(t))
        return false;
    if (!group)
        return kit_fail(t, "there is no group %lld", (long long)group_id);
    if (world_member(group, user_id))
        return kit_fail(t, "%s is in %s already", kit_qq_name(t, user_id), group->name);
    if (!enter(t, group, user_id, ROLE_MEMBER))
        return false;
    kit_story(t, "%s comes into %s", kit_qq_name(t, user_id), group->name);
    json_t *event =
        event_new("notice", "group_increase", user_id == WORLD_BOT ? "invite" : "approve",
                  "{s:I, s:I, s:I}", "group_id", (json_int_t)group_id, "operator_id",
                  (json_int_t)group->members[0].user_id, "user_id", (json_int_t)user_id);
    if (!event)
        return kit_no_memory(t);
    event_emit(t->gateway, event);
    return !t->failed;
}

/* --- requests ----------------------------------------------------------------------- */

bool kit_qq_answered(const struct onebot_test *t, int64_t user_id, bool *found, bool *approved)
{
    const struct gateway *gateway = t->gateway;
    for (int64_t at = gateway->requests.last;
         at > 0 && at > gateway->requests.last - GATEWAY_REQUESTS; at--) {
        const struct request *request = &gateway->requests.ring[at % GATEWAY_REQUESTS];
        if (request->user_id != user_id)
            continue;
        *found = true;
        *approved = request->approved;
        return request->kind == REQUEST_ANSWERED;
    }
    *found = false;
    return false;
}

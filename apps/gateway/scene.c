/* scene.c - what pages are shown of the world: the people, the accounts, the groups.
 * Gateway, second floor. The text last told is kept: comparing it finds every change. */
/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <string.h>

/* list with item, both taken; NULL without memory, for a list that lacks one would be a lie. */
static json_t *with(json_t *list, json_t *item)
{
    if (json_array_append_new(list, item) == 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *people(const struct world *world)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < world->person_count; i++) {
        const struct person *person = &world->people[i];
        list = with(list, json_pack("{s:I, s:s}", "user_id", (json_int_t)person->user_id,
                                    "nickname", person->nickname));
    }
    return list;
}

/* The friends of an account, by their numbers. */
static json_t *friends(const struct world *world, const struct account *account)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < world->person_count; i++) {
        if (account->ties[i].friend)
            list = with(list, json_integer(world->people[i].user_id));
    }
    return list;
}

static json_t *accounts(const struct gateway *gateway)
{
    const struct world *world = &gateway->world;
    json_t *list = json_array();
    for (size_t i = 0; list && i < world->account_count; i++) {
        const struct account *account = &world->accounts[i];
        if (account->open)
            list = with(list, json_pack("{s:I, s:b, s:o}", "user_id", (json_int_t)account->user_id,
                                        "report_self", gateway->seats[i].report_self, "friends",
                                        friends(world, account)));
    }
    return list;
}

static json_t *members(const struct group *group)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < group->count; i++) {
        const struct member *member = &group->members[i];
        list = with(list,
                    json_pack("{s:I, s:s, s:s, s:s, s:I}", "user_id", (json_int_t)member->user_id,
                              "card", member->card, "role", world_role_name(member->role), "title",
                              member->title, "muted_until", (json_int_t)member->muted_until));
    }
    return list;
}

static json_t *groups(const struct world *world)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < world->group_count; i++) {
        const struct group *group = &world->groups[i];
        list = with(list, json_pack("{s:I, s:s, s:b, s:o}", "group_id", (json_int_t)group->group_id,
                                    "name", group->name, "muted", group->muted, "members",
                                    members(group)));
    }
    return list;
}

json_t *scene_show(const struct gateway *gateway, const char *kind)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "kind", kind, "people", people(&gateway->world),
                     "accounts", accounts(gateway), "groups", groups(&gateway->world));
}

/* Keep the frame (taken) as what pages know. false: they knew it, or there was no memory; then
 * nothing is known of what they know, and the next one is news. */
static bool keep(struct gateway *gateway, struct frame *frame)
{
    if (frame && gateway->scene && strcmp(gateway->scene->text, frame->text) == 0) {
        frame_unref(frame);
        return false;
    }
    frame_unref(gateway->scene);
    gateway->scene = frame;
    return frame;
}

void scene_known(struct gateway *gateway)
{
    (void)keep(gateway, frame_take(scene_show(gateway, "world")));
}

void scene_tell(struct gateway *gateway)
{
    if (gateway->viewers.count && keep(gateway, frame_take(scene_show(gateway, "world"))))
        audience_put(&gateway->viewers, gateway->scene);
}

void scene_fini(struct gateway *gateway)
{
    frame_unref(gateway->scene);
}

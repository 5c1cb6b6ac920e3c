/* world.h - who there is: the bot's account, the people, the groups and their members.
 * Gateway, ground. A little world that changes: names, roles, who is in a group and who is a
 * friend. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_WORLD_H
#define GATEWAY_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORLD_BOT = 10000,
    /* The most there can be; the beginning has a few. */
    WORLD_PEOPLE = 100, /* the bot's account among them */
    WORLD_GROUPS = 20,
    WORLD_HONORS = 3,
    /* The longest names [bytes, with the 0], about those of QQ. */
    WORLD_NAME = 64,
    WORLD_TITLE = 20,
};

struct person {
    int64_t user_id;
    const char *nickname, *sex, *area;
    char remark[WORLD_NAME];
    int age;
    bool friend; /* of the bot */
    struct {
        int64_t day; /* since 1970 */
        int count;
    } likes; /* that the bot gave on one day */
};

enum world_role { ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER };

struct member {
    int64_t user_id;
    char card[WORLD_NAME], title[WORLD_TITLE];
    const char *level;
    enum world_role role;
    /* Seconds since 1970; 0: never. */
    int64_t joined, last_sent;
    int64_t title_until;               /* -1: for ever */
    int64_t muted_until, masked_until; /* masked: muted when they speak anonymously */
};

struct group {
    int64_t group_id;
    char name[WORLD_NAME];
    bool muted;                   /* all but owner and admins are */
    bool anonymous;               /* speaking without a name is allowed */
    int64_t honors[WORLD_HONORS]; /* who is talkative, performer, emotion; 0: nobody */
    int64_t barred[WORLD_PEOPLE]; /* who may not ask to join any more; 0: a free place */
    size_t count;
    struct member members[WORLD_PEOPLE];
};

struct world {
    size_t person_count, group_count;
    struct person people[WORLD_PEOPLE]; /* the first is the bot */
    struct group groups[WORLD_GROUPS];
};

/* The world at its beginning; now is seconds since 1970. */
void world_init(struct world *world, int64_t now);
/* One that has nobody but the bot in it. */
void world_empty(struct world *world);

/* One more, whose id must be new; strings of a person are borrowed. NULL: there is no room. */
struct person *world_add_person(struct world *world, const struct person *person);
struct group *world_add_group(struct world *world, int64_t group_id, const char *name);

/* Each of these returns NULL when there is none. */
const struct person *world_person(const struct world *world, int64_t user_id);
struct person *world_change_person(struct world *world, int64_t user_id);
struct group *world_group(struct world *world, int64_t group_id);
struct member *world_member(struct group *group, int64_t user_id);

/* A new member without a card, who must not be one. */
struct member *world_join(struct group *group, int64_t user_id, int64_t now);
/* No longer a member; pointers to members of the group are not valid any more. */
void world_leave(struct group *group, struct member *member);

/* That somebody may not ask to join any more. */
void world_bar(struct group *group, int64_t user_id);
bool world_barred(const struct group *group, int64_t user_id);

/* "owner", "admin", "member". */
const char *world_role_name(enum world_role role);

#endif

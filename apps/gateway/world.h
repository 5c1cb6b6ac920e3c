/* world.h - who there is: the bot's account, the people, the groups and their members.
 * Gateway, ground. A fixed little world; only names of members and times of speech change. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_WORLD_H
#define GATEWAY_WORLD_H

#include <stddef.h>
#include <stdint.h>

enum { WORLD_BOT = 10000, WORLD_PEOPLE = 6, WORLD_GROUPS = 2 };

struct person {
    int64_t user_id;
    const char *nickname, *remark, *sex, *area;
    int age;
};

enum world_role { ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER };

struct member {
    int64_t user_id;
    const char *card, *title, *level;
    enum world_role role;
    int64_t last_sent; /* seconds since 1970, 0: never */
};

struct group {
    int64_t group_id;
    const char *name;
    size_t count;
    struct member members[WORLD_PEOPLE];
};

struct world {
    int64_t since;                      /* when everyone joined, seconds since 1970 */
    struct person people[WORLD_PEOPLE]; /* the first is the bot */
    struct group groups[WORLD_GROUPS];
};

/* The world at its beginning; now is seconds since 1970. */
void world_init(struct world *world, int64_t now);

/* Each of these returns NULL when there is none. */
const struct person *world_person(const struct world *world, int64_t user_id);
struct group *world_group(struct world *world, int64_t group_id);
struct member *world_member(struct group *group, int64_t user_id);

/* "owner", "admin", "member". */
const char *world_role_name(enum world_role role);

#endif

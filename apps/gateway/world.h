/* world.h - who there is: the people, which of them are accounts of bots, the groups.
 * Gateway, ground. A little world that changes: names, roles, who is in a group and who is a
 * friend of which account. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_WORLD_H
#define GATEWAY_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORLD_BOT = 10000, /* the account that is always there */
    /* The most there can be; the beginning has a few. */
    WORLD_PEOPLE = 100,  /* accounts among them; nobody goes */
    WORLD_ACCOUNTS = 64, /* those that were once counted */
    WORLD_GROUPS = 20,
    WORLD_HONORS = 3,
    /* The longest names [bytes, with the 0], about those of QQ. */
    WORLD_NAME = 64,
    WORLD_TITLE = 20,
};

struct person {
    int64_t user_id;
    const char *nickname, *sex, *area;
    /* What accounts that meet them begin with: see struct tie. */
    char remark[WORLD_NAME]; /* of the first account alone */
    int age;
    bool friend;
};

/* What an account has with one person. */
struct tie {
    bool friend;
    char remark[WORLD_NAME]; /* the account's name for them */
    struct {
        int64_t day; /* since 1970 */
        int count;
    } likes; /* that the account gave on one day */
};

/* A person that bots are, or were. */
struct account {
    int64_t user_id;
    bool open;                     /* bots may be it now */
    char nickname[WORLD_NAME];     /* one that it was given */
    struct tie ties[WORLD_PEOPLE]; /* by the person's place among the people */
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
    size_t person_count, account_count, group_count;
    struct person people[WORLD_PEOPLE];
    struct account accounts[WORLD_ACCOUNTS]; /* the first is WORLD_BOT, and always open */
    struct group groups[WORLD_GROUPS];
};

/* The world at its beginning; now is seconds since 1970. */
void world_init(struct world *world, int64_t now);
/* One that has nobody but the first account in it. */
void world_empty(struct world *world);

/* One more, whose id must be new; strings of a person are borrowed. NULL: there is no room. */
struct person *world_add_person(struct world *world, const struct person *person);
struct group *world_add_group(struct world *world, int64_t group_id, const char *name);

/* Each of these returns NULL when there is none. */
const struct person *world_person(const struct world *world, int64_t user_id);
struct group *world_group(struct world *world, int64_t group_id);
struct member *world_member(struct group *group, int64_t user_id);

/* A new member without a card, who must not be one. */
struct member *world_join(struct group *group, int64_t user_id, int64_t now);
/* No longer a member; pointers to members of the group are not valid any more. */
void world_leave(struct group *group, struct member *member);

/* That somebody may not ask to join any more. */
void world_bar(struct group *group, int64_t user_id);
bool world_barred(const struct group *group, int64_t user_id);

/* --- accounts ----------------------------------------------------------------------- */

/* The open account of that number; NULL: there is none. */
struct account *world_account(struct world *world, int64_t user_id);
bool world_is_account(const struct world *world, int64_t user_id);

/* Make somebody an account, who becomes a friend of everyone; a number that is nobody's becomes a
 * person first. nickname "": what it was, or the number. One that is open is only renamed.
 * errors  -ENOSPC  there are WORLD_PEOPLE, or WORLD_ACCOUNTS, already */
int world_open_account(struct world *world, int64_t user_id, const char *nickname);
/* No account any more, but a person. What it had with others is kept for the next time. */
void world_close_account(struct account *account);

/* What account has with that person; NULL: there is no such person. */
struct tie *world_tie(struct world *world, struct account *account, int64_t user_id);
/* Is one of them an account that is the other's friend? */
bool world_friends(struct world *world, int64_t one, int64_t other);
/* That they are, or are not; said to each of them that is an account. */
void world_befriend(struct world *world, int64_t one, int64_t other, bool friend);
/* A group that both are in; NULL: none. */
struct group *world_common_group(struct world *world, int64_t one, int64_t other);

/* "owner", "admin", "member". */
const char *world_role_name(enum world_role role);

#endif

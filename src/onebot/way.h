/* way.h - one way to communicate, as it was configured.
 * Floor 9. Made by ways.c; worked by the file for its kind, in a task of its own. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_WAY_H
#define XIE_ONEBOT_WAY_H

#include "onebot/bot.h"

enum onebot_kind_of_way { ONEBOT_FORWARD, ONEBOT_HTTP, ONEBOT_LISTEN };

enum { ONEBOT_WAY_NAME = 128 };

struct onebot_way {
    struct xie_link link; /* of the program's, or of those that a change makes or ends */
    struct onebot_program *program;
    struct onebot_endpoint endpoint; /* with what the options say for all filled in; its strings */
    char *strings;                   /* are these */
    enum onebot_kind_of_way kind;
    char name[ONEBOT_WAY_NAME];    /* for the log: without what may be a secret */
    struct onebot_bot *bot;        /* whose a connection of it is before it says so */
    struct onebot_bot *own;        /* that was made for it; NULL: none */
    int64_t heartbeat_ns;          /* last announced, when we connect; 0: none */
    uint64_t source;               /* number of what comes by HTTP POST */
    struct xie_listener *listener; /* one that listens by itself; NULL: not yet */
    struct xie_link links;         /* its WebSockets: see listen.c */
    size_t unproved;               /* bodies being read that are to be signed: see post.c */

    bool stays;              /* for a change: the new options have it too */
    struct onebot_way *heir; /* for a change: gets its listener */
    bool started, leaving;   /* its task was; it was stopped */
    struct xie_scope *scope; /* around its work, while that runs */
    struct xie_event begin;  /* set: it may work */
    struct xie_event ended;  /* set: its task has let go of it */
};

/**
 * What an endpoint asks for, checked. Nothing is opened yet.
 *
 * way     receives it; untouched on error
 * errors  XIE_EURL, -EINVAL, -EPROTONOSUPPORT: said in the log; -ENOMEM
 */
int onebot_way_new(struct onebot_program *program, const struct onebot_endpoint *endpoint,
                   struct onebot_way **way);
/* Its task has ended, or never began. What it had opened is closed; the account that was made for
 * it goes too if nobody can know of it. NULL is allowed. */
void onebot_way_free(struct onebot_way *way);

/* Is it what this endpoint asks for? */
bool onebot_way_is(const struct onebot_way *way, const struct onebot_endpoint *endpoint);

/* One that is to listen does from now on; may wait. errors -EINVAL, those of xie_listen; not said
 */
int onebot_way_open(struct onebot_way *way);
/* Say why it does not. */
void onebot_way_say_closed(const struct onebot_way *way, int error);
/* One that connects: whose a connection of it is at first.
 * errors XIE_ELIMIT: said in the log; -ENOMEM */
int onebot_way_settle(struct onebot_way *way);
/* Take that back, before anybody has waited. */
void onebot_way_unsettle(struct onebot_way *way);

/* Its task, which waits for `begin`. errors as xie_group_spawn */
int onebot_way_start(struct onebot_way *way, struct xie_group *group);
/* Have that end; wait for `ended`. */
void onebot_way_stop(struct onebot_way *way);

#endif

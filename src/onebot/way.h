/* way.h - one way to communicate, as it was configured.
 * Floor 9. Made by run.c; worked by the file for its kind, in a task of its own. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_WAY_H
#define XIE_ONEBOT_WAY_H

#include "onebot/bot.h"

enum onebot_kind_of_way { ONEBOT_FORWARD, ONEBOT_HTTP, ONEBOT_LISTEN };

enum { ONEBOT_WAY_NAME = 128 };

struct onebot_way {
    struct onebot_program *program;
    struct onebot_endpoint endpoint; /* with what the options say for all filled in */
    enum onebot_kind_of_way kind;
    char name[ONEBOT_WAY_NAME];    /* for the log: without what may be a secret */
    struct onebot_bot *bot;        /* whose a connection of it is before it says so */
    int64_t heartbeat_ns;          /* last announced, when we connect; 0: none */
    uint64_t source;               /* number of what comes by HTTP POST */
    struct xie_listener *listener; /* one that listens */
    struct xie_link links;         /* its WebSockets: see listen.c */
    size_t unproved;               /* bodies being read that are to be signed: see post.c */
};

/**
 * What an endpoint asks for, checked and made ready; a way that listens does from now on.
 *
 * errors  XIE_EURL, -EINVAL, XIE_ELIMIT: said in the log; those of xie_listen, said too; -ENOMEM
 */
int onebot_way_init(struct onebot_way *way, struct onebot_program *program,
                    const struct onebot_endpoint *endpoint);
/* Zero is a valid one. */
void onebot_way_fini(struct onebot_way *way);

/* A task: work it until cancelled. Returns 0. */
int onebot_way_run(void *way);

#endif

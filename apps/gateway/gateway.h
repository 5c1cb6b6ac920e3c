/* gateway.h - everything that one running gateway holds.
 * Gateway, first floor. One loop, one thread: plain data, no locks. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stdbool.h>

#include <xie/address.h>

#include "fault.h"
#include "history.h"
#include "outbox.h"
#include "world.h"

enum request_kind { REQUEST_ANSWERED, REQUEST_FRIEND, REQUEST_JOIN, REQUEST_INVITE };

/* Somebody waits for an account's answer. */
struct request {
    enum request_kind kind;
    int64_t user_id, group_id; /* group_id 0: a friend's */
    int64_t account_id;        /* who may answer; 0: each that is an admin of the group */
    bool approved;             /* of one that is answered */
};

/* What the bots of one account have together. Zero is one without any. */
struct seat {
    const char *token; /* its own; NULL: the gateway's */
    bool report_self;  /* its own messages are events to it */
    struct faults faults;
    struct audience events;            /* bots that get events */
    size_t bots;                       /* open connections of any kind */
    struct xie_event ended;            /* pulsed: every connection of it ends */
    struct xie_event opened;           /* pulsed: it is an account again */
    char onebot[XIE_ADDRESS_TEXT + 8]; /* a door of its own, as a URL; "": none */
    bool restarting;                   /* its connections will end, */
    int64_t restart_ms;                /* so long after it was asked for */
};

/* Messages that are shown as one. */
struct forward {
    json_t *nodes; /* an array; a reference */
    size_t bytes;  /* as JSON */
};

/* One of a group's, or a folder. */
struct file {
    int64_t number; /* never used twice; 0: a free place */
    int64_t group_id, user_id, time, size;
    int64_t folder; /* the number of the one that it is in; 0: none */
    bool is_folder;
    char name[WORLD_NAME];
};

enum {
    GATEWAY_FILES = 100, /* and folders, of all groups */
    FILE_BUSID = 102,
    GATEWAY_REQUESTS = 100, /* the latest, which can still be answered */
    GATEWAY_FORWARDS = 100, /* the latest, which can still be read */
    GATEWAY_TEXT = 4500,    /* longest text of a message [characters], as in QQ */
    GATEWAY_SHELF = 100,    /* the latest files written for bots, which can still be read */
    SHELF_FOLDER = 200,     /* the longest name of their folder, with the 0 [bytes] */
    SHELF_NAME = 48,        /* and of one of them */
    GATEWAY_HEARTBEAT_MS = 15000,
    GATEWAY_TRAFFIC = 200,             /* calls and events kept for pages that open later */
    GATEWAY_TRAFFIC_BYTES = 16 * 1024, /* a longer one is shown to the page by its length only */
};

struct gateway;

/* A place where bots come in. */
struct door {
    struct gateway *gateway;
    const char *host;   /* the name that its option was given */
    int64_t account_id; /* whose it is; 0: the first account's, and with /ACCOUNT before each path
                           every account's */
};

/* One connection of a bot, as far as what it does is concerned. */
struct caller {
    struct gateway *gateway;
    int64_t self; /* its account, which may have been closed */
    int64_t bot;  /* the connection's number; 0: by HTTP, or not counted yet */
};

struct call;

/* Somebody who looks on, and may answer in an action's place: a test of a bot. Zero is nobody. */
struct stand_in {
    /* As an action_fn; *taken is false before, and left so for an action that goes its usual way.
     */
    json_t *(*answer)(void *arg, struct call *call, const char *action, bool *taken);
    /* A call has been answered; reply NULL: by nothing. Both are borrowed. May not wait. */
    void (*called)(void *arg, const json_t *request, const json_t *reply);
    void *arg;
};

struct gateway {
    const char *token;       /* NULL: none is asked for */
    bool auth_after_upgrade; /* refuse a token as NapCat does */
    const char *page_host;   /* the name that --page was given */
    char onebot[XIE_ADDRESS_TEXT +
                8]; /* the first door of every account, as a URL; "": each has its own */
    char page[XIE_ADDRESS_TEXT + 8]; /* where the page is, as a URL without a / at its end */
    int64_t run;             /* milliseconds since 1970 at the start: tells one run from another */
    struct xie_group *tasks; /* those that actions begin; it ends before the gateway */
    struct world world;
    struct seat seats[WORLD_ACCOUNTS]; /* by the account's place in the world */
    struct stand_in stand_in;
    struct history history;
    struct audience viewers; /* open pages */
    struct frame *scene;     /* what they know of the world; NULL: nothing yet */
    size_t bots;             /* open connections of any kind, of all */
    int64_t last_bot;        /* number given to the latest */
    struct {
        struct frame *ring[GATEWAY_TRAFFIC];
        uint64_t count; /* so far; also the number of the next */
    } traffic;
    struct {
        struct request ring[GATEWAY_REQUESTS]; /* by number modulo its length */
        int64_t last;                          /* the latest number; also its flag */
    } requests;
    struct {
        struct forward ring[GATEWAY_FORWARDS]; /* by number modulo its length */
        int64_t last;                          /* the latest number; also its id */
        int64_t dropped;                       /* the latest that is no more */
        size_t bytes;                          /* of all */
    } forwards;
    struct {
        struct file entries[GATEWAY_FILES];
        int64_t last; /* the latest number */
    } files;
    struct {
        char folder[SHELF_FOLDER]; /* "": none yet */
        char names[GATEWAY_SHELF][SHELF_NAME];
        uint64_t count; /* so far */
    } shelf;
    struct xie_queue late; /* of struct late_call: actions with the suffix _rate_limited */
    size_t late_bytes;     /* of their parameters, as JSON */
};

#endif

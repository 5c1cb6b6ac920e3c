/* call.h - one call of a OneBot action: its parameters, and how it fails.
 * Gateway, fifth floor. A wrong parameter is named in the reply. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_CALL_H
#define GATEWAY_CALL_H

#include "chat.h"
#include "gateway.h"
#include "parse.h"

enum {
    RETCODE_ASYNC = 1,     /* accepted; the outcome will not be told */
    RETCODE_REFUSED = 100, /* understood, but there is no such thing, or it is not allowed */
    RETCODE_RISK = 1200,   /* what NapCat answers */
    RETCODE_BAD_PARAMS = 1400,
    RETCODE_FORBIDDEN = 1403,
    RETCODE_NO_ACTION = 1404,
    RETCODE_BUSY = 1429, /* too many calls, or a restart, wait for their turn */
    RETCODE_NO_MEMORY = 1500,
};

struct call {
    struct gateway *gateway;
    int64_t self;         /* who acts: an account, or a person by the page's /api/act */
    const json_t *params; /* an object, or NULL */
    int retcode;          /* 0 as long as all is well */
    char why[PARSE_WHY];
};

/* return the action's data, a new reference; NULL when retcode is set, or without memory */
typedef json_t *action_fn(struct call *call);

/* Always NULL, for `return call_fail(…)`. */
__attribute__((format(printf, 3, 4))) json_t *call_fail(struct call *call, int retcode,
                                                        const char *format, ...);
/* Fail with what the chat refused. */
json_t *call_refused(struct call *call, const struct refusal *refusal);

/* A parameter, NULL when it is absent or null. */
json_t *call_param(const struct call *call, const char *name);
/* A positive id that must be there; false: the call has failed. */
bool call_id(struct call *call, const char *name, int64_t *id);
/* A boolean; absent leaves what flag holds. */
bool call_flag(struct call *call, const char *name, bool *flag);
/* An integer from least to most; absent leaves what number holds. */
bool call_number(struct call *call, const char *name, int64_t least, int64_t most, int64_t *number);
/* A string of less than size bytes, or a number as one; absent: "". */
bool call_text(struct call *call, const char *name, char *text, size_t size);

/* What the account that acts has with somebody; NULL: there is no such user, and the call has
 * failed. */
struct tie *call_tie(struct call *call, int64_t user_id);

/* The group that group_id names, and who acts as one of its members (member may be NULL); NULL:
 * the call has failed. */
struct group *call_group(struct call *call, struct member **self);
/* The member of group that user_id names; NULL: the call has failed. */
struct member *call_member(struct call *call, struct group *group);
/* May who acts do this to that member, whose role must be lower? Else the call has failed. */
bool call_outranks(struct call *call, const struct member *self, const struct member *other);
/* Has who acts at least that role? Else the call has failed. */
bool call_role(struct call *call, const struct member *self, enum world_role least);

/* The message that message_id names, as far as who acts may see it; NULL: the call has failed. */
struct message *call_message(struct call *call);
/* Is it of a group that who acts is in, or did they say or get it in private? */
bool call_may_see(const struct call *call, const struct message *message);

/* Tell those whom it concerns an event that a call made; taken. NULL (no memory): the call has
 * failed, but what it did stays done. return JSON's null, or NULL */
json_t *call_told(struct call *call, json_t *event);
/* The same, to one account alone. */
json_t *call_told_to(struct call *call, int64_t account_id, json_t *event);
/* The open account that account_id names, the first one if that is absent; NULL: the call has
 * failed. */
struct account *call_account(struct call *call);

#endif

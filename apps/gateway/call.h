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
    RETCODE_BAD_PARAMS = 1400,
    RETCODE_FORBIDDEN = 1403,
    RETCODE_NO_ACTION = 1404,
    RETCODE_BUSY = 1429, /* too many calls wait for their turn */
    RETCODE_NO_MEMORY = 1500,
};

struct call {
    struct gateway *gateway;
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

#endif

/* api_call.h - one call by HTTP: the request, and what its answer means.
 * Floor 9. Knows nothing of accounts. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_API_CALL_H
#define XIE_ONEBOT_API_CALL_H

#include <jansson.h>
#include <xie/http.h>

/* How it ended. */
struct onebot_reply_by_http {
    int error;    /* 0, or of the call: see onebot_call */
    int reason;   /* of the error, where it is the network's or the peer's; else 0 */
    int status;   /* HTTP; 0: none came */
    json_t *json; /* owned; without error */
};

/* What to send, and where. */
struct onebot_request_by_http {
    const char *base;  /* the endpoint's URL: the action is added to its path */
    const char *token; /* as in the endpoint */
    const char *action;
    const char *params; /* JSON [params_len bytes] */
    size_t params_len;
    size_t limit; /* of the answer [bytes] */
};

/* Send it and wait for the answer. */
void onebot_api_call(struct xie_http_client *client, const struct onebot_request_by_http *request,
                     struct onebot_reply_by_http *reply);

#endif

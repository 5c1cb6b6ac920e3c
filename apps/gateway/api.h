/* api.h - the page's calls, for scripts as well: say, recall, messages.
 * Gateway, fifth floor. JSON in, JSON out; every refusal says why. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_API_H
#define GATEWAY_API_H

#include <xie/web.h>

#include "gateway.h"

enum {
    API_WAIT_S = 300,      /* longest wait= that GET /api/messages takes [seconds] */
    API_BODY = 512 * 1024, /* longest body of a request [bytes] */
};

/* A request's body as an object, owned; NULL with the answer already given, and *result what the
 * handler has to return. */
json_t *api_body(struct xie_http *http, int *result);

/* POST /api/say {user_id, group_id?, target_id?, sub_type?, text} -> {message_id}; without group_id
 * in private to target_id, an account (the first one). sub_type is that of the message's event;
 * instead of text, message may be segments, or a string with CQ codes */
int api_say(struct xie_http *http, struct gateway *gateway);

/* POST /api/recall {user_id, message_id} -> {} */
int api_recall(struct xie_http *http, struct gateway *gateway);

/* GET /api/faults?account=ID -> those that are set for that account (the first one); POST {name:
 * value, …} -> the same, all others being taken back. See fault.h */
int api_faults(struct xie_http *http, struct gateway *gateway);

/* GET /api/messages?after=ID&wait=SECONDS -> [{message_id, time, user_id, group_id, text}]
 * group_id is null in private. Narrowed by group_id=ID to a group, by with=USER_ID to the
 * private talk of that person and account=ID (the first one); account alone leaves out private
 * talks with others. Waits for the first that fits. */
int api_messages(struct xie_http *http, struct gateway *gateway);

#endif

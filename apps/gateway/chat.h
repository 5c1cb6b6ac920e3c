/* chat.h - what people and the bot do: say, send, recall.
 * Gateway, fourth floor. Checks, keeps the message, tells pages and bots. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_CHAT_H
#define GATEWAY_CHAT_H

#include "gateway.h"
#include "parse.h"

/* What was wrong with a request: a code of HTTP's kind, and words for whoever made it. */
struct refusal {
    int status; /* 0: nothing */
    char why[PARSE_WHY];
};

/**
 * A person says segments (borrowed), in a group (group_id 0: in private to the bot).
 *
 * anonymous  in a group: without a name, where that is allowed
 * return  the message's id; 0 refused: 404 no such person or group, 403 not in the group,
 *         muted, no friend, or the bot itself, 400 empty, 413 longer than GATEWAY_TEXT, 500 no
 * memory
 */
int64_t chat_say(struct gateway *gateway, int64_t user_id, int64_t group_id, bool anonymous,
                 json_t *segments, struct refusal *refusal);

/* The bot sends segments (borrowed): to a person (group_id 0) or to a group.
 * return and refusals as chat_say */
int64_t chat_send(struct gateway *gateway, int64_t user_id, int64_t group_id, json_t *segments,
                  struct refusal *refusal);

/* Take a message back: one's own, or in a group that of somebody of a lower role.
 * return true; false refused: 404 no such message, 403 not allowed, 500 no memory */
bool chat_recall(struct gateway *gateway, int64_t operator_id, int64_t message_id,
                 struct refusal *refusal);

#endif

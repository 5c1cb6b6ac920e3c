/* chat.h - what people and accounts do: say, recall.
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

/* Where somebody speaks, and how. */
struct place {
    int64_t group_id;  /* 0: in private, */
    int64_t target_id; /* to whom; one of the two must be an account */
    enum message_way way;
};

/**
 * Somebody says segments (borrowed): a person, or an account through its bots.
 *
 * return  the message's id; 0 refused: 404 no such person or group, 403 not in the group, muted, no
 *         friend, in no common group, or nobody is an account, 400 empty, or no way for that
 *         place, 413 longer than GATEWAY_TEXT, 500 no memory
 */
int64_t chat_say(struct gateway *gateway, int64_t user_id, const struct place *place,
                 json_t *segments, struct refusal *refusal);

/* Take a message back: one's own, or in a group that of somebody of a lower role.
 * return true; false refused: 404 no such message, 403 not allowed, 500 no memory */
bool chat_recall(struct gateway *gateway, int64_t operator_id, int64_t message_id,
                 struct refusal *refusal);

#endif

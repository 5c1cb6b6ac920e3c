/* event.h - the OneBot events that this gateway makes.
 * Gateway, third floor. Functions that return json_t give a new reference, NULL without memory. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_EVENT_H
#define GATEWAY_EVENT_H

#include "gateway.h"

/* Any event, without self_id: its kind ("notice" "request"), then the name of its type
 * ("group_ban"), its sub_type (NULL: none), and its own fields as json_pack. */
json_t *event_new(const char *post_type, const char *type, const char *sub_type, const char *format,
                  ...);
/* message/private or message/group, as those hear it who did not say it. */
json_t *event_message(struct gateway *gateway, const struct message *message);
/* notice/friend_recall or notice/group_recall. */
json_t *event_recall(const struct message *message, int64_t operator_id);
/* meta_event/lifecycle to one account: "connect" by WebSocket, "enable" and "disable" by HTTP
 * POST. */
json_t *event_lifecycle(int64_t self_id, const char *sub_type);

/* Who said a message, as far as it is told: MASK_NOBODY without a name. */
int64_t event_author(const struct message *message);
/* The `sender` of a message, as far as the world knows. */
json_t *event_sender(struct gateway *gateway, const struct message *message);

/* Send it to the bots of every account that it concerns, and show the pages what each is told: the
 * members of its group and its user_id, or in private its user_id and target_id. The event has no
 * self_id yet; its reference is taken; NULL is allowed and does nothing.
 * cost   for each of those accounts a copy, and its encoding */
void event_emit(struct gateway *gateway, json_t *event);
/* The same of a message; who said it is told as of their own, whatever name it has. */
void event_emit_message(struct gateway *gateway, const struct message *message);
/* To one account alone, whatever it is about and says, with its self_id unless it has one; to
 * nobody if it is no open account. */
void event_emit_to(struct gateway *gateway, int64_t account_id, json_t *event);

/* Emits heartbeats until cancelled; arg is the gateway. */
int event_beat(void *arg);

#endif

/* event.h - the OneBot events that this gateway makes.
 * Gateway, third floor. Functions that return json_t give a new reference, NULL without memory. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_EVENT_H
#define GATEWAY_EVENT_H

#include "gateway.h"

/* Any event: its kind ("notice" "request"), then the name of its type ("group_ban"), its sub_type
 * (NULL: none), and its own fields as json_pack. */
json_t *event_new(const char *post_type, const char *type, const char *sub_type, const char *format,
                  ...);
/* message/private or message/group. */
json_t *event_message(struct gateway *gateway, const struct message *message);
/* notice/friend_recall or notice/group_recall. */
json_t *event_recall(const struct message *message, int64_t operator_id);
/* meta_event/lifecycle: "connect" by WebSocket, "enable" by HTTP POST. */
json_t *event_lifecycle(const char *sub_type);
json_t *event_heartbeat(void);

/* The `sender` of a message, as far as the world knows. */
json_t *event_sender(struct gateway *gateway, const struct message *message);

/* Send it to every bot that takes events, and show it to the pages: unless it is of a group that
 * the bot is not in. event's reference is taken; NULL is allowed and does nothing. */
void event_emit(struct gateway *gateway, json_t *event);

/* Emits heartbeats until cancelled; arg is the gateway. */
int event_beat(void *arg);

#endif

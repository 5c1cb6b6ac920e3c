/* traffic.h - what passes between bots and gateway, told to the pages.
 * Gateway, second floor. Keeps the latest for pages that open later. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_TRAFFIC_H
#define GATEWAY_TRAFFIC_H

#include "gateway.h"

/* A call and its answer; took_ns from the frame's arrival to the answer's. request and reply
 * stay the caller's, request may be NULL (no JSON). Without memory the page misses one entry:
 * nothing else happens. */
void traffic_call(const struct caller *caller, const char *action, const json_t *request,
                  const json_t *reply, int64_t took_ns);
/* An event that went to `to` bots. */
void traffic_event(struct gateway *gateway, const json_t *event, size_t to);
/* A bot came ("connected"), left ("gone") or was refused ("refused"). */
void traffic_bot(const struct caller *caller, const char *state, const char *peer,
                 const char *path);

/* The number of the oldest entry kept; gateway->traffic.count is that of the next. */
uint64_t traffic_oldest(const struct gateway *gateway);
/* One entry by number, borrowed; NULL when it is forgotten or has not happened. */
struct frame *traffic_get(const struct gateway *gateway, uint64_t seq);
void traffic_fini(struct gateway *gateway);

#endif

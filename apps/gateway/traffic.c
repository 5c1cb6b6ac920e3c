/* traffic.c - what passes between bots and gateway, told to the pages.
 * Gateway, second floor. Each entry is one frame, encoded when it happens. */
/* SPDX-License-Identifier: MIT */
#include "traffic.h"

#include <stdio.h>
#include <time.h>

#include "parse.h"
#include "remark.h"

/* Milliseconds since 1970, for people. */
static json_int_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (json_int_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What the page is shown of json: itself, or how long it would have been; null for NULL. */
static json_t *shown(const json_t *json)
{
    if (!json)
        return json_null();
    size_t len = json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    if (len <= GATEWAY_TRAFFIC_BYTES)
        return json_incref((json_t *)json);
    return json_sprintf("(%zu bytes)", len);
}

static void tell(struct gateway *gateway, json_t *entry)
{
    struct frame **slot = &gateway->traffic.ring[gateway->traffic.count % GATEWAY_TRAFFIC];
    struct frame *frame = frame_take(entry);
    if (!frame)
        return;
    frame_unref(*slot);
    *slot = frame;
    gateway->traffic.count++;
    audience_put(&gateway->viewers, frame);
}

void traffic_call(const struct caller *caller, const char *action, const json_t *request,
                  const json_t *reply, int64_t took_ns)
{
    struct gateway *gateway = caller->gateway;
    char name[FAULT_ACTION]; /* the action's, which may be as long as a message */
    snprintf(name, sizeof name, "%s", action);
    parse_repair(name);
    tell(gateway, json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:o, s:o, s:I}", "kind", "call", "seq",
                            (json_int_t)gateway->traffic.count, "time", wall_ms(), "self_id",
                            (json_int_t)caller->self, "bot", (json_int_t)caller->bot, "action",
                            name, "request", shown(request), "reply", shown(reply), "took_us",
                            (json_int_t)(took_ns / 1000)));
}

void traffic_event(struct gateway *gateway, const json_t *event, size_t to)
{
    tell(gateway,
         json_pack("{s:s, s:I, s:I, s:O*, s:o, s:I}", "kind", "event", "seq",
                   (json_int_t)gateway->traffic.count, "time", wall_ms(), "self_id",
                   json_object_get(event, "self_id"), "event", shown(event), "to", (json_int_t)to));
}

/* Connections of the same account. */
static size_t own_bots(const struct caller *caller)
{
    struct gateway *gateway = caller->gateway;
    const struct account *account = world_account(&gateway->world, caller->self);
    return account ? gateway->seats[account - gateway->world.accounts].bots : 0;
}

void traffic_bot(const struct caller *caller, const char *state, const char *peer, const char *path)
{
    struct gateway *gateway = caller->gateway;
    remark("bot %lld %s (%s, path %s)", (long long)caller->bot, state, peer, path);
    tell(gateway, json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:I, s:I}", "kind", "bot",
                            "seq", (json_int_t)gateway->traffic.count, "time", wall_ms(), "self_id",
                            (json_int_t)caller->self, "bot", (json_int_t)caller->bot, "state",
                            state, "peer", peer, "path", path, "bots", (json_int_t)gateway->bots,
                            "own_bots", (json_int_t)own_bots(caller)));
}

uint64_t traffic_oldest(const struct gateway *gateway)
{
    uint64_t count = gateway->traffic.count;
    return count > GATEWAY_TRAFFIC ? count - GATEWAY_TRAFFIC : 0;
}

struct frame *traffic_get(const struct gateway *gateway, uint64_t seq)
{
    if (seq < traffic_oldest(gateway) || seq >= gateway->traffic.count)
        return NULL;
    return gateway->traffic.ring[seq % GATEWAY_TRAFFIC];
}

void traffic_fini(struct gateway *gateway)
{
    for (size_t i = 0; i < GATEWAY_TRAFFIC; i++)
        frame_unref(gateway->traffic.ring[i]);
}

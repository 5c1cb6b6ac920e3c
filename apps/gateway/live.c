/* live.c - what an open page is told, as it happens.
 * Gateway, third floor. The past is sent from the frames kept: nothing is encoded again. */
/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <stdio.h>

#include "scene.h"
#include "socket.h"
#include "traffic.h"

enum {
    LIVE_PAST = 500,                   /* messages sent to a page that opens */
    LIVE_PAST_BYTES = 8 * 1024 * 1024, /* and about their most bytes */
    LIVE_MESSAGE = 4096,               /* a page says nothing on this socket */
};

/* How many bots each account has: {number: count}, of those that have some. */
static json_t *bots_of(const struct gateway *gateway)
{
    json_t *counts = json_object();
    for (size_t i = 0; counts && i < gateway->world.account_count; i++) {
        char number[24];
        const struct seat *seat = &gateway->seats[i];
        snprintf(number, sizeof number, "%lld", (long long)gateway->world.accounts[i].user_id);
        if (seat->bots &&
            json_object_set_new(counts, number, json_integer((json_int_t)seat->bots))) {
            json_decref(counts);
            return NULL;
        }
    }
    return counts;
}

/* The doors of single accounts. */
static json_t *doors_of(const struct gateway *gateway)
{
    json_t *doors = json_object();
    for (size_t i = 0; doors && i < gateway->world.account_count; i++) {
        char number[24];
        const struct seat *seat = &gateway->seats[i];
        snprintf(number, sizeof number, "%lld", (long long)gateway->world.accounts[i].user_id);
        if (*seat->onebot && json_object_set_new(doors, number, json_string(seat->onebot))) {
            json_decref(doors);
            return NULL;
        }
    }
    return doors;
}

/* `run` tells a page that comes back whether this is the gateway it knew; `seq`, which entries
 * of the traffic are news. */
static struct frame *hello(const struct gateway *gateway)
{
    json_t *words = scene_show(gateway, "hello");
    json_t *more =
        json_pack("{s:I, s:I, s:I, s:I, s:o, s:s, s:o, s:i}", "run", (json_int_t)gateway->run,
                  "seq", (json_int_t)gateway->traffic.count, "bot_id", (json_int_t)WORLD_BOT,
                  "bots", (json_int_t)gateway->bots, "bots_of", bots_of(gateway), "onebot",
                  gateway->onebot, "onebot_of", doors_of(gateway), "text_max", GATEWAY_TEXT);
    int failed = words && more ? json_object_update(words, more) : -1;
    json_decref(more);
    if (!failed)
        return frame_take(words);
    json_decref(words);
    return NULL;
}

/* Where the past that is worth sending begins. */
static int64_t past(const struct history *history)
{
    int64_t id = history->next;
    size_t bytes = 0;
    while (id > history->oldest && history->next - id < LIVE_PAST && bytes < LIVE_PAST_BYTES)
        bytes += history->ring[--id % HISTORY_MESSAGES]->frame->len;
    return id;
}

/* Queue and give up a frame. */
static int put(struct socket *socket, struct frame *frame)
{
    int result = outbox_put(&socket->out, frame);
    frame_unref(frame);
    return result;
}

/* The page joins first and takes everything by its number, for a put may wait and the world
 * go on: what it is then told twice is equal, or newer the second time. */
static int live_begin(struct socket *socket, void *arg)
{
    struct gateway *gateway = arg;
    struct history *history = &gateway->history;
    scene_known(gateway);
    int result = put(socket, hello(gateway));
    if (result < 0)
        return result;
    audience_join(&gateway->viewers, &socket->out);
    uint64_t seq = traffic_oldest(gateway), calls_end = gateway->traffic.count;
    int64_t id = past(history), messages_end = history->next;
    for (; result == 0 && seq < calls_end; seq++) {
        struct frame *entry = traffic_get(gateway, seq);
        result = entry ? put(socket, frame_ref(entry)) : 0;
    }
    for (; result == 0 && id < messages_end; id++) {
        if (id >= history->oldest)
            result = put(socket, frame_ref(history->ring[id % HISTORY_MESSAGES]->frame));
    }
    return result == 0 ? put(socket, frame_take(json_pack("{s:s}", "kind", "ready"))) : result;
}

int live_request(struct xie_http *http, struct gateway *gateway)
{
    return socket_serve(http, "page", LIVE_MESSAGE, live_begin, NULL, gateway);
}

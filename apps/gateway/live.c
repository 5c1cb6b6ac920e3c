/* live.c - what an open page is told, as it happens.
 * Gateway, third floor. The past is sent from the frames kept: nothing is encoded again. */
/* SPDX-License-Identifier: MIT */
#include "live.h"

#include "socket.h"
#include "traffic.h"

enum {
    LIVE_PAST = 500,                   /* messages sent to a page that opens */
    LIVE_PAST_BYTES = 8 * 1024 * 1024, /* and about their most bytes */
    LIVE_MESSAGE = 4096,               /* a page says nothing on this socket */
};

static json_t *people(const struct world *world)
{
    json_t *list = json_array();
    for (size_t i = 0; i < WORLD_PEOPLE; i++) {
        const struct person *person = &world->people[i];
        json_array_append_new(list, json_pack("{s:I, s:s}", "user_id", (json_int_t)person->user_id,
                                              "nickname", person->nickname));
    }
    return list;
}

static json_t *members(const struct group *group)
{
    json_t *list = json_array();
    for (size_t i = 0; i < group->count; i++) {
        const struct member *member = &group->members[i];
        json_array_append_new(list,
                              json_pack("{s:I, s:s, s:s, s:s}", "user_id",
                                        (json_int_t)member->user_id, "card", member->card, "role",
                                        world_role_name(member->role), "title", member->title));
    }
    return list;
}

static json_t *groups(const struct world *world)
{
    json_t *list = json_array();
    for (size_t i = 0; i < WORLD_GROUPS; i++) {
        const struct group *group = &world->groups[i];
        json_array_append_new(list,
                              json_pack("{s:I, s:s, s:o}", "group_id", (json_int_t)group->group_id,
                                        "name", group->name, "members", members(group)));
    }
    return list;
}

/* `run` tells a page that comes back whether this is the gateway it knew; `seq`, which entries
 * of the traffic are news. */
static struct frame *hello(const struct gateway *gateway)
{
    return frame_take(json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:i, s:o, s:o}", "kind", "hello",
                                "run", (json_int_t)gateway->run, "seq",
                                (json_int_t)gateway->traffic.count, "bot_id", (json_int_t)WORLD_BOT,
                                "bots", (json_int_t)gateway->bots, "onebot", gateway->onebot,
                                "text_max", GATEWAY_TEXT, "people", people(&gateway->world),
                                "groups", groups(&gateway->world)));
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

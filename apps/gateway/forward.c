/* forward.c - messages forwarded together: kept by an id, shown as one segment.
 * Gateway, sixth floor. */
/* SPDX-License-Identifier: MIT */
#include "forward.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "event.h"
#include "segment.h"

static json_t *node(json_int_t user_id, const char *nickname, json_int_t time, json_t *content)
{
    return json_pack("{s:s, s:{s:I, s:s, s:I, s:O}}", "type", "node", "data", "user_id", user_id,
                     "nickname", nickname, "time", time, "content", content);
}

/* A node that only names a message: what that says, and who said it. */
static json_t *node_of_message(struct call *call, const json_t *id)
{
    int64_t number;
    const struct message *message =
        parse_integer(id, &number) ? history_get(&call->gateway->history, number) : NULL;
    if (!message || !call_may_see(call, message))
        return call_fail(call, RETCODE_REFUSED, "a node names a message that there is not");
    json_t *sender = event_sender(call->gateway, message);
    json_t *made = node(json_integer_value(json_object_get(sender, "user_id")),
                        json_string_value(json_object_get(sender, "nickname")), message->time,
                        message->segments);
    json_decref(sender);
    return made;
}

/* Either of two spellings: OneBot's, and that of go-cqhttp. */
static json_t *spelt(const json_t *data, const char *one, const char *other)
{
    json_t *value = json_object_get(data, one);
    return value ? value : json_object_get(data, other);
}

static json_t *node_of_words(struct call *call, const json_t *data)
{
    char why[PARSE_WHY];
    int64_t user_id = 0;
    const char *nickname = json_string_value(spelt(data, "nickname", "name"));
    if (!parse_integer(spelt(data, "user_id", "uin"), &user_id) || !nickname)
        return call_fail(call, RETCODE_BAD_PARAMS, "a node needs an id, or user_id and nickname");
    json_t *content = segment_normalise(json_object_get(data, "content"), false, why);
    if (!content)
        return *why ? call_fail(call, RETCODE_BAD_PARAMS, "content of a node: %.150s", why) : NULL;
    json_t *made = node(user_id, nickname, clock_now(), content);
    json_decref(content);
    return made;
}

/* The array grows with each node, so that a message named often is not measured for nothing. */
static bool add_node(struct call *call, struct forward *draft, json_t *made)
{
    size_t bytes = made ? json_dumpb(made, NULL, 0, JSON_COMPACT) : 0;
    draft->bytes += bytes;
    if (draft->bytes <= FORWARD_BYTES)
        return bytes && json_array_append(draft->nodes, made) == 0;
    call_fail(call, RETCODE_REFUSED, "a forward may have %d bytes", FORWARD_BYTES);
    return false;
}

static bool normal_nodes(struct call *call, const json_t *nodes, struct forward *draft)
{
    size_t i;
    json_t *one;
    json_array_foreach(nodes, i, one)
    {
        const char *type = json_string_value(json_object_get(one, "type"));
        json_t *data = json_object_get(one, "data"), *id = json_object_get(data, "id");
        json_t *made = NULL;
        if (!type || strcmp(type, "node") != 0)
            call_fail(call, RETCODE_BAD_PARAMS, "messages[%zu] is no node", i);
        else
            made = id ? node_of_message(call, id) : node_of_words(call, data);
        bool good = add_node(call, draft, made);
        json_decref(made);
        if (!good)
            return false;
    }
    return true;
}

json_t *forward_make(struct call *call, const json_t *nodes, struct forward *draft)
{
    char id[24];
    if (json_array_size(nodes) == 0 || json_array_size(nodes) > FORWARD_NODES)
        return call_fail(call, RETCODE_BAD_PARAMS, "messages must be an array of 1 to %d nodes",
                         FORWARD_NODES);
    struct forward made = {.nodes = json_array()};
    int64_t number = call->gateway->forwards.last + 1;
    snprintf(id, sizeof id, "%lld", (long long)number);
    json_t *segments = made.nodes && normal_nodes(call, nodes, &made)
                           ? json_pack("[{s:s, s:{s:s}}]", "type", "forward", "data", "id", id)
                           : NULL;
    if (segments)
        *draft = made;
    else
        json_decref(made.nodes);
    return segments;
}

static void drop_oldest(struct gateway *gateway)
{
    struct forward *oldest =
        &gateway->forwards.ring[++gateway->forwards.dropped % GATEWAY_FORWARDS];
    gateway->forwards.bytes -= oldest->bytes;
    json_decref(oldest->nodes);
    *oldest = (struct forward){0};
}

void forward_keep(struct gateway *gateway, const struct forward *draft)
{
    while (gateway->forwards.last - gateway->forwards.dropped == GATEWAY_FORWARDS ||
           gateway->forwards.bytes + draft->bytes > FORWARD_BYTES)
        drop_oldest(gateway);
    gateway->forwards.ring[++gateway->forwards.last % GATEWAY_FORWARDS] = *draft;
    gateway->forwards.bytes += draft->bytes;
}

json_t *forward_get(struct call *call)
{
    const struct gateway *gateway = call->gateway;
    char id[24];
    int64_t number;
    const char *key = call_param(call, "id") ? "id" : "message_id";
    if (!call_text(call, key, id, sizeof id))
        return NULL;
    if (!parse_number(id, &number) || number > gateway->forwards.last ||
        number <= gateway->forwards.dropped)
        return call_fail(call, RETCODE_REFUSED, "there is no forward \"%s\"", id);
    json_t *nodes = gateway->forwards.ring[number % GATEWAY_FORWARDS].nodes;
    return json_pack("{s:O, s:O}", "message", nodes, "messages", nodes);
}

void forward_fini(struct gateway *gateway)
{
    while (gateway->forwards.dropped < gateway->forwards.last)
        drop_oldest(gateway);
}

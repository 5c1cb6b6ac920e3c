/* forward.c - messages forwarded together: kept by an id, shown as one segment.
 * Gateway, sixth floor. */
/* SPDX-License-Identifier: MIT */
#include "forward.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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
    if (!message)
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
    json_t *made = node(user_id, nickname, time(NULL), content);
    json_decref(content);
    return made;
}

static json_t *normal_nodes(struct call *call, const json_t *nodes)
{
    size_t i;
    json_t *one, *list = json_array();
    json_array_foreach(nodes, i, one)
    {
        const char *type = json_string_value(json_object_get(one, "type"));
        json_t *data = json_object_get(one, "data"), *id = json_object_get(data, "id");
        json_t *made = NULL;
        if (!type || strcmp(type, "node") != 0)
            call_fail(call, RETCODE_BAD_PARAMS, "messages[%zu] is no node", i);
        else
            made = id ? node_of_message(call, id) : node_of_words(call, data);
        if (!made || !list || json_array_append(list, made) < 0) {
            json_decref(made);
            json_decref(list);
            return NULL;
        }
        json_decref(made);
    }
    return list;
}

json_t *forward_keep(struct call *call, const json_t *nodes)
{
    struct gateway *gateway = call->gateway;
    char id[24];
    if (json_array_size(nodes) == 0 || json_array_size(nodes) > FORWARD_NODES)
        return call_fail(call, RETCODE_BAD_PARAMS, "messages must be an array of 1 to %d nodes",
                         FORWARD_NODES);
    json_t *list = normal_nodes(call, nodes);
    snprintf(id, sizeof id, "%lld", (long long)(gateway->forwards.last + 1));
    json_t *segments =
        list ? json_pack("[{s:s, s:{s:s}}]", "type", "forward", "data", "id", id) : NULL;
    if (!segments) {
        json_decref(list);
        return NULL;
    }
    json_t **place = &gateway->forwards.ring[++gateway->forwards.last % GATEWAY_FORWARDS];
    json_decref(*place);
    *place = list;
    return segments;
}

json_t *forward_get(struct call *call)
{
    const struct gateway *gateway = call->gateway;
    char id[24];
    int64_t number;
    const char *key = call_param(call, "id") ? "id" : "message_id";
    if (!call_text(call, key, id, sizeof id))
        return NULL;
    if (!parse_number(id, &number) || number < 1 || number > gateway->forwards.last ||
        number <= gateway->forwards.last - GATEWAY_FORWARDS)
        return call_fail(call, RETCODE_REFUSED, "there is no forward \"%s\"", id);
    json_t *nodes = gateway->forwards.ring[number % GATEWAY_FORWARDS];
    return json_pack("{s:O, s:O}", "message", nodes, "messages", nodes);
}

void forward_fini(struct gateway *gateway)
{
    for (size_t i = 0; i < GATEWAY_FORWARDS; i++)
        json_decref(gateway->forwards.ring[i]);
}

/* arrive.c - segments as they arrive: pictures have an address, dice have fallen.
 * Gateway, second floor. */
/* SPDX-License-Identifier: MIT */
#include "arrive.h"

#include <string.h>

#include "bytes.h"

/* Splitmix64's mixing: chance enough for dice, and the same in each run of a simulation. */
static uint64_t mixed(uint64_t number)
{
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
    return number ^ (number >> 31);
}

/* What is to be added to the data of a segment: its name, and the value as a new reference; NULL:
 * nothing, or no memory. */
static const char *addition(const struct gateway *gateway, int64_t message_id, size_t at,
                            const json_t *segment, json_t **value)
{
    const char *type = json_string_value(json_object_get(segment, "type"));
    const json_t *data = json_object_get(segment, "data");
    bool dice = strcmp(type, "dice") == 0, rps = strcmp(type, "rps") == 0;
    if ((dice || rps) && !json_object_get(data, "result")) {
        uint64_t chance = mixed((uint64_t)message_id * 1024 + at) % (dice ? 6 : 3) + 1;
        *value = json_sprintf("%d", (int)chance);
        return "result";
    }
    if (*gateway->page && bytes_there(data) && !json_object_get(data, "url")) {
        *value = json_sprintf("%s/media/%lld/%zu", gateway->page, (long long)message_id, at);
        return "url";
    }
    return NULL;
}

/* The segment (borrowed) with that, or itself. */
static json_t *arrived(const struct gateway *gateway, int64_t message_id, size_t at,
                       json_t *segment)
{
    json_t *value = NULL;
    const char *name = addition(gateway, message_id, at, segment, &value);
    if (!name)
        return json_incref(segment);
    json_t *data = json_copy(json_object_get(segment, "data"));
    int failed = json_object_set_new(data, name, value);
    json_t *copy = json_pack("{s:O, s:o}", "type", json_object_get(segment, "type"), "data", data);
    if (!failed)
        return copy;
    json_decref(copy);
    return NULL;
}

json_t *arrive_segments(const struct gateway *gateway, int64_t message_id, json_t *segments)
{
    json_t *list = json_array(), *segment;
    size_t at;
    json_array_foreach(segments, at, segment)
    {
        if (list && json_array_append_new(list, arrived(gateway, message_id, at, segment)) < 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

const json_t *arrive_data(const struct message *message, int64_t at)
{
    json_t *segment = at >= 0 ? json_array_get(message->segments, (size_t)at) : NULL;
    const json_t *data = json_object_get(segment, "data");
    return bytes_there(data) ? data : NULL;
}

/* api.c - the page's calls, for scripts as well: say, recall, messages.
 * Gateway, fifth floor. A field that is wrong is named. */
/* SPDX-License-Identifier: MIT */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat.h"
#include "parse.h"
#include "reply.h"
#include "roster.h"
#include "segment.h"

json_t *api_body(struct xie_http *http, int *result)
{
    char *body, why[PARSE_WHY];
    ssize_t len = xie_http_body(http, &body);
    if (len < 0) {
        *result = (int)len; /* the web floor has answered */
        return NULL;
    }
    json_t *object = parse_object(body, (size_t)len, why);
    if (!object)
        *result = reply_error(http, 400, why);
    return object;
}

/* A positive id from the body; what names it. false with the reason in refusal. */
static bool body_id(const json_t *object, const char *name, int64_t *id, struct refusal *refusal)
{
    json_t *value = json_object_get(object, name);
    if (parse_integer(value, id) && *id > 0)
        return true;
    refusal->status = 400;
    snprintf(refusal->why, sizeof refusal->why,
             value ? "%s must be a positive integer" : "%s is missing", name);
    return false;
}

static bool bad(struct refusal *refusal, const char *why)
{
    refusal->status = 400;
    snprintf(refusal->why, sizeof refusal->why, "%s", why);
    return false;
}

/* The way that sub_type names, or the older `anonymous`. */
static bool body_way(const json_t *body, enum message_way *way, struct refusal *refusal)
{
    static const struct {
        const char *name;
        enum message_way way;
    } ways[] = {{"friend", MESSAGE_PLAIN},        {"normal", MESSAGE_PLAIN},
                {"group", MESSAGE_TEMPORARY},     {"other", MESSAGE_OTHER},
                {"anonymous", MESSAGE_ANONYMOUS}, {"notice", MESSAGE_NOTICE}};
    json_t *name = json_object_get(body, "sub_type"), *mask = json_object_get(body, "anonymous");
    bool anonymous = false;
    if (mask && !json_is_null(mask) && !parse_flag(mask, &anonymous))
        return bad(refusal, "anonymous must be true or false");
    *way = anonymous && json_object_get(body, "group_id") ? MESSAGE_ANONYMOUS : MESSAGE_PLAIN;
    for (size_t i = 0; name && i < sizeof ways / sizeof *ways; i++) {
        if (json_is_string(name) && strcmp(json_string_value(name), ways[i].name) == 0) {
            *way = ways[i].way;
            return true;
        }
    }
    return !name || bad(refusal, "sub_type must be that of a message's event");
}

/* Where it is to be said: in a group, or to target_id, or else to the first account. */
static bool body_place(const json_t *body, struct place *place, struct refusal *refusal)
{
    json_t *group = json_object_get(body, "group_id"), *target = json_object_get(body, "target_id");
    place->target_id = WORLD_BOT;
    return (!group || json_is_null(group) ||
            body_id(body, "group_id", &place->group_id, refusal)) &&
           (!target || json_is_null(target) ||
            body_id(body, "target_id", &place->target_id, refusal)) &&
           body_way(body, &place->way, refusal);
}

static bool say(struct gateway *gateway, const json_t *body, int64_t *id, struct refusal *refusal)
{
    int64_t user_id;
    struct place place = {0};
    json_t *text = json_object_get(body, "text"), *message = json_object_get(body, "message");
    if (!body_id(body, "user_id", &user_id, refusal) || !body_place(body, &place, refusal))
        return false;
    if (!text == !message || (text && !json_is_string(text)))
        return bad(refusal, "either text, a string, or message, as OneBot has it, must be there");
    if (world_is_account(&gateway->world, user_id)) {
        refusal->status = 403;
        snprintf(refusal->why, sizeof refusal->why,
                 "%lld is an account of bots: it speaks through OneBot", (long long)user_id);
        return false;
    }
    json_t *segments = text ? segment_text(json_string_value(text))
                            : segment_normalise(message, false, refusal->why);
    if (!segments) {
        refusal->status = *refusal->why ? 400 : 500;
        return false;
    }
    *id = chat_say(gateway, user_id, &place, segments, refusal);
    json_decref(segments);
    return *id;
}

int api_say(struct xie_http *http, struct gateway *gateway)
{
    int result = 0;
    int64_t id;
    struct refusal refusal = {0};
    json_t *body = api_body(http, &result);
    if (!body)
        return result;
    bool said = say(gateway, body, &id, &refusal);
    json_decref(body);
    if (!said)
        return reply_error(http, refusal.status, refusal.why);
    return reply_json(http, 200, json_pack("{s:I}", "message_id", (json_int_t)id));
}

int api_recall(struct xie_http *http, struct gateway *gateway)
{
    int result = 0;
    int64_t user_id, id;
    struct refusal refusal = {0};
    json_t *body = api_body(http, &result);
    if (!body)
        return result;
    bool done = body_id(body, "user_id", &user_id, &refusal) &&
                body_id(body, "message_id", &id, &refusal) &&
                chat_recall(gateway, user_id, id, &refusal);
    json_decref(body);
    if (!done)
        return reply_error(http, refusal.status, refusal.why);
    return reply_json(http, 200, json_object());
}

/* The seat that the query's account names, or the first; NULL: there is none, and *result is what
 * was answered. */
static struct seat *query_seat(struct xie_http *http, struct gateway *gateway, int *result)
{
    const char *text = xie_http_query(http, "account");
    int64_t account_id = WORLD_BOT;
    bool number = !text || parse_number(text, &account_id);
    struct seat *seat = number ? roster_seat(gateway, account_id) : NULL;
    if (!seat)
        *result = number ? reply_error(http, 404, "there is no such account")
                         : reply_error(http, 400, "account must be a number");
    return seat;
}

int api_faults(struct xie_http *http, struct gateway *gateway)
{
    int result = 0;
    char why[PARSE_WHY];
    struct seat *seat = query_seat(http, gateway, &result);
    if (!seat)
        return result;
    if (strcmp(xie_http_method(http), "GET") == 0 || strcmp(xie_http_method(http), "HEAD") == 0)
        return reply_json(http, 200, fault_show(&seat->faults));
    json_t *body = api_body(http, &result);
    if (!body)
        return result;
    bool good = fault_set(&seat->faults, body, why, sizeof why);
    json_decref(body);
    if (!good)
        return reply_error(http, 400, why);
    return reply_json(http, 200, fault_show(&seat->faults));
}

struct search {
    int64_t after, group_id, with, account; /* 0: any */
    double wait;                            /* seconds */
};

/* Read one number of the query; absent leaves what is there. */
static bool query_number(struct xie_http *http, const char *name, int64_t *number)
{
    const char *text = xie_http_query(http, name);
    return !text || parse_number(text, number);
}

/* NULL, or what is wrong with the query. */
static const char *read_search(struct xie_http *http, struct search *search)
{
    const char *wait = xie_http_query(http, "wait");
    char *end = NULL;
    if (!query_number(http, "after", &search->after))
        return "after must be a message_id";
    if (!query_number(http, "group_id", &search->group_id))
        return "group_id must be an integer";
    if (!query_number(http, "with", &search->with))
        return "with must be a user_id";
    if (!query_number(http, "account", &search->account))
        return "account must be a user_id";
    search->wait = wait ? strtod(wait, &end) : 0;
    if (wait && (end == wait || *end || !(search->wait >= 0 && search->wait <= API_WAIT_S)))
        return "wait must be a number of seconds, from 0 to 300";
    return NULL;
}

static bool fits(const struct search *search, const struct message *message)
{
    if (search->group_id && message->group_id != search->group_id)
        return false;
    int64_t one = search->with, other = one && !search->account ? WORLD_BOT : search->account;
    bool theirs = !other || message->user_id == other || message->target_id == other;
    if (!one)
        return theirs || message->group_id;
    return theirs && message->target_id && (message->user_id == one || message->target_id == one);
}

/* What has been said after search->after, which moves on to the last one looked at. */
static json_t *found(struct gateway *gateway, struct search *search)
{
    json_t *list = json_array();
    int64_t id = history_after(&gateway->history, search->after);
    for (; list && id < gateway->history.next; id++) {
        const struct message *message = history_get(&gateway->history, id);
        if (!message || !fits(search, message))
            continue;
        json_t *item =
            json_pack("{s:I, s:I, s:I, s:o, s:s}", "message_id", (json_int_t)id, "time",
                      (json_int_t)message->time, "user_id", (json_int_t)message->user_id,
                      "group_id", message->group_id ? json_integer(message->group_id) : json_null(),
                      "text", message->text);
        if (!item || json_array_append_new(list, item) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Only what is new is looked at again after each wake-up. */
static json_t *await(struct gateway *gateway, struct search *search)
{
    json_t *list = found(gateway, search);
    XIE_TIMEOUT((int64_t)(search->wait * (double)XIE_SECOND)) {
        while (list && json_array_size(list) == 0) {
            search->after = gateway->history.next - 1;
            if (xie_event_wait(&gateway->history.said) < 0)
                break;
            json_decref(list);
            list = found(gateway, search);
        }
    }
    return list;
}

int api_messages(struct xie_http *http, struct gateway *gateway)
{
    struct search search = {0};
    const char *wrong = read_search(http, &search);
    if (wrong)
        return reply_error(http, 400, wrong);
    return reply_json(http, 200, await(gateway, &search));
}

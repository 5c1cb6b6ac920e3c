/* api_http.c - the side on which bots call by HTTP: GET or POST /ACTION.
 * Gateway, ninth floor. Parameters come in the query, a form or JSON; values may all be strings. */
/* SPDX-License-Identifier: MIT */
#include "api_http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "actions.h"
#include "guard.h"
#include "parse.h"
#include "reply.h"
#include "roster.h"

enum { API_HTTP_CONNECTIONS = 256, API_HTTP_BODY = 16 * 1024 * 1024 };

/* Set every pair of the query, and of a form that was read. NULL without memory. */
static json_t *pairs(struct xie_http *http)
{
    json_t *params = json_object();
    struct xie_http_field pair;
    for (size_t i = 0; params && xie_http_query_at(http, i, &pair); i++) {
        if (strcmp(pair.name, "access_token") == 0)
            continue;
        if (json_object_set_new(params, pair.name, json_string(pair.value)) < 0) {
            json_decref(params);
            return NULL;
        }
    }
    return params;
}

static bool is_type(const char *given, const char *type)
{
    size_t len = strlen(type);
    return strncasecmp(given, type, len) == 0 && (!given[len] || strchr("; ", given[len]));
}

/* JSON's own and the query's. NULL with the status to answer, or 0 without memory. */
static json_t *from_json(struct xie_http *http, int *status)
{
    char *body, why[PARSE_WHY];
    ssize_t len = xie_http_body(http, &body);
    if (len < 0) {
        *status = (int)len;
        return NULL;
    }
    json_t *given = parse_object(body, (size_t)len, why), *params = pairs(http);
    *status = given ? 0 : 400;
    int failed = given && params ? json_object_update(params, given) : -1;
    json_decref(given);
    if (!failed)
        return params;
    json_decref(params);
    return NULL;
}

/* The parameters of a request. NULL: *status is what to answer, an error below zero of reading
 * the body (which was answered), or 0 when there was no memory. */
static json_t *params_of(struct xie_http *http, int *status)
{
    const char *type = xie_http_field(http, "Content-Type");
    const char *len = xie_http_field(http, "Content-Length");
    *status = 0;
    if (strcmp(xie_http_method(http), "POST") != 0)
        return pairs(http);
    if (type && is_type(type, "application/json"))
        return from_json(http, status);
    if (!type && (!len || strcmp(len, "0") == 0))
        return pairs(http);
    int result = type ? xie_http_form(http) : -EINVAL;
    if (result == 0)
        return pairs(http);
    *status = result == -EINVAL ? 406 : result == -EILSEQ ? 400 : result;
    return NULL;
}

static int send_reply(struct xie_http *http, const struct caller *caller, const json_t *request)
{
    struct frame *reply;
    const struct seat *seat = roster_seat(caller->gateway, caller->self);
    int64_t delay_ms = seat ? seat->faults.delay_ms : 0;
    int result = actions_answer(caller, request, "", &reply);
    if (result == 0 && delay_ms)
        result = xie_sleep(delay_ms * XIE_MILLISECOND);
    if (result == 0 && !reply) /* dropped: the client's patience decides */
        result = xie_sleep(FAULT_DELAY_MOST_MS * XIE_MILLISECOND);
    if (result == 0 && reply)
        result = reply_body(http, 200, "application/json; charset=utf-8", reply->text, reply->len);
    frame_unref(reply);
    return result;
}

/* The action in "/ACTION" or "/ACTION/"; false: there is none such. */
static bool action_of(const char *path, char action[FAULT_ACTION])
{
    size_t len = strlen(path);
    if (len > 1 && path[len - 1] == '/')
        len--;
    if (len < 2 || len > FAULT_ACTION)
        return false;
    snprintf(action, FAULT_ACTION, "%.*s", (int)len - 1, path + 1);
    return actions_known(action);
}

static int perform(struct xie_http *http, const struct caller *caller, const char *action)
{
    int status;
    json_t *params = params_of(http, &status);
    if (!params && status < 0)
        return status;
    if (!params)
        return reply_error(http, status ? status : 500, "the parameters cannot be read");
    json_t *request = json_pack("{s:s, s:o}", "action", action, "params", params);
    int result = request ? send_reply(http, caller, request) : -ENOMEM;
    json_decref(request);
    return result;
}

static int request_http(struct xie_http *http, void *arg)
{
    const struct door *door = arg;
    struct caller caller = {.gateway = door->gateway};
    char action[FAULT_ACTION];
    const char *method = xie_http_method(http);
    const char *rest = roster_door(door, xie_http_path(http), &caller.self);
    const struct seat *seat = roster_seat(door->gateway, caller.self);
    const char *token = seat ? roster_token(door->gateway, seat) : door->gateway->token;
    int refused = guard_token(http, token);
    const char *website = token ? NULL : guard_website(http, door->host);
    if (website)
        return reply_error(http, 403, website);
    if (refused)
        return reply_error(http, refused,
                           refused == 401 ? "a token is asked for" : "the token is wrong");
    if (!seat)
        return reply_error(http, 404, "there is no such account");
    if (!action_of(rest, action))
        return reply_error(http, 404, "there is no such action");
    if (strcmp(method, "GET") != 0 && strcmp(method, "POST") != 0) {
        int result = xie_http_set_field(http, "Allow", "GET, POST");
        return result < 0 ? result : reply_error(http, 405, "GET or POST is needed");
    }
    return perform(http, &caller, action);
}

int api_http_serve(struct xie_listener *listener, struct door *door)
{
    struct xie_http_options options = {.max_connections = API_HTTP_CONNECTIONS,
                                       .max_body = API_HTTP_BODY};
    return xie_http_serve(listener, &options, request_http, door);
}

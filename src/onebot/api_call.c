/* api_call.c - one call by HTTP: the request, and what its answer means.
 * Floor 9. POST /action with the parameters as JSON. */
/* SPDX-License-Identifier: MIT */
#include "onebot/api_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xie/onebot.h>

#include "base/memory.h"

enum { UNAUTHORIZED = 401, FORBIDDEN = 403, NOT_FOUND = 404 };

/* --- the request -------------------------------------------------------------------- */

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

/* Whatever is in an action, it is one piece of a path. */
static char *add_escaped(char *to, const char *action)
{
    for (; *action; action++)
        if (is_unreserved(*action))
            *to++ = *action;
        else
            to += sprintf(to, "%%%02X", (unsigned char)*action);
    return to;
}

/* The action goes before the query, after one slash. NULL without memory. */
static char *make_url(const char *base, const char *action)
{
    size_t path = strcspn(base, "?#");
    char *url = xie_alloc(strlen(base) + 3 * strlen(action) + 2);
    if (!url)
        return NULL;
    memcpy(url, base, path);
    char *to = url + path;
    if (path && to[-1] == '/')
        to--;
    *to++ = '/';
    to = add_escaped(to, action);
    strcpy(to, base + path);
    return url;
}

static char *make_authorization(const char *token)
{
    size_t cap = sizeof "Bearer " + strlen(token);
    char *text = xie_alloc(cap);
    if (text)
        snprintf(text, cap, "Bearer %s", token);
    return text;
}

static int fetch(struct xie_http_client *client, const struct onebot_request_by_http *request,
                 const char *url, const char *authorization, struct xie_http_response **response)
{
    const struct xie_http_field fields[] = {{"Content-Type", "application/json"},
                                            {"Accept", "application/json"},
                                            {authorization ? "Authorization" : NULL, authorization},
                                            {NULL, NULL}};
    const struct xie_http_request http_request = {.url = url,
                                                  .method = "POST",
                                                  .fields = fields,
                                                  .body = request->params,
                                                  .body_len = request->params_len,
                                                  .redirects = -1,
                                                  .max_body = request->limit};
    return xie_http_fetch(client, &http_request, response);
}

static int prepare_and_fetch(struct xie_http_client *client,
                             const struct onebot_request_by_http *request,
                             struct xie_http_response **response)
{
    bool has_token = request->token && *request->token;
    char *url = make_url(request->base, request->action);
    char *authorization = has_token ? make_authorization(request->token) : NULL;
    int error = !url || (has_token && !authorization)
                    ? -ENOMEM
                    : fetch(client, request, url, authorization, response);
    xie_release(authorization);
    xie_release(url);
    return error;
}

/* --- what it means ------------------------------------------------------------------ */

/* Errors that come before a byte of the request has gone out. */
static bool is_unsent(int error)
{
    static const int list[] = {-ECONNREFUSED,  -EHOSTUNREACH,  -ENETUNREACH,
                               -ENETDOWN,      -EADDRNOTAVAIL, -EACCES,
                               -EMFILE,        -ENFILE,        -EPROTONOSUPPORT,
                               -EINVAL,        XIE_EURL,       XIE_EDNS_NONAME,
                               XIE_EDNS_AGAIN, XIE_EDNS_FAIL,  XIE_ETLS_CONFIG,
                               XIE_ETLS_HOST,  XIE_ETLS_ALPN,  XIE_ETLS_CERTIFICATE};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (error == list[i])
            return true;
    return false;
}

static void read_failure(int error, struct onebot_reply_by_http *reply)
{
    reply->reason = error;
    if (is_unsent(error))
        reply->error = XIE_ENOTCONNECTED;
    else if (error == XIE_EHTTP || error == XIE_ELIMIT)
        reply->error = XIE_EJSON;
    else if (error == -ETIMEDOUT || error == -ECANCELED || error == -ENOMEM)
        reply->error = error;
    else
        reply->error = XIE_EUNKNOWN;
}

static bool is_answer(const json_t *json)
{
    return json_object_get(json, "status") || json_object_get(json, "retcode");
}

/* An answer in JSON says more than the status does; a refused token is no answer. */
static void read_response(struct xie_http_response *response, struct onebot_reply_by_http *reply)
{
    char *body = NULL;
    json_error_t why;
    ssize_t len = xie_http_response_body(response, &body);
    reply->status = xie_http_response_status(response);
    if (reply->status == UNAUTHORIZED || reply->status == FORBIDDEN) {
        reply->error = reply->reason = XIE_EAUTH;
        return;
    }
    json_t *json = len > 0 ? onebot_decode(body, (size_t)len, JSON_ALLOW_NUL, &why) : NULL;
    if (is_answer(json)) {
        reply->json = json;
        return;
    }
    json_decref(json);
    if (reply->status == NOT_FOUND)
        reply->error = XIE_EACTION;
    else
        reply->error = reply->status / 100 == 2 ? XIE_EJSON : XIE_EFAILED;
}

void onebot_api_call(struct xie_http_client *client, const struct onebot_request_by_http *request,
                     struct onebot_reply_by_http *reply)
{
    struct xie_http_response *response;
    *reply = (struct onebot_reply_by_http){0};
    int error = prepare_and_fetch(client, request, &response);
    if (error) {
        read_failure(error, reply);
        return;
    }
    read_response(response, reply);
    xie_http_response_free(response);
}

/* post.c - events by HTTP POST.
 * Floor 9. Answered as soon as the handlers have been started: an implementation sends one after
 * the other, so who waited here would hear nothing meanwhile, be it the answer to its question. */
/* SPDX-License-Identifier: MIT */
#include "onebot/post.h"

#include <errno.h>

#include "onebot/authorize.h"
#include "onebot/dispatch.h"
#include "onebot/guest.h"

enum { BAD = 400, FULL = 503 };

static bool has(const char *text)
{
    return text && *text;
}

/* Which secret its signature has to be made with; NULL: the request may come as it is. status: of
 * a refusal by the head alone. Some sign with the token instead of sending it. */
static const char *signing_secret(const struct onebot_endpoint *endpoint, struct xie_http *http,
                                  int *status)
{
    int form = onebot_check_form(xie_http_field(http, "X-Signature"));
    if (has(endpoint->secret)) {
        *status = form;
        return endpoint->secret;
    }
    *status = onebot_check_token(xie_http_field(http, "Authorization"),
                                 xie_http_query(http, "access_token"), endpoint->token);
    if (*status != ONEBOT_NO_TOKEN || form == ONEBOT_NO_TOKEN)
        return NULL;
    *status = form;
    return endpoint->token;
}

static int refuse(struct onebot_way *way, struct xie_http *http, int status)
{
    return onebot_guest_refuse(way, http, status,
                               status == ONEBOT_NO_TOKEN ? "no token or signature"
                                                         : "wrong token or signature");
}

/* Its account by the header; an event that names another contradicts it. */
static int take_event(struct onebot_way *way, struct xie_http *http, json_t *event)
{
    int64_t self_id = onebot_guest_account(http), said = onebot_int(event, "self_id");
    struct onebot_bot *bot;
    if (!json_is_string(json_object_get(event, "post_type")))
        return onebot_guest_refuse(way, http, BAD, "the body is no event");
    if (said && said != self_id)
        return onebot_guest_refuse(way, http, BAD, "X-Self-ID does not name the event's account");
    if (way->program->stopping)
        return onebot_guest_refuse(way, http, FULL, "stopping");
    if (onebot_bot_of(way->program, self_id, &bot))
        return onebot_guest_refuse(way, http, FULL, "too many accounts");
    onebot_dispatch(bot, json_incref(event), way->source);
    return xie_http_answer(http, 204, NULL, NULL, 0);
}

/* Whoever can connect can make us read: not much at once of what is still to be proved. */
static ssize_t read_body(struct onebot_way *way, struct xie_http *http, bool proved, char **body)
{
    way->unproved += !proved;
    ssize_t len = xie_http_body(http, body);
    way->unproved -= !proved;
    return len;
}

int onebot_take_post(struct onebot_way *way, struct xie_http *http)
{
    int status;
    const char *secret = signing_secret(&way->endpoint, http, &status);
    if (status)
        return refuse(way, http, status);
    if (!onebot_guest_account(http))
        return onebot_guest_refuse(way, http, BAD, "X-Self-ID names no account");
    if (secret && way->unproved >= ONEBOT_POSTS_UNPROVED)
        return onebot_guest_refuse(way, http, FULL, "too many unproved requests");
    char *body;
    ssize_t len = read_body(way, http, !secret, &body);
    if (len < 0)
        return (int)len;
    if (secret)
        status =
            onebot_check_signature(xie_http_field(http, "X-Signature"), body, (size_t)len, secret);
    if (status)
        return refuse(way, http, status);
    json_error_t why;
    json_t *event = onebot_decode(body, (size_t)len, JSON_ALLOW_NUL, &why);
    if (!event)
        return onebot_guest_refuse(way, http, BAD, "the body is not JSON");
    int error = take_event(way, http, event);
    json_decref(event);
    return error;
}

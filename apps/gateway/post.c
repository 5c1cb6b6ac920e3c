/* post.c - events sent to a bot by HTTP POST, and the quick operations it answers with.
 * Gateway, ninth floor. One after another, so that they come in order. */
/* SPDX-License-Identifier: MIT */
#include "post.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <xie.h>
#include <xie/web.h>

#include "actions.h"
#include "event.h"
#include "parse.h"
#include "remark.h"
#include "roster.h"
#include "traffic.h"

enum {
    POST_PATIENCE_S = 30,       /* for an answer */
    POST_PAUSE_MS = 1000,       /* before it begins again without memory */
    POST_FAREWELL_MS = 500,     /* for the last event */
    POST_SIGNATURE = 5 + 40 + 1 /* "sha1=", hex, 0 */
};

struct sending {
    const struct post *post;
    struct xie_http_client *client;
    struct caller caller;
    bool failing; /* said already */
};

static void sign(const char *secret, const struct frame *frame, char signature[POST_SIGNATURE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    HMAC(EVP_sha1(), secret, (int)strlen(secret), (const unsigned char *)frame->text, frame->len,
         digest, &len);
    int at = snprintf(signature, POST_SIGNATURE, "sha1=");
    for (unsigned i = 0; i < len && at + 2 < POST_SIGNATURE; i++)
        at += snprintf(signature + at, (size_t)(POST_SIGNATURE - at), "%02x", digest[i]);
}

/* Nobody else learns of it: the reply goes to no connection. */
static void tell_failure(const struct sending *sending, const struct frame *reply)
{
    char why[PARSE_WHY];
    json_t *answer = reply ? parse_object(reply->text, reply->len, why) : NULL;
    const char *message = json_string_value(json_object_get(answer, "message"));
    if (message)
        remark("%s answered an event with an operation that cannot be done: %s", sending->post->url,
               message);
    json_decref(answer);
}

/* The bot answered with what it wants done. */
static void operate(struct sending *sending, const struct frame *event, const char *body,
                    size_t len)
{
    char why[PARSE_WHY] = "out of memory";
    json_t *operation = parse_object(body, len, why);
    json_t *context = operation ? parse_object(event->text, event->len, why) : NULL;
    json_t *request = context
                          ? json_pack("{s:s, s:{s:O, s:O}}", "action", ".handle_quick_operation",
                                      "params", "context", context, "operation", operation)
                          : NULL;
    struct frame *reply = NULL;
    if (!operation)
        remark("%s answered an event with what is no operation: %s", sending->post->url, why);
    else if (json_object_size(operation))
        (void)actions_answer(&sending->caller, request, why, &reply);
    tell_failure(sending, reply);
    frame_unref(reply);
    json_decref(request);
    json_decref(context);
    json_decref(operation);
}

static int deliver(struct sending *sending, const struct frame *event)
{
    char self_id[24], signature[POST_SIGNATURE], *body;
    struct xie_http_field fields[4] = {{"Content-Type", "application/json"},
                                       {"X-Self-ID", self_id}};
    struct xie_http_response *response;
    struct xie_http_request request = {.url = sending->post->url,
                                       .method = "POST",
                                       .fields = fields,
                                       .body = event->text,
                                       .body_len = event->len,
                                       .redirects = -1};
    snprintf(self_id, sizeof self_id, "%lld", (long long)sending->post->account_id);
    if (sending->post->secret) {
        sign(sending->post->secret, event, signature);
        fields[2] = (struct xie_http_field){"X-Signature", signature};
    }
    int result = xie_http_fetch(sending->client, &request, &response);
    if (result < 0)
        return result;
    int status = xie_http_response_status(response);
    ssize_t len = xie_http_response_body(response, &body);
    if (status / 100 == 2 && len > 0)
        operate(sending, event, body, (size_t)len);
    xie_http_response_free(response);
    return status / 100 == 2 ? 0 : -EPROTO;
}

/* An outbox_send. Only the first of several failures is said. */
static int send_event(void *to, const struct frame *event)
{
    struct sending *sending = to;
    int result = -ETIMEDOUT;
    XIE_TIMEOUT(POST_PATIENCE_S *XIE_SECOND) {
        result = deliver(sending, event);
    }
    if (result < 0 && !sending->failing)
        remark("%s did not take an event: %s", sending->post->url, xie_strerror(result));
    sending->failing = result < 0;
    return xie_check();
}

/* -ECANCELED: the account's connections end, or everything does. */
static int run(struct sending *sending, struct seat *seat)
{
    struct outbox out = {0};
    int result = 0;
    XIE_GROUP(group) {
        outbox_open(&out, send_event, sending, &group, sending->post->url);
        struct frame *hello = frame_take(event_lifecycle(sending->post->account_id, "enable"));
        result = outbox_put(&out, hello);
        frame_unref(hello);
        audience_join(&seat->events, &out);
        if (result == 0)
            result = roster_watch(seat, &group);
        if (result == 0)
            result = xie_group_spawn(&group, outbox_run, &out);
        if (result == 0)
            result = xie_group_wait(&group);
        xie_group_cancel(&group);
    }
    if (result == 0 && !out.dropped)
        result = -ECANCELED;
    outbox_close(&out);
    return result;
}

/* The last words, if they can be said at once. */
static void say_goodbye(struct sending *sending)
{
    struct frame *bye = frame_take(event_lifecycle(sending->post->account_id, "disable"));
    XIE_SHIELD {
        XIE_TIMEOUT(POST_FAREWELL_MS *XIE_MILLISECOND) {
            if (bye)
                (void)deliver(sending, bye);
        }
    }
    frame_unref(bye);
}

/* While there is the account: events, and again when it was too slow for them. */
static int live(struct sending *sending, struct seat *seat)
{
    int result = 0;
    while (result == 0) {
        if ((result = roster_wait(sending->caller.gateway, sending->caller.self, seat)) < 0)
            break;
        int ended = run(sending, seat);
        if (ended == -ECANCELED)
            say_goodbye(sending);
        else if (ended == -ENOMEM)
            (void)xie_sleep(POST_PAUSE_MS * XIE_MILLISECOND);
        result = xie_check();
    }
    return result;
}

int post_run(void *arg)
{
    const struct post *post = arg;
    struct gateway *gateway = post->gateway;
    struct seat *seat = roster_seat(gateway, post->account_id);
    struct sending sending = {.post = post,
                              .caller = {gateway, post->account_id, ++gateway->last_bot}};
    int result = xie_http_client_open(NULL, &sending.client);
    if (result < 0)
        return result;
    gateway->bots++;
    seat->bots++;
    traffic_bot(&sending.caller, "connected", post->url, "POST");
    result = live(&sending, seat);
    gateway->bots--;
    seat->bots--;
    traffic_bot(&sending.caller, "gone", post->url, "POST");
    xie_http_client_close(sending.client);
    return result;
}

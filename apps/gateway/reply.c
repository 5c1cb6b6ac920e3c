/* reply.c - answers of the page's server: JSON, and errors that say what is wrong.
 * Gateway, second floor. */
/* SPDX-License-Identifier: MIT */
#include "reply.h"

#include <errno.h>
#include <stdio.h>

#include "frame.h"

/* The page loads only what is here; its socket is named because older browsers do not count
 * ws: as the page's own origin. */
static int set_policy(struct xie_http *http)
{
    char policy[512];
    const char *host = xie_http_field(http, "Host");
    if (!host || snprintf(policy, sizeof policy,
                          "default-src 'none'; script-src 'self'; style-src 'self'; "
                          "img-src 'self' data:; media-src data:; connect-src 'self' ws://%.200s; "
                          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                          host) < 0)
        return 0; /* no browser asks without Host */
    return xie_http_set_field(http, "Content-Security-Policy", policy);
}

int reply_body(struct xie_http *http, int status, const char *type, const void *body, size_t len)
{
    static const struct xie_http_field fields[] = {
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cache-Control", "no-cache"},
    };
    int result = set_policy(http);
    for (size_t i = 0; result == 0 && i < sizeof fields / sizeof *fields; i++)
        result = xie_http_set_field(http, fields[i].name, fields[i].value);
    return result == 0 ? xie_http_answer(http, status, type, body, len) : result;
}

int reply_json(struct xie_http *http, int status, json_t *json)
{
    struct frame *frame = frame_take(json);
    if (!frame)
        return -ENOMEM;
    int result =
        reply_body(http, status, "application/json; charset=utf-8", frame->text, frame->len);
    frame_unref(frame);
    return result;
}

int reply_error(struct xie_http *http, int status, const char *why)
{
    return reply_json(http, status, json_pack("{s:s}", "error", why));
}

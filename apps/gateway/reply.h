/* reply.h - answers of the page's server: JSON, and errors that say what is wrong.
 * Gateway, second floor. Every answer carries the fields that keep browsers careful. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_REPLY_H
#define GATEWAY_REPLY_H

#include <jansson.h>
#include <xie/web.h>

/* Answer with any body. errors as xie_http_answer */
int reply_body(struct xie_http *http, int status, const char *type, const void *body, size_t len);

/* Answer with json, whose reference is taken; NULL becomes a 500. */
int reply_json(struct xie_http *http, int status, json_t *json);

/* Answer {"error": why}. */
int reply_error(struct xie_http *http, int status, const char *why);

#endif

/* client.c - a request and its answer: where it goes, again where it may, and where it is sent on.
 * Floor 8. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <xie/tls.h>

#include "base/memory.h"
#include "client.h"
#include "secure.h"

enum { HTTP_PORT = 80, HTTPS_PORT = 443, REDIRECTS = 10, MAX_HEAD = 16 << 10, MAX_BODY = 16 << 20 };

/* --- where to ----------------------------------------------------------------------------- */

static int take_url(struct xie_fetch *fetch, char *url)
{
    struct xie_url parts;
    int err = url ? xie_url_split(url, &parts) : -ENOMEM;
    if (!err && strcmp(parts.scheme, "http") && strcmp(parts.scheme, "https"))
        err = XIE_EURL;
    if (err < 0) {
        xie_release(url);
        return err;
    }
    if (!parts.port)
        parts.port = !strcmp(parts.scheme, "https") ? HTTPS_PORT : HTTP_PORT;
    xie_release(fetch->url);
    fetch->url = url;
    fetch->parts = parts;
    return 0;
}

static int take_first_url(struct xie_fetch *fetch)
{
    size_t len = strcspn(fetch->request->url, "#");
    char *url = xie_alloc(len + 1);
    if (url) {
        memcpy(url, fetch->request->url, len);
        url[len] = 0;
    }
    return take_url(fetch, url);
}

/* The context that https uses; the client's own is made when first needed. */
static int find_context(struct xie_fetch *fetch, struct xie_tls_context **context)
{
    struct xie_http_client *client = fetch->client;
    struct xie_tls_context *made = NULL;
    *context = fetch->request->tls;
    if (*context || !client)
        return 0;
    *context = client->options.tls ? client->options.tls : client->defaults;
    if (*context)
        return 0;
    int err = xie_secure_defaults(&made, fetch->request->tls_failure);
    if (!err)
        *context = client->defaults = made;
    return err;
}

static int find_origin(struct xie_fetch *fetch, struct xie_origin *origin)
{
    *origin = (struct xie_origin){.port = fetch->parts.port,
                                  .secure = !strcmp(fetch->parts.scheme, "https")};
    memcpy(origin->host, fetch->parts.host, sizeof origin->host);
    return origin->secure ? find_context(fetch, &origin->tls) : 0;
}

/* --- once, and once more --------------------------------------------------------------------- */

static struct xie_http_response *new_response(const struct xie_http_request *request)
{
    struct xie_http_response *response = xie_alloc_zero(sizeof *response);
    if (!response)
        return NULL;
    response->max_head = request->max_head ? request->max_head : MAX_HEAD;
    response->message.gap_limit = response->max_head;
    response->limited = request->max_body;
    response->message.body_limit = request->max_body ? request->max_body
                                   : request->stream ? SIZE_MAX
                                                     : MAX_BODY;
    return response;
}

/* May a failure be that of a connection which had died before it was asked? */
static bool may_repeat(const struct xie_fetch *fetch, int err, uint64_t written)
{
    const struct xie_conn *conn = fetch->response->conn;
    bool died = err == XIE_EOF || err == -EPIPE || err == -ECONNRESET || err == XIE_ETLS_TRUNCATED;
    if (!conn->kept || !died || fetch->heard || fetch->asked || conn->in.len)
        return false;
    return xie_fetch_idempotent(fetch->method) || xie_stream_written(conn->stream) == written;
}

static int try_once(struct xie_fetch *fetch, const struct xie_origin *origin, bool fresh,
                    bool *again)
{
    struct xie_http_response *response = fetch->response;
    int err =
        xie_conn_take(fetch->client, origin, fresh, fetch->request->tls_failure, &response->conn);
    *again = false;
    if (err < 0)
        return err;
    uint64_t written = xie_stream_written(response->conn->stream);
    response->close = false;
    err = xie_fetch_exchange(fetch);
    if (err < 0) {
        *again = may_repeat(fetch, err, written);
        xie_conn_drop(response->conn);
        response->conn = NULL;
    }
    return err;
}

static int ask(struct xie_fetch *fetch)
{
    struct xie_origin origin;
    bool again = false;
    int err = find_origin(fetch, &origin);
    if (err < 0)
        return err;
    err = try_once(fetch, &origin, false, &again);
    if (again)
        err = try_once(fetch, &origin, true, &again);
    return err ? err : xie_response_begin(fetch->response, !fetch->request->stream);
}

/* --- sent on -----------------------------------------------------------------------------------
 */

static const char *sent_on_to(const struct xie_fetch *fetch)
{
    const struct xie_http_response *response = fetch->response;
    int status = xie_http_response_status(response);
    bool moved = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    if (!moved || fetch->request->redirects < 0 || !xie_fetch_safe(fetch->method) || fetch->asked)
        return NULL;
    return xie_http_response_field(response, "location", 0);
}

static bool same_origin(const struct xie_url *a, const struct xie_url *b)
{
    return !strcmp(a->scheme, b->scheme) && !strcasecmp(a->host, b->host) && a->port == b->port;
}

static int follow(struct xie_fetch *fetch, const char *location)
{
    struct xie_url before = fetch->parts; /* its path goes with the text it was in */
    char *url = NULL;
    int most = fetch->request->redirects ? fetch->request->redirects : REDIRECTS;
    if (fetch->hops++ >= most)
        return -ELOOP;
    int err = xie_url_join(fetch->url, location, &url);
    if (!err)
        err = take_url(fetch, url);
    if (err < 0)
        return err;
    fetch->stranger |= !same_origin(&before, &fetch->parts);
    xie_response_skip(fetch->response);
    xie_http_response_free(fetch->response);
    fetch->response = new_response(fetch->request);
    return fetch->response ? 0 : -ENOMEM;
}

static int run(struct xie_fetch *fetch)
{
    char *body;
    for (;;) {
        int err = ask(fetch);
        if (err < 0)
            return err;
        const char *location = sent_on_to(fetch);
        if (!location)
            break;
        err = follow(fetch, location);
        if (err < 0)
            return err;
    }
    fetch->response->url = fetch->url;
    fetch->url = NULL;
    ssize_t len = fetch->request->stream ? 0 : xie_http_response_body(fetch->response, &body);
    return len < 0 ? (int)len : 0;
}

static const char *method_of(const struct xie_http_request *request)
{
    if (request->method)
        return request->method;
    return request->body || request->source ? "POST" : "GET";
}

int xie_http_fetch(struct xie_http_client *client, const struct xie_http_request *request,
                   struct xie_http_response **response)
{
    struct xie_fetch fetch = {.client = client, .request = request, .method = method_of(request)};
    struct xie_client_call call;
    if (request->tls_failure)
        *request->tls_failure->text = 0;
    int err = xie_fetch_check(request);
    if (err < 0)
        return err;
    if (xie_check() < 0)
        return xie_sleep(0);
    err = xie_client_enter(client, &call);
    if (err < 0)
        return err;
    fetch.response = new_response(request);
    err = fetch.response ? take_first_url(&fetch) : -ENOMEM;
    if (!err)
        err = run(&fetch);
    if (err < 0)
        xie_http_response_free(fetch.response);
    err = xie_client_leave(&call, err);
    xie_bytes_fini(&fetch.head);
    xie_release(fetch.url);
    if (!err)
        *response = fetch.response;
    return err;
}

ssize_t xie_http_from_stream(void *stream, void *buf, size_t cap)
{
    return xie_stream_read(stream, buf, cap);
}

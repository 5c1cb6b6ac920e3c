/* page.c - the side on which people look: the chat page, its calls, its live socket.
 * Gateway, ninth floor. Two tables: the routes below, and the files of the page. */
/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <string.h>

#include "accounts.h"
#include "act.h"
#include "api.h"
#include "guard.h"
#include "live.h"
#include "media.h"
#include "reply.h"
#include "unfold.h"

enum { PAGE_CONNECTIONS = 512 };

static const struct route {
    const char *path, *methods;
    int (*answer)(struct xie_http *http, struct gateway *gateway);
} routes[] = {
    {"/api/say", "POST", api_say},
    {"/api/recall", "POST", api_recall},
    {"/api/act", "POST", act_request},
    {"/api/accounts", "GET, HEAD, POST", accounts_request},
    {"/api/faults", "GET, HEAD, POST", api_faults},
    {"/api/forward", "GET, HEAD", unfold_request},
    {"/api/messages", "GET, HEAD", api_messages},
    {"/api/live", "GET, HEAD", live_request},
};

static int wrong_method(struct xie_http *http, const char *allowed)
{
    int result = xie_http_set_field(http, "Allow", allowed);
    return result == 0 ? reply_error(http, 405, "another method is needed: see Allow") : result;
}

/* Is it one of a list like "GET, HEAD"? */
static bool allows(const char *methods, const char *method)
{
    size_t len = strlen(method);
    const char *found = strstr(methods, method);
    return len && found && (found[len] == 0 || found[len] == ',');
}

static int api_request(struct xie_http *http, struct gateway *gateway)
{
    const char *path = xie_http_path(http), *method = xie_http_method(http);
    const char *refused = guard_origin(http, gateway->page_host);
    if (refused)
        return reply_error(http, 403, refused);
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(path, routes[i].path) != 0)
            continue;
        if (!allows(routes[i].methods, method))
            return wrong_method(http, routes[i].methods);
        return routes[i].answer(http, gateway);
    }
    return reply_error(http, 404, "there is no such call");
}

static int media(struct xie_http *http, struct gateway *gateway, const char *path)
{
    const char *refused = guard_origin(http, gateway->page_host), *method = xie_http_method(http);
    if (refused)
        return reply_error(http, 403, refused);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return wrong_method(http, "GET, HEAD");
    return media_request(http, gateway, path);
}

static const struct page_file *find_file(const char *path)
{
    const struct page_file *file = page_files;
    if (strcmp(path, "/") == 0)
        return file;
    while (file->path && strcmp(file->path, path) != 0)
        file++;
    return file->path ? file : NULL;
}

static int page_request(struct xie_http *http, void *arg)
{
    const char *path = xie_http_path(http), *method = xie_http_method(http);
    if (strncmp(path, "/api/", 5) == 0)
        return api_request(http, arg);
    if (strncmp(path, "/media/", 7) == 0)
        return media(http, arg, path + 6);
    const struct page_file *file = find_file(path);
    if (!file)
        return reply_error(http, 404, "there is no such page");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return wrong_method(http, "GET, HEAD");
    return reply_body(http, 200, file->type, file->data, file->len);
}

int page_serve(struct xie_listener *listener, struct gateway *gateway)
{
    struct xie_http_options options = {.max_connections = PAGE_CONNECTIONS, .max_body = API_BODY};
    return xie_http_serve(listener, &options, page_request, gateway);
}

/* guard.c - who may ask: tokens for bots, addresses and origins for the page.
 * Gateway, fifth floor. A request without Host and Origin, as scripts send it, passes. */
/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The time depends on the length of what was given, not on what it is. */
static bool equal(const char *given, const char *token)
{
    size_t len = strlen(token), given_len = strlen(given);
    unsigned differ = given_len != len;
    for (size_t i = 0; i < given_len; i++)
        differ |= (unsigned char)given[i] ^ (unsigned char)token[len ? i % len : 0];
    return !differ;
}

int guard_token(struct xie_http *http, const char *token)
{
    static const char *const schemes[] = {"Bearer ", "Token "};
    const char *field = xie_http_field(http, "Authorization");
    const char *given = xie_http_query(http, "access_token");
    if (!token)
        return 0;
    for (size_t i = 0; field && i < sizeof schemes / sizeof *schemes; i++) {
        if (strncasecmp(field, schemes[i], strlen(schemes[i])) == 0)
            given = field + strlen(schemes[i]);
    }
    if (!given || !*given)
        return 401;
    return equal(given, token) ? 0 : 403;
}

/* The name in "name:port" or "[number]:port". false: it does not fit. */
static bool host_name(const char *field, char *name, size_t cap)
{
    const char *end = *field == '[' ? strchr(field, ']') : strchr(field, ':');
    if (*field == '[')
        field++;
    size_t len = end ? (size_t)(end - field) : strlen(field);
    if (len >= cap)
        return false;
    memcpy(name, field, len);
    name[len] = 0;
    return true;
}

static bool known_host(const char *field, const char *page_host)
{
    char name[256];
    struct xie_address number;
    return host_name(field, name, sizeof name) &&
           (strcasecmp(name, "localhost") == 0 || strcasecmp(name, page_host) == 0 ||
            xie_address_parse(&number, name, 0) == 0);
}

static bool same_origin(const char *origin, const char *host)
{
    const char *name = strstr(origin, "://");
    return name && host && strcasecmp(name + strlen("://"), host) == 0;
}

/* Clients that are no browsers may send one of this machine's. */
static bool local_origin(const char *origin)
{
    static const char *const local[] = {"localhost", "127.0.0.1", "::1"};
    const char *rest = strstr(origin, "://");
    char name[256];
    for (size_t i = 0; rest && i < sizeof local / sizeof *local; i++) {
        if (host_name(rest + strlen("://"), name, sizeof name) && strcasecmp(name, local[i]) == 0)
            return true;
    }
    return false;
}

/* A browser names the Origin of every WebSocket, so that one without it may use any name; of a
 * plain GET it names none. */
const char *guard_website(struct xie_http *http, const char *bots_host)
{
    const char *host = xie_http_field(http, "Host"), *origin = xie_http_field(http, "Origin");
    const char *site = xie_http_field(http, "Sec-Fetch-Site");
    if (origin ? !host || !known_host(host, bots_host)
               : host && !xie_ws_requested(http) && !known_host(host, bots_host))
        return "without a token only addresses, localhost and the option's own name are served "
               "(Host)";
    if (origin && !same_origin(origin, host) && !local_origin(origin))
        return "websites may not connect without a token (Origin)";
    if (!origin && site && (strcmp(site, "cross-site") == 0 || strcmp(site, "same-site") == 0))
        return "websites may not connect without a token (Sec-Fetch-Site)";
    return NULL;
}

const char *guard_origin(struct xie_http *http, const char *page_host)
{
    const char *host = xie_http_field(http, "Host"), *origin = xie_http_field(http, "Origin");
    const char *site = xie_http_field(http, "Sec-Fetch-Site");
    if (host && !known_host(host, page_host))
        return "this name is not the page's: use its address, localhost, or the name given "
               "by --page";
    if (origin && !same_origin(origin, host))
        return "requests from other sites are refused (Origin)";
    if (site && strcmp(site, "cross-site") == 0)
        return "requests from other sites are refused (Sec-Fetch-Site)";
    return NULL;
}

/* url.c - an absolute URL in its parts.
 * Floor 8. uriparser judges; what it accepts is then simple to cut. */
/* SPDX-License-Identifier: MIT */
#include "url.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <uriparser/Uri.h>
#include <xie/error.h>

static size_t length(const UriTextRangeA *range)
{
    return range->first ? (size_t)(range->afterLast - range->first) : 0;
}

static int take_scheme(const UriUriA *uri, struct xie_url *url)
{
    size_t len = length(&uri->scheme);
    if (!len || len >= sizeof url->scheme)
        return XIE_EURL;
    for (size_t i = 0; i < len; i++)
        url->scheme[i] = (char)(uri->scheme.first[i] | 0x20);
    url->scheme[len] = 0;
    return 0;
}

static int take_host(const UriUriA *uri, struct xie_url *url)
{
    size_t len = length(&uri->hostText);
    /* An escaped name would be looked up as it is spelt: nobody means that. */
    if (!len || len >= sizeof url->host || memchr(uri->hostText.first, '%', len) ||
        uri->hostData.ipFuture.first)
        return XIE_EURL;
    memcpy(url->host, uri->hostText.first, len);
    url->host[len] = 0;
    url->literal = uri->hostData.ip6;
    return 0;
}

static int take_port(const UriUriA *uri, struct xie_url *url)
{
    unsigned port = 0;
    for (size_t i = 0; i < length(&uri->portText); i++) {
        port = port * 10 + (unsigned)(uri->portText.first[i] - '0');
        if (port > UINT16_MAX)
            return XIE_EURL;
    }
    /* "host:" means the default; "host:0" means nothing. */
    if (!port && length(&uri->portText))
        return XIE_EURL;
    url->port = (uint16_t)port;
    return 0;
}

static int take_parts(const UriUriA *uri, const char *text, struct xie_url *url)
{
    if (uri->userInfo.first || uri->fragment.first)
        return XIE_EURL;
    int err = take_scheme(uri, url);
    if (!err)
        err = take_host(uri, url);
    if (!err)
        err = take_port(uri, url);
    if (err)
        return err;
    const char *authority = text + strlen(url->scheme) + strlen("://");
    url->path = authority + strcspn(authority, "/?");
    url->path_len = strcspn(url->path, "?");
    if (url->path[url->path_len] == '?') {
        url->query = url->path + url->path_len + 1;
        url->query_len = strlen(url->query);
    }
    return 0;
}

int xie_url_split(const char *text, struct xie_url *url)
{
    UriUriA uri;
    const char *error_at;
    struct xie_url parts = {0};
    int result = uriParseSingleUriA(&uri, text, &error_at);
    if (result)
        return result == URI_ERROR_MALLOC ? -ENOMEM : XIE_EURL;
    int err = take_parts(&uri, text, &parts);
    uriFreeUriMembersA(&uri);
    if (!err)
        *url = parts;
    return err;
}

/* url.c - an absolute URL in its parts.
 * Floor 8. uriparser judges; what it accepts is then simple to cut. */
/* SPDX-License-Identifier: MIT */
#include "url.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <uriparser/Uri.h>
#include <xie/error.h>

#include "base/memory.h"

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

/* --- references ------------------------------------------------------------------------ */

static int told(int result)
{
    if (!result)
        return 0;
    return result == URI_ERROR_MALLOC ? -ENOMEM : XIE_EURL;
}

/* May it stand in a URL as it is? RFC 3986 appendix A. */
static bool legal(const char *at)
{
    unsigned char c = (unsigned char)*at;
    if (c == '%')
        return isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]);
    return (c < 0x80 && isalnum(c)) || strchr("-._~:/?[]@!$&'()*+,;=", c);
}

/* Servers write "/caf\xc3\xa9" and "/a b" where they should have escaped. */
static char *escape(const char *reference)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t len = strcspn(reference, "#"), used = 0;
    char *text = xie_alloc(3 * len + 1);
    if (!text)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)reference[i];
        if (legal(reference + i)) {
            text[used++] = (char)c;
            continue;
        }
        text[used++] = '%';
        text[used++] = hex[c >> 4];
        text[used++] = hex[c & 15];
    }
    text[used] = 0;
    return text;
}

static int write_out(const UriUriA *uri, char **text)
{
    int len;
    int err = told(uriToStringCharsRequiredA(uri, &len));
    if (err)
        return err;
    char *copy = xie_alloc((size_t)len + 1);
    if (!copy)
        return -ENOMEM;
    err = told(uriToStringA(copy, uri, len + 1, NULL));
    if (err)
        xie_release(copy);
    else
        *text = copy;
    return err;
}

static int resolve(const UriUriA *base, const UriUriA *reference, char **text)
{
    UriUriA result;
    int err = told(uriAddBaseUriA(&result, reference, base));
    if (!err)
        err = write_out(&result, text);
    uriFreeUriMembersA(&result);
    return err;
}

int xie_url_join(const char *base, const char *reference, char **text)
{
    UriUriA from, to;
    const char *error_at;
    char *clean = escape(reference);
    if (!clean)
        return -ENOMEM;
    int err = told(uriParseSingleUriA(&from, base, &error_at));
    if (!err) {
        err = told(uriParseSingleUriA(&to, clean, &error_at));
        if (!err) {
            err = resolve(&from, &to, text);
            uriFreeUriMembersA(&to);
        }
        uriFreeUriMembersA(&from);
    }
    xie_release(clean);
    return err;
}

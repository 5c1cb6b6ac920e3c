/* url.h - an absolute URL in its parts.
 * Floor 8. The grammar of RFC 3986, by uriparser. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_URL_H
#define XIE_WEB_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xie/error.h>

enum { XIE_URL_HOST = 256 }; /* a name has at most 253 bytes */

/* Pointers go into the text that was split. */
struct xie_url {
    char scheme[16];         /* in lower case */
    char host[XIE_URL_HOST]; /* a name or numeric address, without brackets */
    bool literal;            /* it was an IPv6 address in brackets */
    uint16_t port;           /* 0: none given */
    const char *path;        /* from its "/"; may be empty */
    size_t path_len;
    const char *query; /* after its "?"; NULL without one */
    size_t query_len;
};

/* Split "scheme://host[:port][/path][?query]".
 * errors  XIE_EURL not one, or with user information or a fragment; -ENOMEM */
XIE_API int xie_url_split(const char *text, struct xie_url *url);

/* The absolute URL that a reference in something that came from base means; a fragment is left
 * off, and what is no character of a URL is escaped.
 * text    receives it, owned: xie_release
 * errors  XIE_EURL not a reference; -ENOMEM */
int xie_url_join(const char *base, const char *reference, char **text);

#endif

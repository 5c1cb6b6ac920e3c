/* guard.h - who may ask: tokens for bots, addresses and origins for the page.
 * Gateway, fifth floor. Looks at a request's fields, answers nothing itself. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_GUARD_H
#define GATEWAY_GUARD_H

#include <xie/web.h>

/**
 * Check the token of a bot's request, in `Authorization: Bearer T` (or `Token T`), or in the
 * query's access_token. Compared in constant time.
 *
 * token   NULL: everyone may
 * return  0; 401 the request has no token; 403 a wrong one
 */
int guard_token(struct xie_http *http, const char *token);

/**
 * Check that a bot's request, where no token is asked for, comes from no website: a browser would
 * connect to any address for any page.
 *
 * bots_host  a name by which this side may be addressed, beside numbers and localhost
 * return     NULL, or why not
 * note       the page is told by Origin, by Sec-Fetch-Site where there is no Origin, and one that
 *            has bound its name to our address by Host. Pages of this machine may. Where a
 *            browser does not trust the address (http:// to another machine) it sends neither of
 *            the first two with an image's GET: only a token helps there
 */
const char *guard_website(struct xie_http *http, const char *bots_host);

/**
 * Check that a request of the page's comes from the page, or from no browser at all.
 *
 * page_host  a name by which the page may be addressed, beside numbers and localhost
 * return     NULL, or why not
 * note       a page elsewhere that has bound its name to our address (DNS rebinding) sends
 *            its own name as Host; one that posts across origins sends its Origin
 */
const char *guard_origin(struct xie_http *http, const char *page_host);

#endif

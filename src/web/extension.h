/* extension.h - permessage-deflate being agreed upon.
 * Floor 8. RFC 7692 section 7.1: what is offered, what is taken of an offer. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_EXTENSION_H
#define XIE_WEB_EXTENSION_H

#include <xie/websocket.h>

#include "deflate.h"
#include "message.h"

enum { XIE_EXTENSION = 192 }; /* bytes of the longest offer or answer, with its 0 */

/* Do these make sense? 0 or -EINVAL */
int xie_extension_check(const struct xie_ws_options *options);

/* A client's offer, "" for none. */
void xie_extension_offer(const struct xie_ws_options *options, char text[XIE_EXTENSION]);
/* What the server made of it. errors XIE_EWS_HANDSHAKE it is not what was offered */
int xie_extension_accept(const struct xie_ws_options *options, const struct xie_message *answer,
                         struct xie_deflate_terms *terms);

/* A server takes the first of a client's offers that it can; text receives its answer, "" for
 * none. What is no offer at all is passed over. */
void xie_extension_choose(const struct xie_ws_options *options, const struct xie_message *request,
                          struct xie_deflate_terms *terms, char text[XIE_EXTENSION]);

#endif

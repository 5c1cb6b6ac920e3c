/* secure.h - the web over TLS, where this build has it.
 * Floor 8. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_SECURE_H
#define XIE_WEB_SECURE_H

#include <stdint.h>

struct xie_stream;
struct xie_tls_context;
struct xie_tls_failure;

/* Connect as a client of context; NULL: of the defaults. failure may be NULL.
 * errors -EPROTONOSUPPORT there is none; those of xie_tls_connect */
int xie_secure_connect(struct xie_tls_context *context, const char *host, uint16_t port,
                       struct xie_tls_failure *failure, struct xie_stream **stream);
/* Be the server of an accepted stream. errors the same */
int xie_secure_start(struct xie_stream *stream, struct xie_tls_context *context);

#endif

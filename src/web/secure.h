/* secure.h - the web over TLS, where this build has it.
 * Floor 8. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_SECURE_H
#define XIE_WEB_SECURE_H

#include <stdbool.h>
#include <stdint.h>

struct xie_stream;
struct xie_tls_context;
struct xie_tls_failure;

/* Connect as a client of context; NULL: of the defaults. failure may be NULL.
 * errors -EPROTONOSUPPORT there is none; those of xie_tls_connect */
int xie_secure_connect(struct xie_tls_context *context, const char *host, uint16_t port,
                       struct xie_tls_failure *failure, struct xie_stream **stream);
/* A client's context with the defaults; errors those of xie_tls_context_new, -EPROTONOSUPPORT */
int xie_secure_defaults(struct xie_tls_context **context, struct xie_tls_failure *failure);
void xie_secure_forget(struct xie_tls_context *context); /* NULL is allowed */
/* Has something come over this stream that nobody has read, and that its socket does not show? */
bool xie_secure_unread(const struct xie_stream *stream);
/* Be the server of an accepted stream. errors the same */
int xie_secure_start(struct xie_stream *stream, struct xie_tls_context *context);

#endif

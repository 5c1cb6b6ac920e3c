/* secure_none.c - a build without TLS says so.
 * Floor 8. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "secure.h"

int xie_secure_connect(struct xie_tls_context *context, const char *host, uint16_t port,
                       struct xie_tls_failure *failure, struct xie_stream **stream)
{
    (void)context;
    (void)host;
    (void)port;
    (void)failure;
    (void)stream;
    return -EPROTONOSUPPORT;
}

int xie_secure_defaults(struct xie_tls_context **context, struct xie_tls_failure *failure)
{
    (void)context;
    (void)failure;
    return -EPROTONOSUPPORT;
}

void xie_secure_forget(struct xie_tls_context *context)
{
    (void)context;
}

bool xie_secure_unread(const struct xie_stream *stream)
{
    (void)stream;
    return false;
}

int xie_secure_start(struct xie_stream *stream, struct xie_tls_context *context)
{
    (void)stream;
    (void)context;
    return -EPROTONOSUPPORT;
}

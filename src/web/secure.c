/* secure.c - the web over TLS.
 * Floor 8. Built where TLS is; else secure_none.c is. */
/* SPDX-License-Identifier: MIT */
#include "secure.h"

#include <xie/tls.h>

#include "tls/layer.h"

int xie_secure_connect(struct xie_tls_context *context, const char *host, uint16_t port,
                       struct xie_tls_failure *failure, struct xie_stream **stream)
{
    return xie_tls_connect(context, host, port, failure, stream);
}

int xie_secure_defaults(struct xie_tls_context **context, struct xie_tls_failure *failure)
{
    return xie_tls_context_new(NULL, context, failure);
}

void xie_secure_forget(struct xie_tls_context *context)
{
    xie_tls_context_unref(context);
}

bool xie_secure_unread(const struct xie_stream *stream)
{
    return xie_tls_unread(stream);
}

int xie_secure_start(struct xie_stream *stream, struct xie_tls_context *context)
{
    return xie_tls_start(stream, context, NULL, NULL);
}

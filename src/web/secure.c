/* secure.c - the web over TLS.
 * Floor 8. Built where TLS is; else secure_none.c is. */
/* SPDX-License-Identifier: MIT */
#include "secure.h"

#include <xie/tls.h>

int xie_secure_connect(struct xie_tls_context *context, const char *host, uint16_t port,
                       struct xie_tls_failure *failure, struct xie_stream **stream)
{
    return xie_tls_connect(context, host, port, failure, stream);
}

int xie_secure_start(struct xie_stream *stream, struct xie_tls_context *context)
{
    return xie_tls_start(stream, context, NULL, NULL);
}

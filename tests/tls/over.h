/* over.h - the tests of transports again, over TLS: each pair of streams that they make is
 * encrypted. Included before the file with those tests. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_TLS_OVER_H
#define XIE_TESTS_TLS_OVER_H

#include "kit.h"

__attribute__((constructor)) static void over_begin(void)
{
    certs_make();
}

/* TLS between the two, but for a pair made by a callback, which cannot wait for it. One context of
 * each kind would be enough, if nothing were counted. */
static inline void over_shake(struct xie_stream *pair[2])
{
    struct xie_tls_options client = client_options(), server = server_options();
    if (!xie_task_current())
        return;
    struct ends ends = {.contexts = {context_of(&client), context_of(&server)}};
    ends_shake(&ends, pair, "localhost");
    REQUIRE(!ends.client_error && !ends.server_error);
    check_passes(ends.server, ends.client, "."); /* and the tickets before it */
    xie_tls_context_unref(ends.contexts[0]);
    xie_tls_context_unref(ends.contexts[1]);
}

static inline void over_pair(struct xie_stream *pair[2])
{
    kit_pair(pair);
    over_shake(pair);
}

static inline void over_tcp_pair(struct xie_stream *pair[2])
{
    kit_tcp_pair(pair);
    over_shake(pair);
}

#define kit_pair over_pair
#define kit_tcp_pair over_tcp_pair

#endif

/* over.h - the tests of transports again, over TLS: each pair of streams that they make is
 * encrypted. Included before the file with those tests. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_TLS_OVER_H
#define XIE_TESTS_TLS_OVER_H

#include "kit.h"

/* One context of each kind for all of them, made before anything is counted: making them would take
 * most of a test's time. The client's keeps no sessions, which would be counted. */
static struct xie_tls_context *over_contexts[2];

__attribute__((constructor)) static void over_begin(void)
{
    certs_make();
    struct xie_tls_options client = client_options(), server = server_options();
    client.no_resumption = true;
    over_contexts[0] = context_of(&client);
    over_contexts[1] = context_of(&server);
}

/* TLS between the two, but for a pair made by a callback, which cannot wait for it. */
static inline void over_shake(struct xie_stream *pair[2])
{
    struct ends ends = {.contexts = {over_contexts[0], over_contexts[1]}};
    if (!xie_task_current())
        return;
    ends_shake(&ends, pair, "localhost");
    REQUIRE(!ends.client_error && !ends.server_error);
    check_passes(ends.server, ends.client, "."); /* and the tickets before it */
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

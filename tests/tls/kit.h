/* kit.h - what the tests of this floor share: contexts, handshakes of both ends at once. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_TLS_KIT_H
#define XIE_TESTS_TLS_KIT_H

#include <xie/tls.h>

#include "certs.h"
#include "io/kit.h"

/* Two ends that speak TLS with each other, and how their handshakes ended. */
struct ends {
    struct xie_stream *client, *server;
    struct xie_tls_context *contexts[2]; /* client's, server's: given back by ends_close */
    int client_error, server_error;
    struct xie_tls_failure client_failure, server_failure;
};

/* Contexts of options; NULL: one that trusts ca, one that shows good. */
struct xie_tls_context *context_of(const struct xie_tls_options *options);
struct xie_tls_options client_options(void);
struct xie_tls_options server_options(void);

/* The handshake of both over raw, which are then ends->client and ends->server. NULL: a fresh pair
 * of sockets. */
void ends_shake(struct ends *ends, struct xie_stream *raw[2], const char *host);
/* All of it, with default contexts where ends has none: both must succeed. */
void ends_open(struct ends *ends);
/* A handshake between these; its errors are in ends. */
void ends_try(struct ends *ends, const struct xie_tls_options *client,
              const struct xie_tls_options *server, const char *host);
/* Close both at once, each in a task, as two programs would. */
void ends_close(struct ends *ends);

/* Write text by one and read it by the other. */
void check_passes(struct xie_stream *from, struct xie_stream *to, const char *text);

#endif

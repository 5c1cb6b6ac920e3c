/* handshake.h - clients that shake hands, hear one byte, and go. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_TLS_HANDSHAKE_H
#define BENCH_TLS_HANDSHAKE_H

#include <openssl/ssl.h>

/* A client's, that believes every certificate and resumes nothing. NULL: no memory */
SSL_CTX *handshake_context(void);

/* The harness's commands for them; each request is a new connection. arguments: COUNT, how many are
 * under way at a time, then the servers' ports. return the exit code */
int handshake_main(int argc, char **argv);

#endif

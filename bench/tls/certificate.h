/* certificate.h - a certificate for this run, made by the openssl command. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_TLS_CERTIFICATE_H
#define BENCH_TLS_CERTIFICATE_H

/* Make one, and its key (P-256), in a file. return its path, until certificate_end; NULL: it could
 * not, which was said. */
const char *certificate_make(void);
void certificate_end(void);

#endif

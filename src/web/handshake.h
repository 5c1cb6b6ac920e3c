/* handshake.h - what proves that both sides mean WebSocket.
 * Floor 8. RFC 6455 section 4; SHA-1 and base64 by libcrypto. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_HANDSHAKE_H
#define XIE_WEB_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    XIE_WS_KEY = 25,   /* 16 bytes in base64, and a 0 byte */
    XIE_WS_ACCEPT = 29 /* 20 bytes in base64, and a 0 byte */
};

/* Fill with bytes that nobody can guess. errors: those of getrandom(2). */
int xie_ws_random(void *out, size_t len);
/* A fresh key. errors as above. */
int xie_ws_key(char key[XIE_WS_KEY]);
/* Is this the base64 of 16 bytes? */
bool xie_ws_key_ok(const char *key);
/* What the server answers to a key. errors -EIO no SHA-1 to be had. */
int xie_ws_proof(const char *key, char proof[XIE_WS_ACCEPT]);

#endif

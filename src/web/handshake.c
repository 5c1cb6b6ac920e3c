/* handshake.c - what proves that both sides mean WebSocket.
 * Floor 8. Nothing here waits. */
/* SPDX-License-Identifier: MIT */
#include "handshake.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

enum { KEY_BYTES = 16, SHA1_BYTES = 20, KEY_TEXT = XIE_WS_KEY - 1 };

int xie_ws_random(void *out, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = getrandom((char *)out + done, len - done, 0);
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int xie_ws_key(char key[XIE_WS_KEY])
{
    unsigned char bytes[KEY_BYTES];
    int err = xie_ws_random(bytes, sizeof bytes);
    if (err < 0)
        return err;
    EVP_EncodeBlock((unsigned char *)key, bytes, sizeof bytes);
    return 0;
}

bool xie_ws_key_ok(const char *key)
{
    unsigned char bytes[KEY_TEXT / 4 * 3];
    if (strlen(key) != KEY_TEXT || strcmp(key + KEY_TEXT - 2, "==") || key[KEY_TEXT - 3] == '=')
        return false;
    return EVP_DecodeBlock(bytes, (const unsigned char *)key, KEY_TEXT) == sizeof bytes;
}

int xie_ws_proof(const char *key, char proof[XIE_WS_ACCEPT])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 section 1.3 */
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[KEY_TEXT + sizeof guid];
    memcpy(text, key, KEY_TEXT);
    memcpy(text + KEY_TEXT, guid, sizeof guid - 1);
    if (!EVP_Digest(text, sizeof text - 1, digest, NULL, EVP_sha1(), NULL))
        return -EIO;
    EVP_EncodeBlock((unsigned char *)proof, digest, SHA1_BYTES);
    return 0;
}

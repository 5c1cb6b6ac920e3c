/* copies.c - which events have come by which connections, so that none runs twice.
 * Floor 9. SHA-256 by libcrypto, since what people write is in it. */
/* SPDX-License-Identifier: MIT */
#include "onebot/copies.h"

#include <openssl/evp.h>
#include <string.h>

static int update(const char *text, size_t len, void *hash)
{
    return EVP_DigestUpdate(hash, text, len) ? 0 : -1;
}

/* The order of members does not matter. */
static bool digest_of(const json_t *event, unsigned char digest[ONEBOT_DIGEST])
{
    unsigned char whole[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool ok = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) &&
              json_dump_callback(event, update, hash, JSON_COMPACT | JSON_SORT_KEYS) == 0 &&
              EVP_DigestFinal_ex(hash, whole, NULL);
    EVP_MD_CTX_free(hash);
    if (ok)
        memcpy(digest, whole, ONEBOT_DIGEST);
    return ok;
}

static bool came_by(const struct onebot_copy *copy, uint64_t source)
{
    for (unsigned i = 0; i < copy->count; i++)
        if (copy->sources[i] == source)
            return true;
    return false;
}

static void add_source(struct onebot_copy *copy, uint64_t source)
{
    if (copy->count < ONEBOT_COPY_SOURCES)
        copy->sources[copy->count++] = source;
}

bool onebot_copies_seen(struct onebot_copies *copies, const json_t *event, uint64_t source)
{
    struct onebot_copy made = {.count = 0};
    if (!digest_of(event, made.digest))
        return false;
    for (unsigned i = 0; i < copies->count; i++) {
        struct onebot_copy *copy = &copies->list[i];
        if (memcmp(copy->digest, made.digest, ONEBOT_DIGEST) != 0 || came_by(copy, source))
            continue;
        add_source(copy, source);
        return true;
    }
    add_source(&made, source);
    copies->list[copies->next] = made;
    copies->next = (copies->next + 1) % ONEBOT_COPIES;
    if (copies->count < ONEBOT_COPIES)
        copies->count++;
    return false;
}

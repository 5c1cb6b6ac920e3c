/* bytes.c - pictures and the like that came as base64: their bytes, and what kind they are.
 * Gateway, ground. */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

static const char scheme[] = "base64://";

static const char *text_of(const json_t *data)
{
    const char *file = json_string_value(json_object_get(data, "file"));
    return file && strncmp(file, scheme, sizeof scheme - 1) == 0 ? file + sizeof scheme - 1 : NULL;
}

bool bytes_there(const json_t *data)
{
    return text_of(data);
}

/* EVP_DecodeUpdate takes at most INT_MAX, and a message is shorter. */
int64_t bytes_of(const json_t *data, unsigned char **bytes)
{
    const char *text = text_of(data);
    size_t len = text ? strlen(text) : 0;
    int had = 0, more = 0;
    if (!text)
        return -EINVAL;
    EVP_ENCODE_CTX *decoder = EVP_ENCODE_CTX_new();
    unsigned char *made = malloc(len / 4 * 3 + 4);
    if (!decoder || !made) {
        EVP_ENCODE_CTX_free(decoder);
        free(made);
        return -ENOMEM;
    }
    EVP_DecodeInit(decoder);
    int good = EVP_DecodeUpdate(decoder, made, &had, (const unsigned char *)text, (int)len);
    if (good >= 0)
        good = EVP_DecodeFinal(decoder, made + had, &more);
    EVP_ENCODE_CTX_free(decoder);
    if (good < 0) {
        free(made);
        return -EINVAL;
    }
    made[had + more] = 0;
    *bytes = made;
    return had + more;
}

const char *bytes_type(const unsigned char *bytes, size_t len, const char **suffix)
{
    static const struct {
        const char *begin;
        size_t len, at;
        const char *type, *suffix;
    } kinds[] = {
        {"\x89PNG\r\n", 6, 0, "image/png", "png"},  {"\xff\xd8\xff", 3, 0, "image/jpeg", "jpg"},
        {"GIF8", 4, 0, "image/gif", "gif"},         {"WEBP", 4, 8, "image/webp", "webp"},
        {"BM", 2, 0, "image/bmp", "bmp"},           {"WAVE", 4, 8, "audio/wav", "wav"},
        {"OggS", 4, 0, "audio/ogg", "ogg"},         {"fLaC", 4, 0, "audio/flac", "flac"},
        {"ID3", 3, 0, "audio/mpeg", "mp3"},         {"#!AMR", 5, 0, "audio/amr", "amr"},
        {"\x02#!SILK", 7, 0, "audio/silk", "silk"}, {"ftyp", 4, 4, "video/mp4", "mp4"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (len >= kinds[i].at + kinds[i].len &&
            memcmp(bytes + kinds[i].at, kinds[i].begin, kinds[i].len) == 0) {
            *suffix = kinds[i].suffix;
            return kinds[i].type;
        }
    }
    *suffix = "bin";
    return "application/octet-stream";
}

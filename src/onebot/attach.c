/* attach.c - pictures and files from memory and from the disk, as base64://.
 * Floor 9. RFC 4648 section 4. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <xie.h>

#include "base/memory.h"
#include "onebot/message.h"

static const char prefix[] = "base64://";
enum { PREFIX = sizeof prefix - 1 };

static void encode(char *to, const unsigned char *data, size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (; len; data += 3, to += 4) {
        size_t have = len < 3 ? len : 3;
        uint32_t bits = (uint32_t)data[0] << 16;
        if (have > 1)
            bits |= (uint32_t)data[1] << 8;
        if (have > 2)
            bits |= data[2];
        to[0] = letters[bits >> 18];
        to[1] = letters[bits >> 12 & 63];
        to[2] = have > 1 ? letters[bits >> 6 & 63] : '=';
        to[3] = have > 2 ? letters[bits & 63] : '=';
        len -= have;
    }
    *to = 0;
}

void onebot_message_bytes(struct onebot_message *message, const char *type, const char *name,
                          const void *data, size_t len)
{
    if (message->error)
        return;
    char *file = len < SIZE_MAX / 2 ? xie_alloc(PREFIX + (len + 2) / 3 * 4 + 1) : NULL;
    if (!file) {
        onebot_message_fail(message, -ENOMEM);
        return;
    }
    memcpy(file, prefix, PREFIX);
    encode(file + PREFIX, data, len);
    onebot_message_strings(message, type, ONEBOT_PAIRS("file", file, "name", name));
    xie_release(file);
}

/* What follows the last slash. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void onebot_message_from_disk(struct onebot_message *message, const char *type, const char *path,
                              size_t limit)
{
    char *data;
    if (message->error)
        return;
    ssize_t len = xie_file_load(path, limit ? limit : ONEBOT_FILE_MOST, &data);
    if (len < 0) {
        onebot_message_fail(message, (int)len);
        return;
    }
    const char *name = strcmp(type, "file") == 0 ? base_name(path) : NULL;
    onebot_message_bytes(message, type, name, data, (size_t)len);
    xie_free(data);
}

/* media.c - images, voices and the like that were sent, found by their file's name.
 * Gateway, sixth floor. Nothing is fetched or converted: what came as base64 is kept with its
 * message, written to a file for whoever asks, and served by the page; the rest is told again. */
/* SPDX-License-Identifier: MIT */
#include "media.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xie/error.h>

#include "arrive.h"
#include "bytes.h"
#include "reply.h"
#include "shelf.h"

static const char local[] = "file://";

static bool is(const json_t *data, const char *name, const char *value)
{
    const char *has = json_string_value(json_object_get(data, name));
    return has && strcmp(has, value) == 0;
}

/* Where in a message a segment with a file is that has that file or url, of that type (NULL: any);
 * negative: nowhere. */
static int64_t find_in(const struct message *message, const char *type, const char *file)
{
    size_t i;
    json_t *segment;
    json_array_foreach(message->segments, i, segment)
    {
        const json_t *data = json_object_get(segment, "data");
        if ((!type || is(segment, "type", type)) && json_is_string(json_object_get(data, "file")) &&
            (is(data, "file", file) || is(data, "url", file)))
            return (int64_t)i;
    }
    return -1;
}

/* Bytes as a file; its path and size in data, an object. NULL: the call has failed. */
static json_t *on_the_shelf(struct call *call, const char *stem, const unsigned char *bytes,
                            size_t len)
{
    char name[SHELF_NAME], path[SHELF_PATH];
    const char *suffix;
    (void)bytes_type(bytes, len, &suffix);
    snprintf(name, sizeof name, "%s.%s", stem, suffix);
    int result = shelf_put(call->gateway, name, bytes, len, path);
    if (result < 0)
        return call_fail(call, RETCODE_REFUSED, "the file cannot be written: %s",
                         xie_strerror(result));
    return json_pack("{s:s, s:s, s:I}", "file", path, "file_name", name, "file_size",
                     (json_int_t)len);
}

static json_t *no_base64(struct call *call, int64_t error)
{
    return error == -ENOMEM ? NULL : call_fail(call, RETCODE_REFUSED, "what was sent is no base64");
}

/* A file on this machine must be there; a name of which nothing else is known is told as it was. */
static json_t *elsewhere(struct call *call, const char *file, json_t *url)
{
    const char *path = strncmp(file, local, sizeof local - 1) == 0 ? file + sizeof local - 1 : NULL;
    if (path && access(path, R_OK) < 0)
        return call_fail(call, RETCODE_REFUSED, "the file %.100s cannot be read", path);
    return json_pack("{s:s, s:O*}", "file", path ? path : file, "url", url);
}

static json_t *described(struct call *call, const struct message *message, int64_t at)
{
    char stem[SHELF_NAME - 8];
    unsigned char *bytes;
    json_t *data = json_object_get(json_array_get(message->segments, (size_t)at), "data");
    json_t *url = json_object_get(data, "url");
    if (!bytes_there(data))
        return elsewhere(call, json_string_value(json_object_get(data, "file")), url);
    int64_t len = bytes_of(data, &bytes);
    if (len < 0)
        return no_base64(call, len);
    snprintf(stem, sizeof stem, "%lld-%lld", (long long)message->message_id, (long long)at);
    json_t *made = on_the_shelf(call, stem, bytes, (size_t)len);
    free(bytes);
    if (!made || !url || json_object_set(made, "url", url) == 0)
        return made;
    json_decref(made);
    return NULL;
}

/* type NULL: of any kind. */
static json_t *find(struct call *call, const char *type, const char *file)
{
    const struct history *history = &call->gateway->history;
    if (!file)
        return call_fail(call, RETCODE_BAD_PARAMS, "parameter file is missing, or no string");
    for (int64_t id = history->next - 1; id >= history->oldest; id--) {
        const struct message *message = history_get(history, id);
        int64_t at = message && call_may_see(call, message) ? find_in(message, type, file) : -1;
        if (at >= 0)
            return described(call, message, at);
    }
    return call_fail(call, RETCODE_REFUSED, "no %s with that file is in a message",
                     type ? type : "segment");
}

json_t *media_image(struct call *call)
{
    return find(call, "image", json_string_value(call_param(call, "file")));
}

json_t *media_record(struct call *call)
{
    static const char *const formats[] = {"mp3", "amr", "wma", "m4a", "spx", "ogg", "wav", "flac"};
    char format[8];
    if (!call_text(call, "out_format", format, sizeof format))
        return NULL;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(format, formats[i]) == 0)
            return find(call, "record", json_string_value(call_param(call, "file")));
    }
    return call_fail(call, RETCODE_BAD_PARAMS, "parameter out_format is none of those known");
}

json_t *media_file(struct call *call)
{
    const char *id = json_string_value(call_param(call, "file_id"));
    return find(call, NULL, id ? id : json_string_value(call_param(call, "file")));
}

/* A file of base64 from the call itself; nothing is fetched. */
json_t *media_download(struct call *call)
{
    const char *base64 = json_string_value(call_param(call, "base64"));
    char stem[SHELF_NAME - 8];
    unsigned char *bytes;
    if (!base64)
        return call_fail(call, RETCODE_REFUSED,
                         "nothing is fetched here: only base64 becomes a file");
    json_t *data = json_pack("{s:s+}", "file", "base64://", base64);
    int64_t len = data ? bytes_of(data, &bytes) : -ENOMEM;
    json_decref(data);
    if (len < 0)
        return no_base64(call, len);
    snprintf(stem, sizeof stem, "download-%llu", (unsigned long long)call->gateway->shelf.count);
    json_t *made = on_the_shelf(call, stem, bytes, (size_t)len);
    free(bytes);
    return made;
}

int media_request(struct xie_http *http, struct gateway *gateway, const char *path)
{
    int64_t id, at;
    char number[24];
    const char *slash = *path == '/' ? strchr(path + 1, '/') : NULL, *suffix;
    size_t digits = slash ? (size_t)(slash - path - 1) : sizeof number;
    snprintf(number, sizeof number, "%.*s", digits < sizeof number ? (int)digits : 0,
             slash ? path + 1 : "");
    const struct message *message =
        slash && parse_number(number, &id) && parse_number(slash + 1, &at)
            ? history_get(&gateway->history, id)
            : NULL;
    const json_t *data = message ? arrive_data(message, at) : NULL;
    unsigned char *bytes;
    int64_t len = data ? bytes_of(data, &bytes) : -EINVAL;
    if (len == -ENOMEM)
        return reply_error(http, 500, "out of memory");
    if (len < 0)
        return reply_error(http, 404, "there is no such picture, or none any more");
    int result = reply_body(http, 200, bytes_type(bytes, (size_t)len, &suffix), bytes, (size_t)len);
    free(bytes);
    return result;
}

/* media.c - images and voices that were sent, found by their file's name.
 * Gateway, sixth floor. Nothing is fetched or converted: what was sent is told again. */
/* SPDX-License-Identifier: MIT */
#include "media.h"

#include <string.h>

/* The data of a segment of that type and file in a message; borrowed, NULL: there is none. */
static json_t *find_in(const struct message *message, const char *type, const char *file)
{
    size_t i;
    json_t *segment;
    json_array_foreach(message->segments, i, segment)
    {
        json_t *data = json_object_get(segment, "data");
        const char *has = json_string_value(json_object_get(data, "file"));
        const char *is = json_string_value(json_object_get(segment, "type"));
        if (has && strcmp(is, type) == 0 && strcmp(has, file) == 0)
            return data;
    }
    return NULL;
}

/* A path on this machine as such; anything else as it was sent. */
static json_t *described(const json_t *data)
{
    static const char scheme[] = "file://";
    const char *file = json_string_value(json_object_get(data, "file"));
    bool local = strncmp(file, scheme, sizeof scheme - 1) == 0;
    return json_pack("{s:s, s:O*}", "file", local ? file + sizeof scheme - 1 : file, "url",
                     json_object_get(data, "url"));
}

static json_t *find(struct call *call, const char *type)
{
    const struct history *history = &call->gateway->history;
    const char *file = json_string_value(call_param(call, "file"));
    if (!file)
        return call_fail(call, RETCODE_BAD_PARAMS, "parameter file is missing, or no string");
    for (int64_t id = history->next - 1; id >= history->oldest; id--) {
        const struct message *message = history_get(history, id);
        json_t *data = message ? find_in(message, type, file) : NULL;
        if (data)
            return described(data);
    }
    return call_fail(call, RETCODE_REFUSED, "no %s with that file is in a message", type);
}

json_t *media_image(struct call *call)
{
    return find(call, "image");
}

json_t *media_record(struct call *call)
{
    static const char *const formats[] = {"mp3", "amr", "wma", "m4a", "spx", "ogg", "wav", "flac"};
    char format[8];
    if (!call_text(call, "out_format", format, sizeof format))
        return NULL;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(format, formats[i]) == 0)
            return find(call, "record");
    }
    return call_fail(call, RETCODE_BAD_PARAMS, "parameter out_format is none of those known");
}

/* kinds.c - the kinds of segments, and how each is read.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "onebot/message.h"

#define MEMBER(kind, member, keys) ONEBOT_FIELD(onebot_segment, kind, member, keys)

static const struct onebot_field text_fields[] = {MEMBER(TEXT, text, "text"), ONEBOT_FIELDS_END};
static const struct onebot_field data_fields[] = {MEMBER(TEXT, text, "data"), ONEBOT_FIELDS_END};
static const struct onebot_field markdown_fields[] = {MEMBER(TEXT, text, "content|data"),
                                                      ONEBOT_FIELDS_END};

static const struct onebot_field media_fields[] = {
    MEMBER(TEXT, media.file, "file"),
    MEMBER(TEXT, media.url, "url"),
    MEMBER(TEXT, media.name, "name|file_name|filename"),
    MEMBER(TEXT, media.path, "path"),
    MEMBER(TEXT, media.file_id, "file_id|id"),
    MEMBER(TEXT, media.summary, "summary"),
    MEMBER(INT, media.size, "file_size|size"),
    MEMBER(BOOL, media.magic, "magic"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field at_fields[] = {
    MEMBER(INT, at.user_id, "qq|user_id"),
    MEMBER(TEXT, at.name, "name"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field number_fields[] = {
    MEMBER(INT, number.id, "id"),
    MEMBER(INT, number.result, "result|value"),
    MEMBER(TEXT, number.type, "type"),
    MEMBER(TEXT, number.name, "name"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field link_fields[] = {
    MEMBER(TEXT, link.url, "url"),     MEMBER(TEXT, link.audio, "audio"),
    MEMBER(TEXT, link.title, "title"), MEMBER(TEXT, link.content, "content"),
    MEMBER(TEXT, link.image, "image"), MEMBER(TEXT, link.type, "type"),
    MEMBER(TEXT, link.id, "id"),       ONEBOT_FIELDS_END,
};

static const struct onebot_field place_fields[] = {
    MEMBER(REAL, place.lat, "lat"),
    MEMBER(REAL, place.lon, "lon"),
    MEMBER(TEXT, place.title, "title"),
    MEMBER(TEXT, place.content, "content"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field bundle_fields[] = {
    MEMBER(TEXT, bundle.id, "id|resid"),
    MEMBER(JSON, bundle.content, "content"),
    MEMBER(INT, bundle.user_id, "user_id|uin"),
    MEMBER(TEXT, bundle.nickname, "nickname|name"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field mface_fields[] = {
    MEMBER(TEXT, mface.emoji_id, "emoji_id"),
    MEMBER(TEXT, mface.key, "key"),
    MEMBER(TEXT, mface.summary, "summary"),
    MEMBER(TEXT, mface.url, "url"),
    MEMBER(INT, mface.package_id, "emoji_package_id"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field ignore_fields[] = {MEMBER(BOOL, ignore, "ignore"),
                                                    ONEBOT_FIELDS_END};

#define KIND(name, KIND, group)                                        \
    {                                                                  \
        name, ONEBOT_SEGMENT_##KIND,                                   \
        {                                                              \
            sizeof(struct onebot_segment), group##_fields, JSON_OBJECT \
        }                                                              \
    }

static const struct {
    const char *type;
    enum onebot_segment_kind kind;
    struct onebot_shape shape;
} kinds[] = {
    KIND("text", TEXT, text),
    KIND("image", IMAGE, media),
    KIND("at", AT, at),
    KIND("face", FACE, number),
    KIND("reply", REPLY, number),
    KIND("record", RECORD, media),
    KIND("video", VIDEO, media),
    KIND("file", FILE, media),
    KIND("rps", RPS, number),
    KIND("dice", DICE, number),
    KIND("shake", SHAKE, number),
    KIND("poke", POKE, number),
    KIND("anonymous", ANONYMOUS, ignore),
    KIND("share", SHARE, link),
    KIND("contact", CONTACT, number),
    KIND("location", LOCATION, place),
    KIND("music", MUSIC, link),
    KIND("forward", FORWARD, bundle),
    KIND("node", NODE, bundle),
    KIND("xml", XML, data),
    KIND("json", JSON, data),
    KIND("mface", MFACE, mface),
    KIND("markdown", MARKDOWN, markdown),
    KIND("miniapp", MINIAPP, data),
};

/* Linear: what people write stands at the front. */
const struct onebot_shape *onebot_segment_shape(const json_t *type, enum onebot_segment_kind *kind)
{
    const char *name = json_string_value(type);
    for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(name, kinds[i].type) && json_string_length(type) == strlen(name)) {
            *kind = kinds[i].kind;
            return &kinds[i].shape;
        }
    return NULL;
}

static bool string_is(const json_t *data, const char *key, const char *value)
{
    return strcmp(onebot_string(data, key), value) == 0;
}

bool onebot_message_get(const struct onebot_message *message, size_t index,
                        struct onebot_segment *segment)
{
    const json_t *json = json_array_get(message->segments, index);
    if (!json)
        return false;
    const json_t *type = json_object_get(json, "type");
    *segment = (struct onebot_segment){.type = json_string_value(type),
                                       .data = json_object_get(json, "data")};
    const struct onebot_shape *shape = onebot_segment_shape(type, &segment->kind);
    if (shape)
        onebot_shape_read(shape, segment->data, segment, NULL);
    if (segment->kind == ONEBOT_SEGMENT_AT)
        segment->at.all = string_is(segment->data, "qq", "all");
    if (segment->kind == ONEBOT_SEGMENT_IMAGE)
        segment->media.flash = string_is(segment->data, "type", "flash");
    return true;
}

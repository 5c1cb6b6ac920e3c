/* segments.c - the segments of the standard and its extensions, a function each.
 * Floor 9. Every value is a string, as the standard has it. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "onebot/message.h"

enum { DIGITS = 24 };

static const char *digits(int64_t number, char text[DIGITS])
{
    snprintf(text, DIGITS, "%" PRId64, number);
    return text;
}

/* One with an id alone. */
static void numbered(struct onebot_message *message, const char *type, const char *key, int64_t id)
{
    char text[DIGITS];
    onebot_message_strings(message, type, ONEBOT_PAIRS(key, digits(id, text)));
}

void onebot_message_at(struct onebot_message *message, int64_t user_id)
{
    numbered(message, "at", "qq", user_id);
}

void onebot_message_at_all(struct onebot_message *message)
{
    onebot_message_strings(message, "at", ONEBOT_PAIRS("qq", "all"));
}

void onebot_message_reply(struct onebot_message *message, int64_t message_id)
{
    numbered(message, "reply", "id", message_id);
}

void onebot_message_face(struct onebot_message *message, int64_t id)
{
    numbered(message, "face", "id", id);
}

void onebot_message_image(struct onebot_message *message, const char *file)
{
    onebot_message_strings(message, "image", ONEBOT_PAIRS("file", file));
}

void onebot_message_record(struct onebot_message *message, const char *file)
{
    onebot_message_strings(message, "record", ONEBOT_PAIRS("file", file));
}

void onebot_message_video(struct onebot_message *message, const char *file)
{
    onebot_message_strings(message, "video", ONEBOT_PAIRS("file", file));
}

void onebot_message_file(struct onebot_message *message, const char *file, const char *name)
{
    onebot_message_strings(message, "file", ONEBOT_PAIRS("file", file, "name", name));
}

void onebot_message_dice(struct onebot_message *message)
{
    onebot_message_strings(message, "dice", ONEBOT_PAIRS(NULL));
}

void onebot_message_rps(struct onebot_message *message)
{
    onebot_message_strings(message, "rps", ONEBOT_PAIRS(NULL));
}

void onebot_message_shake(struct onebot_message *message)
{
    onebot_message_strings(message, "shake", ONEBOT_PAIRS(NULL));
}

void onebot_message_poke(struct onebot_message *message, int64_t type, int64_t id)
{
    char type_text[DIGITS], id_text[DIGITS];
    onebot_message_strings(
        message, "poke", ONEBOT_PAIRS("type", digits(type, type_text), "id", digits(id, id_text)));
}

void onebot_message_anonymous(struct onebot_message *message, bool ignore)
{
    onebot_message_strings(message, "anonymous", ONEBOT_PAIRS("ignore", ignore ? "1" : "0"));
}

void onebot_message_share(struct onebot_message *message, const char *url, const char *title,
                          const char *content, const char *image)
{
    onebot_message_strings(
        message, "share",
        ONEBOT_PAIRS("url", url, "title", title, "content", content, "image", image));
}

void onebot_message_contact(struct onebot_message *message, const char *type, int64_t id)
{
    char text[DIGITS];
    onebot_message_strings(message, "contact", ONEBOT_PAIRS("type", type, "id", digits(id, text)));
}

/* A point for the decimals, whatever the locale. */
static const char *degrees(double number, char text[DIGITS])
{
    json_t *value = json_real(number); /* NULL for what is no number, too */
    size_t len =
        value ? json_dumpb(value, text, DIGITS - 1, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10)) : 0;
    json_decref(value);
    text[len < DIGITS ? len : 0] = 0;
    return text;
}

void onebot_message_location(struct onebot_message *message, double lat, double lon,
                             const char *title, const char *content)
{
    char lat_text[DIGITS], lon_text[DIGITS];
    if (!(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180)) {
        onebot_message_fail(message, -EINVAL);
        return;
    }
    if (!*degrees(lat, lat_text) || !*degrees(lon, lon_text)) {
        onebot_message_fail(message, -ENOMEM);
        return;
    }
    onebot_message_strings(
        message, "location",
        ONEBOT_PAIRS("lat", lat_text, "lon", lon_text, "title", title, "content", content));
}

void onebot_message_music(struct onebot_message *message, const char *type, const char *id)
{
    onebot_message_strings(message, "music", ONEBOT_PAIRS("type", type, "id", id));
}

void onebot_message_music_custom(struct onebot_message *message, const char *url, const char *audio,
                                 const char *title, const char *content, const char *image)
{
    onebot_message_strings(message, "music",
                           ONEBOT_PAIRS("type", "custom", "url", url, "audio", audio, "title",
                                        title, "content", content, "image", image));
}

void onebot_message_xml(struct onebot_message *message, const char *data)
{
    onebot_message_strings(message, "xml", ONEBOT_PAIRS("data", data));
}

void onebot_message_json(struct onebot_message *message, const char *data)
{
    onebot_message_strings(message, "json", ONEBOT_PAIRS("data", data));
}

void onebot_message_miniapp(struct onebot_message *message, const char *data)
{
    onebot_message_strings(message, "miniapp", ONEBOT_PAIRS("data", data));
}

void onebot_message_markdown(struct onebot_message *message, const char *content)
{
    onebot_message_strings(message, "markdown", ONEBOT_PAIRS("content", content));
}

void onebot_message_mface(struct onebot_message *message, int64_t package_id, const char *emoji_id,
                          const char *key, const char *summary)
{
    char text[DIGITS];
    onebot_message_strings(message, "mface",
                           ONEBOT_PAIRS("emoji_package_id", digits(package_id, text), "emoji_id",
                                        emoji_id, "key", key, "summary", summary));
}

void onebot_message_forward(struct onebot_message *message, const char *id)
{
    onebot_message_strings(message, "forward", ONEBOT_PAIRS("id", id));
}

void onebot_message_node_id(struct onebot_message *message, int64_t message_id)
{
    numbered(message, "node", "id", message_id);
}

/* The last segment's data; NULL after an error. */
static json_t *last_data(const struct onebot_message *message)
{
    if (message->error)
        return NULL;
    size_t count = json_array_size(message->segments);
    return json_object_get(json_array_get(message->segments, count - 1), "data");
}

void onebot_message_node(struct onebot_message *message, int64_t user_id, const char *nickname,
                         struct onebot_message *content)
{
    char text[DIGITS];
    int error = content->error;
    json_t *segments = onebot_message_take(content);
    if (error)
        onebot_message_fail(message, error);
    else if (!segments)
        onebot_message_fail(message, -EINVAL);
    digits(user_id, text);
    onebot_message_strings(
        message, "node",
        ONEBOT_PAIRS("user_id", text, "nickname", nickname, "uin", text, "name", nickname));
    json_t *data = last_data(message);
    if (!data)
        json_decref(segments);
    else if (json_object_set_new(data, "content", segments)) /* releases it on failure */
        onebot_message_fail(message, -ENOMEM);
}

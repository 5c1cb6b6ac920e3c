/* segment.c - a message as an array of segments: made from what a bot sent, shown as text.
 * Gateway, ground. Knows the shape of segments, not which kinds there are. */
/* SPDX-License-Identifier: MIT */
#include "segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cq.h"

/* A value that stays what it is, or the string that it stands for. */
static json_t *as_string(json_t *value)
{
    char text[32];
    if (json_is_integer(value)) {
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
        return json_string(text);
    }
    if (json_is_real(value)) {
        snprintf(text, sizeof text, "%.15g", json_real_value(value));
        return json_string(text);
    }
    if (json_is_boolean(value))
        return json_string(json_is_true(value) ? "1" : "0");
    return json_incref(value);
}

/* A copy of data, one level deep, with strings for values. */
static json_t *normal_data(json_t *data)
{
    json_t *copy = json_object(), *value;
    const char *key;
    json_object_foreach(data, key, value)
    {
        if (copy && json_object_set_new(copy, key, as_string(value)) < 0) {
            json_decref(copy);
            return NULL;
        }
    }
    return copy;
}

static bool add_segment(json_t *segments, json_t *segment, size_t i, char *why)
{
    json_t *data = json_object_get(segment, "data"), *type = json_object_get(segment, "type");
    if (!json_is_object(segment)) {
        snprintf(why, PARSE_WHY, "message[%zu] must be an object {type, data}", i);
        return false;
    }
    if (json_string_length(type) == 0) {
        snprintf(why, PARSE_WHY, "message[%zu].type must be a string", i);
        return false;
    }
    if (data && !json_is_null(data) && !json_is_object(data)) {
        snprintf(why, PARSE_WHY, "message[%zu].data must be an object", i);
        return false;
    }
    json_t *normal = normal_data(data);
    bool text = strcmp(json_string_value(type), "text") == 0;
    if (text && normal && !json_is_string(json_object_get(normal, "text"))) {
        json_decref(normal);
        snprintf(why, PARSE_WHY, "message[%zu].data.text must be a string", i);
        return false;
    }
    json_t *made = normal ? json_pack("{s:O, s:o}", "type", type, "data", normal) : NULL;
    return made && json_array_append_new(segments, made) == 0;
}

json_t *segment_normalise(const json_t *message, bool plain, char why[PARSE_WHY])
{
    const char *string = json_string_value(message);
    why[0] = 0;
    if (string)
        return plain ? segment_text(string) : cq_parse(string);
    if (!json_is_array(message) && !json_is_object(message)) {
        snprintf(why, PARSE_WHY, "message must be a string, an array of segments or a segment");
        return NULL;
    }
    json_t *segments = json_array(), *one;
    size_t i;
    bool good = segments;
    if (json_is_object(message))
        good = good && add_segment(segments, (json_t *)message, 0, why);
    json_array_foreach(message, i, one) good = good && add_segment(segments, one, i, why);
    if (good)
        return segments;
    json_decref(segments);
    return NULL;
}

json_t *segment_text(const char *text)
{
    return json_pack("[{s:s, s:{s:s}}]", "type", "text", "data", "text", text);
}

static void show_at(FILE *out, const char *qq, const struct world *world, struct group *group)
{
    int64_t id = 0;
    const struct person *person = parse_number(qq, &id) ? world_person(world, id) : NULL;
    const struct member *member = group && person ? world_member(group, id) : NULL;
    if (strcmp(qq, "all") == 0)
        qq = "全体成员";
    fprintf(out, "@%s ", member && *member->card ? member->card : person ? person->nickname : qq);
}

static void show(FILE *out, json_t *segment, const struct world *world, struct group *group)
{
    static const char *const known[][2] = {
        {"face", "表情"},  {"image", "图片"},    {"record", "语音"}, {"video", "视频"},
        {"rps", "猜拳"},   {"dice", "骰子"},     {"shake", "抖动"},  {"poke", "戳一戳"},
        {"share", "链接"}, {"location", "位置"}, {"music", "音乐"},  {"forward", "合并转发"},
        {"node", "转发"},  {"contact", "名片"},  {"file", "文件"},
    };
    const char *type = json_string_value(json_object_get(segment, "type"));
    json_t *data = json_object_get(segment, "data");
    const char *text = json_string_value(json_object_get(data, "text"));
    const char *qq = json_string_value(json_object_get(data, "qq"));
    if (strcmp(type, "reply") == 0)
        return;
    if (strcmp(type, "text") == 0) {
        fputs(text ? text : "", out);
        return;
    }
    if (strcmp(type, "at") == 0 && qq) {
        show_at(out, qq, world, group);
        return;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(type, known[i][0]) == 0)
            type = known[i][1];
    }
    fprintf(out, "[%s]", type);
}

char *segment_show(const json_t *segments, const struct world *world, struct group *group)
{
    char *text = NULL;
    size_t len, i;
    json_t *segment;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    json_array_foreach(segments, i, segment) show(out, segment, world, group);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

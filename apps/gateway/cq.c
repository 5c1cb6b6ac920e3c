/* cq.c - messages as strings with CQ codes, and back.
 * Gateway, ground. One pass each way; unescaping knows four entities and leaves others alone. */
/* SPDX-License-Identifier: MIT */
#include "cq.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    char plain;
    const char *escaped;
} entities[] = {{'&', "&amp;"}, {'[', "&#91;"}, {']', "&#93;"}, {',', "&#44;"}};
enum { ENTITIES = sizeof entities / sizeof *entities };

/* One pass from the left, so that "&amp;#91;" becomes "&#91;" and no bracket. */
static json_t *unescaped(const char *text, size_t len)
{
    char *plain = malloc(len + 1);
    size_t out = 0;
    if (!plain)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        int k = 0;
        while (k < ENTITIES && (len - i < 5 || strncmp(text + i, entities[k].escaped, 5) != 0))
            k++;
        plain[out++] = k < ENTITIES ? entities[k].plain : text[i];
        i += k < ENTITIES ? 4 : 0;
    }
    json_t *string = json_stringn(plain, out);
    free(plain);
    return string;
}

static int add(json_t *segments, const char *type, size_t type_len, json_t *data)
{
    json_t *segment = data ? json_pack("{s:s%, s:o}", "type", type, type_len, "data", data) : NULL;
    return segment ? json_array_append_new(segments, segment) : -1;
}

static int add_text(json_t *segments, const char *text, size_t len)
{
    if (len == 0)
        return 0;
    json_t *string = unescaped(text, len);
    return string ? add(segments, "text", 4, json_pack("{s:o}", "text", string)) : -1;
}

static bool name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

/* The end of the code that starts at text, after its ']'; NULL if it is no code. */
static const char *code_end(const char *text)
{
    const char *name = text + strlen("[CQ:"), *end = name;
    while (name_character(*end))
        end++;
    if (end == name || (*end != ',' && *end != ']'))
        return NULL;
    end += strcspn(end, "[]");
    return *end == ']' ? end + 1 : NULL;
}

/* The values between the name and the ']'. One without '=' is ignored. */
static json_t *code_data(const char *at, const char *end)
{
    json_t *data = json_object();
    while (data && at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma ? comma : end, *equals = memchr(at, '=', (size_t)(stop - at));
        if (equals) {
            json_t *value = unescaped(equals + 1, (size_t)(stop - equals - 1));
            if (!value || json_object_setn_new(data, at, (size_t)(equals - at), value) < 0) {
                json_decref(data);
                return NULL;
            }
        }
        at = stop + 1;
    }
    return data;
}

json_t *cq_parse(const char *text)
{
    json_t *segments = json_array();
    const char *plain = text, *code = text;
    int failed = segments ? 0 : -1;
    while (!failed && (code = strstr(code, "[CQ:"))) {
        const char *end = code_end(code);
        if (!end) {
            code++;
            continue;
        }
        const char *name = code + strlen("[CQ:");
        size_t name_len = strcspn(name, ",]");
        failed = add_text(segments, plain, (size_t)(code - plain));
        if (!failed)
            failed = add(segments, name, name_len, code_data(name + name_len + 1, end - 1));
        plain = code = end;
    }
    if (!failed)
        failed = add_text(segments, plain, strlen(plain));
    if (failed) {
        json_decref(segments);
        return NULL;
    }
    return segments;
}

/* In text a comma stays as it is. */
static void put_escaped(FILE *out, const char *text, bool value)
{
    int known = value ? ENTITIES : ENTITIES - 1;
    for (; *text; text++) {
        int k = 0;
        while (k < known && *text != entities[k].plain)
            k++;
        if (k < known)
            fputs(entities[k].escaped, out);
        else
            putc(*text, out);
    }
}

static void put_value(FILE *out, const char *key, const json_t *value)
{
    char *dumped = NULL;
    const char *text = json_string_value(value);
    if (!text)
        text = dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    fprintf(out, ",%s=", key);
    put_escaped(out, text ? text : "", true);
    free(dumped);
}

static void put_segment(FILE *out, json_t *segment)
{
    const char *type = json_string_value(json_object_get(segment, "type")), *key;
    json_t *data = json_object_get(segment, "data"), *value;
    if (strcmp(type, "text") == 0) {
        const char *text = json_string_value(json_object_get(data, "text"));
        put_escaped(out, text ? text : "", false);
        return;
    }
    fprintf(out, "[CQ:%s", type);
    json_object_foreach(data, key, value) put_value(out, key, value);
    putc(']', out);
}

char *cq_format(const json_t *segments)
{
    char *text = NULL;
    size_t len, i;
    json_t *segment;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    json_array_foreach(segments, i, segment) put_segment(out, segment);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

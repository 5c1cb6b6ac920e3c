/* shape.c - JSON read into structs by tables of their fields.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/shape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "onebot/field.h"
#include "onebot/real.h"

/* --- memory ------------------------------------------------------------------------- */

static void *take(struct onebot_memory **memory, size_t size)
{
    struct onebot_memory *made = xie_alloc_zero(sizeof *made + size);
    if (!made)
        return NULL;
    made->next = *memory;
    *memory = made;
    return made->block;
}

void onebot_memory_free(struct onebot_memory *memory)
{
    while (memory) {
        struct onebot_memory *next = memory->next;
        xie_release(memory);
        memory = next;
    }
}

/* --- paths -------------------------------------------------------------------------- */

/* Follow one path of len bytes; NULL: it leads nowhere. */
static const json_t *follow(const json_t *from, const char *path, size_t len)
{
    const char *end = path + len;
    while (from && path < end) {
        const char *dot = memchr(path, '.', (size_t)(end - path));
        size_t step = dot ? (size_t)(dot - path) : (size_t)(end - path);
        from = json_object_getn(from, path, step);
        path += dot ? step + 1 : step;
    }
    return from;
}

static bool fits(const json_t *value, enum onebot_field_kind kind)
{
    if (!value || json_is_null(value))
        return false;
    if (kind == ONEBOT_FIELD_LIST)
        return json_is_array(value);
    return kind != ONEBOT_FIELD_PART || json_is_object(value);
}

static const json_t *find(const json_t *from, const struct onebot_field *field)
{
    const char *keys = field->keys;
    for (;;) {
        size_t len = strcspn(keys, "|");
        const json_t *value = follow(from, keys, len);
        if (fits(value, field->kind))
            return value;
        if (!keys[len])
            return NULL;
        keys += len + 1;
    }
}

/* --- values ------------------------------------------------------------------------- */

static double real(const json_t *value)
{
    if (!json_is_string(value))
        return json_number_value(value);
    double number = 0;
    onebot_real_read(json_string_value(value), &number);
    return number;
}

bool onebot_truth(const json_t *value)
{
    const char *text = json_string_value(value);
    if (!text)
        return json_is_true(value) || json_number_value(value) != 0;
    return !strcasecmp(text, "true") || !strcasecmp(text, "yes") || !strcmp(text, "1");
}

enum { DIGITS = 32 };

/* The digits of a number; 0: jansson had no memory. */
static size_t write_digits(const json_t *number, char digits[DIGITS])
{
    if (json_is_integer(number))
        return (size_t)snprintf(digits, DIGITS, "%" JSON_INTEGER_FORMAT,
                                json_integer_value(number));
    return json_dumpb(number, digits, DIGITS - 1, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}

/* Numbers where the standard has strings (levels, ids of faces) become strings. */
static int text(const json_t *value, const char **to, struct onebot_memory **memory)
{
    *to = json_is_string(value) ? json_string_value(value) : "";
    if (!memory || !json_is_number(value))
        return 0;
    char *digits = take(memory, DIGITS); /* zeros */
    if (!digits || !write_digits(value, digits))
        return -ENOMEM;
    *to = digits;
    return 0;
}

/* Those of the elements that are objects. */
static int list(const struct onebot_field *field, const json_t *value, char *to,
                struct onebot_memory **memory)
{
    size_t size = field->shape->size, count = 0;
    char *items = NULL;
    if (json_array_size(value)) {
        items = take(memory, size * json_array_size(value));
        if (!items)
            return -ENOMEM;
    }
    for (size_t i = 0; items && i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_object(item))
            continue;
        int error = onebot_shape_read(field->shape, item, items + size * count++, memory);
        if (error)
            return error;
    }
    memcpy(to + field->offset, &items, sizeof items);
    memcpy(to + field->count_offset, &count, sizeof count);
    return 0;
}

static int read_field(const struct onebot_field *field, const json_t *from, char *to,
                      struct onebot_memory **memory)
{
    const json_t *value = find(from, field);
    void *at = to + field->offset;
    switch (field->kind) {
    case ONEBOT_FIELD_INT:
        *(int64_t *)at = onebot_int_of(value);
        return 0;
    case ONEBOT_FIELD_REAL:
        *(double *)at = real(value);
        return 0;
    case ONEBOT_FIELD_BOOL:
        *(bool *)at = onebot_truth(value);
        return 0;
    case ONEBOT_FIELD_MAYBE:
        *(int *)at = value ? onebot_truth(value) : -1;
        return 0;
    case ONEBOT_FIELD_TEXT:
        return text(value, at, memory);
    case ONEBOT_FIELD_JSON:
        *(const json_t **)at = value;
        return 0;
    case ONEBOT_FIELD_PART:
        return onebot_shape_read(field->shape, value, at, memory);
    case ONEBOT_FIELD_LIST:
        return list(field, value, to, memory);
    }
    return 0;
}

int onebot_shape_read(const struct onebot_shape *shape, const json_t *from, void *to,
                      struct onebot_memory **memory)
{
    int error = 0;
    for (const struct onebot_field *field = shape->fields; field->keys && !error; field++)
        error = read_field(field, from, to, memory);
    if (error) /* with nothing to read nothing is allocated */
        onebot_shape_read(shape, NULL, to, memory);
    return error;
}

bool onebot_shape_fits(const struct onebot_shape *shape, const json_t *value)
{
    if (shape->type == JSON_ARRAY)
        return find(value, &shape->fields[0]) != NULL;
    return shape->type == JSON_NULL || json_is_object(value);
}

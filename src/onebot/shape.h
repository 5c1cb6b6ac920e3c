/* shape.h - JSON read into structs by tables of their fields.
 * Floor 9. One reader for every action's result, every event and every segment. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_SHAPE_H
#define XIE_ONEBOT_SHAPE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xie/onebot.h>

enum onebot_field_kind {
    ONEBOT_FIELD_INT,   /* int64_t: numbers, strings that hold one, true */
    ONEBOT_FIELD_REAL,  /* double: the same */
    ONEBOT_FIELD_BOOL,  /* bool: true, numbers but 0, "true" "1" "yes" */
    ONEBOT_FIELD_MAYBE, /* int: the same, 1 or 0; -1: not told */
    ONEBOT_FIELD_TEXT,  /* const char *: strings; of numbers their digits */
    ONEBOT_FIELD_JSON,  /* const json_t *: as it is; NULL without it */
    ONEBOT_FIELD_PART,  /* a struct with a shape of its own */
    ONEBOT_FIELD_LIST   /* pointer to such structs, their count beside */
};

/* A field and where it comes from. keys: paths divided by '|', of which the first counts that
 * leads to something (for lists: to an array, for parts: to an object); the members of a path are
 * divided by '.', and the empty path is the value itself. */
struct onebot_field {
    const char *keys; /* NULL ends the table */
    enum onebot_field_kind kind;
    size_t offset;
    size_t count_offset;              /* of lists */
    const struct onebot_shape *shape; /* of parts and lists */
};

struct onebot_shape {
    size_t size; /* of the struct */
    const struct onebot_field *fields;
    json_type type; /* what a result's data must be: JSON_OBJECT; JSON_ARRAY: where the first field
                       finds one; JSON_NULL: no matter */
};

/* A row of such a table; needs the struct's type. */
#define ONEBOT_FIELD(type, kind, member, keys)                            \
    {                                                                     \
        keys, ONEBOT_FIELD_##kind, offsetof(struct type, member), 0, NULL \
    }
#define ONEBOT_PART(type, member, shape, keys)                           \
    {                                                                    \
        keys, ONEBOT_FIELD_PART, offsetof(struct type, member), 0, shape \
    }
#define ONEBOT_LIST(type, member, count, shape, keys)                                         \
    {                                                                                         \
        keys, ONEBOT_FIELD_LIST, offsetof(struct type, member), offsetof(struct type, count), \
            shape                                                                             \
    }
#define ONEBOT_FIELDS_END                  \
    {                                      \
        NULL, ONEBOT_FIELD_INT, 0, 0, NULL \
    }

/* What was allocated beside the JSON: a chain of blocks. */
struct onebot_memory {
    struct onebot_memory *next;
    _Alignas(max_align_t) char block[];
};

/**
 * Read JSON into a struct; fields that the table does not name stay as they are.
 *
 * from    may be NULL, or of any kind: all fields are then empty
 * memory  the chain that lists and the digits of numbers are added to; NULL: digits of numbers
 *         are "", and there may be no lists
 * return  0, or -ENOMEM: then every field is empty, and the chain may have grown
 */
int onebot_shape_read(const struct onebot_shape *shape, const json_t *from, void *to,
                      struct onebot_memory **memory);

/* Is it of the type that the shape asks for? */
bool onebot_shape_fits(const struct onebot_shape *shape, const json_t *value);

void onebot_memory_free(struct onebot_memory *memory);

/* What a value says as a flag. */
bool onebot_truth(const json_t *value);

#endif

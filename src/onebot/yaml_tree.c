/* yaml_tree.c - libyaml's events, gathered into a tree.
 * Floor 9. Anchors, aliases and tags are refused: a file of settings needs none, and a few bytes
 * of aliases stand for gigabytes. */
/* SPDX-License-Identifier: MIT */
#include "onebot/yaml_tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include <xie/onebot/config.h>

#include "base/memory.h"

struct reader {
    yaml_parser_t parser;
    struct onebot_yaml *root, *open; /* open: the list or map that is being read */
    char *key;                       /* read already, its value not yet */
    size_t key_line;
    size_t depth, count, documents;
    struct onebot_yaml_error *why;
};

static int refuse(struct reader *reader, size_t line, const char *text)
{
    reader->why->line = line;
    snprintf(reader->why->text, sizeof reader->why->text, "%s", text);
    return XIE_EFAILED;
}

/* What libyaml says of a text that is none. Where it has only a place in bytes, the line is the one
 * that it had come to. */
static int explain(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
    bool marked = parser->error == YAML_SCANNER_ERROR || parser->error == YAML_PARSER_ERROR;
    size_t line = marked ? parser->problem_mark.line : parser->mark.line;
    const char *context = marked ? parser->context : NULL;
    reader->why->line = line + 1;
    snprintf(reader->why->text, sizeof reader->why->text, "%s%s%s",
             parser->problem ? parser->problem : "not YAML", context ? ", " : "",
             context ? context : "");
    return XIE_EFAILED;
}

/* --- nodes -------------------------------------------------------------------------- */

static void append(struct onebot_yaml *parent, struct onebot_yaml *node)
{
    node->parent = parent;
    node->index = parent->last ? parent->last->index + 1 : 0;
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
}

/* A node where the reader is; it takes the key. */
static int add(struct reader *reader, enum onebot_yaml_kind kind, size_t line,
               struct onebot_yaml **node)
{
    if (++reader->count > ONEBOT_CONFIG_NODES)
        return refuse(reader, line, "too many values");
    struct onebot_yaml *made = xie_alloc_zero(sizeof *made);
    if (!made)
        return -ENOMEM;
    made->kind = kind;
    made->key = reader->key;
    made->line = reader->key ? reader->key_line : line;
    reader->key = NULL;
    if (reader->open)
        append(reader->open, made);
    else
        reader->root = made;
    *node = made;
    return 0;
}

static int open_node(struct reader *reader, enum onebot_yaml_kind kind, size_t line)
{
    struct onebot_yaml *node;
    if (reader->open && reader->open->kind == ONEBOT_YAML_MAP && !reader->key)
        return refuse(reader, line, "a key must be a text");
    if (++reader->depth > ONEBOT_CONFIG_DEPTH)
        return refuse(reader, line, "nested too deep");
    int error = add(reader, kind, line, &node);
    if (!error)
        reader->open = node;
    return error;
}

static void close_node(struct reader *reader)
{
    reader->depth--;
    reader->open = reader->open->parent;
}

static int take_key(struct reader *reader, const char *text, size_t line)
{
    const struct onebot_yaml *same = onebot_yaml_member(reader->open, text, strlen(text));
    if (same) {
        reader->why->line = line;
        snprintf(reader->why->text, sizeof reader->why->text, "%.100s: stands in line %zu already",
                 text, same->line);
        return XIE_EFAILED;
    }
    reader->key = xie_copy_string(text);
    reader->key_line = line;
    return reader->key ? 0 : -ENOMEM;
}

static int take_scalar(struct reader *reader, const yaml_event_t *event, size_t line)
{
    struct onebot_yaml *node;
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length)
        return refuse(reader, line, "a text has a 0 byte inside");
    if (reader->open && reader->open->kind == ONEBOT_YAML_MAP && !reader->key)
        return take_key(reader, text, line);
    int error = add(reader, ONEBOT_YAML_SCALAR, line, &node);
    if (error)
        return error;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = xie_copy_string(text);
    return node->text ? 0 : -ENOMEM;
}

/* --- events ------------------------------------------------------------------------- */

static bool has_anchor(const yaml_event_t *event)
{
    return event->type == YAML_ALIAS_EVENT ||
           (event->type == YAML_SCALAR_EVENT && event->data.scalar.anchor) ||
           (event->type == YAML_SEQUENCE_START_EVENT && event->data.sequence_start.anchor) ||
           (event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.anchor);
}

static bool has_tag(const yaml_event_t *event)
{
    return (event->type == YAML_SCALAR_EVENT && event->data.scalar.tag) ||
           (event->type == YAML_SEQUENCE_START_EVENT && event->data.sequence_start.tag) ||
           (event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.tag);
}

static int take(struct reader *reader, const yaml_event_t *event)
{
    size_t line = event->start_mark.line + 1;
    if (has_anchor(event))
        return refuse(reader, line,
                      "anchors (&) and aliases (*) are not read; quote a text that begins so");
    if (has_tag(event))
        return refuse(reader, line, "tags (!) are not read; quote a text that begins so");
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return reader->documents++ ? refuse(reader, line, "a second document begins") : 0;
    case YAML_SCALAR_EVENT:
        return take_scalar(reader, event, line);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(reader, ONEBOT_YAML_LIST, line);
    case YAML_MAPPING_START_EVENT:
        return open_node(reader, ONEBOT_YAML_MAP, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_node(reader);
        return 0;
    default:
        return 0;
    }
}

static int read_events(struct reader *reader)
{
    int error = 0;
    yaml_event_type_t type = YAML_NO_EVENT;
    while (!error && type != YAML_STREAM_END_EVENT) {
        yaml_event_t event;
        if (!yaml_parser_parse(&reader->parser, &event))
            return explain(reader);
        type = event.type;
        error = take(reader, &event);
        yaml_event_delete(&event);
    }
    return error;
}

int onebot_yaml_read(const char *text, size_t len, struct onebot_yaml **root,
                     struct onebot_yaml_error *why)
{
    struct reader reader = {.why = why};
    struct onebot_yaml *node;
    if (!yaml_parser_initialize(&reader.parser))
        return -ENOMEM;
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
    int error = read_events(&reader);
    yaml_parser_delete(&reader.parser);
    if (!error && !reader.root)
        error = add(&reader, ONEBOT_YAML_MAP, 1, &node);
    if (error) {
        xie_release(reader.key);
        onebot_yaml_free(reader.root);
        return error;
    }
    *root = reader.root;
    return 0;
}

void onebot_yaml_free(struct onebot_yaml *root)
{
    struct onebot_yaml *node = root;
    while (node) {
        struct onebot_yaml *child = node->first, *parent = node == root ? NULL : node->parent;
        if (child) {
            node->first = child->next;
            node = child;
            continue;
        }
        xie_release(node->key);
        xie_release(node->text);
        xie_release(node);
        node = parent;
    }
}

bool onebot_yaml_is_null(const struct onebot_yaml *node)
{
    return node->kind == ONEBOT_YAML_SCALAR && node->plain &&
           (!*node->text || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

/* Linear: maps of settings are short, and ONEBOT_CONFIG_NODES bounds the square of it. */
const struct onebot_yaml *onebot_yaml_member(const struct onebot_yaml *map, const char *key,
                                             size_t len)
{
    const struct onebot_yaml *at = map->kind == ONEBOT_YAML_MAP ? map->first : NULL;
    while (at && (strncmp(at->key, key, len) != 0 || at->key[len]))
        at = at->next;
    return at;
}

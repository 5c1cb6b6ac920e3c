/* check.c - tables, lists, maps and free parts; what is missing; what nobody knows.
 * Floor 9. Recursive: files are ONEBOT_CONFIG_DEPTH deep at most, declarations as deep as their
 * author made them. */
/* SPDX-License-Identifier: MIT */
#include "onebot/check.h"

#include <errno.h>
#include <string.h>

#include "onebot/nearest.h"
#include "onebot/scalar.h"

static json_t *check_key(struct onebot_complaints *complaints, const struct onebot_yaml *node,
                         const struct onebot_config_key *key, const struct onebot_spot *place);

static json_t *keep(struct onebot_complaints *complaints, json_t *value)
{
    if (!value)
        complaints->error = -ENOMEM;
    return value;
}

/* Put a value that there is into what gathers them, which takes it. */
static void put(struct onebot_complaints *complaints, json_t *into, const char *key, json_t *value)
{
    if (!value)
        return;
    int failed = json_is_array(into) ? json_array_append_new(into, value)
                                     : json_object_set_new_nocheck(into, key, value);
    if (failed)
        complaints->error = -ENOMEM;
}

/* --- free parts --------------------------------------------------------------------- */

static json_t *free_value(struct onebot_complaints *complaints, const struct onebot_yaml *node)
{
    if (node->kind == ONEBOT_YAML_SCALAR)
        return onebot_scalar_free(complaints, node);
    json_t *into = keep(complaints, node->kind == ONEBOT_YAML_LIST ? json_array() : json_object());
    for (const struct onebot_yaml *at = node->first; at && into && !complaints->error;
         at = at->next)
        put(complaints, into, at->key, free_value(complaints, at));
    return into;
}

/* --- one value ---------------------------------------------------------------------- */

static json_t *check_one(struct onebot_complaints *complaints, const struct onebot_yaml *node,
                         const struct onebot_config_key *key, const struct onebot_spot *place)
{
    unsigned before = complaints->count;
    json_t *value = NULL;
    if (key->kind == ONEBOT_KEY_FREE)
        value = free_value(complaints, node);
    else if (key->kind != ONEBOT_KEY_TABLE)
        value = onebot_scalar(complaints, node, key, place);
    else if (node->kind == ONEBOT_YAML_MAP || onebot_yaml_is_null(node))
        value = onebot_check_table(complaints, node, key->keys, place, node->line);
    else
        onebot_complain(complaints, node->line, place,
                        "should be a table: lines of \"key: value\"");
    if (value && key->wrong && complaints->count == before && !complaints->error) {
        const char *why = key->wrong(value);
        if (why)
            onebot_complain(complaints, node->line, place, "%s", why);
    }
    return value;
}

/* --- lists and maps ----------------------------------------------------------------- */

static json_t *check_many(struct onebot_complaints *complaints, const struct onebot_yaml *node,
                          const struct onebot_config_key *key, const struct onebot_spot *place)
{
    bool list = key->shape == ONEBOT_KEY_LIST;
    json_t *into = keep(complaints, list ? json_array() : json_object());
    if (!into || onebot_yaml_is_null(node))
        return into;
    if (node->kind != (list ? ONEBOT_YAML_LIST : ONEBOT_YAML_MAP)) {
        onebot_complain(complaints, node->line, place, "should be a %s",
                        list ? "list: [a, b], or lines of \"- value\""
                             : "table: lines of \"name: value\"");
        return into;
    }
    for (const struct onebot_yaml *at = node->first; at && !complaints->error; at = at->next) {
        struct onebot_spot inside = {.outside = place, .key = at->key, .index = at->index};
        put(complaints, into, at->key, check_one(complaints, at, key, &inside));
    }
    return into;
}

static json_t *check_key(struct onebot_complaints *complaints, const struct onebot_yaml *node,
                         const struct onebot_config_key *key, const struct onebot_spot *place)
{
    return key->shape == ONEBOT_KEY_ONE ? check_one(complaints, node, key, place)
                                        : check_many(complaints, node, key, place);
}

/* --- tables ------------------------------------------------------------------------- */

/* A default is a piece of a file, and checked as one. */
static json_t *standard(struct onebot_complaints *complaints, const struct onebot_config_key *key,
                        const struct onebot_spot *place, size_t line)
{
    struct onebot_yaml *node;
    struct onebot_yaml_error why;
    int error = onebot_yaml_read(key->standard, strlen(key->standard), &node, &why);
    if (error == XIE_EFAILED)
        onebot_complain(complaints, line, place, "its default is wrong: %s", why.text);
    else if (error)
        complaints->error = error;
    if (error)
        return NULL;
    json_t *value = check_key(complaints, node, key, place);
    onebot_yaml_free(node);
    return value;
}

static json_t *missing(struct onebot_complaints *complaints, const struct onebot_config_key *key,
                       const struct onebot_spot *place, size_t line)
{
    if (key->required)
        onebot_complain(complaints, line, place, "is required");
    else if (key->standard)
        return standard(complaints, key, place, line);
    else if (key->shape != ONEBOT_KEY_ONE)
        return keep(complaints, key->shape == ONEBOT_KEY_LIST ? json_array() : json_object());
    else if (key->kind == ONEBOT_KEY_TABLE)
        return onebot_check_table(complaints, NULL, key->keys, place, line);
    return NULL;
}

static void check_known(struct onebot_complaints *complaints, const struct onebot_yaml *node,
                        const struct onebot_config_key *keys, const struct onebot_spot *outside)
{
    struct onebot_nearest nearest = {.word = node->key};
    struct onebot_spot place = {.outside = outside, .key = node->key};
    for (; keys->name; keys++) {
        if (strcmp(keys->name, node->key) == 0)
            return;
        onebot_nearest_try(&nearest, keys->name);
    }
    if (nearest.best)
        onebot_complain(complaints, node->line, &place, "unknown key; did you mean \"%s\"?",
                        nearest.best);
    else
        onebot_complain(complaints, node->line, &place, "unknown key");
}

json_t *onebot_check_table(struct onebot_complaints *complaints, const struct onebot_yaml *node,
                           const struct onebot_config_key *keys, const struct onebot_spot *outside,
                           size_t line)
{
    json_t *into = keep(complaints, json_object());
    const struct onebot_yaml *at = node ? node->first : NULL;
    for (; at && into && !complaints->error; at = at->next)
        check_known(complaints, at, keys, outside);
    for (; keys->name && into && !complaints->error; keys++) {
        struct onebot_spot place = {.outside = outside, .key = keys->name};
        at = node ? onebot_yaml_member(node, keys->name, strlen(keys->name)) : NULL;
        put(complaints, into, keys->name,
            at ? check_key(complaints, at, keys, &place) : missing(complaints, keys, &place, line));
    }
    if (complaints->error) {
        json_decref(into);
        return NULL;
    }
    return into;
}

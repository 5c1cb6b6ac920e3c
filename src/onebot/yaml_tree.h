/* yaml_tree.h - YAML as a tree of nodes that know their lines.
 * Floor 9. Knows libyaml and the limits of <xie/onebot/config.h>; nothing of keys and kinds. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_YAML_TREE_H
#define XIE_ONEBOT_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

enum onebot_yaml_kind { ONEBOT_YAML_SCALAR, ONEBOT_YAML_LIST, ONEBOT_YAML_MAP };

struct onebot_yaml {
    struct onebot_yaml *parent, *first, *last, *next;
    enum onebot_yaml_kind kind;
    size_t line;  /* from 1; in a map, of the key */
    char *key;    /* in a map */
    char *text;   /* of a scalar, without 0 bytes */
    bool plain;   /* a scalar without quotes */
    size_t index; /* in its list or map */
};

struct onebot_yaml_error {
    size_t line;
    char text[200];
};

/**
 * Read one document; an empty one is an empty map.
 *
 * root    receives the tree, owned; untouched on error
 * why     receives what is wrong, when it is XIE_EFAILED
 * errors  XIE_EFAILED -ENOMEM
 * cost    not recursive: a task's stack will do
 */
int onebot_yaml_read(const char *text, size_t len, struct onebot_yaml **root,
                     struct onebot_yaml_error *why);
/* NULL is allowed. */
void onebot_yaml_free(struct onebot_yaml *root);

/* An unquoted "", "~" or "null". */
bool onebot_yaml_is_null(const struct onebot_yaml *node);
/* A map's member; NULL without it. */
const struct onebot_yaml *onebot_yaml_member(const struct onebot_yaml *map, const char *key,
                                             size_t len);

#endif

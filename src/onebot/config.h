/* config.h - a configuration that was read.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_CONFIG_INSIDE_H
#define XIE_ONEBOT_CONFIG_INSIDE_H

#include <xie/onebot/config.h>

#include "onebot/yaml_tree.h"

struct onebot_config {
    char *name; /* the path, or what it was called */
    bool file;
    const struct onebot_config_key *keys;
    struct onebot_yaml *root;
    json_t *values;
};

#endif

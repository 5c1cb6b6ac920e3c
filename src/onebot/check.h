/* check.h - a tree of nodes against a table of keys.
 * Floor 9. Knows nothing of files. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_CHECK_H
#define XIE_ONEBOT_CHECK_H

#include "onebot/complain.h"
#include "onebot/yaml_tree.h"

/**
 * The values of a table, with defaults.
 *
 * node   a map; NULL: an empty one
 * place  of the table; NULL: the file's top
 * line   where it begins, for what is missing in it
 * return the object, owned, incomplete after complaints; NULL: complaints->error is set
 */
json_t *onebot_check_table(struct onebot_complaints *complaints, const struct onebot_yaml *node,
                           const struct onebot_config_key *keys, const struct onebot_spot *place,
                           size_t line);

#endif

/* scalar.h - one value of a file, as its key declares it.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_SCALAR_H
#define XIE_ONEBOT_SCALAR_H

#include "onebot/complain.h"
#include "onebot/yaml_tree.h"

/* return the value, owned; NULL after a complaint, or with complaints->error set */
json_t *onebot_scalar(struct onebot_complaints *complaints, const struct onebot_yaml *node,
                      const struct onebot_config_key *key, const struct onebot_spot *place);

/* A scalar of a free part, as JSON has it. NULL: complaints->error is set */
json_t *onebot_scalar_free(struct onebot_complaints *complaints, const struct onebot_yaml *node);

#endif

/* field.h - members of JSON as the world writes them, and why none could be written.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_FIELD_H
#define XIE_ONEBOT_FIELD_H

#include <jansson.h>
#include <stdint.h>

/* A number, a string that holds one, true; anything else, and NULL, is 0. */
int64_t onebot_int_of(const json_t *value);

/* Why json_pack gave nothing: -ENOMEM, or -EINVAL the format or a string is wrong. */
int onebot_pack_error(const json_error_t *why);

#endif

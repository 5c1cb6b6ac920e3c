/* mask.h - the names of those who speak in a group without a name.
 * Gateway, ground. One mask for each person and group, so that it can be muted. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_MASK_H
#define GATEWAY_MASK_H

#include <stdint.h>

enum {
    MASK_FLAG = 48,        /* the longest flag, with the 0 [bytes] */
    MASK_NOBODY = 80000000 /* user_id of whoever wears one, as in QQ */
};

/* What set_group_anonymous_ban knows them by. */
void mask_flag(int64_t group_id, int64_t user_id, char flag[MASK_FLAG]);
const char *mask_name(int64_t user_id);

#endif

/* mask.c - the names of those who speak in a group without a name.
 * Gateway, ground. */
/* SPDX-License-Identifier: MIT */
#include "mask.h"

#include <stdio.h>

void mask_flag(int64_t group_id, int64_t user_id, char flag[MASK_FLAG])
{
    snprintf(flag, MASK_FLAG, "anonymous-%llx-%llx", (unsigned long long)group_id,
             (unsigned long long)user_id);
}

const char *mask_name(int64_t user_id)
{
    static const char *const names[] = {"青花瓷", "白月光", "醒木",  "折扇",
                                        "惊堂",   "茶博士", "说书人"};
    return names[(uint64_t)user_id % (sizeof names / sizeof *names)];
}

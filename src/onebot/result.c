/* result.c - giving back what a result points to.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/shape.h"

void onebot_result_free(struct onebot_result *result)
{
    json_decref(result->data);
    onebot_memory_free(result->memory);
    result->data = NULL;
    result->memory = NULL;
}

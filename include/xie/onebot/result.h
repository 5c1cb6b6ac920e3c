/* result.h - how a call of an action ended.
 * Floor 9, library xie-onebot. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_RESULT_H
#define XIE_ONEBOT_RESULT_H

#include <jansson.h>
#include <stdint.h>

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ONEBOT_WORDING = 192 };

struct onebot_memory;

/* How a call ended. By value: no state is left behind that the next call would change. */
struct onebot_result {
    int error;       /* 0, or why there is no data */
    int64_t retcode; /* the implementation's; 1: accepted, the outcome will not be told */
    json_t *data;    /* owned: json_decref it, or keep it in a json_auto_t. NULL on error, never
                        on success (JSON's null for actions without data) */
    struct onebot_memory *memory; /* of typed results, beside data; NULL from onebot_call */
    char wording[ONEBOT_WORDING]; /* the error in words, the implementation's own if it gave
                                     any; one line; "" on success */
};

/* Give back what a result points to: of a typed one (xie/onebot/actions.h), by its first member,
 * also its strings and lists. Harmless after an error, and twice. */
XIE_API void onebot_result_free(struct onebot_result *result);

#ifdef __cplusplus
}
#endif
#endif

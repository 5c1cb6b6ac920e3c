/* batch.h - steps that change a store, ready to be done by its thread.
 * Floor 9. Values lie in them as SQLite keeps them: the thread needs nothing of the loop. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_BATCH_H
#define XIE_ONEBOT_BATCH_H

#include <stdarg.h>
#include <stdbool.h>

#include <xie/onebot/store.h>

enum onebot_step_kind { ONEBOT_STEP_SET, ONEBOT_STEP_DELETE, ONEBOT_STEP_ADD, ONEBOT_STEP_EXPECT };
enum onebot_cell_kind {
    ONEBOT_VALUE_NONE,
    ONEBOT_VALUE_INTEGER,
    ONEBOT_VALUE_TEXT,
    ONEBOT_VALUE_JSON
};

/* A value as it lies in the file. bytes: owned, of TEXT and JSON. */
struct onebot_cell {
    enum onebot_cell_kind kind;
    int64_t integer;
    char *bytes;
    size_t len;
};

struct onebot_step {
    enum onebot_step_kind kind;
    struct onebot_key key; /* space and name are owned, in one piece that begins with space */
    struct onebot_cell value;
    int64_t by;   /* of ADD */
    int64_t *now; /* the caller's, or NULL */
    int64_t sum;  /* of ADD; of DELETE: 1 if there was one. Written by the thread */
};

struct onebot_batch {
    struct onebot_step *steps;
    size_t count, cap;
    int error;    /* the first of filling it */
    bool applied; /* just now, by some task */
};

/* Is it a key? 0 -EINVAL XIE_ELIMIT. prefix: the name may be empty. */
int onebot_key_check(const struct onebot_key *key, bool prefix);

/* Is it nested deeper than this? What is so by ONEBOT_JSON_DEPTH is not stored. */
bool onebot_json_is_deeper(const json_t *value, int depth);

void onebot_batch_vset(struct onebot_batch *batch, const struct onebot_key *key, const char *format,
                       va_list args);
void onebot_batch_fini(struct onebot_batch *batch);

#endif

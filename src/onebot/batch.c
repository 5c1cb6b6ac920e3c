/* batch.c - steps are filled in: keys checked, values packed.
 * Floor 9. Waits for nothing, and does not know what a store is. */
/* SPDX-License-Identifier: MIT */
#include "onebot/batch.h"

#include <string.h>

#include "base/memory.h"
#include "onebot/utf8.h"

/* --- keys --------------------------------------------------------------------------- */

/* least..most bytes of UTF-8. Bounded: what is too long is not read to its end. */
static int check_text(const char *text, size_t least, size_t most)
{
    size_t len = 0;
    while (len <= most && text[len]) {
        size_t step = onebot_utf8_char(text + len);
        if (!step)
            return -EINVAL;
        len += step;
    }
    if (len > most)
        return XIE_ELIMIT;
    return len < least ? -EINVAL : 0;
}

int onebot_key_check(const struct onebot_key *key, bool prefix)
{
    if (!key || !key->space || !key->name || key->group_id < 0 || key->user_id < 0)
        return -EINVAL;
    int error = check_text(key->space, 1, ONEBOT_STORE_SPACE);
    return error ? error : check_text(key->name, !prefix, ONEBOT_STORE_NAME);
}

static int copy_key(struct onebot_step *step, const struct onebot_key *key)
{
    size_t space = strlen(key->space) + 1, name = strlen(key->name) + 1;
    char *text = xie_alloc(space + name);
    if (!text)
        return -ENOMEM;
    memcpy(text, key->space, space);
    memcpy(text + space, key->name, name);
    step->key = *key;
    step->key.space = text;
    step->key.name = text + space;
    return 0;
}

/* --- values ------------------------------------------------------------------------- */

/* jansson writes a value by recursion, on the caller's stack. */
bool onebot_json_is_deeper(const json_t *value, int left)
{
    const char *key;
    json_t *member;
    size_t i;
    if (!json_is_object(value) && !json_is_array(value))
        return false;
    if (!left)
        return true;
    json_array_foreach(value, i, member) if (onebot_json_is_deeper(member, left - 1)) return true;
    json_object_foreach((json_t *)value, key,
                        member) if (onebot_json_is_deeper(member, left - 1)) return true;
    return false;
}

static int copy_bytes(struct onebot_cell *value, const char *bytes, size_t len)
{
    if (len > ONEBOT_STORE_VALUE)
        return XIE_ELIMIT;
    value->bytes = xie_alloc(len + 1); /* never none */
    if (!value->bytes)
        return -ENOMEM;
    memcpy(value->bytes, bytes, len);
    value->len = len;
    return 0;
}

static int write_json(struct onebot_cell *value, const json_t *json)
{
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS;
    if (onebot_json_is_deeper(json, ONEBOT_JSON_DEPTH))
        return XIE_ELIMIT;
    size_t len = json_dumpb(json, NULL, 0, flags);
    if (!len)
        return -ENOMEM;
    if (len > ONEBOT_STORE_VALUE)
        return XIE_ELIMIT;
    value->bytes = xie_alloc(len);
    if (!value->bytes)
        return -ENOMEM;
    value->len = json_dumpb(json, value->bytes, len, flags);
    return value->len == len ? 0 : -ENOMEM;
}

static int fill_value(struct onebot_cell *value, const json_t *json)
{
    if (json_is_integer(json)) {
        value->kind = ONEBOT_VALUE_INTEGER;
        value->integer = json_integer_value(json);
        return 0;
    }
    value->kind = json_is_string(json) ? ONEBOT_VALUE_TEXT : ONEBOT_VALUE_JSON;
    if (json_is_string(json))
        return copy_bytes(value, json_string_value(json), json_string_length(json));
    return write_json(value, json);
}

static int pack_value(struct onebot_cell *value, const char *format, va_list args)
{
    json_error_t why;
    json_t *json = json_vpack_ex(&why, 0, format, args);
    if (!json)
        return json_error_code(&why) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
    int error = fill_value(value, json);
    json_decref(json);
    return error;
}

/* --- steps -------------------------------------------------------------------------- */

static void drop_step(struct onebot_step *step)
{
    xie_release((char *)step->key.space);
    xie_release(step->value.bytes);
}

static int grow(struct onebot_batch *batch)
{
    if (batch->count == ONEBOT_STORE_BATCH)
        return XIE_ELIMIT;
    if (batch->count < batch->cap)
        return 0;
    size_t cap = batch->cap ? batch->cap * 2 : 4;
    struct onebot_step *steps = xie_resize(batch->steps, cap * sizeof *steps);
    if (!steps)
        return -ENOMEM;
    batch->steps = steps;
    batch->cap = cap;
    return 0;
}

/* The batch takes the step over. */
static void push(struct onebot_batch *batch, struct onebot_step *step, const struct onebot_key *key,
                 int error)
{
    if (!error)
        error = onebot_key_check(key, false);
    if (!error)
        error = copy_key(step, key);
    if (!error)
        error = grow(batch);
    if (!error)
        batch->steps[batch->count++] = *step;
    else
        drop_step(step);
    if (!batch->error)
        batch->error = error;
}

void onebot_batch_vset(struct onebot_batch *batch, const struct onebot_key *key, const char *format,
                       va_list args)
{
    struct onebot_step step = {.kind = ONEBOT_STEP_SET};
    int error = format ? pack_value(&step.value, format, args) : -EINVAL;
    push(batch, &step, key, error);
}

void onebot_batch_set(struct onebot_batch *batch, const struct onebot_key *key, const char *format,
                      ...)
{
    va_list args;
    struct onebot_batch nowhere = {0};
    va_start(args, format);
    onebot_batch_vset(batch ? batch : &nowhere, key, format, args); /* "o" is taken over anyway */
    va_end(args);
    onebot_batch_fini(&nowhere);
}

void onebot_batch_expect(struct onebot_batch *batch, const struct onebot_key *key,
                         const char *format, ...)
{
    va_list args;
    struct onebot_batch nowhere = {0};
    struct onebot_step step = {.kind = ONEBOT_STEP_EXPECT};
    va_start(args, format);
    int error = format ? pack_value(&step.value, format, args) : 0;
    va_end(args);
    push(batch ? batch : &nowhere, &step, key, error);
    onebot_batch_fini(&nowhere);
}

void onebot_batch_delete(struct onebot_batch *batch, const struct onebot_key *key)
{
    struct onebot_step step = {.kind = ONEBOT_STEP_DELETE};
    if (batch)
        push(batch, &step, key, 0);
}

void onebot_batch_add(struct onebot_batch *batch, const struct onebot_key *key, int64_t by,
                      int64_t *now)
{
    struct onebot_step step = {.kind = ONEBOT_STEP_ADD, .by = by, .now = now};
    if (batch)
        push(batch, &step, key, 0);
}

struct onebot_batch *onebot_batch_new(void)
{
    return xie_alloc_zero(sizeof(struct onebot_batch));
}

void onebot_batch_fini(struct onebot_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        drop_step(&batch->steps[i]);
    xie_release(batch->steps);
}

void onebot_batch_free(struct onebot_batch *batch)
{
    if (batch)
        onebot_batch_fini(batch);
    xie_release(batch);
}

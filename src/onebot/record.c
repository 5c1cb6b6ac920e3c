/* record.c - what of a conversation lies in the store.
 * Floor 9. A value for its head, one for each step, one for how often it was taken up again; all in
 * a space of their own. */
/* SPDX-License-Identifier: MIT */
#include "onebot/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xie.h>

#include "base/memory.h"
#include "onebot/batch.h"
#include "onebot/wall.h"

enum { NAME = 56, TAKEN_MOST = 100 };

_Static_assert((int)ONEBOT_RECORD_KEY >= (int)ONEBOT_STORE_NAME, "a name without \"h/\", whole");

struct onebot_record {
    struct onebot_store *store;
    char id[ONEBOT_RECORD_ID];
    struct onebot_batch changes;
    struct xie_lock lock;
};

/* --- names -------------------------------------------------------------------------- */

static struct onebot_key key_of(const char *name)
{
    return (struct onebot_key){.space = "xie.kept", .name = name};
}

static const char *head_name(const char *id, char name[NAME])
{
    snprintf(name, NAME, "h/%s", id);
    return name;
}

static const char *tries_name(const char *id, char name[NAME])
{
    snprintf(name, NAME, "t/%s", id);
    return name;
}

static const char *step_name(const char *id, size_t n, char name[NAME])
{
    snprintf(name, NAME, "s/%s/%04zu", id, n);
    return name;
}

/* --- new and free ------------------------------------------------------------------- */

struct onebot_record *onebot_record_new(struct onebot_store *store, const char *id)
{
    struct onebot_record *record = xie_alloc_zero(sizeof *record);
    if (!record)
        return NULL;
    record->store = store;
    snprintf(record->id, sizeof record->id, "%s", id);
    return record;
}

static void forget_changes(struct onebot_record *record)
{
    onebot_batch_fini(&record->changes);
    record->changes = (struct onebot_batch){0};
}

void onebot_record_free(struct onebot_record *record)
{
    if (record)
        forget_changes(record);
    xie_release(record);
}

const char *onebot_record_id(const struct onebot_record *record)
{
    return record->id;
}

static int try_id(struct onebot_record *record, const json_t *head)
{
    char name[NAME];
    struct onebot_key key = key_of(head_name(record->id, name));
    onebot_batch_expect(&record->changes, &key, NULL);
    onebot_batch_set(&record->changes, &key, "O", head);
    int error = onebot_store_apply(record->store, &record->changes);
    forget_changes(record);
    return error;
}

/* By the time, so that the older come first. Another program may have taken one just now. */
int onebot_record_begin(struct onebot_store *store, const json_t *head,
                        struct onebot_record **record)
{
    struct onebot_record *made = onebot_record_new(store, "");
    int error = made ? -EAGAIN : -ENOMEM;
    for (unsigned i = 0; i < TAKEN_MOST && error == -EAGAIN; i++) {
        snprintf(made->id, sizeof made->id, "%016" PRIx64 "-%02x", (uint64_t)onebot_wall_now(), i);
        error = try_id(made, head);
    }
    if (error)
        onebot_record_free(made);
    else
        *record = made;
    return error;
}

/* --- changes ------------------------------------------------------------------------ */

int onebot_record_take(struct onebot_record *record)
{
    return xie_lock_take(&record->lock);
}

void onebot_record_give(struct onebot_record *record)
{
    xie_lock_give(&record->lock);
}

void onebot_record_set(struct onebot_record *record, size_t n, const json_t *step)
{
    char name[NAME];
    struct onebot_key key = key_of(step_name(record->id, n, name));
    onebot_batch_set(&record->changes, &key, "O", step);
}

bool onebot_record_is_too_deep(const json_t *member)
{
    return onebot_json_is_deeper(member, ONEBOT_JSON_DEPTH - 1);
}

void onebot_record_erase(struct onebot_record *record, size_t n)
{
    char name[NAME];
    struct onebot_key key = key_of(step_name(record->id, n, name));
    onebot_batch_delete(&record->changes, &key);
}

void onebot_record_count(struct onebot_record *record)
{
    char name[NAME];
    struct onebot_key key = key_of(tries_name(record->id, name));
    onebot_batch_add(&record->changes, &key, 1, NULL);
}

void onebot_record_uncount(struct onebot_record *record)
{
    char name[NAME];
    struct onebot_key key = key_of(tries_name(record->id, name));
    onebot_batch_delete(&record->changes, &key);
}

bool onebot_record_changed(const struct onebot_record *record)
{
    return record->changes.count || record->changes.error;
}

int onebot_record_save(struct onebot_record *record)
{
    int error = onebot_store_apply(record->store, &record->changes);
    if (!error)
        forget_changes(record);
    return error;
}

int onebot_record_delete(struct onebot_record *record, size_t count)
{
    char name[NAME];
    struct onebot_key key = key_of(head_name(record->id, name));
    forget_changes(record);
    onebot_batch_delete(&record->changes, &key);
    onebot_record_uncount(record);
    for (size_t n = 0; n < count; n++)
        onebot_record_erase(record, n);
    int error = onebot_store_apply(record->store, &record->changes);
    forget_changes(record);
    return error;
}

/* --- reading ------------------------------------------------------------------------ */

static int get(struct onebot_record *record, const char *name, json_t **value)
{
    struct onebot_key key = key_of(name);
    struct onebot_stored got = onebot_store_get(record->store, &key);
    if (!got.error)
        *value = got.value;
    return got.error;
}

static int get_tries(struct onebot_record *record, int64_t *tries)
{
    char name[NAME];
    json_t *value = NULL;
    int error = get(record, tries_name(record->id, name), &value);
    if (error == -ENOENT)
        error = 0;
    if (!error)
        *tries = json_integer_value(value);
    json_decref(value);
    return error;
}

/* Add a page of steps. They have no gaps: what comes behind one counts for nothing. return how
 * many; an error */
static int add_page(struct onebot_record *record, const json_t *page, json_t *steps)
{
    const char *key;
    json_t *value;
    int count = 0;
    char name[NAME];
    json_object_foreach((json_t *)page, key, value)
    {
        if (strcmp(key, step_name(record->id, json_array_size(steps), name)) != 0)
            break;
        if (json_array_append(steps, value))
            return -ENOMEM;
        count++;
    }
    return count;
}

static int read_steps(struct onebot_record *record, json_t *steps)
{
    char prefix[NAME], last[NAME] = "";
    int count = 1;
    snprintf(prefix, sizeof prefix, "s/%s/", record->id);
    struct onebot_key key = key_of(prefix);
    while (count > 0) {
        struct onebot_stored page = onebot_store_list(record->store, &key, last, 0);
        count = page.error ? page.error : add_page(record, page.value, steps);
        json_decref(page.value);
        if (count > 0)
            step_name(record->id, json_array_size(steps) - 1, last);
    }
    return count;
}

int onebot_record_read(struct onebot_record *record, json_t **head, json_t **steps, int64_t *tries)
{
    char name[NAME];
    json_t *found_head = NULL, *found_steps = steps ? json_array() : NULL;
    int error = steps && !found_steps ? -ENOMEM : 0;
    if (head && !error)
        error = get(record, head_name(record->id, name), &found_head);
    if (steps && !error)
        error = read_steps(record, found_steps);
    if (tries && !error)
        error = get_tries(record, tries);
    if (error) {
        json_decref(found_head);
        json_decref(found_steps);
        return error;
    }
    if (head)
        *head = found_head;
    if (steps)
        *steps = found_steps;
    return 0;
}

/* The ids without what stands before them. */
static int strip(const json_t *page, json_t *heads)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)page, name,
                        value) if (json_object_set(heads, name + 2, value)) return -ENOMEM;
    return 0;
}

int onebot_record_list(struct onebot_store *store, const char *after, json_t **heads)
{
    char last[ONEBOT_STORE_NAME + 1];
    struct onebot_key key = key_of("h/");
    snprintf(last, sizeof last, "h/%s", after);
    struct onebot_stored page = onebot_store_list(store, &key, last, 0);
    json_t *made = page.error ? NULL : json_object();
    int error = page.error ? page.error : made ? strip(page.value, made) : -ENOMEM;
    json_decref(page.value);
    if (error)
        json_decref(made);
    else
        *heads = made;
    return error;
}

/* record.h - what of a conversation lies in the store: its beginning, its steps, how often it was
 * taken up again.
 * Floor 9. Knows the store; knows nothing of handlers. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_RECORD_H
#define XIE_ONEBOT_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct onebot_store;

enum {
    ONEBOT_RECORD_ID = 24,    /* bytes of an id, its end included … */
    ONEBOT_RECORD_KEY = 512,  /* … and of what others may have put among them */
    ONEBOT_RECORD_STEPS = 900 /* the most: with the rest they fit into one batch */
};

/* Changes wait in it until they are saved, all at once; opaque. Of one task at a time, but for
 * what is said otherwise. */
struct onebot_record;

/* Of a conversation there is, or will be. NULL without memory. */
struct onebot_record *onebot_record_new(struct onebot_store *store, const char *id);
/* NULL is allowed. */
void onebot_record_free(struct onebot_record *record);

/**
 * Begin a new one, whose head (borrowed) is in the store when this returns.
 *
 * record  receives it, owned; untouched on error
 * errors  those of onebot_store_apply
 */
int onebot_record_begin(struct onebot_store *store, const json_t *head,
                        struct onebot_record **record);
const char *onebot_record_id(const struct onebot_record *record);

/* Only one task changes and saves a record at a time; who holds it is not interrupted by the wait
 * when the caller is in a shield. errors -ECANCELED -ETIMEDOUT */
int onebot_record_take(struct onebot_record *record);
void onebot_record_give(struct onebot_record *record);

/* Change it, while it is taken: step n becomes this (borrowed), or is no more. An error shows at
 * the save, and stays. */
void onebot_record_set(struct onebot_record *record, size_t n, const json_t *step);
/* Is this, a member of a step, nested too deep to be stored with it? */
bool onebot_record_is_too_deep(const json_t *member);
void onebot_record_erase(struct onebot_record *record, size_t n);
/* It was taken up again once more; or it has come further. */
void onebot_record_count(struct onebot_record *record);
void onebot_record_uncount(struct onebot_record *record);
/* Are there changes? */
bool onebot_record_changed(const struct onebot_record *record);
/* Save them; what cannot be saved stays. errors those of onebot_store_apply */
int onebot_record_save(struct onebot_record *record);

/* Delete all of it, with its steps up to count, and forget the changes, while it is taken. */
int onebot_record_delete(struct onebot_record *record, size_t count);

/**
 * Read it.
 *
 * head   receives what onebot_record_begin was given; may be NULL: it is not read
 * steps  receives an array, by number; may be NULL as well
 * tries  receives how often it was counted since it was uncounted; may be NULL
 * errors -ENOENT there is no such head; -EUCLEAN it is damaged; those of onebot_store_get
 */
int onebot_record_read(struct onebot_record *record, json_t **head, json_t **steps, int64_t *tries);

/* A page of heads: an object, id to head, empty at the end. after: the last of the page before, ""
 * for the first. */
int onebot_record_list(struct onebot_store *store, const char *after, json_t **heads);

#endif

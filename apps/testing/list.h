/* list.h - what a test remembers: items in the order in which they came.
 * Kit, ground. */
/* SPDX-License-Identifier: MIT */
#ifndef KIT_LIST_H
#define KIT_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* The first member of whatever is in a list. */
struct kit_item {
    struct kit_item *next;
    bool taken; /* by an expectation */
};

/* Zero is an empty one. */
struct kit_list {
    struct kit_item *first, *last;
    size_t count;
};

/* A zeroed item of that size at the end; NULL without memory. */
void *kit_list_add(struct kit_list *list, size_t size);
/* Free the first by release, which frees what is in it, not itself. */
void kit_list_drop(struct kit_list *list, void (*release)(void *item));
void kit_list_clear(struct kit_list *list, void (*release)(void *item));

#endif

/* list.c - what a test remembers: items in the order in which they came.
 * Kit, ground. */
/* SPDX-License-Identifier: MIT */
#include "list.h"

#include <stdlib.h>

void *kit_list_add(struct kit_list *list, size_t size)
{
    struct kit_item *item = calloc(1, size);
    if (!item)
        return NULL;
    *(list->last ? &list->last->next : &list->first) = item;
    list->last = item;
    list->count++;
    return item;
}

void kit_list_drop(struct kit_list *list, void (*release)(void *item))
{
    struct kit_item *item = list->first;
    list->first = item->next;
    if (!list->first)
        list->last = NULL;
    list->count--;
    release(item);
    free(item);
}

void kit_list_clear(struct kit_list *list, void (*release)(void *item))
{
    while (list->first)
        kit_list_drop(list, release);
}

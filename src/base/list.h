/* list.h - a doubly linked list inside what it links; a ring with a head.
 * Floor 0. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BASE_LIST_H
#define XIE_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct xie_link {
    struct xie_link *next, *prev;
};

#define XIE_CONTAINER(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void xie_list_init(struct xie_link *head)
{
    head->next = head->prev = head;
}

static inline bool xie_list_empty(const struct xie_link *head)
{
    return head->next == head;
}

static inline void xie_list_push(struct xie_link *head, struct xie_link *link)
{
    link->next = head;
    link->prev = head->prev;
    head->prev->next = link;
    head->prev = link;
}

/* Leaves link as a ring of its own: removing twice is harmless. */
static inline void xie_list_remove(struct xie_link *link)
{
    link->next->prev = link->prev;
    link->prev->next = link->next;
    link->next = link->prev = link;
}

#endif

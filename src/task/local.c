/* local.c - values that go with a task and what it spawns.
 * Floor 3. A list that tasks share by counting: what is shared is never changed. */
/* SPDX-License-Identifier: MIT */
#include <xie/local.h>

#include <errno.h>

#include "base/memory.h"
#include "task/reach.h"
#include "task/wait.h"

enum { XIE_LOCALS_MOST = 64 };

/* One binding, and those below it; counted, not changed while shared. */
struct xie_locals {
    struct xie_locals *below;
    const struct xie_local_key *key;
    struct local_value *value;
    unsigned refs;
};

/* A value, shared by every binding that was copied from the first. */
struct local_value {
    void *value;
    const struct xie_local_key *key;
    unsigned refs;
};

struct xie_locals *xie_locals_ref(struct xie_locals *locals)
{
    if (locals)
        locals->refs++;
    return locals;
}

static void value_unref(struct local_value *value)
{
    if (--value->refs)
        return;
    if (value->key->release)
        value->key->release(value->value);
    xie_release(value);
}

void xie_locals_unref(struct xie_locals *locals)
{
    while (locals && --locals->refs == 0) {
        struct xie_locals *below = locals->below;
        value_unref(locals->value);
        xie_release(locals);
        locals = below;
    }
}

/* A binding on top of below, whose reference it takes over; NULL: no memory, below is given
 * back. */
static struct xie_locals *local_bind(struct xie_locals *below, const struct xie_local_key *key,
                                     struct local_value *value)
{
    struct xie_locals *top = xie_alloc(sizeof *top);
    if (!top) {
        xie_locals_unref(below);
        return NULL;
    }
    value->refs++;
    *top = (struct xie_locals){.below = below, .key = key, .value = value, .refs = 1};
    return top;
}

/* What is bound without `bound`, as one reference: what lies below it is shared, what was bound
 * since is copied. errors -ENOMEM */
static int copy_without(const struct xie_locals *from, const struct xie_locals *bound,
                        struct xie_locals **copy)
{
    const struct xie_locals *order[XIE_LOCALS_MOST];
    int count = 0;
    for (; from != bound; from = from->below)
        order[count++] = from;
    struct xie_locals *top = xie_locals_ref(bound->below);
    while (count-- > 0) {
        top = local_bind(top, order[count]->key, order[count]->value);
        if (!top)
            return -ENOMEM;
    }
    *copy = top;
    return 0;
}

static struct xie_locals *find(struct xie_locals *from, const struct xie_local_key *key, int *depth)
{
    *depth = 0;
    while (from && from->key != key) {
        from = from->below;
        ++*depth;
    }
    return from;
}

int xie_local_set(const struct xie_local_key *key, void *value)
{
    struct xie_task *self = xie_task_here();
    if (!self)
        return -EPERM;
    struct xie_locals *rest = NULL;
    int depth;
    const struct xie_locals *bound = find(self->locals, key, &depth);
    if (bound ? bound->value->value == value : !value)
        return 0; /* so it is already: the same value again is no second one to release */
    if (!bound) {
        if (depth >= XIE_LOCALS_MOST)
            return -ENOSPC;
        rest = xie_locals_ref(self->locals);
    } else {
        int error = copy_without(self->locals, bound, &rest);
        if (error)
            return error;
    }
    if (value) {
        struct local_value *holder = xie_alloc(sizeof *holder);
        if (!holder) {
            xie_locals_unref(rest);
            return -ENOMEM;
        }
        *holder = (struct local_value){.value = value, .key = key, .refs = 0};
        rest = local_bind(rest, key, holder);
        if (!rest) {
            xie_release(holder);
            return -ENOMEM;
        }
    }
    /* Changed before anything is released: a release may look at the task's values, or spawn. */
    struct xie_locals *old = self->locals;
    self->locals = rest;
    xie_locals_unref(old);
    return 0;
}

void *xie_task_local(const struct xie_task *task, const struct xie_local_key *key)
{
    int depth;
    const struct xie_locals *found = task ? find(task->locals, key, &depth) : NULL;
    return found ? found->value->value : NULL;
}

void xie_task_disinherit(struct xie_task *task)
{
    if (!task)
        return;
    struct xie_locals *old = task->locals;
    task->locals = NULL;
    xie_locals_unref(old);
}

void *xie_local_get(const struct xie_local_key *key)
{
    return xie_task_local(xie_task_current(), key);
}

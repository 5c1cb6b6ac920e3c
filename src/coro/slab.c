/* slab.c - stacks cut from large mappings; those without pages are a bit each.
 * Floor 1. Slabs grow with their number, so that a million stacks are some twenty mappings. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/sys.h"
#include "coro/guard.h"
#include "coro/pool.h"
#include "coro/sanitize.h"

enum {
    SLAB_LEAST = 4 * 1024 * 1024, /* the first slab of a class [bytes] */
    SLAB_SLOTS_MOST = 1 << 18,
    WORD_BITS = 64,
    /* Records start at one of so many places in their page: where all did, those of more than
     * eight stacks in turn would fight for the same cache lines. */
    COLOURS = 8,
    COLOUR_STEP = 128
};

/* At most 16 GiB, which fits a valgrind or an address-space limit where more would not. */
static const size_t slab_most = (size_t)16 << 30;

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

static unsigned slab_words(unsigned count)
{
    return (count + WORD_BITS - 1) / WORD_BITS;
}

static size_t header_size(unsigned count, size_t page)
{
    return round_up(sizeof(struct xie_stack_slab) + 2 * slab_words(count) * sizeof(uint64_t), page);
}

/* As many slots as there are, so that the number of slabs grows with its logarithm. */
static unsigned slab_slots(const struct xie_stack_class *class)
{
    size_t stride = xie_slab_stride(class);
    size_t count = class->slots ? class->slots : SLAB_LEAST / stride;
    if (count > slab_most / stride)
        count = slab_most / stride;
    if (count > SLAB_SLOTS_MOST)
        count = SLAB_SLOTS_MOST;
    return count ? (unsigned)count : 1;
}

static struct xie_stack_slab *slab_map(struct xie_stack_class *class)
{
    size_t page = class->pool->page, size;
    unsigned count = slab_slots(class);
    struct xie_stack_slab *slab;
    for (;; count /= 2) { /* address space may be limited */
        int error;
        if (!count)
            return NULL;
        size = header_size(count, page) + count * xie_slab_stride(class);
        slab = xie_sys_map(size, &error);
        if (slab)
            break;
    }
    /* A huge page would make each stack in it resident. Kernels without them refuse. */
    xie_sys_advise(slab, size, MADV_NOHUGEPAGE);
    slab->class = class;
    slab->size = size;
    slab->slots = (char *)slab + header_size(count, page);
    slab->count = count;
    slab->first = count;
    slab->cold = (uint64_t *)(slab + 1);
    slab->cooling = slab->cold + slab_words(count);
    slab->next = class->slabs;
    class->slabs = slab;
    class->slots += count;
    return slab;
}

void xie_slab_unmap(struct xie_stack_slab *slab)
{
    slab->class->slots -= slab->count;
    xie_guard_return(slab->mappings);
    xie_sys_unmap(slab, slab->size);
}

static char *slot_at(const struct xie_stack_slab *slab, unsigned index)
{
    return slab->slots + index * xie_slab_stride(slab->class);
}

static struct xie_stack *stack_at(const struct xie_stack_slab *slab, unsigned index)
{
    size_t colour = index % COLOURS * COLOUR_STEP;
    size_t record = round_up(sizeof(struct xie_stack), 64);
    return (void *)(slot_at(slab, index) + xie_slab_stride(slab->class) - colour - record);
}

static unsigned slot_of(const struct xie_stack_slab *slab, const void *address)
{
    return (unsigned)((size_t)((const char *)address - slab->slots) / xie_slab_stride(slab->class));
}

/* Write the record: its first touch gives the stack its page. */
static struct xie_stack *stack_open(struct xie_stack_slab *slab, unsigned index)
{
    struct xie_stack *stack = stack_at(slab, index);
    stack->base = slot_at(slab, index) + slab->class->pool->guard;
    stack->size = (size_t)((char *)(stack + 1) - stack->base);
    stack->slab = slab;
    stack->valgrind = XIE_VALGRIND_REGISTER(stack->base, (char *)stack - 1);
    return stack;
}

static struct xie_stack *take_cold(struct xie_stack_slab *slab)
{
    for (unsigned word = 0; word < slab_words(slab->count); word++) {
        if (!slab->cold[word])
            continue;
        unsigned bit = (unsigned)__builtin_ctzll(slab->cold[word]);
        slab->cold[word] &= slab->cold[word] - 1;
        slab->cold_count--;
        return stack_open(slab, word * WORD_BITS + bit);
    }
    return NULL;
}

static struct xie_stack *take_fresh(struct xie_stack_slab *slab)
{
    int mappings = xie_guard_set(slot_at(slab, slab->fresh), slab->class->pool->guard);
    if (mappings < 0)
        return NULL;
    slab->mappings += (unsigned)mappings;
    return stack_open(slab, slab->fresh++);
}

struct xie_stack *xie_slab_take(struct xie_stack_class *class)
{
    struct xie_stack_slab *slab;
    for (slab = class->slabs; slab; slab = slab->next)
        if (slab->cold_count)
            return take_cold(slab);
    for (slab = class->slabs; slab; slab = slab->next)
        if (slab->fresh < slab->count)
            return take_fresh(slab);
    slab = slab_map(class);
    return slab ? take_fresh(slab) : NULL;
}

void xie_slab_put(struct xie_stack *stack)
{
    struct xie_stack_slab *slab = stack->slab;
    unsigned index = slot_of(slab, stack);
    uint64_t bit = (uint64_t)1 << index % WORD_BITS;
    if (stack->valgrind)
        XIE_VALGRIND_FORGET(stack->valgrind);
    slab->cooling[index / WORD_BITS] |= bit;
    if (index < slab->first)
        slab->first = index;
    if (index > slab->last)
        slab->last = index;
}

/* The first slot from index on that is cooling, or is not; the one after slab->last when there is
 * none. By words: few of those between first and last may be. */
static unsigned find_slot(const struct xie_stack_slab *slab, unsigned index, bool cooling)
{
    unsigned end = slab->last + 1;
    for (; index < end; index = (index / WORD_BITS + 1) * WORD_BITS) {
        uint64_t word = slab->cooling[index / WORD_BITS];
        word = (cooling ? word : ~word) >> index % WORD_BITS;
        if (!word)
            continue;
        index += (unsigned)__builtin_ctzll(word);
        return index < end ? index : end;
    }
    return end;
}

/* Guards between neighbours are no obstacle: the advice leaves them as they are. */
static void cool(struct xie_stack_slab *slab)
{
    unsigned index = find_slot(slab, slab->first, true);
    while (index <= slab->last) {
        unsigned end = find_slot(slab, index, false);
        char *from = slot_at(slab, index) + slab->class->pool->guard;
        xie_sys_advise(from, (size_t)(slot_at(slab, end) - from), MADV_DONTNEED);
        slab->cold_count += end - index;
        index = find_slot(slab, end, true);
    }
    for (unsigned word = slab->first / WORD_BITS; word <= slab->last / WORD_BITS; word++) {
        slab->cold[word] |= slab->cooling[word];
        slab->cooling[word] = 0;
    }
    slab->first = slab->count;
    slab->last = 0;
}

void xie_slab_cool(struct xie_stack_class *class)
{
    struct xie_stack_slab **link = &class->slabs, *slab;
    while ((slab = *link)) {
        if (slab->first <= slab->last)
            cool(slab);
        bool unused = slab->cold_count == slab->fresh;
        if (unused && class->slots > slab->count) {
            *link = slab->next;
            xie_slab_unmap(slab);
        } else {
            link = &slab->next;
        }
    }
}

struct xie_stack *xie_slab_find_guard(struct xie_stack_pool *pool, const void *address)
{
    const char *at = address;
    for (unsigned class = 0; class < XIE_STACK_CLASSES; class ++) {
        struct xie_stack_slab *slab = pool->classes[class].slabs;
        for (; slab; slab = slab->next) {
            if (at < slab->slots || at >= slot_at(slab, slab->fresh))
                continue;
            unsigned index = slot_of(slab, at);
            if (at >= slot_at(slab, index) + pool->guard)
                return NULL;
            struct xie_stack *stack = stack_at(slab, index);
            return stack->taken ? stack : NULL;
        }
    }
    return NULL;
}

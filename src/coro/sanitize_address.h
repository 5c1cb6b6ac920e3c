/* sanitize_address.h - what AddressSanitizer is told: on which stack we are, and the fake
 * stack that detects uses after return. Floor 1. sanitize_none.h explains each function. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SANITIZE_ADDRESS_H
#define XIE_CORO_SANITIZE_ADDRESS_H

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

struct xie_sanitizer {
    void *fake;         /* the fake stack, while suspended */
    const void *bottom; /* the stack it was suspended on: not always the one it started on */
    size_t size;
};

/* Who switched last, for the one switched to; NULL: it is gone. */
extern __thread struct xie_sanitizer *xie_sanitizer_last;

/* Frames that were never returned from have left their red zones. */
XIE_INLINE void xie_sanitizer_take(struct xie_stack *stack)
{
    __asan_unpoison_memory_region(stack->base, stack->size);
}

XIE_INLINE void xie_sanitizer_give(struct xie_stack *stack)
{
    (void)stack;
}

XIE_INLINE void xie_sanitizer_prepare(struct xie_sanitizer *self, struct xie_stack *stack)
{
    self->fake = NULL;
    self->bottom = stack->base;
    self->size = stack->size;
}

XIE_INLINE void xie_sanitizer_before(struct xie_sanitizer *from, struct xie_sanitizer *to,
                                     bool dying)
{
    xie_sanitizer_last = dying ? NULL : from;
    __sanitizer_start_switch_fiber(dying ? NULL : &from->fake, to->bottom, to->size);
}

XIE_INLINE void xie_sanitizer_after(struct xie_sanitizer *self)
{
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(self->fake, &bottom, &size);
    if (!xie_sanitizer_last)
        return;
    xie_sanitizer_last->bottom = bottom;
    xie_sanitizer_last->size = size;
}

#endif

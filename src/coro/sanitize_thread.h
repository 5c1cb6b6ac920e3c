/* sanitize_thread.h - what ThreadSanitizer is told: each stack is a fiber.
 * Floor 1. sanitize_none.h explains each function. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SANITIZE_THREAD_H
#define XIE_CORO_SANITIZE_THREAD_H

#include <sanitizer/tsan_interface.h>

struct xie_sanitizer {
    void *fiber; /* the one it was suspended in: not always the one it started in */
};

/* A fiber remembers its calls, returned from or not: each use of a stack gets a new one. */
XIE_INLINE void xie_sanitizer_take(struct xie_stack *stack)
{
    if (stack->fiber)
        __tsan_destroy_fiber(stack->fiber);
    stack->fiber = __tsan_create_fiber(0);
}

/* The one that runs is destroyed by the next take: there are few fibers, about 8000. */
XIE_INLINE void xie_sanitizer_give(struct xie_stack *stack)
{
    if (!stack->fiber || stack->fiber == __tsan_get_current_fiber())
        return;
    __tsan_destroy_fiber(stack->fiber);
    stack->fiber = NULL;
}

XIE_INLINE void xie_sanitizer_prepare(struct xie_sanitizer *self, struct xie_stack *stack)
{
    self->fiber = stack->fiber;
}

XIE_INLINE void xie_sanitizer_before(struct xie_sanitizer *from, struct xie_sanitizer *to,
                                     bool dying)
{
    (void)dying;
    from->fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->fiber, 0);
}

XIE_INLINE void xie_sanitizer_after(struct xie_sanitizer *self)
{
    (void)self;
}

#endif

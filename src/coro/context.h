/* context.h - leaving one stack for another: the switch.
 * Floor 1. The architecture's part is in switch_*.h; what sanitizers must be told in
 * sanitize.h. Every register is named as clobbered, so the compiler saves the live ones. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_CONTEXT_H
#define XIE_CORO_CONTEXT_H

#include "coro/sanitize.h"
#include "coro/stack.h"
#include "coro/switch.h"

/* Whether a switch is <xie/switch.h>'s and nothing else. */
#define XIE_CONTEXT_PLAIN (XIE_SWITCH_PLAIN && !XIE_SANITIZED)

/* Where something that does not run now will go on. */
struct xie_context {
    struct xie_registers registers;
    struct xie_sanitizer sanitizer;
};

/* Make context start entry(arg) on stack at the first switch; entry never returns. */
static inline void xie_context_prepare(struct xie_context *context, struct xie_stack *stack,
                                       void (*entry)(void *arg), void *arg)
{
    xie_registers_prepare(&context->registers, stack->base, stack->top, entry, arg);
    xie_sanitizer_prepare(&context->sanitizer, stack);
}

/* Save the running context in from, go on in to, which receives carried; returns what the one who
 * switches back gives. */
XIE_INLINE struct xie_carried xie_context_exchange(struct xie_context *from, struct xie_context *to,
                                                   struct xie_carried carried)
{
    xie_sanitizer_before(&from->sanitizer, &to->sanitizer, false);
    carried = xie_registers_swap(&from->registers, &to->registers, carried);
    xie_sanitizer_after(&from->sanitizer);
    return carried;
}

/* The same with nothing to carry. */
XIE_INLINE void xie_context_switch(struct xie_context *from, struct xie_context *to)
{
    (void)xie_context_exchange(from, to, (struct xie_carried){0});
}

/* Call first thing in an entry: a new stack has been entered. */
XIE_INLINE void xie_context_entered(struct xie_context *self)
{
    xie_sanitizer_after(&self->sanitizer);
}

/* Go on in to; the running stack will not be returned to. self is the running context. */
__attribute__((noreturn)) XIE_INLINE void
xie_context_leave(struct xie_context *self, struct xie_context *to, struct xie_carried carried)
{
    xie_sanitizer_before(&self->sanitizer, &to->sanitizer, true);
    (void)xie_registers_swap(&self->registers, &to->registers, carried);
    __builtin_unreachable();
}

#endif

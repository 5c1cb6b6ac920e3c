/* context.h - leaving one stack for another: the switch.
 * Floor 1. The architecture's part is in switch_*.h; what sanitizers must be told in
 * sanitize.h. Every register is named as clobbered, so the compiler saves the live ones. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_CONTEXT_H
#define XIE_CORO_CONTEXT_H

#include "coro/sanitize.h"
#include "coro/stack.h"
#include "coro/switch.h"

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

#if XIE_SANITIZED
/* A sanitizer's frames may claim a register as base pointer, which a swap inlined into them
 * cannot name as clobbered. */
#define XIE_CONTEXT_JUMP(from, to) ((void)xie_registers_transfer((from), (to), 0))
#else
#define XIE_CONTEXT_JUMP(from, to) xie_registers_swap((from), (to))
#endif

/* Save the running context in from, go on in to; returns when somebody switches back. */
XIE_INLINE void xie_context_switch(struct xie_context *from, struct xie_context *to)
{
    xie_sanitizer_before(&from->sanitizer, &to->sanitizer, false);
    XIE_CONTEXT_JUMP(&from->registers, &to->registers);
    xie_sanitizer_after(&from->sanitizer);
}

/* The same as the last thing of a function, `return xie_context_transfer(…)`: returns what the
 * one who switches back gives as value. Only a transfer, or a leave, may switch back. */
XIE_INLINE int xie_context_transfer(struct xie_context *from, struct xie_context *to, int value)
{
    xie_sanitizer_before(&from->sanitizer, &to->sanitizer, false);
    int result = xie_registers_transfer(&from->registers, &to->registers, value);
    xie_sanitizer_after(&from->sanitizer);
    return result;
}

/* Call first thing in an entry: a new stack has been entered. */
XIE_INLINE void xie_context_entered(struct xie_context *self)
{
    xie_sanitizer_after(&self->sanitizer);
}

/* Go on in to, however it was left; the running stack will not be returned to. self is the
 * running context; value is for a transfer that comes to its end. */
__attribute__((noreturn)) XIE_INLINE void xie_context_leave(struct xie_context *self,
                                                            struct xie_context *to, int value)
{
    xie_sanitizer_before(&self->sanitizer, &to->sanitizer, true);
    xie_registers_transfer(&self->registers, &to->registers, value);
    __builtin_unreachable();
}

/* The same where it was a switch that left to: without a call, which the processor would wait for
 * the return of. */
__attribute__((noreturn)) XIE_INLINE void xie_context_quit(struct xie_context *self,
                                                           struct xie_context *to)
{
    xie_sanitizer_before(&self->sanitizer, &to->sanitizer, true);
    XIE_CONTEXT_JUMP(&self->registers, &to->registers);
    __builtin_unreachable();
}

#endif

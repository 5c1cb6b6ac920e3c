/* sanitize_none.h - no sanitizer: nothing to tell.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SANITIZE_NONE_H
#define XIE_CORO_SANITIZE_NONE_H

/* Part of each context. */
struct xie_sanitizer {
};

/* A stack is about to be used, again perhaps: forget what was on it. */
XIE_INLINE void xie_sanitizer_take(struct xie_stack *stack)
{
    (void)stack;
}

/* A stack is free: nobody runs on it, or the runner is about to leave it. */
XIE_INLINE void xie_sanitizer_give(struct xie_stack *stack)
{
    (void)stack;
}

/* A context will start on stack. */
XIE_INLINE void xie_sanitizer_prepare(struct xie_sanitizer *self, struct xie_stack *stack)
{
    (void)self, (void)stack;
}

/* The next thing is a switch; dying: from is never come back to. */
XIE_INLINE void xie_sanitizer_before(struct xie_sanitizer *from, struct xie_sanitizer *to,
                                     bool dying)
{
    (void)from, (void)to, (void)dying;
}

/* The last thing was a switch, to self. */
XIE_INLINE void xie_sanitizer_after(struct xie_sanitizer *self)
{
    (void)self;
}

#endif

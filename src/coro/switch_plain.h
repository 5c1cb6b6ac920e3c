/* switch_plain.h - the switch of <xie/switch.h>, and its beginning on a new stack.
 * Floor 1. What is the architecture's own is in switch_NAME.h. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SWITCH_PLAIN_H
#define XIE_CORO_SWITCH_PLAIN_H

#define XIE_SWITCH_PLAIN 1
enum { XIE_REGISTERS_PLAIN = XIE_SWITCH_PLAIN }; /* begin with pc, sp and the frame pointer */

struct xie_registers {
    struct xie_left left;
};

void xie_switch_start(void);

/* The next swap to registers calls entry(arg) on the stack base..top; top is aligned to 16. */
static inline void xie_registers_prepare(struct xie_registers *registers, char *base, char *top,
                                         void (*entry)(void *arg), void *arg)
{
    (void)base;
    void **frame = (void **)(void *)top - 2;
    frame[0] = arg;
    frame[1] = (void *)entry;
    registers->left = (struct xie_left){.pc = (void *)xie_switch_start, .sp = frame};
}

XIE_INLINE struct xie_carried
xie_registers_swap(struct xie_registers *from, struct xie_registers *to, struct xie_carried carried)
{
    return xie_switch(&from->left, &to->left, carried);
}

#endif

/* switch_ucontext.h - the switch where no other is written, or -DXIE_UCONTEXT asks for it.
 * Floor 1. Two system calls per switch, which save the signal mask: about 100 times slower. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SWITCH_UCONTEXT_H
#define XIE_CORO_SWITCH_UCONTEXT_H

#include <stdint.h>
#include <ucontext.h>

#define XIE_SWITCH_PLAIN 0
enum {
    XIE_REGISTERS_PLAIN = XIE_SWITCH_PLAIN
}; /* what a ucontext_t holds is the C library's affair */

struct xie_registers {
    ucontext_t context;
    struct xie_carried carried; /* by who switched to it */
};

#define XIE_SWITCH_CODE _Static_assert(1, "makecontext(3) brings its own")

/* makecontext(3) passes ints only: the two pointers come in halves. */
static inline void xie_switch_start(unsigned entry_high, unsigned entry_low, unsigned arg_high,
                                    unsigned arg_low)
{
    uintptr_t entry = (uintptr_t)((uint64_t)entry_high << 32 | entry_low);
    uintptr_t arg = (uintptr_t)((uint64_t)arg_high << 32 | arg_low);
    ((void (*)(void *))entry)((void *)arg);
}

/* The next swap to registers calls entry(arg) on the stack base..top; top is aligned to 16. */
static inline void xie_registers_prepare(struct xie_registers *registers, char *base, char *top,
                                         void (*entry)(void *arg), void *arg)
{
    uint64_t entry_bits = (uintptr_t)entry, arg_bits = (uintptr_t)arg;
    getcontext(&registers->context);
    registers->context.uc_stack.ss_sp = base;
    registers->context.uc_stack.ss_size = (size_t)(top - base);
    registers->context.uc_link = NULL;
    makecontext(&registers->context, (void (*)(void))(void *)xie_switch_start, 4,
                (unsigned)(entry_bits >> 32), (unsigned)entry_bits, (unsigned)(arg_bits >> 32),
                (unsigned)arg_bits);
}

XIE_INLINE struct xie_carried
xie_registers_swap(struct xie_registers *from, struct xie_registers *to, struct xie_carried carried)
{
    to->carried = carried;
    swapcontext(&from->context, &to->context);
    return from->carried;
}

#endif

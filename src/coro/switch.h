/* switch.h - picks the architecture's way of leaving one stack for another.
 * Floor 1. Each switch_*.h defines struct xie_registers, xie_registers_prepare and two ways:
 *
 *   xie_registers_swap      in the middle of a function: the compiler saves what is live
 *   xie_registers_transfer  the last thing a function does: saves what a function must keep,
 *                           carries a value, and returns by a jump. A return instruction after
 *                           a switch is always predicted wrong, which costs more than the
 *                           switch: the processor expects to return where it called last
 *
 * What was left by a transfer must be come back to by one. XIE_SWITCH_CODE is what switch.c
 * assembles once.
 *
 * The rounding mode and the other floating-point modes stay the thread's: a switch neither
 * saves nor restores them. Neither does it touch the signal mask (the fallback does both). */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SWITCH_H
#define XIE_CORO_SWITCH_H

#include "coro/sanitize.h"

#if defined(XIE_UCONTEXT)
#include "coro/switch_ucontext.h"
#elif defined(__x86_64__) && defined(__LP64__)
#include "coro/switch_x86_64.h"
#elif defined(__aarch64__) && defined(__LP64__)
#include "coro/switch_aarch64.h"
#elif defined(__riscv) && __riscv_xlen == 64
#include "coro/switch_riscv64.h"
#else
#include "coro/switch_ucontext.h"
#endif

#endif

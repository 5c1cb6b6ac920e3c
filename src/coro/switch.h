/* switch.h - picks the way of leaving one stack for another.
 * Floor 1. Each way defines struct xie_registers, xie_registers_prepare and xie_registers_swap,
 * which takes two words along; the compiler saves what is live. XIE_SWITCH_CODE is what switch.c
 * assembles once. A return instruction after a switch is predicted wrong, which costs more than the
 * switch: what is to be fast switches inline, in loops.
 *
 * The rounding mode and the other floating-point modes stay the thread's: a switch neither
 * saves nor restores them. Neither does it touch the signal mask (the fallback does both). */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SWITCH_H
#define XIE_CORO_SWITCH_H

#include <xie/switch.h>

#include "coro/sanitize.h"

#if defined(XIE_UCONTEXT) || !defined(XIE_SWITCH_INLINED)
#include "coro/switch_ucontext.h"
#else
#include "coro/switch_plain.h"
#if defined(__x86_64__)
#include "coro/switch_x86_64.h"
#elif defined(__aarch64__)
#include "coro/switch_aarch64.h"
#else
#include "coro/switch_riscv64.h"
#endif
#endif

#endif

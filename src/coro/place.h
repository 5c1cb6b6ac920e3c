/* place.h - where a thread was when a signal came, by its handler's context.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_PLACE_H
#define XIE_CORO_PLACE_H

#include <stdint.h>
#include <ucontext.h>

#if defined(__linux__) && defined(__x86_64__)
#include "coro/place_x86_64.h"
#elif defined(__linux__) && defined(__aarch64__)
#include "coro/place_aarch64.h"
#elif defined(__linux__) && defined(__riscv) && __riscv_xlen == 64
#include "coro/place_riscv64.h"
#else
#include "coro/place_none.h"
#endif

/* NULL where it is not known. */
static inline const void *xie_place_pc(const ucontext_t *context)
{
    return (const void *)(uintptr_t)XIE_PLACE_PC(context);
}

static inline const void *xie_place_sp(const ucontext_t *context)
{
    return (const void *)(uintptr_t)XIE_PLACE_SP(context);
}

#endif

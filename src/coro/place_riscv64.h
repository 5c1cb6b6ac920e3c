/* place_riscv64.h - which registers a signal's context has for place.h: RISC-V.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_PLACE_RISCV64_H
#define XIE_CORO_PLACE_RISCV64_H

/* Of a const ucontext_t *. */
#define XIE_PLACE_PC(context) ((context)->uc_mcontext.__gregs[REG_PC])
#define XIE_PLACE_SP(context) ((context)->uc_mcontext.__gregs[REG_SP])

#endif

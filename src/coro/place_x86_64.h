/* place_x86_64.h - which registers a signal's context has for place.h: x86-64.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_PLACE_X86_64_H
#define XIE_CORO_PLACE_X86_64_H

/* Of a const ucontext_t *. */
#define XIE_PLACE_PC(context) ((context)->uc_mcontext.gregs[REG_RIP])
#define XIE_PLACE_SP(context) ((context)->uc_mcontext.gregs[REG_RSP])

#endif

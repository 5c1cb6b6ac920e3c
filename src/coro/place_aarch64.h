/* place_aarch64.h - which registers a signal's context has for place.h: AArch64.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_PLACE_AARCH64_H
#define XIE_CORO_PLACE_AARCH64_H

/* Of a const ucontext_t *. */
#define XIE_PLACE_PC(context) ((context)->uc_mcontext.pc)
#define XIE_PLACE_SP(context) ((context)->uc_mcontext.sp)

#endif

/* switch_aarch64.h - a new stack's beginning on AArch64 (AAPCS64, LP64).
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SWITCH_AARCH64_H
#define XIE_CORO_SWITCH_AARCH64_H

/* The first thing on a new stack: [sp] holds arg and entry. Unwinders stop here: the return
 * address is undefined, and x29 is 0 for those that follow frames. */
#define XIE_SWITCH_CODE                                                      \
    asm(".text\n"                                                            \
        ".p2align 4\n"                                                       \
        ".globl xie_switch_start\n"                                          \
        ".hidden xie_switch_start\n"                                         \
        ".type xie_switch_start, %function\n"                                \
        "xie_switch_start:\n\t"                                              \
        ".cfi_startproc\n\t"                                                 \
        ".cfi_undefined x30\n\t" XIE_SWITCH_LAND "ldp x0, x9, [sp], #16\n\t" \
        "mov x29, xzr\n\t"                                                   \
        "mov x30, xzr\n\t"                                                   \
        "blr x9\n\t"                                                         \
        "brk #1\n\t"                                                         \
        ".cfi_endproc\n"                                                     \
        ".size xie_switch_start, .-xie_switch_start\n")

#endif

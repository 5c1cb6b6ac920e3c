/* switch_riscv64.h - a new stack's beginning on 64-bit RISC-V.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SWITCH_RISCV64_H
#define XIE_CORO_SWITCH_RISCV64_H

/* The first thing on a new stack: [sp] holds arg and entry. Unwinders stop here: the return
 * address is undefined, and s0 is 0 for those that follow frames. */
#define XIE_SWITCH_CODE                       \
    asm(".text\n"                             \
        ".p2align 2\n"                        \
        ".globl xie_switch_start\n"           \
        ".hidden xie_switch_start\n"          \
        ".type xie_switch_start, @function\n" \
        "xie_switch_start:\n\t"               \
        ".cfi_startproc\n\t"                  \
        ".cfi_undefined ra\n\t"               \
        "ld a0, 0(sp)\n\t"                    \
        "ld t0, 8(sp)\n\t"                    \
        "addi sp, sp, 16\n\t"                 \
        "li s0, 0\n\t"                        \
        "li ra, 0\n\t"                        \
        "jalr t0\n\t"                         \
        "ebreak\n\t"                          \
        ".cfi_endproc\n"                      \
        ".size xie_switch_start, .-xie_switch_start\n")

#endif

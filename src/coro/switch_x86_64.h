/* switch_x86_64.h - a new stack's beginning on x86-64 (System V ABI).
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SWITCH_X86_64_H
#define XIE_CORO_SWITCH_X86_64_H

/* The first thing on a new stack: [sp] holds arg and entry. Unwinders stop here: the return
 * address is undefined, and rbp is 0 for those that follow frames. The entry is not called but
 * jumped to: the processor would remember a call, and predict the next returns wrong. */
#define XIE_SWITCH_CODE                                          \
    asm(".text\n"                                                \
        ".p2align 4\n"                                           \
        ".globl xie_switch_start\n"                              \
        ".hidden xie_switch_start\n"                             \
        ".type xie_switch_start, @function\n"                    \
        "xie_switch_start:\n\t"                                  \
        ".cfi_startproc\n\t"                                     \
        ".cfi_undefined rip\n\t" XIE_SWITCH_LAND "popq %rdi\n\t" \
        ".cfi_adjust_cfa_offset -8\n\t"                          \
        "popq %rax\n\t"                                          \
        ".cfi_adjust_cfa_offset -8\n\t"                          \
        "leaq 1f(%rip), %rcx\n\t"                                \
        "pushq %rcx\n\t"                                         \
        ".cfi_adjust_cfa_offset 8\n\t"                           \
        "jmpq *%rax\n\t"                                         \
        "ud2\n"                                                  \
        "1:\n\t"                                                 \
        "ud2\n\t"                                                \
        ".cfi_endproc\n"                                         \
        ".size xie_switch_start, .-xie_switch_start\n")

#endif

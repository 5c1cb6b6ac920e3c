/* switch_x86_64.h - the switch on x86-64 (System V ABI).
 * Floor 1. A swap saves rip, rsp and rbp, and names all else as clobbered. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SWITCH_X86_64_H
#define XIE_CORO_SWITCH_X86_64_H

enum { XIE_REGISTERS_PLAIN = 1 }; /* begin with pc, sp and the frame pointer */

struct xie_registers {
    void *pc, *sp, *bp;
    void *kept[5]; /* rbx, r12 to r15: saved by a transfer only */
};

/* Where an indirect jump may land, if the program is built for IBT; a jump that returns needs
 * no such place. */
#if defined(__CET__) && (__CET__ & 1)
#define XIE_SWITCH_LAND "endbr64\n\t"
#define XIE_SWITCH_JUMP "notrack jmpq "
#else
#define XIE_SWITCH_LAND ""
#define XIE_SWITCH_JUMP "jmpq "
#endif

#ifdef __AVX512F__
#define XIE_SWITCH_AVX512                                                                         \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",   \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", \
        "k6", "k7"
#else
#define XIE_SWITCH_AVX512
#endif

/* The first thing on a new stack: [sp] holds arg and entry. Unwinders stop here: the return
 * address is undefined, and rbp is 0 for those that follow frames. The entry is not called but
 * jumped to: the processor would remember a call, and predict the next returns wrong. */
#define XIE_SWITCH_CODE                                              \
    asm(".text\n"                                                    \
        ".p2align 4\n"                                               \
        ".globl xie_switch_start\n"                                  \
        ".hidden xie_switch_start\n"                                 \
        ".type xie_switch_start, @function\n"                        \
        "xie_switch_start:\n\t"                                      \
        ".cfi_startproc\n\t"                                         \
        ".cfi_undefined rip\n\t" XIE_SWITCH_LAND "popq %rdi\n\t"     \
        ".cfi_adjust_cfa_offset -8\n\t"                              \
        "popq %rax\n\t"                                              \
        ".cfi_adjust_cfa_offset -8\n\t"                              \
        "leaq 1f(%rip), %rcx\n\t"                                    \
        "pushq %rcx\n\t"                                             \
        ".cfi_adjust_cfa_offset 8\n\t"                               \
        "jmpq *%rax\n\t"                                             \
        "ud2\n"                                                      \
        "1:\n\t"                                                     \
        "ud2\n\t"                                                    \
        ".cfi_endproc\n"                                             \
        ".size xie_switch_start, .-xie_switch_start\n"               \
                                                                     \
        ".p2align 4\n"                                               \
        ".globl xie_registers_transfer\n"                            \
        ".hidden xie_registers_transfer\n"                           \
        ".type xie_registers_transfer, @function\n"                  \
        "xie_registers_transfer:\n\t"                                \
        ".cfi_startproc\n\t" XIE_SWITCH_LAND "movq (%rsp), %rcx\n\t" \
        "leaq 8(%rsp), %r8\n\t"                                      \
        "movq %rcx, 0(%rdi)\n\t"                                     \
        "movq %r8, 8(%rdi)\n\t"                                      \
        "movq %rbp, 16(%rdi)\n\t"                                    \
        "movq %rbx, 24(%rdi)\n\t"                                    \
        "movq %r12, 32(%rdi)\n\t"                                    \
        "movq %r13, 40(%rdi)\n\t"                                    \
        "movq %r14, 48(%rdi)\n\t"                                    \
        "movq %r15, 56(%rdi)\n\t"                                    \
        "movl %edx, %eax\n\t"                                        \
        "movq 8(%rsi), %rsp\n\t"                                     \
        "movq 16(%rsi), %rbp\n\t"                                    \
        "movq 24(%rsi), %rbx\n\t"                                    \
        "movq 32(%rsi), %r12\n\t"                                    \
        "movq 40(%rsi), %r13\n\t"                                    \
        "movq 48(%rsi), %r14\n\t"                                    \
        "movq 56(%rsi), %r15\n\t" XIE_SWITCH_JUMP "*0(%rsi)\n\t"     \
        ".cfi_endproc\n"                                             \
        ".size xie_registers_transfer, .-xie_registers_transfer\n")

void xie_switch_start(void);
int xie_registers_transfer(struct xie_registers *from, struct xie_registers *to, int value);

/* The next swap to registers calls entry(arg) on the stack base..top; top is aligned to 16. */
static inline void xie_registers_prepare(struct xie_registers *registers, char *base, char *top,
                                         void (*entry)(void *arg), void *arg)
{
    (void)base;
    void **frame = (void **)(void *)top - 2;
    frame[0] = arg;
    frame[1] = (void *)entry;
    registers->pc = (void *)xie_switch_start;
    registers->sp = frame;
    registers->bp = NULL;
}

/* Nothing is pushed: the caller's red zone is live. rbp cannot be named as clobbered where it
 * is the frame pointer, so it is saved. */
XIE_INLINE void xie_registers_swap(struct xie_registers *from, struct xie_registers *to)
{
    asm volatile("leaq 1f(%%rip), %%rax\n\t"
                 "movq %%rax, 0(%0)\n\t"
                 "movq %%rsp, 8(%0)\n\t"
                 "movq %%rbp, 16(%0)\n\t"
                 "movq 8(%1), %%rsp\n\t"
                 "movq 16(%1), %%rbp\n\t"
                 "jmpq *0(%1)\n"
                 "1:\n\t" XIE_SWITCH_LAND
                 : "+D"(from), "+S"(to)
                 :
                 : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                   "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                   "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "mm0", "mm1", "mm2", "mm3",
                   "mm4", "mm5", "mm6", "mm7", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)",
                   "st(6)", "st(7)", "memory", "cc" XIE_SWITCH_AVX512);
}

#endif

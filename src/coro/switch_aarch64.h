/* switch_aarch64.h - the switch on AArch64 (AAPCS64, LP64).
 * Floor 1. A swap saves pc, sp and x29, and names all else as clobbered. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SWITCH_AARCH64_H
#define XIE_CORO_SWITCH_AARCH64_H

enum { XIE_REGISTERS_PLAIN = 1 }; /* begin with pc, sp and the frame pointer */

struct xie_registers {
    void *pc, *sp, *fp;
    void *kept[10];   /* x19 to x28: saved by a transfer only */
    double floats[8]; /* d8 to d15: likewise */
};

/* "bti j": where an indirect jump may land, if the program is built for it. There a transfer,
 * which lands behind a call, has to be a return, well predicted or not. */
#ifdef __ARM_FEATURE_BTI_DEFAULT
#define XIE_SWITCH_LAND "hint #36\n\t"
#define XIE_SWITCH_RETURN "ret x16\n\t"
#else
#define XIE_SWITCH_LAND ""
#define XIE_SWITCH_RETURN "br x16\n\t"
#endif

/* v0..v31 below are the low part of z0..z31; the predicates have names of their own. */
#ifdef __ARM_FEATURE_SVE
#define XIE_SWITCH_SVE                                                                        \
    , "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", \
        "p14", "p15"
#else
#define XIE_SWITCH_SVE
#endif

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
        ".size xie_switch_start, .-xie_switch_start\n"                       \
                                                                             \
        ".p2align 4\n"                                                       \
        ".globl xie_registers_transfer\n"                                    \
        ".hidden xie_registers_transfer\n"                                   \
        ".type xie_registers_transfer, %function\n"                          \
        "xie_registers_transfer:\n\t"                                        \
        ".cfi_startproc\n\t"                                                 \
        "mov x9, sp\n\t"                                                     \
        "stp x30, x9, [x0, #0]\n\t"                                          \
        "stp x29, x19, [x0, #16]\n\t"                                        \
        "stp x20, x21, [x0, #32]\n\t"                                        \
        "stp x22, x23, [x0, #48]\n\t"                                        \
        "stp x24, x25, [x0, #64]\n\t"                                        \
        "stp x26, x27, [x0, #80]\n\t"                                        \
        "str x28, [x0, #96]\n\t"                                             \
        "stp d8, d9, [x0, #104]\n\t"                                         \
        "stp d10, d11, [x0, #120]\n\t"                                       \
        "stp d12, d13, [x0, #136]\n\t"                                       \
        "stp d14, d15, [x0, #152]\n\t"                                       \
        "mov w0, w2\n\t"                                                     \
        "ldp x16, x9, [x1, #0]\n\t"                                          \
        "ldp x29, x19, [x1, #16]\n\t"                                        \
        "ldp x20, x21, [x1, #32]\n\t"                                        \
        "ldp x22, x23, [x1, #48]\n\t"                                        \
        "ldp x24, x25, [x1, #64]\n\t"                                        \
        "ldp x26, x27, [x1, #80]\n\t"                                        \
        "ldr x28, [x1, #96]\n\t"                                             \
        "ldp d8, d9, [x1, #104]\n\t"                                         \
        "ldp d10, d11, [x1, #120]\n\t"                                       \
        "ldp d12, d13, [x1, #136]\n\t"                                       \
        "ldp d14, d15, [x1, #152]\n\t"                                       \
        "mov sp, x9\n\t" XIE_SWITCH_RETURN ".cfi_endproc\n"                  \
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
    registers->fp = NULL;
}

/* x29 cannot be named as clobbered where it is the frame pointer, so it is saved. x18 is an
 * ordinary register on Linux. The return address is x30, which the compiler saves. */
XIE_INLINE void xie_registers_swap(struct xie_registers *from, struct xie_registers *to)
{
    register struct xie_registers *x0 asm("x0") = from;
    register struct xie_registers *x1 asm("x1") = to;
    asm volatile("adr x9, 1f\n\t"
                 "mov x10, sp\n\t"
                 "stp x9, x10, [x0]\n\t"
                 "str x29, [x0, #16]\n\t"
                 "ldp x9, x10, [x1]\n\t"
                 "ldr x29, [x1, #16]\n\t"
                 "mov sp, x10\n\t"
                 "br x9\n"
                 "1:\n\t" XIE_SWITCH_LAND
                 : "+r"(x0), "+r"(x1)
                 :
                 : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                   "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24",
                   "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6",
                   "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18",
                   "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",
                   "v30", "v31", "memory", "cc" XIE_SWITCH_SVE);
}

#endif

/* switch.h - leaving one stack for another, inlined; of <xie/generator.h>, not for programs.
 * Floor 1. Four words are saved and all other registers named as clobbered, so that the
 * compiler saves only those that live. The base pointer is among the saved: it cannot be named
 * where a function with arrays of variable length claims it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_SWITCH_H
#define XIE_SWITCH_H

/* What a switch takes along. */
struct xie_carried {
    long status;
    void *value;
};

/* Where a stack that was left goes on: program counter, stack, frame and base pointer. */
struct xie_left {
    void *pc, *sp, *fp, *bp;
};

#if defined(__GNUC__) && defined(__x86_64__) && defined(__LP64__)
#define XIE_SWITCH_INLINED 1

/* Where an indirect jump may land, if the program is built for IBT. */
#if defined(__CET__) && (__CET__ & 1)
#define XIE_SWITCH_LAND "endbr64\n\t"
#else
#define XIE_SWITCH_LAND ""
#endif

#ifdef __AVX512F__
#define XIE_SWITCH_MORE                                                                           \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",   \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", \
        "k6", "k7"
#else
#define XIE_SWITCH_MORE
#endif

/* Save where this is in from and go on in to, which receives carried; returns what the one who
 * switches back gives. Nothing is pushed: the caller's red zone is live. */
extern inline __attribute__((gnu_inline, always_inline)) struct xie_carried
xie_switch(struct xie_left *from, struct xie_left *to, struct xie_carried carried)
{
    __asm__ volatile("leaq 1f(%%rip), %%rcx\n\t"
                     "movq %%rcx, 0(%0)\n\t"
                     "movq %%rsp, 8(%0)\n\t"
                     "movq %%rbp, 16(%0)\n\t"
                     "movq %%rbx, 24(%0)\n\t"
                     "movq 8(%1), %%rsp\n\t"
                     "movq 16(%1), %%rbp\n\t"
                     "movq 24(%1), %%rbx\n\t"
                     "jmpq *0(%1)\n"
                     "1:\n\t" XIE_SWITCH_LAND
                     : "+D"(from), "+S"(to), "+a"(carried.status), "+d"(carried.value)
                     :
                     : "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1",
                       "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                       "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "mm0", "mm1", "mm2", "mm3",
                       "mm4", "mm5", "mm6", "mm7", "st", "st(1)", "st(2)", "st(3)", "st(4)",
                       "st(5)", "st(6)", "st(7)", "memory", "cc" XIE_SWITCH_MORE);
    return carried;
}

#elif defined(__GNUC__) && defined(__aarch64__) && defined(__LP64__)
#define XIE_SWITCH_INLINED 1

/* "bti j": where an indirect jump may land, if the program is built for it. */
#ifdef __ARM_FEATURE_BTI_DEFAULT
#define XIE_SWITCH_LAND "hint #36\n\t"
#else
#define XIE_SWITCH_LAND ""
#endif

/* v0..v31 below are the low part of z0..z31; the predicates have names of their own. */
#ifdef __ARM_FEATURE_SVE
#define XIE_SWITCH_MORE                                                                       \
    , "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", \
        "p14", "p15"
#else
#define XIE_SWITCH_MORE
#endif

/* As above. x18 is an ordinary register on Linux. The return address is x30, which the compiler
 * saves. */
extern inline __attribute__((gnu_inline, always_inline)) struct xie_carried
xie_switch(struct xie_left *from, struct xie_left *to, struct xie_carried carried)
{
    register struct xie_left *x0 __asm__("x0") = from, *x1 __asm__("x1") = to;
    register long x2 __asm__("x2") = carried.status;
    register void *x3 __asm__("x3") = carried.value;
    __asm__ volatile("adr x9, 1f\n\t"
                     "mov x10, sp\n\t"
                     "stp x9, x10, [x0]\n\t"
                     "stp x29, x19, [x0, #16]\n\t"
                     "ldp x9, x10, [x1]\n\t"
                     "ldp x29, x19, [x1, #16]\n\t"
                     "mov sp, x10\n\t"
                     "br x9\n"
                     "1:\n\t" XIE_SWITCH_LAND
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "x18", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27",
                       "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9",
                       "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20",
                       "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31",
                       "memory", "cc" XIE_SWITCH_MORE);
    carried.status = x2;
    carried.value = x3;
    return carried;
}

#elif defined(__GNUC__) && defined(__riscv) && __riscv_xlen == 64
#define XIE_SWITCH_INLINED 1

#ifdef __riscv_flen
#define XIE_SWITCH_FLOAT                                                                           \
    , "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "ft8", "ft9", "ft10", "ft11", "fa0", \
        "fa1", "fa2", "fa3", "fa4", "fa5", "fa6", "fa7", "fs0", "fs1", "fs2", "fs3", "fs4", "fs5", \
        "fs6", "fs7", "fs8", "fs9", "fs10", "fs11"
#else
#define XIE_SWITCH_FLOAT
#endif
#ifdef __riscv_vector
#define XIE_SWITCH_MORE                                                                            \
    , "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13",      \
        "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", \
        "v27", "v28", "v29", "v30", "v31", "vl", "vtype"
#else
#define XIE_SWITCH_MORE
#endif

/* As above. tp and gp belong to the thread and the program. */
extern inline __attribute__((gnu_inline, always_inline)) struct xie_carried
xie_switch(struct xie_left *from, struct xie_left *to, struct xie_carried carried)
{
    register struct xie_left *a0 __asm__("a0") = from, *a1 __asm__("a1") = to;
    register long a2 __asm__("a2") = carried.status;
    register void *a3 __asm__("a3") = carried.value;
    __asm__ volatile("lla t0, 1f\n\t"
                     "sd t0, 0(a0)\n\t"
                     "sd sp, 8(a0)\n\t"
                     "sd s0, 16(a0)\n\t"
                     "sd s1, 24(a0)\n\t"
                     "ld t0, 0(a1)\n\t"
                     "ld sp, 8(a1)\n\t"
                     "ld s0, 16(a1)\n\t"
                     "ld s1, 24(a1)\n\t"
                     "jr t0\n"
                     "1:\n\t"
                     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3)
                     :
                     : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a4", "a5", "a6", "a7", "s2",
                       "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11",
                       "memory" XIE_SWITCH_FLOAT XIE_SWITCH_MORE);
    carried.status = a2;
    carried.value = a3;
    return carried;
}
#endif

#endif

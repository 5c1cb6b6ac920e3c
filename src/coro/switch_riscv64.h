/* switch_riscv64.h - the switch on 64-bit RISC-V.
 * Floor 1. A swap saves pc, sp and s0, and names all else as clobbered. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SWITCH_RISCV64_H
#define XIE_CORO_SWITCH_RISCV64_H

enum { XIE_REGISTERS_PLAIN = 1 }; /* begin with pc, sp and the frame pointer */

struct xie_registers {
    void *pc, *sp, *fp;
    void *kept[11];    /* s1 to s11: saved by a transfer only */
    double floats[12]; /* fs0 to fs11: likewise */
};

#ifdef __riscv_flen
#define XIE_SWITCH_FLOAT                                                                           \
    , "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "ft8", "ft9", "ft10", "ft11", "fa0", \
        "fa1", "fa2", "fa3", "fa4", "fa5", "fa6", "fa7", "fs0", "fs1", "fs2", "fs3", "fs4", "fs5", \
        "fs6", "fs7", "fs8", "fs9", "fs10", "fs11"
#define XIE_SWITCH_FLOAT_SAVE \
    "fsd fs0, 112(a0)\n\t"    \
    "fsd fs1, 120(a0)\n\t"    \
    "fsd fs2, 128(a0)\n\t"    \
    "fsd fs3, 136(a0)\n\t"    \
    "fsd fs4, 144(a0)\n\t"    \
    "fsd fs5, 152(a0)\n\t"    \
    "fsd fs6, 160(a0)\n\t"    \
    "fsd fs7, 168(a0)\n\t"    \
    "fsd fs8, 176(a0)\n\t"    \
    "fsd fs9, 184(a0)\n\t"    \
    "fsd fs10, 192(a0)\n\t"   \
    "fsd fs11, 200(a0)\n\t"
#define XIE_SWITCH_FLOAT_LOAD \
    "fld fs0, 112(a1)\n\t"    \
    "fld fs1, 120(a1)\n\t"    \
    "fld fs2, 128(a1)\n\t"    \
    "fld fs3, 136(a1)\n\t"    \
    "fld fs4, 144(a1)\n\t"    \
    "fld fs5, 152(a1)\n\t"    \
    "fld fs6, 160(a1)\n\t"    \
    "fld fs7, 168(a1)\n\t"    \
    "fld fs8, 176(a1)\n\t"    \
    "fld fs9, 184(a1)\n\t"    \
    "fld fs10, 192(a1)\n\t"   \
    "fld fs11, 200(a1)\n\t"
#else
#define XIE_SWITCH_FLOAT
#define XIE_SWITCH_FLOAT_SAVE
#define XIE_SWITCH_FLOAT_LOAD
#endif

#ifdef __riscv_vector
#define XIE_SWITCH_VECTOR                                                                          \
    , "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13",      \
        "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", \
        "v27", "v28", "v29", "v30", "v31", "vl", "vtype"
#else
#define XIE_SWITCH_VECTOR
#endif

/* The first thing on a new stack: [sp] holds arg and entry. Unwinders stop here: the return
 * address is undefined, and s0 is 0 for those that follow frames. */
#define XIE_SWITCH_CODE                                             \
    asm(".text\n"                                                   \
        ".p2align 2\n"                                              \
        ".globl xie_switch_start\n"                                 \
        ".hidden xie_switch_start\n"                                \
        ".type xie_switch_start, @function\n"                       \
        "xie_switch_start:\n\t"                                     \
        ".cfi_startproc\n\t"                                        \
        ".cfi_undefined ra\n\t"                                     \
        "ld a0, 0(sp)\n\t"                                          \
        "ld t0, 8(sp)\n\t"                                          \
        "addi sp, sp, 16\n\t"                                       \
        "li s0, 0\n\t"                                              \
        "li ra, 0\n\t"                                              \
        "jalr t0\n\t"                                               \
        "ebreak\n\t"                                                \
        ".cfi_endproc\n"                                            \
        ".size xie_switch_start, .-xie_switch_start\n"              \
                                                                    \
        ".p2align 2\n"                                              \
        ".globl xie_registers_transfer\n"                           \
        ".hidden xie_registers_transfer\n"                          \
        ".type xie_registers_transfer, %function\n"                 \
        "xie_registers_transfer:\n\t"                               \
        ".cfi_startproc\n\t"                                        \
        "sd ra, 0(a0)\n\t"                                          \
        "sd sp, 8(a0)\n\t"                                          \
        "sd s0, 16(a0)\n\t"                                         \
        "sd s1, 24(a0)\n\t"                                         \
        "sd s2, 32(a0)\n\t"                                         \
        "sd s3, 40(a0)\n\t"                                         \
        "sd s4, 48(a0)\n\t"                                         \
        "sd s5, 56(a0)\n\t"                                         \
        "sd s6, 64(a0)\n\t"                                         \
        "sd s7, 72(a0)\n\t"                                         \
        "sd s8, 80(a0)\n\t"                                         \
        "sd s9, 88(a0)\n\t"                                         \
        "sd s10, 96(a0)\n\t"                                        \
        "sd s11, 104(a0)\n\t" XIE_SWITCH_FLOAT_SAVE "mv a0, a2\n\t" \
        "ld t2, 0(a1)\n\t"                                          \
        "ld sp, 8(a1)\n\t"                                          \
        "ld s0, 16(a1)\n\t"                                         \
        "ld s1, 24(a1)\n\t"                                         \
        "ld s2, 32(a1)\n\t"                                         \
        "ld s3, 40(a1)\n\t"                                         \
        "ld s4, 48(a1)\n\t"                                         \
        "ld s5, 56(a1)\n\t"                                         \
        "ld s6, 64(a1)\n\t"                                         \
        "ld s7, 72(a1)\n\t"                                         \
        "ld s8, 80(a1)\n\t"                                         \
        "ld s9, 88(a1)\n\t"                                         \
        "ld s10, 96(a1)\n\t"                                        \
        "ld s11, 104(a1)\n\t" XIE_SWITCH_FLOAT_LOAD "jr t2\n\t"     \
        ".cfi_endproc\n"                                            \
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

/* s0 cannot be named as clobbered where it is the frame pointer, so it is saved. tp and gp
 * belong to the thread and the program. */
XIE_INLINE void xie_registers_swap(struct xie_registers *from, struct xie_registers *to)
{
    register struct xie_registers *a0 asm("a0") = from;
    register struct xie_registers *a1 asm("a1") = to;
    asm volatile("lla t0, 1f\n\t"
                 "sd t0, 0(a0)\n\t"
                 "sd sp, 8(a0)\n\t"
                 "sd s0, 16(a0)\n\t"
                 "ld t0, 0(a1)\n\t"
                 "ld sp, 8(a1)\n\t"
                 "ld s0, 16(a1)\n\t"
                 "jr t0\n"
                 "1:\n\t"
                 : "+r"(a0), "+r"(a1)
                 :
                 : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a2", "a3", "a4", "a5", "a6",
                   "a7", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11",
                   "memory" XIE_SWITCH_FLOAT XIE_SWITCH_VECTOR);
}

#endif

/* tasks.h - the least that coroutines can be: a switch, tasks in a ready queue, and no more. No
 * checks, no cancellation, no errors, no names: what a library's are compared with. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BENCH_TASKS_H
#define XIE_BENCH_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* --- the switch: three words, all other registers named as clobbered ----------------------------
 */

#if defined(__x86_64__) || defined(__aarch64__)
struct bare_context {
    void *pc, *sp, *bp;
};
#endif

#if defined(__x86_64__)
static inline __attribute__((always_inline)) void bare_switch(struct bare_context *from,
                                                              struct bare_context *to)
{
    __asm__ volatile("leaq 1f(%%rip), %%rax\n\t"
                     "movq %%rax, 0(%0)\n\t"
                     "movq %%rsp, 8(%0)\n\t"
                     "movq %%rbp, 16(%0)\n\t"
                     "movq 8(%1), %%rsp\n\t"
                     "movq 16(%1), %%rbp\n\t"
                     "jmpq *0(%1)\n"
                     "1:"
                     : "+D"(from), "+S"(to)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
                       "memory", "cc");
}

/* At an entry the stack is as after a call: 8 below a multiple of 16. */
static inline void bare_prepare(struct bare_context *context, char *top, void (*entry)(void))
{
    *context = (struct bare_context){(void *)entry, top - 8, NULL};
}
#elif defined(__aarch64__)
static inline __attribute__((always_inline)) void bare_switch(struct bare_context *from,
                                                              struct bare_context *to)
{
    register struct bare_context *x0 __asm__("x0") = from, *x1 __asm__("x1") = to;
    __asm__ volatile("adr x2, 1f\n\t"
                     "mov x3, sp\n\t"
                     "stp x2, x3, [x0]\n\t"
                     "str x29, [x0, #16]\n\t"
                     "ldp x2, x3, [x1]\n\t"
                     "ldr x29, [x1, #16]\n\t"
                     "mov sp, x3\n\t"
                     "br x2\n"
                     "1:"
                     : "+r"(x0), "+r"(x1)
                     :
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "x19", "x20", "x21", "x22", "x23", "x24", "x25",
                       "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
                       "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18",
                       "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",
                       "v30", "v31", "memory", "cc");
}

static inline void bare_prepare(struct bare_context *context, char *top, void (*entry)(void))
{
    *context = (struct bare_context){(void *)entry, top, NULL};
}
#else
/* Elsewhere ours stands in. */
#include "coro/switch.h"

struct bare_context {
    struct xie_registers registers;
};

static inline void bare_switch(struct bare_context *from, struct bare_context *to)
{
    (void)xie_registers_swap(&from->registers, &to->registers, (struct xie_carried){0});
}

static inline void bare_prepare(struct bare_context *context, char *top, void (*entry)(void))
{
    xie_registers_prepare(&context->registers, top - 8192, top, (void (*)(void *))(void *)entry,
                          NULL);
}
#endif

/* --- tasks: a ready queue; who waits goes on in the next that is ready -------------------------
 */

struct bare_task {
    struct bare_context context;
    struct bare_task *next; /* in the ready queue, a line, or the free list */
    struct bare_task *joiner;
    void (*fn)(void *arg);
    void *arg;
    char *top;
    bool done;
};

static struct bare_task bare_main, *bare_self = &bare_main, *bare_free;
static struct bare_task *bare_head, **bare_tail = &bare_head;

static inline void bare_ready(struct bare_task *task)
{
    task->next = NULL;
    *bare_tail = task;
    bare_tail = &task->next;
}

/* Somebody is ready: whoever is next goes on. */
static inline __attribute__((always_inline)) void bare_block(void)
{
    struct bare_task *self = bare_self, *next = bare_head;
    bare_head = next->next;
    if (!bare_head)
        bare_tail = &bare_head;
    bare_self = next;
    if (next != self)
        bare_switch(&self->context, &next->context);
}

/* A call, as into a library. */
static __attribute__((noinline, unused)) void bare_yield(void)
{
    bare_ready(bare_self);
    bare_block();
}

/* Its stack goes to the free list at once: nobody takes it before the switch. */
static __attribute__((noreturn)) void bare_entry(void)
{
    struct bare_task *self = bare_self;
    self->fn(self->arg);
    self->done = true;
    if (self->joiner)
        bare_ready(self->joiner);
    bare_block();
    __builtin_unreachable();
}

/* The task lies at the top of its stack; tops are coloured, so that many do not fight for the
 * same lines of the cache. */
static inline struct bare_task *bare_make(size_t size)
{
    static size_t colour;
    char *base = (char *)aligned_alloc(4096, size);
    size_t used = (sizeof(struct bare_task) + 63) / 64 * 64 + colour++ % 8 * 128;
    struct bare_task *task = (struct bare_task *)(void *)(base + size - used);
    task->top = (char *)task;
    return task;
}

static inline struct bare_task *bare_spawn(void (*fn)(void *arg), void *arg)
{
    struct bare_task *task = bare_free;
    if (task)
        bare_free = task->next;
    else
        task = bare_make(16 * 1024);
    task->fn = fn;
    task->arg = arg;
    task->joiner = NULL;
    task->done = false;
    bare_prepare(&task->context, task->top, bare_entry);
    bare_ready(task);
    return task;
}

static inline void bare_join(struct bare_task *task)
{
    if (!task->done) {
        task->joiner = bare_self;
        bare_block();
    }
    task->next = bare_free;
    bare_free = task;
}

#endif

/* generator.c - functions that yield: next, send, throw, close, delegation.
 * Floor 1. The record lies at the top of the generator's own stack. */
/* SPDX-License-Identifier: MIT */
#include <xie/generator.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/misuse.h"
#include "coro/context.h"

/* Generators that delegate form a chain: its outermost has the consumer, its innermost runs.
 * Each of the two knows the other, so that an exchange costs the same at any depth; those
 * between know their neighbours only, and learn the outermost when they become innermost. */
struct xie_gen {
    struct xie_context context;  /* where the body goes on */
    struct xie_context consumer; /* outermost: where a yield goes */
    struct xie_gen *innermost;   /* outermost: who yields */
    struct xie_gen *outermost;   /* innermost: whose consumer gets it */
    int state;                   /* enum xie_gen_state */
    void **out;                  /* outermost: its consumer's, for what is yielded */
    void **sent;                 /* innermost: its body's, for what is sent */
    void *result;
    uint64_t closing;      /* outermost: the number of the close under way; 0: none */
    uint64_t exiting;      /* the last close that reached this one */
    struct xie_gen *outer; /* who delegates to this one */
    struct xie_gen *inner; /* to whom this one delegates */
    struct xie_stack *stack;
    xie_gen_fn *body;
    void *arg;
};

enum { CLOSES_MOST = 100 };

/* Closes are numbered, to tell the one under way from those that were ignored. */
static __thread uint64_t closes;

/* The body has ended with status: go on in who waits for that, for good. */
static __attribute__((noreturn)) void finish(struct xie_gen *self, int status)
{
    struct xie_gen *outer = self->outer, *outermost = self->outermost;
    self->state = XIE_GEN_ENDED;
    if (status < 0)
        self->result = NULL;
    else
        status = 0;
    if (!outer)
        xie_context_leave(&self->context, &self->consumer, status);
    if (self->exiting && self->exiting == outermost->closing) {
        /* Who is closed must end, even if its inner ended as if nothing were (PEP 380). */
        outer->exiting = self->exiting;
        status = status ? status : XIE_EGENEXIT;
    }
    self->outer = NULL;
    outer->inner = NULL;
    outer->outermost = outermost;
    outermost->innermost = outer;
    xie_context_leave(&self->context, &outer->context, status);
}

static void start(void *arg)
{
    struct xie_gen *self = arg;
    xie_context_entered(&self->context);
    finish(self, self->body(self, self->arg));
}

struct xie_gen *xie_gen_new_at(xie_gen_fn *body, void *arg, const char *name, const char *where)
{
    struct xie_stack *stack = xie_stack_take(XIE_STACK_DEFAULT);
    if (!stack)
        return NULL;
    struct xie_gen *self = xie_stack_reserve(stack, sizeof *self);
    stack->kind = "generator";
    stack->name = name;
    stack->where = where;
    self->stack = stack;
    self->body = body;
    self->arg = arg;
    self->innermost = self->outermost = self;
    xie_context_prepare(&self->context, stack, start, self);
    return self;
}

/* Run self, fresh or suspended, until its chain yields or it ends. The transfer carries error,
 * which the pending yield returns, and brings back what this returns. */
static inline int resume(struct xie_gen *self, int error, void *sent, void **out)
{
    struct xie_gen *innermost = self->innermost;
    if (innermost->sent && !error)
        *innermost->sent = sent;
    self->out = out;
    self->state = XIE_GEN_RUNNING;
    return xie_context_transfer(&self->consumer, &innermost->context, error);
}

/* What next, send and throw say to a generator that cannot be resumed. */
static __attribute__((cold)) int refuse(const struct xie_gen *self, int ended)
{
    if (!self)
        return -ENOMEM;
    return self->state == XIE_GEN_ENDED ? ended : -EBUSY;
}

static inline bool resumable(const struct xie_gen *self)
{
    return __builtin_expect(self && self->state <= XIE_GEN_SUSPENDED, 1);
}

int xie_gen_next(struct xie_gen *gen, void **out)
{
    if (!resumable(gen))
        return refuse(gen, 0);
    return resume(gen, 0, NULL, out);
}

int xie_gen_send(struct xie_gen *gen, void *value, void **out)
{
    if (!resumable(gen))
        return refuse(gen, 0);
    if (value && gen->state == XIE_GEN_FRESH)
        return -EINVAL;
    return resume(gen, 0, value, out);
}

/* A close goes on outward past generators that end instead of passing it on: see finish. */
static int resume_to_exit(struct xie_gen *self, void **out)
{
    self->closing = self->innermost->exiting = ++closes;
    int status = resume(self, XIE_EGENEXIT, NULL, out);
    self->closing = 0;
    return status;
}

int xie_gen_throw(struct xie_gen *gen, int error, void **out)
{
    if (gen && error >= 0)
        return -EINVAL;
    if (!resumable(gen))
        return refuse(gen, error);
    if (gen->state == XIE_GEN_FRESH) {
        gen->state = XIE_GEN_ENDED;
        return error;
    }
    return error == XIE_EGENEXIT ? resume_to_exit(gen, out) : resume(gen, error, NULL, out);
}

int xie_gen_close(struct xie_gen *gen)
{
    if (!resumable(gen))
        return refuse(gen, 0);
    if (gen->state == XIE_GEN_FRESH) {
        gen->state = XIE_GEN_ENDED;
        return 0;
    }
    int status = resume_to_exit(gen, NULL);
    if (status > 0)
        return XIE_EGENIGNORED;
    return status == XIE_EGENEXIT ? 0 : status;
}

/* Its clean-up never ran. To whom it delegated is free of it, and may be used on. */
static void drop(struct xie_gen *self)
{
    struct xie_gen *inner = self->inner;
    xie_report("generator '%s' (made at %s) yielded through %d closes; dropped without clean-up",
               self->stack->name, self->stack->where, CLOSES_MOST);
    if (!inner)
        return;
    inner->outer = NULL;
    inner->innermost = self->innermost;
    inner->innermost->outermost = inner;
    inner->state = XIE_GEN_SUSPENDED;
}

void xie_gen_free(struct xie_gen *gen)
{
    if (!gen)
        return;
    struct xie_stack *stack = gen->stack;
    if (gen->state == XIE_GEN_RUNNING)
        xie_misuse("generator '%s' (made at %s) is freed while it executes or is delegated to",
                   stack->name, stack->where);
    int status = XIE_EGENIGNORED;
    for (int i = 0; i < CLOSES_MOST && status == XIE_EGENIGNORED; i++)
        status = xie_gen_close(gen);
    if (status == XIE_EGENIGNORED)
        drop(gen);
    else if (status < 0)
        xie_report("generator '%s' (made at %s) failed while it was freed: %s", stack->name,
                   stack->where, xie_strerror(status));
    xie_stack_give(stack);
}

enum xie_gen_state xie_gen_state(const struct xie_gen *gen)
{
    return gen ? (enum xie_gen_state)gen->state : XIE_GEN_ENDED;
}

void *xie_gen_result(const struct xie_gen *gen)
{
    return gen && gen->state == XIE_GEN_ENDED ? gen->result : NULL;
}

/* Only the body itself runs on the generator's stack. */
static inline bool is_own(const struct xie_gen *self)
{
    uintptr_t depth = (uintptr_t)__builtin_frame_address(0) - (uintptr_t)self->stack->base;
    return __builtin_expect(depth < self->stack->size, 1);
}

static __attribute__((noreturn, cold)) void not_own(const struct xie_gen *self)
{
    xie_misuse("a yield from generator '%s' (made at %s) outside of its own body",
               self->stack->name, self->stack->where);
}

int xie_gen_yield(struct xie_gen *self, void *value, void **sent)
{
    if (!self)
        return -ENOMEM;
    if (!is_own(self))
        not_own(self);
    struct xie_gen *outermost = self->outermost;
    if (outermost->out)
        *outermost->out = value;
    outermost->state = XIE_GEN_SUSPENDED;
    self->sent = sent;
    return xie_context_transfer(&self->context, &outermost->consumer, 1);
}

/* Put inner's chain, itself perhaps, behind self's, and run it; returns when inner has ended. */
static int delegate(struct xie_gen *self, struct xie_gen *inner)
{
    struct xie_gen *outermost = self->outermost, *innermost = inner->innermost;
    inner->state = XIE_GEN_RUNNING;
    inner->outer = self;
    self->inner = inner;
    outermost->innermost = innermost;
    innermost->outermost = outermost;
    if (innermost->sent)
        *innermost->sent = NULL;
    return xie_context_transfer(&self->context, &innermost->context, 0);
}

int xie_gen_yield_from(struct xie_gen *self, struct xie_gen *inner, void **result)
{
    if (!self || !inner)
        return -ENOMEM;
    if (!is_own(self))
        not_own(self);
    if (inner == self)
        return XIE_EDEADLOCK;
    if (inner->state == XIE_GEN_RUNNING)
        return -EBUSY;
    int error = inner->state == XIE_GEN_ENDED ? 0 : delegate(self, inner);
    if (error)
        return error;
    if (result)
        *result = inner->result;
    return 0;
}

int xie_gen_return(struct xie_gen *self, void *result)
{
    if (!self)
        return -ENOMEM;
    self->result = result;
    return 0;
}

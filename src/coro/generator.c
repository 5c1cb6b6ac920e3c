/* generator.c - functions that yield: next, send, throw, close, delegation.
 * Floor 1. The record lies at the top of the generator's own stack. */
/* SPDX-License-Identifier: MIT */
#define XIE_GEN_CALLED
#include <xie/generator.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/misuse.h"
#include "coro/context.h"

/* Those between the outermost and the innermost of a chain know their neighbours only, and learn
 * the outermost when they become innermost. */
struct xie_gen {
    struct xie_gen_front front;
    void *result;
    uint64_t closing;      /* outermost: the number of the close under way; 0: none */
    uint64_t exiting;      /* the last close that reached this one */
    struct xie_gen *outer; /* who delegates to this one */
    struct xie_gen *inner; /* to whom this one delegates */
    struct xie_stack *stack;
    xie_gen_fn *body;
    void *arg;
#if !XIE_CONTEXT_PLAIN
    struct xie_context context[2]; /* instead of those in front */
#endif
};

/* Where the body goes on; where a yield goes. */
#if XIE_CONTEXT_PLAIN
enum { APART = 0 };
static inline struct xie_context *body_of(struct xie_gen *self)
{
    return (struct xie_context *)(void *)&self->front.body;
}

static inline struct xie_context *consumer_of(struct xie_gen *self)
{
    return (struct xie_context *)(void *)&self->front.consumer;
}
#else
/* Added to each state, so that programs do not switch by themselves. */
enum { APART = XIE_GEN_ENDED + 1 };
static inline struct xie_context *body_of(struct xie_gen *self)
{
    return &self->context[0];
}

static inline struct xie_context *consumer_of(struct xie_gen *self)
{
    return &self->context[1];
}
#endif

enum { CLOSES_MOST = 100 };

/* Closes are numbered, to tell the one under way from those that were ignored. */
static __thread uint64_t closes;

static inline enum xie_gen_state state_of(const struct xie_gen *self)
{
    return (enum xie_gen_state)(self->front.state - APART);
}

static inline void set_state(struct xie_gen *self, enum xie_gen_state state)
{
    self->front.state = (int)state + APART;
}

/* The body has ended with status: go on in who waits for that, for good. */
static __attribute__((noreturn)) void finish(struct xie_gen *self, int status)
{
    struct xie_gen *outer = self->outer, *outermost = self->front.outermost;
    set_state(self, XIE_GEN_ENDED);
    if (status < 0)
        self->result = NULL;
    else
        status = 0;
    if (!outer)
        xie_context_leave(body_of(self), consumer_of(self), (struct xie_carried){status, NULL});
    if (self->exiting && self->exiting == outermost->closing) {
        /* Who is closed must end, even if its inner ended as if nothing were (PEP 380). */
        outer->exiting = self->exiting;
        status = status ? status : XIE_EGENEXIT;
    }
    self->outer = NULL;
    outer->inner = NULL;
    outer->front.outermost = outermost;
    outermost->front.innermost = outer;
    xie_context_leave(body_of(self), body_of(outer), (struct xie_carried){status, NULL});
}

static void start(void *arg)
{
    struct xie_gen *self = arg;
    xie_context_entered(body_of(self));
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
    self->front.room = APART ? 0 : (unsigned)((char *)self - stack->base);
    self->front.innermost = self->front.outermost = self;
    set_state(self, XIE_GEN_FRESH);
    xie_context_prepare(body_of(self), stack, start, self);
    return self;
}

/* Run self, fresh or suspended, until its chain yields or it ends; its pending yield returns what
 * is carried. */
static int resume(struct xie_gen *self, struct xie_carried carried, void **out)
{
    set_state(self, XIE_GEN_RUNNING);
    carried = xie_context_exchange(consumer_of(self), body_of(self->front.innermost), carried);
    if (carried.status > 0 && out)
        *out = carried.value;
    return (int)carried.status;
}

/* What next, send and throw say to a generator that cannot be resumed. */
static __attribute__((cold)) int refuse(const struct xie_gen *self, int ended)
{
    if (!self)
        return -ENOMEM;
    return state_of(self) == XIE_GEN_ENDED ? ended : -EBUSY;
}

static inline bool resumable(const struct xie_gen *self)
{
    return __builtin_expect(self && state_of(self) <= XIE_GEN_SUSPENDED, 1);
}

int xie_gen_next(struct xie_gen *gen, void **out)
{
    if (!resumable(gen))
        return refuse(gen, 0);
    return resume(gen, (struct xie_carried){0}, out);
}

int xie_gen_send(struct xie_gen *gen, void *value, void **out)
{
    if (!resumable(gen))
        return refuse(gen, 0);
    if (value && state_of(gen) == XIE_GEN_FRESH)
        return -EINVAL;
    return resume(gen, (struct xie_carried){0, value}, out);
}

/* A close goes on outward past generators that end instead of passing it on: see finish. */
static int resume_to_exit(struct xie_gen *self, void **out)
{
    self->closing = self->front.innermost->exiting = ++closes;
    int status = resume(self, (struct xie_carried){XIE_EGENEXIT, NULL}, out);
    self->closing = 0;
    return status;
}

int xie_gen_throw(struct xie_gen *gen, int error, void **out)
{
    if (gen && error >= 0)
        return -EINVAL;
    if (!resumable(gen))
        return refuse(gen, error);
    if (state_of(gen) == XIE_GEN_FRESH) {
        set_state(gen, XIE_GEN_ENDED);
        return error;
    }
    if (error == XIE_EGENEXIT)
        return resume_to_exit(gen, out);
    return resume(gen, (struct xie_carried){error, NULL}, out);
}

int xie_gen_close(struct xie_gen *gen)
{
    if (!resumable(gen))
        return refuse(gen, 0);
    if (state_of(gen) == XIE_GEN_FRESH) {
        set_state(gen, XIE_GEN_ENDED);
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
    inner->front.innermost = self->front.innermost;
    inner->front.innermost->front.outermost = inner;
    set_state(inner, XIE_GEN_SUSPENDED);
}

void xie_gen_free(struct xie_gen *gen)
{
    if (!gen)
        return;
    struct xie_stack *stack = gen->stack;
    if (state_of(gen) == XIE_GEN_RUNNING)
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
    return gen ? state_of(gen) : XIE_GEN_ENDED;
}

void *xie_gen_result(const struct xie_gen *gen)
{
    return gen && state_of(gen) == XIE_GEN_ENDED ? gen->result : NULL;
}

/* Only the body itself runs on the generator's stack. */
static inline bool is_own(const struct xie_gen *self)
{
    uintptr_t depth = (uintptr_t)self - (uintptr_t)__builtin_frame_address(0);
    return __builtin_expect(depth < (uintptr_t)self - (uintptr_t)self->stack->base, 1);
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
    struct xie_gen *outermost = self->front.outermost;
    set_state(outermost, XIE_GEN_SUSPENDED);
    struct xie_carried carried =
        xie_context_exchange(body_of(self), consumer_of(outermost), (struct xie_carried){1, value});
    if (!carried.status && sent)
        *sent = carried.value;
    return (int)carried.status;
}

/* Put inner's chain, itself perhaps, behind self's, and run it; returns when inner has ended. */
static int delegate(struct xie_gen *self, struct xie_gen *inner)
{
    struct xie_gen *outermost = self->front.outermost, *innermost = inner->front.innermost;
    set_state(inner, XIE_GEN_RUNNING);
    inner->outer = self;
    self->inner = inner;
    outermost->front.innermost = innermost;
    innermost->front.outermost = outermost;
    return (int)xie_context_exchange(body_of(self), body_of(innermost), (struct xie_carried){0})
        .status;
}

int xie_gen_yield_from(struct xie_gen *self, struct xie_gen *inner, void **result)
{
    if (!self || !inner)
        return -ENOMEM;
    if (!is_own(self))
        not_own(self);
    if (inner == self)
        return XIE_EDEADLOCK;
    if (state_of(inner) == XIE_GEN_RUNNING)
        return -EBUSY;
    int error = state_of(inner) == XIE_GEN_ENDED ? 0 : delegate(self, inner);
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

/* For the inline ones. */
__attribute__((alias("xie_gen_next"))) int xie_gen_next_called_(struct xie_gen *gen, void **out);
__attribute__((alias("xie_gen_send"))) int xie_gen_send_called_(struct xie_gen *gen, void *value,
                                                                void **out);
__attribute__((alias("xie_gen_yield"))) int xie_gen_yield_called_(struct xie_gen *self, void *value,
                                                                  void **sent);

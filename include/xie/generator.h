/* generator.h - functions that yield, for any C program, with or without a loop.
 * Floor 1. Values travel as pointers; XIE_GENERATOR gives them their type. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_GENERATOR_H
#define XIE_GENERATOR_H

#include <stddef.h>

#include <xie/error.h>
#include <xie/switch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A generator; lives at the top of its own stack. Belongs to the thread that made it. */
struct xie_gen;

/* The body. Returns >= 0 at its end, or a negative error that its consumer receives. */
typedef int xie_gen_fn(struct xie_gen *self, void *arg);

enum xie_gen_state {
    XIE_GEN_FRESH,     /* made, not yet started */
    XIE_GEN_SUSPENDED, /* waits at a yield */
    XIE_GEN_RUNNING,   /* executing, or another generator delegates to it */
    XIE_GEN_ENDED      /* returned, failed or was closed */
};

/**
 * Make a generator; nothing of its body runs until the first next.
 *
 * body    the function; starts at the first xie_gen_next
 * arg     passed to the body, borrowed until it ends
 * return  the generator, owned: free it with xie_gen_free; NULL when no stack can be had.
 *         Every function below takes NULL and returns -ENOMEM (xie_gen_free: nothing)
 * note    its stack has 256 KiB; one that overflows it is named on stderr with the body's
 *         name and this place
 * cost    a stack from the pool: one page of memory; no system call when warm
 * source  a Python function with `yield`, called
 */
#define xie_gen_new(body, arg) xie_gen_new_at((body), (arg), #body, XIE_HERE)
/* The same with what reports call it; both strings are borrowed for its life. */
XIE_API struct xie_gen *xie_gen_new_at(xie_gen_fn *body, void *arg, const char *name,
                                       const char *where);

/**
 * Run until the next yield.
 *
 * out     receives the yielded pointer; may be NULL. What it points to is the
 *         generator's and holds until it is resumed. Untouched unless 1 is returned
 * return  1 yielded; 0 ended (now or before); < 0 what the body failed with, told
 *         once, then 0
 * errors  -EBUSY already executing, or delegated to by another generator
 * cost    two switches; at any depth of delegation the innermost runs directly. Next, send and
 *         yield are inlined where the compiler optimises (not with XIE_GEN_CALLED defined
 *         before the #include), and then no calls
 * source  Python next
 */
XIE_API int xie_gen_next(struct xie_gen *gen, void **out);

/**
 * Resume, making the pending yield return value.
 *
 * value   what xie_gen_yield gives its caller; borrowed until this call returns
 * errors  as next; -EINVAL a fresh generator takes only NULL
 * source  Python generator.send
 */
XIE_API int xie_gen_send(struct xie_gen *gen, void *value, void **out);

/**
 * Resume, making the pending yield return error.
 *
 * error   negative; a fresh generator ends with it, without running
 * return  as next: the body may handle it and go on yielding. An ended generator
 *         gives the error back
 * errors  as next; -EINVAL error is not negative
 * source  Python generator.throw
 */
XIE_API int xie_gen_throw(struct xie_gen *gen, int error, void **out);

/**
 * Have the generator clean up and end: throws XIE_EGENEXIT at the pending yield.
 *
 * return  0 ended (already ended and fresh ones at once, the latter without running);
 *         < 0 another error its body ended with
 * errors  -EBUSY already executing; XIE_EGENIGNORED it yielded instead of ending
 *         (it stays suspended)
 * source  Python generator.close
 */
XIE_API int xie_gen_close(struct xie_gen *gen);

/**
 * Close, then give the stack back. gen may be NULL.
 *
 * note    a generator that keeps yielding is closed up to 100 times and then dropped
 *         with one line on stderr; its body's clean-up did not run. An error that its body
 *         ends with here is told on stderr. Freeing one that executes, or that another
 *         delegates to, aborts: it is the caller's mistake
 */
XIE_API void xie_gen_free(struct xie_gen *gen);

/* Where it stands. NULL counts as ended. */
XIE_API enum xie_gen_state xie_gen_state(const struct xie_gen *gen);

/**
 * The value the body returned with xie_gen_return; NULL before the end or without one.
 *
 * source  Python StopIteration.value
 */
XIE_API void *xie_gen_result(const struct xie_gen *gen);

/* --- inside a body ------------------------------------------------------------------ */

/**
 * Hand value to the consumer and wait to be resumed.
 *
 * self    the body's own generator; yielding from another's body aborts
 * value   borrowed by the consumer until it resumes this generator
 * sent    receives what was sent, NULL by next; may be NULL. Untouched on error
 * return  0, or the error thrown in: clean up and return it. XIE_EGENEXIT on close
 * note    in a task the body may call what waits (an async generator); the task waits with
 *         it. A scope opened by the body must be closed before it yields: it would stand
 *         around the consumer, and closing it out of order aborts
 * note    the floating-point modes (rounding) are the thread's, not the generator's; where the
 *         portable switch stands in (ucontext), each has its own
 * source  Python yield
 */
XIE_API int xie_gen_yield(struct xie_gen *self, void *value, void **sent);

/**
 * Let inner yield in place of self until it ends: next, send, throw and close of the
 * outermost consumer reach inner directly, whatever the depth.
 *
 * inner   borrowed; fresh, suspended or ended; stays the caller's to free
 * result  receives xie_gen_result(inner); may be NULL. Untouched on error
 * return  0 inner ended; < 0 what it failed with, thrown-in errors included. XIE_EGENEXIT
 *         thrown in, by close too, comes out even if inner ends without an error
 * errors  -EBUSY inner executes or is delegated to; XIE_EDEADLOCK inner is self
 * cost    constant time per exchange at any depth
 * source  Python yield from (PEP 380)
 */
XIE_API int xie_gen_yield_from(struct xie_gen *self, struct xie_gen *inner, void **result);

/* End with a value: `return xie_gen_return(self, value);`. Returns 0. The value must
 * outlive the body's locals: heap, static, or the caller's. */
XIE_API int xie_gen_return(struct xie_gen *self, void *result);

/* Of the functions made below a program uses some. */
#define XIE_GEN_UNUSED_ __attribute__((unused))

/**
 * Give a kind of generator its types: `XIE_GENERATOR(counter, int, int)` makes
 * `struct counter` and counter_new, _next, _send, _throw, _close, _free, and for the
 * body counter_yield. They are the functions above with values copied by type.
 *
 * body    `int body(struct counter *self, void *arg)`
 * sent    counter_yield stores what was sent in *sent; after a plain next *sent keeps
 *         its old value
 */
#define XIE_GENERATOR(name, yield_type, send_type)                                               \
    struct name;                                                                                 \
    static inline XIE_GEN_UNUSED_ struct name *name##_new(int (*body)(struct name *, void *),    \
                                                          void *arg)                             \
    {                                                                                            \
        return (struct name *)xie_gen_new_at((xie_gen_fn *)(void (*)(void))body, arg, #name,     \
                                             XIE_HERE);                                          \
    }                                                                                            \
    static inline XIE_GEN_UNUSED_ int name##_take(int status, void *from, yield_type *out)       \
    {                                                                                            \
        if (status > 0 && out)                                                                   \
            *out = *(yield_type *)from;                                                          \
        return status;                                                                           \
    }                                                                                            \
    static inline XIE_GEN_UNUSED_ int name##_next(struct name *gen, yield_type *out)             \
    {                                                                                            \
        void *value = NULL;                                                                      \
        int status = xie_gen_next((struct xie_gen *)gen, &value);                                \
        return name##_take(status, value, out);                                                  \
    }                                                                                            \
    static inline XIE_GEN_UNUSED_ int name##_send(struct name *gen, send_type sent,              \
                                                  yield_type *out)                               \
    {                                                                                            \
        void *value = NULL;                                                                      \
        int status = xie_gen_send((struct xie_gen *)gen, &sent, &value);                         \
        return name##_take(status, value, out);                                                  \
    }                                                                                            \
    static inline XIE_GEN_UNUSED_ int name##_throw(struct name *gen, int error, yield_type *out) \
    {                                                                                            \
        void *value = NULL;                                                                      \
        int status = xie_gen_throw((struct xie_gen *)gen, error, &value);                        \
        return name##_take(status, value, out);                                                  \
    }                                                                                            \
    static inline XIE_GEN_UNUSED_ int name##_close(struct name *gen)                             \
    {                                                                                            \
        return xie_gen_close((struct xie_gen *)gen);                                             \
    }                                                                                            \
    static inline XIE_GEN_UNUSED_ void name##_free(struct name *gen)                             \
    {                                                                                            \
        xie_gen_free((struct xie_gen *)gen);                                                     \
    }                                                                                            \
    static inline XIE_GEN_UNUSED_ int name##_yield(struct name *self, yield_type value,          \
                                                   send_type *sent)                              \
    {                                                                                            \
        void *from = NULL;                                                                       \
        int error = xie_gen_yield((struct xie_gen *)self, &value, &from);                        \
        if (!error && sent && from)                                                              \
            *sent = *(send_type *)from;                                                          \
        return error;                                                                            \
    }                                                                                            \
    static inline XIE_GEN_UNUSED_ int name##_yield_from(struct name *self, struct name *inner,   \
                                                        void **result)                           \
    {                                                                                            \
        return xie_gen_yield_from((struct xie_gen *)self, (struct xie_gen *)inner, result);      \
    }                                                                                            \
    struct name

/* --- without a call ---------------------------------------------------------------------
 * What is not plain (ended, executing, misused, sanitizers in the library) goes to the library's
 * functions, which do the same; they also stand behind these names' addresses, and where nothing
 * is optimised. */

/* The beginning of a generator; the rest is the library's. Those that delegate form a chain: its
 * outermost has the consumer, its innermost runs, and each of the two knows the other. */
struct xie_gen_front {
    int state;     /* enum xie_gen_state; more, if switching takes more than xie_switch */
    unsigned room; /* bytes of stack below; 0 then too */
    struct xie_gen *innermost; /* outermost: who yields */
    struct xie_gen *outermost; /* innermost: whose consumer gets it */
    struct xie_left body;      /* where it goes on */
    struct xie_left consumer;  /* outermost: where a yield goes */
};

/* The library's functions by other names, since an inline one cannot call its own. */
XIE_API int xie_gen_next_called_(struct xie_gen *gen, void **out);
XIE_API int xie_gen_send_called_(struct xie_gen *gen, void *value, void **out);
XIE_API int xie_gen_yield_called_(struct xie_gen *self, void *value, void **sent);

/* XIE_GEN_CALLED, defined before: always call. */
#if defined(XIE_SWITCH_INLINED) && !defined(XIE_GEN_CALLED)

#define XIE_GEN_INLINE_ extern inline __attribute__((gnu_inline))

/* The end of a chain as seen from gen: itself, mostly. The processor foresees a branch, and goes on
 * before it has read other; without the empty assembler text the compiler would take other always.
 */
extern inline __attribute__((gnu_inline, always_inline)) struct xie_gen_front *
xie_gen_end_(struct xie_gen *gen, struct xie_gen *other)
{
    if (__builtin_expect(gen != other, 0)) {
        gen = other;
        __asm__ volatile("" : "+r"(gen));
    }
    return (struct xie_gen_front *)gen;
}

extern inline __attribute__((gnu_inline, always_inline)) int
xie_gen_resume_(struct xie_gen *gen, void *value, void **out)
{
    struct xie_gen_front *front = (struct xie_gen_front *)gen;
    struct xie_carried carried = {0, value};
    front->state = XIE_GEN_RUNNING;
    carried = xie_switch(&front->consumer, &xie_gen_end_(gen, front->innermost)->body, carried);
    if (carried.status > 0 && out)
        *out = carried.value;
    return (int)carried.status;
}

XIE_GEN_INLINE_ int xie_gen_next(struct xie_gen *gen, void **out)
{
    if (__builtin_expect(!gen || ((struct xie_gen_front *)gen)->state > XIE_GEN_SUSPENDED, 0))
        return xie_gen_next_called_(gen, out);
    return xie_gen_resume_(gen, NULL, out);
}

XIE_GEN_INLINE_ int xie_gen_send(struct xie_gen *gen, void *value, void **out)
{
    if (__builtin_expect(!gen || ((struct xie_gen_front *)gen)->state != XIE_GEN_SUSPENDED, 0))
        return xie_gen_send_called_(gen, value, out);
    return xie_gen_resume_(gen, value, out);
}

XIE_GEN_INLINE_ int xie_gen_yield(struct xie_gen *self, void *value, void **sent)
{
    struct xie_gen_front *front = (struct xie_gen_front *)self, *outermost;
    struct xie_carried carried = {1, value};
    /* Only the body itself runs on the stack below the generator. */
    size_t depth = (size_t)((char *)self - (char *)__builtin_frame_address(0));
    if (__builtin_expect(!self || depth >= front->room, 0))
        return xie_gen_yield_called_(self, value, sent);
    outermost = xie_gen_end_(self, front->outermost);
    outermost->state = XIE_GEN_SUSPENDED;
    carried = xie_switch(&front->body, &outermost->consumer, carried);
    if (!carried.status && sent)
        *sent = carried.value;
    return (int)carried.status;
}

#endif

#ifdef __cplusplus
}
#endif
#endif

/* scope.h - deadlines, cancellation and shields as blocks around any calls.
 * Floor 3. Calls have no timeout parameters: the scope around them decides. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_SCOPE_H
#define XIE_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include <xie/loop.h>
#include <xie/time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xie_task;

/* One scope: a visible struct in the caller's frame, opened and closed by the same task,
 * innermost first. Its fields are the library's. */
struct xie_scope {
    struct xie_scope *parent;      /* the scope around this one */
    struct xie_scope *children;    /* scopes directly inside, of any task */
    struct xie_scope *next, *prev; /* siblings under the same parent */
    struct xie_task *task;         /* the task it belongs to */
    int own;                       /* 0, -ECANCELED or -ETIMEDOUT: of this scope itself */
    int effective;                 /* what waits inside return: own, or inherited */
    unsigned ignored;              /* how many waits returned `effective` so far */
    bool shield;                   /* inherits nothing from outside */
    bool open;
    struct xie_timer timer; /* the deadline; idle when there is none */
};

/**
 * Open a scope around what the calling task does next.
 *
 * scope       caller's storage, uninitialised; must be closed by the same task
 * timeout_ns  from now; XIE_NEVER for none; <= 0 is expired at once
 * note        from then to the close, once the time is over or xie_scope_cancel was
 *             called, every call that can wait returns -ETIMEDOUT or -ECANCELED, having
 *             done nothing, until the scope ends. It still yields to other tasks. After
 *             a thousand such returns the task is named on stderr
 * note        that the time is over is seen as the loop turns, and by xie_check at once: a
 *             call that need not wait may still succeed in a task that has computed on
 * errors      outside a task the scope never triggers
 * cost        no allocation; with a deadline one clock reading and one timer
 * source      asyncio.timeout, trio.CancelScope
 */
XIE_API void xie_scope_open(struct xie_scope *scope, int64_t timeout_ns);

/* As xie_scope_open with the deadline as an absolute time of xie_now(); XIE_NEVER for none.
 * source asyncio.timeout_at */
XIE_API void xie_scope_open_at(struct xie_scope *scope, int64_t when);

/* As xie_scope_open, but what is inside is protected from every scope outside it: for
 * clean-up that must wait. A deadline of its own bounds it. source asyncio.shield */
XIE_API void xie_scope_open_shield(struct xie_scope *scope, int64_t timeout_ns);

/* Close it; closing any but the innermost aborts. Closing twice does nothing.
 * return  0, or -ETIMEDOUT / -ECANCELED when this scope itself had triggered */
XIE_API int xie_scope_close(struct xie_scope *scope);

/* Cancel what is inside: every wait in it, and in tasks of groups in it, returns
 * -ECANCELED from now on. Any task of the same loop may call it. Idempotent. */
XIE_API void xie_scope_cancel(struct xie_scope *scope);

/* Move the deadline of an open scope; when is absolute, XIE_NEVER removes it. A scope that
 * triggered already stays so. source asyncio Timeout.reschedule */
XIE_API void xie_scope_reschedule(struct xie_scope *scope, int64_t when);

/* The deadline, XIE_NEVER for none. source asyncio Timeout.when */
XIE_API int64_t xie_scope_when(const struct xie_scope *scope);

/* True when its own deadline passed while it was open (stays readable after the close).
 * source asyncio Timeout.expired */
XIE_API bool xie_scope_expired(const struct xie_scope *scope);

/* For the macros below. */
XIE_API struct xie_scope *xie_scope_open_block(struct xie_scope *scope, int64_t timeout_ns,
                                               bool shield);
XIE_API struct xie_scope *xie_scope_open_block_at(struct xie_scope *scope, int64_t when);
XIE_API void xie_scope_close_block(struct xie_scope *scope);

#define XIE_JOIN2_(a, b) a##b
#define XIE_JOIN_(a, b) XIE_JOIN2_(a, b)
#define XIE_SCOPE_BLOCK_(scope, once, opened)                                                    \
    for (struct xie_scope scope __attribute__((cleanup(xie_scope_close_block))), *once = opened; \
         once; once = NULL)
#define XIE_SCOPE_HERE_ XIE_JOIN_(xie_scope_, __LINE__)
#define XIE_ONCE_HERE_ XIE_JOIN_(xie_once_, __LINE__)

/**
 * A block whose waits end with -ETIMEDOUT once timeout_ns have passed. Leaving it by any
 * road (its end, break, return, goto) closes it; `continue` leaves it as its end does.
 */
#define XIE_TIMEOUT(timeout_ns)                       \
    XIE_SCOPE_BLOCK_(XIE_SCOPE_HERE_, XIE_ONCE_HERE_, \
                     xie_scope_open_block(&XIE_SCOPE_HERE_, timeout_ns, false))

/* As XIE_TIMEOUT, until an absolute time of xie_now(). source asyncio.timeout_at */
#define XIE_TIMEOUT_AT(when)                          \
    XIE_SCOPE_BLOCK_(XIE_SCOPE_HERE_, XIE_ONCE_HERE_, \
                     xie_scope_open_block_at(&XIE_SCOPE_HERE_, when))

/* As XIE_TIMEOUT, with the scope's name given: to cancel it, move its deadline. */
#define XIE_SCOPE(name, timeout_ns) \
    XIE_SCOPE_BLOCK_(name, XIE_ONCE_HERE_, xie_scope_open_block(&name, timeout_ns, false))

/* A block that no scope around it interrupts. */
#define XIE_SHIELD                                    \
    XIE_SCOPE_BLOCK_(XIE_SCOPE_HERE_, XIE_ONCE_HERE_, \
                     xie_scope_open_block(&XIE_SCOPE_HERE_, XIE_NEVER, true))

#ifdef __cplusplus
}
#endif
#endif

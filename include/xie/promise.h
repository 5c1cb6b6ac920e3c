/* promise.h - an outcome that crosses threads: any resolves it; tasks and plain threads wait.
 * Floor 5. Within one loop, the future of xie/future.h needs no memory. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_PROMISE_H
#define XIE_PROMISE_H

#include <stdbool.h>
#include <stdint.h>

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A promise; opaque, counted. Whoever uses it, on whatever thread, holds a reference. Every
 * call below is safe from any thread. */
struct xie_promise;

/**
 * Make one, pending, with one reference.
 *
 * dispose  called once with the value it was resolved with, by whoever gives back the last
 *          reference, when no wait has returned that outcome (one that did not ask for the value
 *          has taken it, too); NULL: nothing needs to be done
 * return   NULL when there is no memory
 * source   concurrent.futures.Future
 */
XIE_API struct xie_promise *xie_promise_new(void (*dispose)(void *value));

/* One reference more. return promise */
XIE_API struct xie_promise *xie_promise_ref(struct xie_promise *promise);
/* Give one back; the last frees it. Nobody waits any more: who waits holds one. NULL is
 * allowed. */
XIE_API void xie_promise_unref(struct xie_promise *promise);

/* Give the outcome: every wait, now and later, returns 0 and value.
 * errors  -EALREADY it has an outcome (or was cancelled); value is still the caller's
 * note    only one made by xie_promise_new: that of a job or a task aborts
 * cost    a mutex; wakes each loop that waits at most once
 * source  Future.set_result */
XIE_API int xie_promise_resolve(struct xie_promise *promise, void *value);
/* The same with an error (negative: anything else aborts). source Future.set_exception */
XIE_API int xie_promise_fail(struct xie_promise *promise, int error);

/**
 * Wait for the outcome, in a task; any number may.
 *
 * value    receives what it was resolved with; may be NULL; untouched on error
 * return   0 or more (of a job or a task of another loop: what its function returned), or the
 *          error it failed with
 * errors   -ECANCELED -ETIMEDOUT of the caller's scope: the promise is not affected. An
 *          outcome that came before the interruption is returned; -EPERM outside a task
 * cost     no allocation
 * source   await asyncio.wrap_future(future)
 */
XIE_API int xie_promise_wait(struct xie_promise *promise, void **value);

/* The same in a thread without a loop, which blocks.
 * timeout_ns  0 or less: look only; XIE_NEVER: as long as it takes
 * errors      -ETIMEDOUT the promise is not affected; -EPERM this thread runs a loop
 * source      Future.result(timeout) */
XIE_API int xie_promise_wait_blocking(struct xie_promise *promise, void **value,
                                      int64_t timeout_ns);

/**
 * Cancel what it stands for. One made by xie_promise_new fails with -ECANCELED at once. A job
 * of a pool that still waits for its thread never runs; one that runs is left alone. A task of
 * another loop is cancelled there, and the outcome is what it then returns.
 *
 * return  true: so it was, or will be; false: it is too late
 * source  Future.cancel
 */
XIE_API bool xie_promise_cancel(struct xie_promise *promise);

/* True when there is an outcome: waits return at once. source Future.done */
XIE_API bool xie_promise_done(struct xie_promise *promise);

#ifdef __cplusplus
}
#endif
#endif

/* promise.c - an outcome that crosses threads.
 * Floor 5. Decided once, under its lock; what nobody took is disposed of at the end. */
/* SPDX-License-Identifier: MIT */
#include "io/promise.h"

#include <errno.h>

#include "base/memory.h"
#include "base/misuse.h"

/* --- its life ----------------------------------------------------------------------- */

void xie_promise_init(struct xie_promise *promise, void (*dispose)(void *value))
{
    pthread_mutex_init(&promise->lock, NULL);
    xie_list_init(&promise->waiters);
    promise->dispose = dispose;
    promise->refs = 1;
}

struct xie_promise *xie_promise_new(void (*dispose)(void *value))
{
    struct xie_promise *promise = xie_alloc_zero(sizeof *promise);
    if (promise)
        xie_promise_init(promise, dispose);
    return promise;
}

struct xie_promise *xie_promise_ref(struct xie_promise *promise)
{
    __atomic_add_fetch(&promise->refs, 1, __ATOMIC_RELAXED);
    return promise;
}

/* An outcome that nobody took: a failure is told, a value disposed of. */
static void promise_forgotten(struct xie_promise *promise)
{
    if (promise->name && promise->result < 0 && promise->result != -ECANCELED)
        xie_report("%s '%s' (handed over at %s) failed, and nobody took its error: %s",
                   promise->kind, promise->name, promise->where, xie_strerror(promise->result));
    if (promise->dispose)
        promise->dispose(promise->value);
}

static void promise_free(struct xie_promise *promise)
{
    pthread_mutex_lock(&promise->lock); /* xie_promise_finish is done with it now */
    pthread_mutex_unlock(&promise->lock);
    if (!xie_list_empty(&promise->waiters))
        xie_misuse("the last reference of a promise was given back while somebody waits for it");
    if (promise->done && (!promise->taken || promise->orphan))
        promise_forgotten(promise);
    if (promise->drop)
        promise->drop(promise);
    pthread_mutex_destroy(&promise->lock);
    xie_release(promise);
}

/* return true: it was the last */
static bool give_back(struct xie_promise *promise)
{
    return __atomic_sub_fetch(&promise->refs, 1, __ATOMIC_ACQ_REL) == 0;
}

void xie_promise_unref(struct xie_promise *promise)
{
    if (promise && give_back(promise))
        promise_free(promise);
}

/* --- the outcome -------------------------------------------------------------------- */

/* Under the lock. false: it has one already. */
static bool settle(struct xie_promise *promise, int result, void *value)
{
    struct xie_parker *parker;
    if (promise->done)
        return false;
    promise->done = true;
    promise->result = result;
    promise->value = value;
    while ((parker = xie_parker_first(&promise->waiters))) {
        promise->taken = true;
        xie_parker_wake(parker);
    }
    return true;
}

void xie_promise_finish(struct xie_promise *promise, int result, void *value)
{
    pthread_mutex_lock(&promise->lock);
    settle(promise, result, value);
    bool last = give_back(promise);
    pthread_mutex_unlock(&promise->lock);
    if (last)
        promise_free(promise);
}

/* The reference of who would have settled it goes as well, unless it is the last: a handler of
 * forks is no place to run what disposes of the value. */
void xie_promise_orphan(struct xie_promise *promise, void *value)
{
    pthread_mutex_init(&promise->lock, NULL);
    xie_list_init(&promise->waiters);
    settle(promise, -ECANCELED, value);
    promise->orphan = true;
    if (promise->refs > 1)
        promise->refs--;
}

/* From outside: a job's promise is the job's to settle. */
static bool settle_own(struct xie_promise *promise, int result, void *value)
{
    if (promise->kind)
        xie_misuse("the promise of %s '%s' (handed over at %s) is resolved by somebody else",
                   promise->kind, promise->name, promise->where);
    pthread_mutex_lock(&promise->lock);
    bool first = settle(promise, result, value);
    if (first && result)
        promise->dispose = NULL; /* there is no value */
    pthread_mutex_unlock(&promise->lock);
    return first;
}

int xie_promise_resolve(struct xie_promise *promise, void *value)
{
    return settle_own(promise, 0, value) ? 0 : -EALREADY;
}

int xie_promise_fail(struct xie_promise *promise, int error)
{
    if (error >= 0)
        xie_misuse("xie_promise_fail with %d, which is no error", error);
    return settle_own(promise, error, NULL) ? 0 : -EALREADY;
}

bool xie_promise_cancel(struct xie_promise *promise)
{
    if (promise->cancel)
        return promise->cancel(promise);
    return settle_own(promise, -ECANCELED, NULL);
}

bool xie_promise_done(struct xie_promise *promise)
{
    pthread_mutex_lock(&promise->lock);
    bool done = promise->done;
    pthread_mutex_unlock(&promise->lock);
    return done;
}

bool xie_promise_take(struct xie_promise *promise)
{
    pthread_mutex_lock(&promise->lock);
    bool done = promise->done;
    promise->taken |= done;
    pthread_mutex_unlock(&promise->lock);
    return done;
}

/* --- waiting ------------------------------------------------------------------------ */

int xie_promise_await(struct xie_promise *promise, struct xie_task *self, const char *what)
{
    struct xie_parker parker = {0};
    pthread_mutex_lock(&promise->lock);
    if (!promise->done)
        return xie_parker_wait(&parker, &promise->waiters, &promise->lock, self, what);
    promise->taken = true;
    pthread_mutex_unlock(&promise->lock);
    return 0;
}

/* There is an outcome, which nothing changes any more. */
static int promise_outcome(const struct xie_promise *promise, void **value)
{
    if (promise->result >= 0 && value)
        *value = promise->value;
    return promise->result;
}

int xie_promise_wait(struct xie_promise *promise, void **value)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (!error)
        error = xie_promise_await(promise, self, "xie_promise_wait");
    return error ? error : promise_outcome(promise, value);
}

int xie_promise_wait_blocking(struct xie_promise *promise, void **value, int64_t timeout_ns)
{
    struct xie_parker parker = {0};
    int error = xie_block_enter("xie_promise_wait_blocking");
    if (error)
        return error;
    pthread_mutex_lock(&promise->lock);
    if (promise->done) {
        promise->taken = true;
        pthread_mutex_unlock(&promise->lock);
    } else {
        error = xie_parker_block(&parker, &promise->waiters, &promise->lock, timeout_ns);
    }
    return error ? error : promise_outcome(promise, value);
}

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
    if (promise->waiters.head)
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

/* Under the lock: this wait has the outcome. */
static int give(struct xie_promise *promise, struct xie_case *waiter)
{
    promise->taken = true;
    if (promise->result >= 0 && waiter->to)
        *waiter->to = promise->value;
    return promise->result;
}

/* Under the lock. false: it has one already. */
static bool settle(struct xie_promise *promise, int result, void *value)
{
    struct xie_case *waiter;
    if (promise->done)
        return false;
    promise->done = true;
    promise->result = result;
    promise->value = value;
    while ((waiter = xie_shared_claim_first(&promise->waiters)))
        xie_shared_told(waiter, give(promise, waiter));
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
    promise->waiters = (struct xie_waiters){0};
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

static bool promise_attempt(struct xie_case *self)
{
    struct xie_promise *promise = self->object;
    pthread_mutex_lock(&promise->lock);
    bool done = promise->done;
    if (done)
        self->result = give(promise, self);
    pthread_mutex_unlock(&promise->lock);
    return done;
}

static enum xie_shared_stood promise_or_stand(struct xie_case *self)
{
    struct xie_promise *promise = self->object;
    if (!promise->done) {
        xie_waiters_add(&promise->waiters, &self->waiter);
        return XIE_STANDS;
    }
    enum xie_shared_stood stood = xie_shared_claim(self);
    if (stood == XIE_TOOK_EFFECT)
        self->result = give(promise, self);
    return stood;
}

static bool promise_arm(struct xie_case *self)
{
    return xie_shared_arm(self, &((struct xie_promise *)self->object)->lock, promise_or_stand);
}

static void promise_leave(struct xie_case *self)
{
    xie_shared_leave(self, &((struct xie_promise *)self->object)->lock);
}

struct xie_case xie_case_promise(struct xie_promise *promise, void **value)
{
    static const struct xie_case_kind kind = {.what = "xie_promise_wait",
                                              .attempt = promise_attempt,
                                              .arm = promise_arm,
                                              .leave = promise_leave,
                                              .shared = true};
    return (struct xie_case){.kind = &kind, .object = promise, .to = value};
}

int xie_promise_await(struct xie_promise *promise, struct xie_task *self, const char *what)
{
    struct xie_case one = xie_case_promise(promise, NULL);
    return promise_attempt(&one) ? 0 : xie_case_park(&one, self, what, NULL);
}

int xie_promise_wait(struct xie_promise *promise, void **value)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    struct xie_case one = xie_case_promise(promise, value);
    return promise_attempt(&one) ? one.result : xie_case_wait(&one, self, NULL);
}

int xie_promise_wait_blocking(struct xie_promise *promise, void **value, int64_t timeout_ns)
{
    struct xie_case one = xie_case_promise(promise, value);
    int error = xie_block_enter("xie_promise_wait_blocking");
    return error ? error : xie_shared_block(&one, &promise->lock, promise_or_stand, timeout_ns);
}

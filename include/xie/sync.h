/* sync.h - locks, events, conditions, semaphores and barriers between tasks of one loop.
 * Floor 4. Fair: first come first served, no barging; safe under cancellation. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_SYNC_H
#define XIE_SYNC_H

#include <stdbool.h>
#include <stddef.h>

#include <xie/future.h>
#include <xie/queue.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xie_task;

/* All of them are visible structs in the caller's storage, whose fields are the library's. They
 * allocate nothing and own nothing: there is no fini. One must not go away while tasks wait
 * for it. What a waiting task is handed (a lock, a permit) belongs to it from that moment, before
 * it runs: nobody takes it from under it. Interrupted after that, its call returns 0 all the same;
 * interrupted before, it leaves the line, and the next one is handed it. */

/* A lock. Zero is a valid free lock. source asyncio.Lock */
struct xie_lock {
    struct xie_task *owner;
    struct xie_waiters waiters;
};

/**
 * Take the lock, waiting for one's turn.
 *
 * return  0 the caller owns it
 * errors  -ECANCELED -ETIMEDOUT not taken; XIE_EDEADLOCK the caller has it already, or its
 *         owner waits for the caller in a circle (named on stderr); -EPERM outside a task
 * cost    uncontended about ten nanoseconds, no suspension
 * source  asyncio.Lock.acquire
 */
XIE_API int xie_lock_take(struct xie_lock *lock);
/* Take it if it is free: 0, else -EBUSY; -EPERM outside a task. */
XIE_API int xie_lock_try(struct xie_lock *lock);
/* Give it to the first who waits. Only its owner may: anything else aborts.
 * source asyncio.Lock.release */
XIE_API void xie_lock_give(struct xie_lock *lock);
/* True while somebody owns it. source asyncio.Lock.locked */
XIE_API bool xie_lock_locked(const struct xie_lock *lock);

/* A flag that tasks wait for. Zero is a valid one that is not set. source asyncio.Event */
struct xie_event {
    struct xie_waiters waiters;
    bool set;
};

/* Set it and wake all who wait, first come first; linear in their number. From tasks and
 * callbacks. source asyncio.Event.set */
XIE_API void xie_event_set(struct xie_event *event);
/* Those already woken stay woken. source asyncio.Event.clear */
XIE_API void xie_event_clear(struct xie_event *event);
/* source asyncio.Event.is_set */
XIE_API bool xie_event_is_set(const struct xie_event *event);
/* Wait until it is set, or return at once if it is.
 * return 0; errors -ECANCELED -ETIMEDOUT; -EPERM outside a task.
 * source asyncio.Event.wait */
XIE_API int xie_event_wait(struct xie_event *event);

/* Something that tasks with a lock wait for. Zero is a valid one. Several conditions may go with
 * one lock. source asyncio.Condition */
struct xie_condition {
    struct xie_waiters waiters;
};

/**
 * Give the lock, wait to be notified, take the lock again.
 *
 * lock    the caller's: anything else aborts
 * return  0 notified, and the lock is the caller's
 * errors  -EPERM outside a task; -ECANCELED -ETIMEDOUT: not notified, and the lock is the
 *         caller's all the same. Who was interrupted takes nobody's notification away
 * note    taking the lock again is not interruptible. Notified tasks stand in the lock's own
 *         line, in order, without running first
 * cost    no allocation; one suspension
 * source  asyncio.Condition.wait
 */
XIE_API int xie_condition_wait(struct xie_condition *condition, struct xie_lock *lock);

/**
 * Wait, as often as it takes, until predicate(arg) is true; it is asked with the lock held.
 *
 * predicate  must not wait
 * return     0 it is true; at once if it was so already, unless a scope has triggered
 * errors     as xie_condition_wait
 * source     asyncio.Condition.wait_for
 */
XIE_API int xie_condition_wait_for(struct xie_condition *condition, struct xie_lock *lock,
                                   bool (*predicate)(void *arg), void *arg);

/* Notify the first count who wait, or as many as there are. Whoever comes later does not profit.
 * From tasks and callbacks; the lock need not be held. source asyncio.Condition.notify */
XIE_API void xie_condition_notify(struct xie_condition *condition, size_t count);
/* source asyncio.Condition.notify_all */
XIE_API void xie_condition_notify_all(struct xie_condition *condition);

/* A number of permits. Zero is a valid one with none; {.value = 3} has three.
 * source asyncio.Semaphore, asyncio.BoundedSemaphore */
struct xie_semaphore {
    size_t value; /* permits that are free */
    size_t most;  /* giving beyond this aborts; 0: no bound */
    struct xie_waiters waiters;
};

/* value  permits at the beginning
 * most   0, or the bound: value above it aborts. asyncio's BoundedSemaphore(n) is (n, n) */
XIE_API void xie_semaphore_init(struct xie_semaphore *semaphore, size_t value, size_t most);
/**
 * Take a permit, waiting for one's turn.
 *
 * return  0 taken; any task may give it back
 * errors  -ECANCELED -ETIMEDOUT not taken; -EPERM outside a task
 * cost    uncontended about ten nanoseconds, no suspension
 * source  asyncio.Semaphore.acquire
 */
XIE_API int xie_semaphore_take(struct xie_semaphore *semaphore);
/* Take one if one is free: 0, else -EAGAIN. From tasks and callbacks. */
XIE_API int xie_semaphore_try(struct xie_semaphore *semaphore);
/* Give a permit, to the first who waits if there is one. From tasks and callbacks. More than
 * `most` aborts: the caller's mistake. source asyncio.Semaphore.release */
XIE_API void xie_semaphore_give(struct xie_semaphore *semaphore);
/* True when no permit is free. source asyncio.Semaphore.locked */
XIE_API bool xie_semaphore_locked(const struct xie_semaphore *semaphore);

/* A place where tasks wait until `parties` of them have come; then they go on together, and it
 * is empty again for the next round. source asyncio.Barrier */
struct xie_barrier {
    size_t parties, waiting;
    bool broken;
    struct xie_waiters waiters;
};

/* parties: how many open it, 1 to INT_MAX; anything else aborts. */
XIE_API void xie_barrier_init(struct xie_barrier *barrier, size_t parties);
/**
 * Wait for the others.
 *
 * return  0 .. parties - 1, another number for each: by the order of coming
 * errors  -ECANCELED -ETIMEDOUT: the caller has left, and the others wait for one more;
 *         XIE_EBROKEN reset or aborted meanwhile, or aborted before; -EPERM outside a task
 * cost    no allocation; the last to come does not suspend and pays for waking the others
 * source  asyncio.Barrier.wait
 */
XIE_API int xie_barrier_wait(struct xie_barrier *barrier);
/* Empty it and mend it: who waits fails with XIE_EBROKEN, who comes later does not. From tasks and
 * callbacks, as the rest. source asyncio.Barrier.reset */
XIE_API void xie_barrier_reset(struct xie_barrier *barrier);
/* Break it: who waits and who comes fails with XIE_EBROKEN, until a reset.
 * source asyncio.Barrier.abort */
XIE_API void xie_barrier_abort(struct xie_barrier *barrier);
/* How many wait. source asyncio.Barrier.n_waiting */
XIE_API size_t xie_barrier_waiting(const struct xie_barrier *barrier);
/* source asyncio.Barrier.broken */
XIE_API bool xie_barrier_broken(const struct xie_barrier *barrier);

/* For the blocks below. */
XIE_API struct xie_lock *xie_lock_take_block(struct xie_lock *lock);
XIE_API void xie_lock_give_block(struct xie_lock **lock);
XIE_API struct xie_semaphore *xie_semaphore_take_block(struct xie_semaphore *semaphore);
XIE_API void xie_semaphore_give_block(struct xie_semaphore **semaphore);

#define XIE_HELD_BLOCK_(type, held, once, take, give) \
    for (type * held __attribute__((cleanup(give))) = take, *once = held; once; once = NULL)

/* A block with the lock held, given back on leaving by any road. Not entered when the
 * take failed: xie_check() tells why; 0 there: XIE_EDEADLOCK, whose circle was named on stderr.
 * source async with lock */
#define XIE_LOCKED(lock)                                                         \
    XIE_HELD_BLOCK_(struct xie_lock, XIE_JOIN_(xie_lock_, __LINE__),             \
                    XIE_JOIN_(xie_once_, __LINE__), xie_lock_take_block((lock)), \
                    xie_lock_give_block)

/* The same with a permit of a semaphore. source async with semaphore */
#define XIE_PERMITTED(semaphore)                                                           \
    XIE_HELD_BLOCK_(struct xie_semaphore, XIE_JOIN_(xie_semaphore_, __LINE__),             \
                    XIE_JOIN_(xie_once_, __LINE__), xie_semaphore_take_block((semaphore)), \
                    xie_semaphore_give_block)

#ifdef __cplusplus
}
#endif
#endif

/* signal.c - signals as something a task waits for.
 * Floor 5. The handler sets a bit and rouses the loop; the loop wakes who waits. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>

#include <xie/signal.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/sys.h"
#include "io/gate.h"
#include "loop/loop.h"

enum { XIE_SIGNALS_MOST = 32, XIE_SIGNAL_LAST = 64 };

struct xie_signals {
    struct xie_gate gate;
    struct xie_loop *loop;
    struct xie_waiters arrived;
    uint64_t pending; /* atomic: a bit per signal, number 1 the lowest */
    int last;         /* the signal given out last: the next search begins after it */
    int count;
    int numbers[XIE_SIGNALS_MOST];
    struct sigaction before[XIE_SIGNALS_MOST];
};

/* Who catches each signal. Written under the lock; the handler reads without. */
static struct xie_signals *catchers[XIE_SIGNAL_LAST + 1];
static pthread_mutex_t catch_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned handling; /* handlers that run at this moment, on any thread */

static uint64_t bit_of(int number)
{
    return UINT64_C(1) << (number - 1);
}

static void handler(int number)
{
    __atomic_add_fetch(&handling, 1, __ATOMIC_SEQ_CST);
    struct xie_signals *signals = __atomic_load_n(&catchers[number], __ATOMIC_SEQ_CST);
    if (signals) {
        struct xie_loop *loop = signals->loop;
        __atomic_or_fetch(&signals->pending, bit_of(number), __ATOMIC_RELAXED);
        __atomic_store_n(&loop->signalled, true, __ATOMIC_RELEASE);
        loop->backend->wake(loop); /* keeps errno */
    }
    __atomic_sub_fetch(&handling, 1, __ATOMIC_SEQ_CST);
}

/* The loop was roused by the handler: find out for whom. */
static void loop_signalled(struct xie_loop *loop)
{
    pthread_mutex_lock(&catch_lock);
    for (int number = 1; number <= XIE_SIGNAL_LAST; number++) {
        struct xie_signals *signals = catchers[number];
        if (signals && signals->loop == loop &&
            __atomic_load_n(&signals->pending, __ATOMIC_RELAXED))
            xie_waiters_wake(&signals->arrived);
    }
    pthread_mutex_unlock(&catch_lock);
}

/* --- open and close ------------------------------------------------------------------------------
 */

/* Signals that cannot be caught, or that the instruction at fault would raise again. */
static bool catchable(int number)
{
    switch (number) {
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
        return false;
    default:
        return number >= 1 && number <= XIE_SIGNAL_LAST;
    }
}

/* Copy the list. errors -EINVAL */
static int read_list(struct xie_signals *signals, const int *list)
{
    uint64_t seen = 0;
    for (; *list; list++) {
        if (signals->count == XIE_SIGNALS_MOST || !catchable(*list) || seen & bit_of(*list))
            return -EINVAL;
        seen |= bit_of(*list);
        signals->numbers[signals->count++] = *list;
    }
    return signals->count ? 0 : -EINVAL;
}

static int catch_one(struct xie_signals *signals, int index)
{
    /* A task's stack may be nearly full: handlers run on the thread's own. */
    struct sigaction ours = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_ONSTACK};
    int number = signals->numbers[index];
    if (catchers[number])
        return -EBUSY;
    __atomic_store_n(&catchers[number], signals, __ATOMIC_SEQ_CST);
    int error = xie_sys_sigaction(number, &ours, &signals->before[index]);
    if (error)
        __atomic_store_n(&catchers[number], NULL, __ATOMIC_SEQ_CST);
    return error;
}

/* Give the first count signals back. Restoring what the kernel itself told cannot fail: not by
 * way of the table, whose faults would leave a handler behind. */
static void release(struct xie_signals *signals, int count)
{
    while (count--) {
        sigaction(signals->numbers[count], &signals->before[count], NULL);
        __atomic_store_n(&catchers[signals->numbers[count]], NULL, __ATOMIC_SEQ_CST);
    }
    /* A handler on another thread may still hold the object; it does not for long. */
    while (__atomic_load_n(&handling, __ATOMIC_SEQ_CST))
        sched_yield();
}

/* In a child made by fork nobody waits for them: what was before is in force again. */
static void forget_catchers(void)
{
    pthread_mutex_init(&catch_lock, NULL);
    handling = 0; /* of threads that are not here */
    for (int number = 1; number <= XIE_SIGNAL_LAST; number++) {
        const struct xie_signals *signals = catchers[number];
        for (int i = 0; signals && i < signals->count; i++)
            if (signals->numbers[i] == number)
                sigaction(number, &signals->before[i], NULL);
        catchers[number] = NULL;
    }
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, forget_catchers);
}

static int catch_all(struct xie_signals *signals)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int error = 0, count = 0;
    pthread_once(&once, watch_forks);
    pthread_mutex_lock(&catch_lock);
    while (!error && count < signals->count) {
        error = catch_one(signals, count);
        count += !error;
    }
    if (error)
        release(signals, count);
    pthread_mutex_unlock(&catch_lock);
    return error;
}

int xie_signals_open(const int *list, struct xie_signals **signals)
{
    struct xie_loop *loop = xie_loop_current();
    if (!loop)
        return -EPERM;
    struct xie_signals *made = xie_alloc_zero(sizeof *made);
    if (!made)
        return -ENOMEM;
    made->loop = loop;
    loop->on_signal = loop_signalled; /* before the first can come */
    int error = read_list(made, list);
    if (!error)
        error = catch_all(made);
    if (error) {
        xie_release(made);
        return error;
    }
    *signals = made;
    return 0;
}

static void signals_finish(struct xie_gate *gate)
{
    xie_release(XIE_CONTAINER(gate, struct xie_signals, gate));
}

void xie_signals_close(struct xie_signals *signals)
{
    if (!signals)
        return;
    pthread_mutex_lock(&catch_lock);
    release(signals, signals->count);
    pthread_mutex_unlock(&catch_lock);
    xie_waiters_wake_all(&signals->arrived);
    xie_gate_close(&signals->gate, "xie_signals_close", signals_finish);
}

/* --- waiting ------------------------------------------------------------------------ */

/* Take one that has come, in turn: a frequent signal does not hide the others. 0: none */
static int take_pending(struct xie_signals *signals)
{
    uint64_t pending = __atomic_load_n(&signals->pending, __ATOMIC_RELAXED);
    if (!pending)
        return 0;
    uint64_t later =
        signals->last < XIE_SIGNAL_LAST ? pending >> signals->last << signals->last : 0;
    signals->last = __builtin_ctzll(later ? later : pending) + 1;
    __atomic_and_fetch(&signals->pending, ~bit_of(signals->last), __ATOMIC_RELAXED);
    return signals->last;
}

int xie_signals_wait(struct xie_signals *signals)
{
    struct xie_loop *loop = signals->loop;
    int error = xie_gate_enter(&signals->gate, XIE_READING);
    if (error)
        return error;
    int number = 0;
    /* Counted as something from outside: on sim a loop in which all wait and one waits here is
     * no deadlock. Where there are timers, sim's clock goes on jumping to them all the same. */
    loop->external++;
    while (!error && !signals->gate.closed && !(number = take_pending(signals)))
        error = xie_waiters_wait(&signals->arrived, xie_task_current(), "xie_signals_wait", NULL);
    loop->external--;
    return (int)xie_gate_leave(&signals->gate, XIE_READING, error ? error : number);
}

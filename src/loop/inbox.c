/* inbox.c - what other threads hand to a loop, and which loops there are to hand it to.
 * Floor 2. The inbox is a stack that the loop takes whole and turns round; posting takes no lock.
 */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>

#include "base/memory.h"
#include "loop/loop.h"
#include "loop/reach.h"

/* The live loops, so that a call to one that has ended is an error and not a crash. Few: a
 * linear list. */
static pthread_mutex_t loops_lock = PTHREAD_MUTEX_INITIALIZER;
struct xie_link xie_loops = {&xie_loops, &xie_loops};

/* --- forks -------------------------------------------------------------------------------------
 */

static void fork_begin(void)
{
    pthread_mutex_lock(&loops_lock);
}

static void fork_parent(void)
{
    pthread_mutex_unlock(&loops_lock);
}

/* Nobody runs the other threads' loops in the child, and its own copy is dead. */
static void fork_child(void)
{
    xie_list_init(&xie_loops);
    pthread_mutex_unlock(&loops_lock);
    xie_loop_die_in_child();
}

static void watch_forks(void)
{
    pthread_atfork(fork_begin, fork_parent, fork_child);
}

/* --- the live loops ----------------------------------------------------------------------------
 */

void xie_loop_admit(struct xie_loop *loop)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    loop->refs = 1;
    pthread_mutex_lock(&loops_lock);
    xie_list_push(&xie_loops, &loop->link);
    pthread_mutex_unlock(&loops_lock);
}

void xie_loop_refuse(struct xie_loop *loop)
{
    pthread_mutex_lock(&loops_lock);
    xie_list_remove(&loop->link);
    pthread_mutex_unlock(&loops_lock);
    xie_loop_collect(loop);
}

/* Under loops_lock, which keeps a loop that lives from ending. */
static bool loop_lives(const struct xie_loop *loop)
{
    for (struct xie_link *link = xie_loops.next; link != &xie_loops; link = link->next)
        if (XIE_CONTAINER(link, struct xie_loop, link) == loop)
            return true;
    return false;
}

struct xie_loop *xie_loop_ref(struct xie_loop *loop)
{
    pthread_mutex_lock(&loops_lock);
    bool lives = loop_lives(loop);
    if (lives)
        __atomic_add_fetch(&loop->refs, 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&loops_lock);
    return lives ? loop : NULL;
}

void xie_loop_unref(struct xie_loop *loop)
{
    if (loop && __atomic_sub_fetch(&loop->refs, 1, __ATOMIC_ACQ_REL) == 0)
        xie_release(loop);
}

/* --- posting -----------------------------------------------------------------------------------
 */

void xie_loop_post(struct xie_loop *loop, struct xie_inbox_call *call)
{
    struct xie_inbox_call *head = __atomic_load_n(&loop->inbox, __ATOMIC_RELAXED);
    do
        call->next = head;
    while (!__atomic_compare_exchange_n(&loop->inbox, &head, call, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
    if (!head) /* else whoever came first has roused it, or is about to */
        loop->backend->wake(loop);
}

int xie_loop_post_living(struct xie_loop *loop, struct xie_inbox_call *call)
{
    pthread_mutex_lock(&loops_lock);
    bool lives = loop_lives(loop);
    if (lives)
        xie_loop_post(loop, call);
    pthread_mutex_unlock(&loops_lock);
    return lives ? 0 : XIE_ECLOSED;
}

void xie_loop_collect(struct xie_loop *loop)
{
    struct xie_inbox_call *call = __atomic_exchange_n(&loop->inbox, NULL, __ATOMIC_ACQUIRE);
    struct xie_inbox_call *first = NULL;
    while (call) { /* the newest comes first: turn them round */
        struct xie_inbox_call *older = call->next;
        call->next = first;
        first = call;
        call = older;
    }
    while (first) {
        struct xie_inbox_call *next = first->next;
        xie_loop_ready(loop, &first->ready);
        first = next;
    }
}

/* --- calls -------------------------------------------------------------------------------------
 */

struct outside_call {
    struct xie_inbox_call call;
    void (*fn)(void *arg);
    void *arg;
};

static void outside_run(struct xie_ready *item)
{
    struct outside_call *memory = XIE_CONTAINER(item, struct outside_call, call.ready);
    struct outside_call call = *memory;
    xie_release(memory);
    xie_loop_watch_fn(xie_loop_current(), (void *)call.fn);
    call.fn(call.arg);
}

int xie_loop_call(struct xie_loop *loop, void (*fn)(void *arg), void *arg)
{
    struct outside_call *call = xie_alloc(sizeof *call);
    if (!call)
        return -ENOMEM;
    *call = (struct outside_call){.call.ready.run = outside_run, .fn = fn, .arg = arg};
    int error = xie_loop_post_living(loop, &call->call);
    if (error)
        xie_release(call);
    return error;
}

static bool is_within(const struct xie_ready *item, const struct xie_span *span)
{
    return item->run == outside_run &&
           xie_span_has(span, (void *)XIE_CONTAINER(item, struct outside_call, call.ready)->fn);
}

/* The loop's own thread alone takes items out of the inbox. */
size_t xie_reach_outside(struct xie_loop *loop, const struct xie_span *span)
{
    size_t count = 0;
    for (const struct xie_ready *item = loop->ready_head; item; item = item->next)
        count += is_within(item, span);
    const struct xie_inbox_call *call = __atomic_load_n(&loop->inbox, __ATOMIC_ACQUIRE);
    for (; call; call = call->next)
        count += is_within(&call->ready, span);
    return count;
}

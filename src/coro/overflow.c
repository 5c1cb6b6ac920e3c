/* overflow.c - naming whose stack overflowed, from a signal handler on a stack of its own.
 * Floor 1. Faults elsewhere go on to the handler that was there before. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/misuse.h"
#include "base/sys.h"
#include "coro/crash.h"
#include "coro/pool.h"

/* Generous, because handlers that were there before run on it too. Only touched pages cost. */
enum { ALTERNATE_SIZE = 64 * 1024 };

static struct sigaction before[NSIG]; /* who had a signal before us */
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;

static void report(const struct xie_stack *stack)
{
    const char *kind = stack->kind ? stack->kind : "coroutine";
    const char *name = stack->name ? stack->name : "?";
    const char *where = stack->where ? stack->where : "?";
    bool task = !strcmp(kind, "task");
    xie_report("stack overflow in %s '%s' (%s at %s), %zu KiB: recursion without end, or large "
               "locals, which belong on the heap%s",
               kind, name, task ? "spawned" : "made", where, stack->slab->class->usable / 1024,
               task ? "; stack_size in xie_task_options, or XIE_STACK, gives more" : "");
}

/* Give the signal to whoever had it before us. The kernel's own faults come again when the
 * instruction is tried again; those somebody sent do not. */
static void hand_over(int number, const siginfo_t *info)
{
    sigaction(number, &before[number], NULL);
    if (info->si_code <= 0)
        raise(number);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    const struct sigaction *old = &before[number];
    bool nobody = old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN;
    struct xie_stack_pool *pool = xie_stack_pool;
    struct xie_stack *stack = NULL;
    int saved = errno;
    if (pool && info->si_code > 0 && (number == SIGSEGV || number == SIGBUS))
        stack = xie_slab_find_guard(pool, info->si_addr);
    if (stack)
        report(stack);
    if (stack || nobody) {
        xie_crash_report(info, context);
        hand_over(number, info);
    } else if (old->sa_flags & SA_SIGINFO) {
        old->sa_sigaction(number, info, context);
    } else {
        old->sa_handler(number);
    }
    errno = saved;
}

static void take(int number)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    /* A failure only costs the report. */
    xie_sys_sigaction(number, &action, &before[number]);
}

static void watch_process(void)
{
    take(SIGSEGV);
    take(SIGBUS);
}

/* Those of stacks are ours already, or another's who had passed them on to us. */
void xie_overflow_take(int number)
{
    struct sigaction now;
    pthread_once(&watch_once, watch_process);
    if (number == SIGSEGV || number == SIGBUS || sigaction(number, NULL, &now))
        return;
    if (!(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
        take(number);
}

size_t xie_overflow_stack_size(void)
{
    long least = sysconf(_SC_MINSIGSTKSZ); /* registers may be many */
    return ALTERNATE_SIZE + (least > 0 ? ((size_t)least + 4095) / 4096 * 4096 : 0);
}

void xie_overflow_watch(struct xie_stack_pool *pool)
{
    pthread_once(&watch_once, watch_process);
    stack_t old, mine = {.ss_sp = pool->alternate, .ss_size = xie_overflow_stack_size()};
    /* A program or a sanitizer that has one keeps it. */
    if (sigaltstack(NULL, &old) || !(old.ss_flags & SS_DISABLE) || sigaltstack(&mine, NULL))
        pool->alternate = NULL;
}

void xie_overflow_unwatch(struct xie_stack_pool *pool)
{
    stack_t old, none = {.ss_flags = SS_DISABLE};
    if (!sigaltstack(NULL, &old) && old.ss_sp == pool->alternate)
        sigaltstack(&none, NULL);
}

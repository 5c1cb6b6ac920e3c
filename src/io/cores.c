/* cores.c - a loop on each core: started all or none, ended all together.
 * Floor 5. A thread for each, which runs a program of its own; the caller's task waits for them. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xie/cores.h>

#include "base/memory.h"
#include "base/sys.h"
#include "io/promise.h"
#include "task/wait.h"

enum {
    XIE_CORES_MOST = 1024,
    XIE_CPUS_MOST = 8192, /* the most a kernel is built for (x86-64) */
    XIE_CPU_WORDS = XIE_CPUS_MOST / 64
};

struct core {
    struct cores *all;
    unsigned index;
    int cpu; /* -1: any */
    pthread_t thread;
    struct xie_inbox_call stop; /* posted once: cancels main */
    struct xie_task *main;      /* from the start until its end, under the lock */
    bool entered;               /* its loop was made */
};

struct cores {
    pthread_mutex_t lock;
    const struct xie_loop_options *loop;
    int (*fn)(unsigned index, void *arg);
    void *arg;
    struct xie_promise *go;   /* every loop has been made */
    struct xie_promise *over; /* every thread is about to end */
    unsigned count;           /* of threads that are to run */
    unsigned ready, ended;
    int error; /* the first */
    bool stopping;
    struct core list[];
};

/* --- CPUs --------------------------------------------------------------------------------------
 */

/* return how many, or an error */
static int allowed_cpus(uint64_t mask[XIE_CPU_WORDS])
{
    int count = 0;
    memset(mask, 0, XIE_CPU_WORDS * sizeof *mask);
    int size = xie_sys_affinity(mask, XIE_CPU_WORDS * sizeof *mask);
    for (int i = 0; size > 0 && i < XIE_CPU_WORDS; i++)
        count += __builtin_popcountll(mask[i]);
    return size < 0 ? size : count;
}

unsigned xie_cores_count(void)
{
    uint64_t mask[XIE_CPU_WORDS];
    int count = allowed_cpus(mask);
    return count > 0 ? (unsigned)count : 1;
}

/* The nth of those allowed, from the first again after the last. */
static int nth_cpu(const uint64_t mask[XIE_CPU_WORDS], unsigned count, unsigned nth)
{
    nth %= count;
    for (int cpu = 0; cpu < XIE_CPUS_MOST; cpu++)
        if (mask[cpu / 64] >> cpu % 64 & 1 && nth-- == 0)
            return cpu;
    return -1;
}

static int stay_on(int cpu)
{
    uint64_t mask[XIE_CPU_WORDS] = {0};
    if (cpu < 0)
        return 0;
    mask[cpu / 64] = UINT64_C(1) << cpu % 64;
    return xie_sys_set_affinity(mask, sizeof mask);
}

/* --- stopping ----------------------------------------------------------------------------------
 */

/* On the core's thread. */
static void core_stop(struct xie_ready *item)
{
    struct core *core = XIE_CONTAINER(item, struct core, stop.ready);
    xie_task_cancel(core->main); /* written on this thread alone */
}

/* Under the lock, which a main task takes before it ends: its loop lives. */
static void stop_all(struct cores *all)
{
    if (all->stopping)
        return;
    all->stopping = true;
    for (unsigned i = 0; i < all->count; i++)
        if (all->list[i].main)
            xie_loop_post(all->list[i].main->loop, &all->list[i].stop);
}

/* Under the lock. What follows from being cancelled is no failure. */
static void note(struct cores *all, int result)
{
    if (result >= 0 || (all->stopping && result == -ECANCELED))
        return;
    if (!all->error)
        all->error = result;
    stop_all(all);
}

/* --- a core ------------------------------------------------------------------------------------
 */

/* Everybody is ready: all go on. Or somebody never will be: then none does. Under the lock. */
static void meet(struct cores *all)
{
    if (++all->ready < all->count)
        return;
    if (all->stopping)
        xie_promise_fail(all->go, -ECANCELED);
    else
        xie_promise_resolve(all->go, NULL);
}

static int core_main(void *arg)
{
    struct core *core = arg;
    struct cores *all = core->all;
    pthread_mutex_lock(&all->lock);
    core->entered = true;
    core->main = xie_task_current();
    meet(all);
    pthread_mutex_unlock(&all->lock);

    int result = xie_promise_wait(all->go, NULL);
    if (!result)
        result = all->fn(core->index, all->arg);

    pthread_mutex_lock(&all->lock);
    core->main = NULL;
    note(all, result);
    pthread_mutex_unlock(&all->lock);
    return 0;
}

static void *core_thread(void *arg)
{
    struct core *core = arg;
    struct cores *all = core->all;
    int error = stay_on(core->cpu);
    if (!error)
        error = xie_run_with(all->loop, core_main, core);
    pthread_mutex_lock(&all->lock);
    note(all, error);
    if (!core->entered)
        meet(all);
    if (++all->ended == all->count)
        xie_promise_resolve(all->over, NULL);
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* --- all ---------------------------------------------------------------------------------------
 */

static void cores_free(struct cores *all)
{
    xie_promise_unref(all->go);
    xie_promise_unref(all->over);
    pthread_mutex_destroy(&all->lock);
    xie_release(all);
}

static struct cores *cores_new(unsigned count)
{
    struct cores *all = xie_alloc_zero(sizeof *all + count * sizeof *all->list);
    if (!all)
        return NULL;
    pthread_mutex_init(&all->lock, NULL);
    all->go = xie_promise_new(NULL);
    all->over = xie_promise_new(NULL);
    all->count = count;
    if (all->go && all->over)
        return all;
    cores_free(all);
    return NULL;
}

static int choose_cpus(struct cores *all, bool pin)
{
    uint64_t mask[XIE_CPU_WORDS];
    int cpus = pin ? allowed_cpus(mask) : 0;
    if (cpus < 0)
        return cpus;
    for (unsigned i = 0; i < all->count; i++) {
        struct core *core = &all->list[i];
        core->all = all;
        core->index = i;
        core->stop.ready.run = core_stop;
        core->cpu = cpus ? nth_cpu(mask, (unsigned)cpus, i) : -1;
    }
    return 0;
}

/* return how many threads were made; if they are not all, none goes on */
static unsigned start_all(struct cores *all)
{
    unsigned made = 0;
    pthread_mutex_lock(&all->lock); /* none goes on before the outcome is known */
    while (made < all->count &&
           !xie_sys_thread(&all->list[made].thread, core_thread, &all->list[made], false))
        made++;
    if (made < all->count) {
        all->count = made;
        all->error = -EAGAIN;
        all->stopping = true;
    }
    pthread_mutex_unlock(&all->lock);
    return made;
}

static int wait_for_all(struct cores *all)
{
    int error = xie_promise_wait(all->over, NULL);
    if (!error)
        return 0;
    pthread_mutex_lock(&all->lock);
    stop_all(all);
    pthread_mutex_unlock(&all->lock);
    XIE_SHIELD
        xie_promise_wait(all->over, NULL);
    return error;
}

int xie_cores_run(const struct xie_cores_options *options, int (*fn)(unsigned index, void *arg),
                  void *arg)
{
    static const struct xie_cores_options defaults;
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    if (!options)
        options = &defaults;
    unsigned count = options->count ? options->count : xie_cores_count();
    if (count > XIE_CORES_MOST)
        return -EINVAL;
    struct cores *all = cores_new(count);
    if (!all)
        return -ENOMEM;
    all->loop = options->loop;
    all->fn = fn;
    all->arg = arg;
    error = choose_cpus(all, options->pin);
    unsigned made = error ? 0 : start_all(all);
    if (made)
        error = wait_for_all(all);
    for (unsigned i = 0; i < made; i++)
        pthread_join(all->list[i].thread, NULL); /* at its very end */
    if (!error)
        error = all->error;
    cores_free(all);
    return error;
}

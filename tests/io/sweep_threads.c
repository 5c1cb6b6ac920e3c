/* sweep_threads.c - each call beneath channels, promises, pools and cores fails, alone and with all
 * after it: clean errors, no leak, nobody left waiting. */
/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "io/threads.h"

/* --- a channel between a task and a thread -----------------------------------------------------
 */

enum { ITEMS = 20 };
static int item;

static void *put_all(void *arg)
{
    int error = 0;
    for (int i = 0; i < ITEMS && !error; i++)
        error = xie_channel_put_blocking(arg, &item, XIE_NEVER);
    xie_channel_close(arg); /* -ENOMEM, or all of them are in */
    xie_channel_unref(arg);
    return NULL;
}

static int channel(void *arg)
{
    struct xie_channel *channel = xie_channel_new(3, NULL);
    void *got;
    int count = 0;
    if (!channel)
        return -ENOMEM;
    pthread_t thread = begin(put_all, xie_channel_ref(channel));
    int error;
    while (!(error = xie_channel_get(channel, &got)))
        count++;
    end(thread);
    xie_channel_unref(channel);
    (void)arg;
    return count == ITEMS && error == XIE_ECLOSED ? 0 : -ENOMEM;
}

/* --- a pool of one's own -----------------------------------------------------------------------
 */

static int work(void *arg)
{
    (void)arg;
    return 0;
}

static int use(struct xie_pool *pool)
{
    struct xie_promise *promise;
    int error = xie_pool_run(pool, work, NULL, NULL);
    if (!error)
        error = xie_pool_submit(pool, work, NULL, NULL, NULL);
    if (!error)
        error = xie_pool_submit(pool, work, NULL, NULL, &promise);
    if (error)
        return error;
    bool cancelled = xie_promise_cancel(promise);
    error = xie_promise_wait(promise, NULL);
    xie_promise_unref(promise);
    return cancelled && error == -ECANCELED ? 0 : error;
}

static int pool(void *arg)
{
    struct xie_pool *pool;
    (void)arg;
    int error = xie_pool_open(&(struct xie_pool_options){.threads = 2, .queue = 1}, &pool);
    if (error)
        return error;
    error = use(pool);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    return error;
}

/* --- a thread that starts tasks here -----------------------------------------------------------
 */

struct remote {
    struct xie_loop *loop;
    struct xie_promise *done;
};

static int wait_a_little(void *arg)
{
    return xie_sleep(arg ? XIE_HOUR : 1);
}

static void *ask(void *arg)
{
    struct remote *remote = arg;
    int error = xie_run_threadsafe(remote->loop, wait_a_little, NULL, XIE_NEVER);
    if (!error)
        error = xie_run_threadsafe(remote->loop, wait_a_little, remote, 1);
    if (error == -ETIMEDOUT)
        xie_promise_resolve(remote->done, NULL);
    else
        xie_promise_fail(remote->done, error ? error : -EPROTO);
    return NULL;
}

static int remote(void *arg)
{
    struct remote remote = {xie_loop_current(), xie_promise_new(NULL)};
    (void)arg;
    if (!remote.done)
        return -ENOMEM;
    pthread_t thread = begin(ask, &remote);
    int error = xie_promise_wait(remote.done, NULL);
    end(thread);
    xie_promise_unref(remote.done);
    return error;
}

/* --- several loops -----------------------------------------------------------------------------
 */

static int get_all(unsigned index, void *arg)
{
    void *got;
    int error;
    (void)index;
    while (!(error = xie_channel_get(arg, &got)))
        ;
    return error == XIE_ECLOSED ? 0 : error;
}

static int cores(void *arg)
{
    const struct xie_cores_options options = {.count = 2, .pin = true};
    struct xie_channel *channel = xie_channel_new(0, NULL);
    int error = channel ? 0 : -ENOMEM;
    (void)arg;
    for (int i = 0; i < ITEMS && !error; i++)
        error = xie_channel_put(channel, &item);
    if (!error) {
        xie_channel_close(channel);
        error = xie_cores_run(&options, get_all, channel);
    }
    xie_channel_unref(channel);
    return error;
}

#define PROGRAMS(each) each(channel) each(pool) each(remote) each(cores)

/* Tolerant: a thread fewer harms nobody while there is one. */
#define SWEEP(program)                                                                     \
    static void sweep_##program(void)                                                      \
    {                                                                                      \
        struct fault_program swept = {.name = #program, .run = program, .tolerant = true}; \
        tap_limit(60);                                                                     \
        fault_sweep_all(&swept);                                                           \
    }
PROGRAMS(SWEEP)

int main(int argc, char **argv)
{
#define ENTRY(program) {#program, sweep_##program},
    static const struct tap_test tests[] = {PROGRAMS(ENTRY){0}};
    return tap_main(argc, argv, tests);
}

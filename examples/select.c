/* select.c - whatever comes first: readings from one thread, a result from another.
 * Exactly one of the cases takes effect at a time: nothing is read and then lost. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <xie.h>

static int readings[] = {20, 21, 22};

/* A device's own thread, which knows no loop. */
static void *measure(void *channel)
{
    for (int i = 0; i < 3; i++)
        xie_channel_put_blocking(channel, &readings[i], XIE_NEVER);
    xie_channel_close(channel);
    return NULL;
}

/* Something that takes long, on a thread of the library's. */
static int compute(void *limit)
{
    int value = *(int *)limit;
    return value * (value + 1) / 2;
}

static int start(void *arg)
{
    struct xie_channel *channel = xie_channel_new(1, NULL);
    struct xie_promise *promise;
    int limit = 100, total = 0, sum = 0, left = 2;
    void *reading;
    pthread_t thread;
    (void)arg;
    if (!channel || pthread_create(&thread, NULL, measure, channel) ||
        xie_pool_submit(NULL, compute, &limit, NULL, &promise))
        return -1;
    struct xie_case cases[] = {xie_case_channel_get(channel, &reading),
                               xie_case_promise(promise, NULL)};
    while (left) {
        int index = xie_select(cases, 2);
        if (index == 1)
            sum = cases[1].result;
        if (index == 0 && !cases[0].result)
            total += *(int *)reading;
        else if (left--)
            cases[index] = (struct xie_case){0}; /* off: it would be ready for ever */
    }
    printf("readings: %d in all; 1 + … + %d = %d\n", total, limit, sum);
    xie_promise_unref(promise);
    xie_channel_unref(channel);
    return pthread_join(thread, NULL);
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}

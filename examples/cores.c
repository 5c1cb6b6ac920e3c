/* cores.c - counts primes on every core: a channel hands out the work.
 * Prints how many primes there are below 200000. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <xie.h>

enum { RANGES = 100, LENGTH = 2000 };

struct range {
    int from, primes;
};

static int is_prime(int number)
{
    for (int by = 2; by * by <= number; by++)
        if (number % by == 0)
            return 0;
    return number > 1;
}

/* The main task of each core, on a thread and a loop of its own. */
static int count(unsigned core, void *channel)
{
    void *item;
    (void)core;
    while (!xie_channel_get(channel, &item)) { /* until it is closed and empty */
        struct range *range = item;
        for (int number = range->from; number < range->from + LENGTH; number++)
            range->primes += is_prime(number);
    }
    return xie_check(); /* ended by Ctrl-C? */
}

static int start(void *arg)
{
    static struct range ranges[RANGES];
    struct xie_channel *channel = xie_channel_new(RANGES, NULL);
    int total = 0;
    (void)arg;
    for (int i = 0; i < RANGES; i++) {
        ranges[i].from = i * LENGTH;
        xie_channel_put(channel, &ranges[i]);
    }
    xie_channel_close(channel);
    int error = xie_cores_run(NULL, count, channel); /* as many loops as CPUs; all have ended */
    for (int i = 0; i < RANGES; i++)
        total += ranges[i].primes;
    printf("%d primes\n", total);
    xie_channel_unref(channel);
    return error;
}

int main(void)
{
    return xie_run(start, NULL) != 0;
}

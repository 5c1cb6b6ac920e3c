/* counter.c - a generator that counts, and prints what it was sent.
 * In Python its loop is `s += 1; n = yield s; print(n)`. Prints 10, 20 and 30. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <xie.h>

XIE_GENERATOR(counter, int, int); /* yields int, is sent int */

static int count(struct counter *self, void *arg)
{
    (void)arg;
    int s = 0, n = 0;
    for (;;) {
        s += 1;
        int error = counter_yield(self, s, &n); /* hands out s; n is what comes back */
        if (error)
            return error; /* closed: clean up here */
        printf("%d\n", n);
    }
}

int main(void)
{
    struct counter *counter = counter_new(count, NULL);
    int s = 0;
    int status = counter_next(counter, &s); /* runs to the first yield */
    while (status > 0 && s <= 3)
        status = counter_send(counter, s * 10, &s); /* and each send to the next one */
    counter_free(counter);
    return status < 0;
}

/* collatz.c - tasks that take turns, and their results in the order in which they end.
 * Halve what is even, triple and add one to what is odd: which number is first at 1? */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <xie.h>

static int steps_to_one(void *arg)
{
    int steps = 0;
    for (long number = *(long *)arg; number != 1; steps++) {
        number = number % 2 ? 3 * number + 1 : number / 2;
        int error = xie_sleep(0); /* the others' turn */
        if (error)
            return error;
    }
    return steps;
}

static int start(void *arg)
{
    enum { COUNT = 5 };
    static long numbers[COUNT] = {27, 7, 32, 9, 3};
    struct xie_task *tasks[COUNT];
    struct xie_as_completed race;
    size_t index;
    (void)arg;
    for (int i = 0; i < COUNT; i++)
        tasks[i] = xie_spawn(steps_to_one, &numbers[i]);

    int status = xie_as_completed_open(&race, tasks, COUNT);
    if (status)
        return status;
    for (int place = 1; place < COUNT; place++) { /* who comes in last is not waited for */
        status = xie_as_completed_next(&race, &index);
        if (status <= 0)
            break;
        int steps = xie_join(tasks[index]);
        tasks[index] = NULL;
        if (steps < 0)
            return steps;
        printf("%d. %ld, after %d steps\n", place, numbers[index], steps);
    }
    xie_as_completed_close(&race);
    for (int i = 0; i < COUNT; i++)
        if (tasks[i]) {
            xie_task_cancel(tasks[i]);
            printf("%ld: %s\n", numbers[i], xie_strerror(xie_join(tasks[i])));
        }
    return status < 0 ? status : 0;
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}

/* phases.c - tasks that go through something together: none begins the next phase before all have
 * ended this one, and what they have in common is changed by one at a time. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <xie.h>

enum { TASKS = 3, PHASES = 3 };

static struct xie_barrier gate;
static struct xie_lock lock;
static struct xie_semaphore seats = {.value = 2}; /* two at a time may work */
static int done, most, working;

static int worker(void *arg)
{
    int number = *(int *)arg;
    for (int phase = 1; phase <= PHASES; phase++) {
        XIE_PERMITTED(&seats) {
            most = ++working > most ? working : most;
            xie_sleep(number * XIE_MILLISECOND); /* the work */
            working--;
        }
        XIE_LOCKED(&lock) {
            int seen = done;
            xie_sleep(XIE_MILLISECOND); /* whoever reads it meanwhile would read the old */
            done = seen + 1;
        }
        int place = xie_barrier_wait(&gate);
        if (place < 0)
            return place;
        if (place == TASKS - 1) /* one of them speaks for all: the last to come */
            printf("phase %d: %d pieces of work are done\n", phase, done);
    }
    return 0;
}

static int start(void *arg)
{
    static int numbers[TASKS] = {1, 2, 3};
    (void)arg;
    xie_barrier_init(&gate, TASKS);
    XIE_GROUP(group)
        for (int i = 0; i < TASKS; i++)
            xie_group_spawn(&group, worker, &numbers[i]);
    printf("at most %d worked at a time\n", most);
    return 0;
}

int main(void)
{
    return xie_run(start, NULL);
}

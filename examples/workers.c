/* workers.c - three workers share a bounded queue; what they make comes by another.
 * The last queue is read until it is closed, or until somebody says stop: whatever comes first. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <xie.h>

static struct xie_queue jobs, results;
static struct xie_event stop; /* nobody says it here */

static int work(void *arg)
{
    void *job;
    (void)arg;
    while (!xie_queue_get(&jobs, &job)) { /* until it is closed and empty */
        xie_sleep(*(int *)job * XIE_MILLISECOND);
        xie_queue_put(&results, job);
        xie_queue_task_done(&jobs);
    }
    return 0;
}

static int hand_out(void *arg)
{
    static int to_do[] = {50, 20, 90, 40, 10};
    (void)arg;
    for (int i = 0; i < 5; i++)
        xie_queue_put(&jobs, &to_do[i]); /* waits while two are waiting */
    xie_queue_join(&jobs);               /* until all are dealt with */
    xie_queue_close(&jobs);
    xie_queue_close(&results);
    return 0;
}

static int start(void *arg)
{
    void *job;
    int total = 0;
    (void)arg;
    xie_queue_init(&jobs, 2);
    xie_queue_init(&results, 0);
    XIE_GROUP(group) {
        for (int i = 0; i < 3; i++)
            xie_group_spawn(&group, work, NULL);
        xie_group_spawn(&group, hand_out, NULL);
        struct xie_case cases[] = {xie_case_get(&results, &job), xie_case_event(&stop)};
        while (xie_select(cases, 2) == 0 && !cases[0].result)
            printf("%s", (total += *(int *)job) < 210 ? "one more\n" : "the last one\n");
    }
    printf("%d ms of work\n", total);
    xie_queue_fini(&jobs);
    xie_queue_fini(&results);
    return 0;
}

int main(void)
{
    return xie_run(start, NULL);
}

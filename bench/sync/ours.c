/* ours.c - sync: from hand to hand, by xie: a queue, a semaphore, a lock. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <xie.h>

#include "lib/started.h"

static size_t turns;

/* --- ping-pong: a turn is one hand-off ---------------------------------------------------------
 */

static struct xie_queue ping, pong;

static int queue_back(void *arg)
{
    void *item;
    (void)arg;
    for (size_t i = 0; i < turns; i += 2) {
        xie_queue_get(&ping, &item);
        xie_queue_put(&pong, item);
    }
    return 0;
}

static void queue(size_t times)
{
    void *item = &ping;
    turns = times;
    xie_queue_init(&ping, 8);
    xie_queue_init(&pong, 8);
    struct xie_task *task = xie_spawn(queue_back, NULL);
    work_begin();
    for (size_t i = 0; i < times; i += 2) {
        xie_queue_put(&ping, item);
        xie_queue_get(&pong, &item);
    }
    work_end();
    xie_join(task);
    xie_queue_fini(&ping);
    xie_queue_fini(&pong);
}

static struct xie_semaphore there, back;

static int semaphore_back(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < turns; i += 2) {
        xie_semaphore_take(&there);
        xie_semaphore_give(&back);
    }
    return 0;
}

static void semaphore(size_t times)
{
    turns = times;
    xie_semaphore_init(&there, 0, 0);
    xie_semaphore_init(&back, 0, 0);
    struct xie_task *task = xie_spawn(semaphore_back, NULL);
    work_begin();
    for (size_t i = 0; i < times; i += 2) {
        xie_semaphore_give(&there);
        xie_semaphore_take(&back);
    }
    work_end();
    xie_join(task);
}

/* --- a lock ------------------------------------------------------------------------------------
 */

static struct xie_lock lock;

static void uncontended(size_t times)
{
    work_begin();
    for (size_t i = 0; i < times; i++) {
        xie_lock_take(&lock);
        xie_lock_give(&lock);
    }
    work_end();
}

static int hand_over(void *arg)
{
    (void)arg;
    xie_lock_take(&lock);
    for (size_t i = 0; i < turns; i += 2) {
        xie_lock_give(&lock); /* the other one's from now on */
        xie_lock_take(&lock);
    }
    xie_lock_give(&lock);
    return 0;
}

static void handed(size_t times)
{
    turns = times;
    xie_lock_take(&lock);
    struct xie_task *one = xie_spawn(hand_over, NULL), *two = xie_spawn(hand_over, NULL);
    xie_sleep(0); /* both wait for it */
    work_begin();
    xie_lock_give(&lock);
    xie_join(one);
    xie_join(two);
    work_end();
}

extern const struct work bare_works[]; /* limit.c */

static const struct work works[] = {{"queue", queue, 1000000, 0},
                                    {"semaphore", semaphore, 1000000, 0},
                                    {"lock", uncontended, 1000000, 0},
                                    {"lock-handed", handed, 1000000, 0},
                                    {0}};

int main(int argc, char **argv)
{
    const struct work_set sets[] = {{NULL, works}, {"bare", bare_works}};
    return started_main(argc, argv, sets, 2);
}

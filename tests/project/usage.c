/* usage.c - the macros of the headers, as a program uses them, in C and in C++.
 * Only compiled, without one warning; what they do is tested on their floors. */
/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include <xie.h>

XIE_GENERATOR(countdown, int, double);

static int count_down(struct countdown *self, void *arg)
{
    double step = 1;
    for (int left = *(int *)arg; left > 0; left -= (int)step) {
        int error = countdown_yield(self, left, &step);
        if (error)
            return error;
    }
    return 0;
}

static int sum(int from)
{
    int value = 0, total = 0;
    struct countdown *generator = countdown_new(count_down, &from);
    while (countdown_next(generator, &value) > 0)
        total += value;
    while (countdown_send(generator, 2, &value) > 0)
        total += value;
    countdown_throw(generator, XIE_EGENEXIT, &value);
    countdown_close(generator);
    countdown_free(generator);
    return total;
}

static int work(void *arg)
{
    struct xie_lock *lock = (struct xie_lock *)arg;
    XIE_LOCKED(lock) {
        return sum(3);
    }
    return xie_check();
}

static int choose(struct xie_lock *lock)
{
    struct xie_semaphore semaphore;
    xie_semaphore_init(&semaphore, 1, 1);
    XIE_PERMITTED(&semaphore) {
        struct xie_case cases[] = {xie_case_semaphore(&semaphore), xie_case_lock(lock)};
        return xie_select(cases, 2);
    }
    return xie_check();
}

static int start(void *arg)
{
    struct xie_lock lock = {NULL, {NULL, NULL}};
    struct xie_task *task = xie_spawn(work, &lock);
    (void)arg;
    choose(&lock);
    XIE_TIMEOUT(2 * XIE_SECOND) {
        XIE_SHIELD {
            xie_sleep(XIE_MILLISECOND);
        }
        break;
    }
    XIE_TIMEOUT_AT(xie_now() + XIE_SECOND) {
        xie_sleep(0);
    }
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_reschedule(&scope, xie_now() + XIE_MINUTE);
        continue;
    }
    XIE_GROUP(group) {
        xie_group_spawn(&group, work, &lock);
        xie_group_wait(&group);
    }
    return xie_join(task);
}

int main(void)
{
    return xie_run(start, NULL);
}

/* threads.c - what blocks goes to a thread and its value comes back; and a thread asks the loop.
 * Prints a length, and what the loop answered. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <xie.h>

/* On a thread of the pool: may block as it likes. */
static int measure(void *text)
{
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return (int)strlen(text);
}

/* In the loop, though a thread asks for it: may wait. */
static int answer(void *question)
{
    xie_sleep(XIE_MILLISECOND);
    return *(int *)question + 1;
}

struct asker {
    struct xie_loop *loop;
    struct xie_promise *answered;
};

static void *ask(void *arg)
{
    struct asker *asker = arg;
    int question = 41;
    printf("the loop answers %d\n", xie_run_threadsafe(asker->loop, answer, &question, XIE_NEVER));
    xie_promise_resolve(asker->answered, NULL);
    return NULL;
}

static int start(void *arg)
{
    struct asker asker = {xie_loop_current(), xie_promise_new(NULL)};
    pthread_t thread;
    (void)arg;
    printf("%d letters\n", xie_to_thread(measure, "fourteen", NULL)); /* other tasks go on */

    if (pthread_create(&thread, NULL, ask, &asker))
        return 1;
    int error = xie_promise_wait(asker.answered, NULL); /* so does the loop, and can answer */
    pthread_join(thread, NULL);
    xie_promise_unref(asker.answered);
    return error;
}

int main(void)
{
    return xie_run(start, NULL) != 0;
}

/* sleep_sort.c - sorts numbers by sleeping: a task per number, a delayed call beside them.
 * usage: sleep_sort [NUMBER...] */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <xie.h>

struct input {
    int count;
    char **words;
};

/* One number: sleeps as long as it is large, then is the next in order. */
static int print_later(void *arg)
{
    const char *word = arg;
    int error = xie_sleep(atoi(word) * 100 * XIE_MILLISECOND);
    if (error)
        return error;
    puts(word);
    return 0;
}

/* A call is no task: it runs on the loop itself and cannot wait. */
static void half_way(void *arg)
{
    puts(arg);
}

static int sort(void *arg)
{
    struct input *input = arg;
    struct xie_call call = {0};
    xie_call_later(&call, 450 * XIE_MILLISECOND, half_way, "-- 450 ms");
    XIE_GROUP(group) {
        for (int i = 0; i < input->count; i++)
            xie_group_spawn(&group, print_later, input->words[i]);
        return xie_group_wait(&group); /* all have printed */
    }
    return 0;
}

int main(int argc, char **argv)
{
    char *words[] = {"5", "2", "9", "1", "7", "3"};
    struct input input = {sizeof words / sizeof *words, words};
    if (argc > 1)
        input = (struct input){argc - 1, argv + 1};
    int error = xie_run(sort, &input);
    if (error)
        fprintf(stderr, "sleep_sort: %s\n", xie_strerror(error));
    return error ? 1 : 0;
}

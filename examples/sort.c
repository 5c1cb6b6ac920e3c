/* sort.c - another program at work: what it is to read and what it says, without a deadlock.
 * A child is ended with the deadline around it; none is left behind. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <xie.h>

/* Have sort(1) put the words in order. */
static int sort(const char *words)
{
    struct xie_process_result result = {0};
    struct xie_process_options options = {.argv = (const char *const[]){"sort", NULL},
                                          .in = XIE_PROCESS_PIPE,
                                          .out = XIE_PROCESS_PIPE};
    int error = xie_process_run(&options, words, strlen(words), &result);
    if (!error)
        printf("sorted: %s", result.out);
    xie_process_result_fini(&result);
    return error;
}

/* A shell's pipeline, read line by line while it goes on. */
static int count(void)
{
    struct xie_process *child;
    struct xie_process_options options = {.shell = "for i in 1 2 3; do echo $i; done | tac",
                                          .out = XIE_PROCESS_PIPE};
    char *line;
    int error = xie_process_open(&options, &child);
    if (error)
        return error;
    while (xie_stream_read_line(xie_process_stream(child, 1), &line, NULL) == 1)
        printf("line: %s\n", line);
    xie_process_close(child);
    return 0;
}

static int start(void *arg)
{
    struct xie_process_result result;
    struct xie_process_options endless = {.argv = (const char *const[]){"sleep", "1000", NULL}};
    int error = sort("pear\napple\n");
    (void)arg;
    if (!error)
        error = count();
    XIE_TIMEOUT(10 * XIE_MILLISECOND)
        printf("sleep: %s\n", xie_strerror(xie_process_run(&endless, NULL, 0, &result)));
    return error;
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}

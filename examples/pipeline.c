/* pipeline.c - two programs in a chain, as a shell's `tr | sort`, with this one at both ends.
 * Between them is a pipe that this program only hands out. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>

/* What the chain reads; its end is the end of the first program's input. */
static int feed(void *chain)
{
    static const char words[] = "pear\napple\nfig\n";
    ssize_t written = xie_stream_write(xie_process_stream(chain, 0), words, strlen(words));
    xie_process_close_stream(chain, 0);
    return written < 0 ? (int)written : 0;
}

static int drain(void *chain)
{
    struct xie_stream *out = xie_process_stream(chain, 1);
    char *line;
    while (xie_stream_read_line(out, &line, NULL) == 1)
        printf("%s\n", line);
    return 0;
}

static int start(void *arg)
{
    struct xie_process_options upper = {.shell = "tr a-z A-Z", .in = XIE_PROCESS_PIPE};
    struct xie_process_options sort = {.shell = "sort -r", .out = XIE_PROCESS_PIPE};
    struct xie_process *first = NULL, *last = NULL;
    int between[2], error = pipe2(between, O_CLOEXEC);
    (void)arg;
    if (error)
        return error;
    upper.out = between[1];
    sort.in = between[0];
    error = xie_process_open(&upper, &first);
    if (!error)
        error = xie_process_open(&sort, &last);
    close(between[0]); /* they have it now: while we had it, sort would wait for us */
    close(between[1]);
    if (!error)
        XIE_GROUP(group) { /* both at once: a full pipe holds up neither */
            xie_group_spawn(&group, feed, first);
            xie_group_spawn(&group, drain, last);
        }
    xie_process_close(first);
    xie_process_close(last);
    return error;
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}

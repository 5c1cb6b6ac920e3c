/* timeout.c - one deadline around two calls: no call has a timeout of its own.
 * The first answer comes in time, the second does not; the scope ends both the same way. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <xie.h>

/* Answers the first question at once, and the second too late. */
static int slow_server(void *stream)
{
    char *question;
    for (int i = 0; i < 2 && xie_stream_read_line(stream, &question, NULL) == 1; i++) {
        xie_sleep(i * 10 * XIE_SECOND);
        xie_stream_write(stream, "42\n", 3);
    }
    return 0;
}

static int ask(struct xie_stream *stream, const char *question)
{
    char *answer;
    ssize_t result = xie_stream_write(stream, question, strlen(question));
    if (result >= 0)
        result = xie_stream_read_line(stream, &answer, NULL);
    if (result == 1)
        printf("%.*s %s\n", (int)strcspn(question, "\n"), question, answer);
    return (int)result;
}

static int ask_both(struct xie_stream *stream)
{
    XIE_TIMEOUT(500 * XIE_MILLISECOND) {
        int result = ask(stream, "six times seven?\n");
        if (result < 0)
            return result;
        return ask(stream, "and the question?\n");
    }
    return 0;
}

static int start(void *arg)
{
    struct xie_stream *pair[2] = {arg};
    if (xie_stream_pair(pair))
        return -1;
    struct xie_task *server = xie_spawn(slow_server, pair[1]);
    int result = ask_both(pair[0]);
    printf("and the question? %s\n", result < 0 ? xie_strerror(result) : "answered");
    xie_task_cancel(server);
    xie_join(server);
    xie_stream_close(pair[0]);
    xie_stream_close(pair[1]);
    return 0;
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}

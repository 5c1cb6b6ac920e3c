/* calculator.c - a shell that calculates: asked, and heard, by callbacks.
 * No task waits for its pipes: a protocol is told what it says, and when it has ended. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <xie.h>

static const char *const questions[] = {"6 * 7", "1 << 20", "(1 + 2) * 3"};
enum { COUNT = sizeof questions / sizeof *questions };

static void ask_next(int *asked, struct xie_transport *child)
{
    struct xie_transport *input = xie_subprocess_get_pipe_transport(child, 0);
    if (*asked == COUNT) {
        xie_transport_write_eof(input);
        return;
    }
    const char *question = questions[(*asked)++];
    printf("%s = ", question);
    xie_transport_write(input, question, strlen(question));
    xie_transport_write(input, "\n", 1);
}

static void started(void *asked, struct xie_transport *child)
{
    ask_next(asked, child);
}

static void said(void *asked, struct xie_transport *child, int fd, const char *data, size_t len)
{
    printf("%.*s", (int)len, data);
    if (fd == 1 && data[len - 1] == '\n')
        ask_next(asked, child);
}

static void exited(void *asked, struct xie_transport *child)
{
    struct xie_process_status status = {0};
    xie_subprocess_get_status(child, &status);
    printf("%d answers; it ended with %d\n", *(int *)asked, status.code);
}

static int start(void *arg)
{
    static const struct xie_protocol protocol = {
        .connection_made = started, .pipe_data_received = said, .process_exited = exited};
    struct xie_process_options options = {.shell = "while read -r x; do echo $(($x)); done; exit 3",
                                          .in = XIE_PROCESS_PIPE,
                                          .out = XIE_PROCESS_PIPE};
    struct xie_transport *child;
    int asked = 0, error = xie_subprocess_open(&options, &protocol, &asked, &child);
    (void)arg;
    return error ? error : xie_transport_wait(child);
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}

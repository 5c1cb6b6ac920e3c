/* shutdown.c - a server that ends when it is told to, and politely: after SIGTERM nobody new is
 * accepted; who is being served has a while to come to an end, and is cancelled then. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <xie.h>

static struct xie_server *server;

/* One request: a line that says how long it takes. */
static int serve(struct xie_stream *stream, void *arg)
{
    char *line;
    if (arg || xie_stream_read_line(stream, &line, NULL) != 1)
        return 0;
    int ms = atoi(line), error = xie_sleep(ms * XIE_MILLISECOND);
    printf("a request of %d ms %s\n", ms, error ? "was cut short" : "was served");
    return error;
}

static int ask(void *line)
{
    struct xie_stream *stream;
    struct xie_address place;
    char byte;
    xie_listener_address(xie_server_listener(server, 0), &place);
    if (xie_stream_connect(&place, &stream))
        return -1;
    xie_stream_write(stream, line, 6);
    xie_stream_read(stream, &byte, 1); /* until the server closes it */
    xie_stream_close(stream);
    return 0;
}

static int start(void *arg)
{
    struct xie_signals *signals;
    if (xie_server_new(serve, arg, NULL, &server) ||
        xie_server_listen(server, &(struct xie_listen_options){.host = "127.0.0.1"}) ||
        xie_signals_open((int[]){SIGTERM, SIGINT, 0}, &signals))
        return -1;
    struct xie_task *clients[] = {xie_spawn(ask, "00100\n"), xie_spawn(ask, "60000\n")};
    while (xie_server_counts(server).open < 2)
        xie_sleep(XIE_MILLISECOND);
    raise(SIGTERM); /* as `kill PID` would */
    printf("%s: no new clients\n", xie_signals_wait(signals) == SIGTERM ? "SIGTERM" : "SIGINT");
    xie_server_close(server);
    XIE_TIMEOUT(XIE_SECOND)
        xie_server_wait(server); /* for those that are being served */
    xie_server_free(server);     /* cancels the others, and waits for them */
    xie_signals_close(signals);
    return xie_gather(clients, 2, NULL);
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}

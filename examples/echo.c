/* echo.c - many sockets at once: a server and a hundred clients in one program.
 * A task for each end of each connection; each reads as if it were alone. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <xie.h>

static struct xie_address server;

static int serve_one(void *stream)
{
    char buf[1024];
    ssize_t len;
    while ((len = xie_stream_read(stream, buf, sizeof buf)) > 0)
        xie_stream_write(stream, buf, (size_t)len);
    xie_stream_close(stream);
    return 0;
}

static int serve(void *listener)
{
    struct xie_stream *stream;
    while (xie_listener_accept(listener, &stream) == 0)
        xie_detach(xie_spawn(serve_one, stream));
    return 0;
}

static int client(void *answered)
{
    struct xie_stream *stream;
    char *line;
    int error = xie_stream_connect(&server, &stream);
    if (error)
        return error;
    xie_stream_write(stream, "hello\n", 6);
    if (xie_stream_read_line(stream, &line, NULL) == 1)
        *(int *)answered += !strcmp(line, "hello");
    xie_stream_close(stream);
    return 0;
}

static int start(void *arg)
{
    struct xie_listener *listener = arg;
    int answered = 0;
    if (xie_tcp_listen("127.0.0.1", 0, 0, &listener) || xie_listener_address(listener, &server))
        return -1;
    xie_detach(xie_spawn(serve, listener));
    XIE_GROUP(clients)
        for (int i = 0; i < 100; i++)
            xie_group_spawn(&clients, client, &answered);
    xie_listener_close(listener);
    return printf("%d of 100 clients got their own words back\n", answered);
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}

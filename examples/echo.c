/* echo.c - many sockets at once: a server and a hundred clients in one program.
 * A task for each end of each connection; each reads as if it were alone. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <xie.h>

static struct xie_address place;

/* The server closes the stream when this returns. */
static int echo(struct xie_stream *stream, void *arg)
{
    char buf[1024];
    ssize_t len;
    (void)arg;
    while ((len = xie_stream_read(stream, buf, sizeof buf)) > 0)
        xie_stream_write(stream, buf, (size_t)len);
    return (int)len;
}

static int client(void *answered)
{
    struct xie_stream *stream;
    char *line;
    int error = xie_stream_connect(&place, &stream);
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
    struct xie_server *server = arg;
    int answered = 0;
    int error = xie_server_new(echo, NULL, NULL, &server);
    if (!error)
        error = xie_server_listen(server, &(struct xie_listen_options){.host = "127.0.0.1"});
    if (error)
        return error;
    xie_listener_address(xie_server_listener(server, 0), &place);
    XIE_GROUP(clients)
        for (int i = 0; i < 100; i++)
            xie_group_spawn(&clients, client, &answered);
    xie_server_free(server); /* ends what is still being served */
    return printf("%d of 100 clients got their own words back\n", answered);
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}

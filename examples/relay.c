/* relay.c - the inside of a proxy: two streams joined by two copies, one for each direction.
 * The end of one way does not end the other: the answer comes back all the same. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <xie.h>

struct way {
    struct xie_stream *from, *to;
};

static int relay(void *arg)
{
    struct way *way = arg;
    int64_t count = xie_stream_copy(way->from, way->to, UINT64_MAX);
    return count < 0 ? (int)count : xie_stream_write_eof(way->to);
}

static int count_lines(void *stream)
{
    char *line, answer[32];
    int lines = 0;
    while (xie_stream_read_line(stream, &line, NULL) == 1)
        lines++;
    int len = snprintf(answer, sizeof answer, "%d lines\n", lines);
    xie_stream_write(stream, answer, (size_t)len);
    return xie_stream_write_eof(stream);
}

static int start(void *arg)
{
    (void)arg;
    struct xie_stream *client[2], *server[2]; /* sockets or memory: the same calls */
    char *line;
    if (xie_stream_memory(0, client) || xie_stream_pair(server))
        return -1;
    struct way there = {client[1], server[0]}, back = {server[0], client[1]};
    XIE_GROUP(group) {
        xie_group_spawn(&group, count_lines, server[1]);
        xie_group_spawn(&group, relay, &there);
        xie_group_spawn(&group, relay, &back);
        xie_stream_write(client[0], "one\ntwo\nthree\n", 14);
        xie_stream_write_eof(client[0]);
        if (xie_stream_read_line(client[0], &line, NULL) == 1)
            printf("the answer: %s\n", line);
    }
    printf("relayed %d bytes there and %d back\n", (int)xie_stream_written(server[0]),
           (int)xie_stream_written(client[1]));
    for (int i = 0; i < 2; i++) {
        xie_stream_close(client[i]);
        xie_stream_close(server[i]);
    }
    return 0;
}

int main(void)
{
    return xie_run(start, NULL);
}

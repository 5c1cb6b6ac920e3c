/* libuv.c - libuv's echo: one buffer for all reads, a try to write at once, the rest by request. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

struct rest {
    uv_write_t write;
    char data[];
};

static char buffer[64 * 1024];

static void closed(uv_handle_t *handle)
{
    free(handle);
}

static void allocate(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    (void)handle, (void)size;
    *buf = uv_buf_init(buffer, sizeof buffer);
}

static void received(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf);

static void sent(uv_write_t *write, int status)
{
    if (!status)
        uv_read_start(write->handle, allocate, received);
    free(write); /* the first of its struct */
}

static void received(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    if (len == 0)
        return;
    if (len < 0) {
        uv_close((uv_handle_t *)stream, closed);
        return;
    }
    uv_buf_t part = uv_buf_init(buf->base, (unsigned)len);
    int done = uv_try_write(stream, &part, 1);
    if (done == len)
        return;
    size_t start = done > 0 ? (size_t)done : 0, left = (size_t)len - start;
    struct rest *rest = malloc(sizeof *rest + left);
    if (!rest)
        abort();
    memcpy(rest->data, buf->base + start, left);
    part = uv_buf_init(rest->data, (unsigned)left);
    uv_read_stop(stream); /* until that has gone */
    uv_write(&rest->write, stream, &part, 1, sent);
}

static void connected(uv_stream_t *listener, int status)
{
    uv_tcp_t *client = malloc(sizeof *client);
    if (status || !client)
        abort();
    uv_tcp_init(listener->loop, client);
    uv_accept(listener, (uv_stream_t *)client);
    uv_tcp_nodelay(client, 1);
    uv_read_start((uv_stream_t *)client, allocate, received);
}

int main(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    struct sockaddr_in address;
    int len = sizeof address;
    uv_tcp_init(loop, &listener);
    uv_ip4_addr("127.0.0.1", 0, &address);
    if (uv_tcp_bind(&listener, (struct sockaddr *)&address, 0) ||
        uv_listen((uv_stream_t *)&listener, 4096, connected) ||
        uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &len))
        return 1;
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}

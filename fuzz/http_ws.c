/* http_ws.c - whatever a client may send: to the HTTP server, or as frames of a WebSocket.
 * Runs the whole stack on sim. The first byte says which, and how the rest is cut.
 *
 *   clang -fsanitize=fuzzer,address,undefined … fuzz/http_ws.c   (see fuzz/README.md) */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>
#include <xie/web.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMES = 1, BYTEWISE = 2, ABORT = 4, DEFLATE = 8 };

struct input {
    const uint8_t *data;
    size_t size;
    uint8_t mode;
    struct xie_listener *listener;
};

static const struct xie_http_options limits = {.max_head = 512, .max_body = 256};

static int serve_ws(struct xie_http *http)
{
    const struct xie_ws_options options = {.max_message = 256, .deflate = true, .deflate_least = 1};
    struct xie_ws *ws;
    char *data;
    size_t len;
    int kind = xie_ws_accept(http, &options, &ws);
    if (kind < 0)
        return kind;
    while ((kind = xie_ws_receive(ws, &data, &len)) > 0) {
        /* What was received may be sent, or it was not what it should be. */
        if (len > 256 || data[len] || xie_ws_send(ws, (enum xie_ws_kind)kind, data, len) == -EILSEQ)
            abort();
    }
    xie_ws_free(ws);
    return 0;
}

static int serve_page(struct xie_http *http, void *arg)
{
    char *body;
    (void)arg;
    if (xie_ws_requested(http))
        return serve_ws(http);
    ssize_t len = xie_http_body(http, &body);
    if (len > 256 || (len >= 0 && body[len]) || !*xie_http_path(http))
        abort();
    const char *value = xie_http_query(http, "q");
    xie_http_set_field(http, "X-Query", value ? value : "none");
    return len < 0 ? (int)len : xie_http_answer(http, 200, "text/plain", body, (size_t)len);
}

static int serve(void *arg)
{
    struct input *input = arg;
    return xie_http_serve(input->listener, &limits, serve_page, NULL);
}

static void talk(const struct input *input, struct xie_stream *stream)
{
    static const char opening[] = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    static const char plain[] = "\r\n";
    static const char offer[] = "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    char sink[4096];
    if (input->mode & FRAMES) {
        const char *rest = input->mode & DEFLATE ? offer : plain;
        xie_stream_write(stream, opening, sizeof opening - 1);
        xie_stream_write(stream, rest, strlen(rest));
    }
    size_t step = input->mode & BYTEWISE ? 1 : input->size;
    for (size_t at = 0; at < input->size; at += step) {
        if (xie_stream_write(stream, input->data + at, step) < 0)
            break;
    }
    if (input->mode & ABORT) {
        xie_stream_abort(stream);
        return;
    }
    xie_stream_write_eof(stream);
    while (xie_stream_read(stream, sink, sizeof sink) > 0)
        ;
    xie_stream_close(stream);
}

static int run(void *arg)
{
    struct input *input = arg;
    struct xie_address address;
    struct xie_stream *stream;
    if (xie_tcp_listen("127.0.0.1", 0, 0, &input->listener) < 0)
        abort();
    xie_listener_address(input->listener, &address);
    struct xie_task *server = xie_spawn(serve, input);
    if (xie_stream_connect(&address, &stream) < 0)
        abort();
    talk(input, stream);
    xie_sleep(XIE_MINUTE); /* of virtual time: every connection ends by itself */
    if (xie_task_count() > 2)
        abort();
    xie_task_cancel(server);
    xie_join(server);
    xie_listener_close(input->listener);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xie_loop_options options = {.backend = "sim", .seed = 1};
    if (!size)
        return 0;
    struct input input = {data + 1, size - 1, data[0], NULL};
    if (xie_run_with(&options, run, &input) < 0)
        abort();
    return 0;
}

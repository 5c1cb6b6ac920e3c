/* http_answer.c - whatever a server may answer: to the HTTP client, whole and in pieces.
 * Runs the client on sim. The first byte says how it asks, and how the rest is cut.
 *
 *   clang -fsanitize=fuzzer,address,undefined … fuzz/http_answer.c   (see fuzz/README.md) */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>
#include <xie/http.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STREAM = 1, BYTEWISE = 2, HEAD = 4, UPLOAD = 8, MAX_BODY = 256 };

struct input {
    const uint8_t *data;
    size_t size;
    uint8_t mode;
    uint16_t port;
    struct xie_listener *listener;
};

/* Each connection: what a client sends is read up to a first head, then it is told the input. */
static void tell(const struct input *input, struct xie_stream *stream)
{
    char *head;
    if (xie_stream_read_until(stream, "\r\n\r\n", 4, &head) <= 0)
        return;
    size_t step = input->mode & BYTEWISE ? 1 : input->size;
    for (size_t at = 0; at < input->size; at += step) {
        if (xie_stream_write(stream, input->data + at, step) < 0)
            return;
    }
}

static int serve(void *arg)
{
    const struct input *input = arg;
    struct xie_stream *stream;
    while (!xie_listener_accept(input->listener, &stream)) {
        tell(input, stream);
        xie_stream_close(stream);
    }
    return 0;
}

static ssize_t pieces(void *arg, void *buf, size_t cap)
{
    int *left = arg;
    memset(buf, 'u', cap);
    return (*left)-- > 0 ? (ssize_t)cap : 0;
}

/* What was received may be received, or it was not what it should be. */
static void look(struct xie_http_response *response)
{
    struct xie_http_field field;
    char piece[16], *body;
    ssize_t first = xie_http_response_read(response, piece, sizeof piece);
    ssize_t len = xie_http_response_body(response, &body);
    if (first > (ssize_t)sizeof piece || len > MAX_BODY || (len >= 0 && body[len]))
        abort();
    for (size_t i = 0; xie_http_response_field_at(response, i, &field); i++) {
        if (!*field.name || strpbrk(field.value, "\r\n") ||
            !xie_http_response_field(response, field.name, 0))
            abort();
    }
    int status = xie_http_response_status(response);
    if (status < 200 || status > 999)
        abort();
}

static void ask(struct xie_http_client *client, const struct input *input)
{
    char url[] = "http://127.0.0.1:00000/a/b?c";
    int left = 3;
    struct xie_http_response *response = NULL;
    for (unsigned at = 0, port = input->port; at < 5; at++, port /= 10)
        url[21 - at] = (char)('0' + port % 10);
    struct xie_http_request request = {.url = url,
                                       .method = input->mode & HEAD ? "HEAD" : NULL,
                                       .stream = input->mode & STREAM,
                                       .max_head = 512,
                                       .max_body = MAX_BODY};
    if (input->mode & UPLOAD) {
        request.source = pieces;
        request.source_arg = &left;
    }
    if (xie_http_fetch(client, &request, &response) < 0) {
        if (response)
            abort();
        return;
    }
    look(response);
    xie_http_response_free(response);
}

static int run(void *arg)
{
    struct input *input = arg;
    struct xie_address address;
    struct xie_http_client *client;
    size_t idle;
    if (xie_tcp_listen("127.0.0.1", 0, 0, &input->listener) < 0 ||
        xie_http_client_open(NULL, &client) < 0)
        abort();
    xie_listener_address(input->listener, &address);
    input->port = xie_address_port(&address);
    struct xie_task *server = xie_spawn(serve, input);
    for (int i = 0; i < 2; i++) {
        XIE_TIMEOUT(XIE_MINUTE) { /* of virtual time */
            ask(client, input);
        }
        if (xie_http_client_count(client, &idle) != idle)
            abort();
    }
    xie_http_client_close(client);
    xie_task_cancel(server);
    xie_join(server);
    xie_listener_close(input->listener);
    if (xie_task_count() > 1)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xie_loop_options options = {.backend = "sim", .seed = 1};
    if (!size)
        return 0;
    struct input input = {.data = data + 1, .size = size - 1, .mode = data[0]};
    if (xie_run_with(&options, run, &input) < 0)
        abort();
    return 0;
}

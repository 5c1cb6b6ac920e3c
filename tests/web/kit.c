/* kit.c - a server and its client in one process, on a port that the kernel chose. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "web/handshake.h"

uint16_t kit_port;
struct xie_listener *kit_listener;
int kit_served;
bool kit_done;

struct run {
    xie_http_handler *handler;
    const struct xie_http_options *options;
    int (*client)(void);
};

static int serve(void *arg)
{
    struct run *run = arg;
    kit_served = xie_http_serve(kit_listener, run->options, run->handler, NULL);
    kit_done = true;
    return 0;
}

static uint16_t port_of(struct xie_listener *listener)
{
    struct xie_address address = {0};
    CHECK_EQ(xie_listener_address(listener, &address), 0);
    return xie_address_port(&address);
}

static int with_server(void *arg)
{
    struct run *run = arg;
    int err = xie_tcp_listen("127.0.0.1", 0, 0, &kit_listener);
    REQUIRE(err == 0);
    kit_port = port_of(kit_listener);
    struct xie_task *server = xie_spawn(serve, run);
    xie_sleep(0);
    err = run->client();
    /* Connections that the client ended may end by themselves before the others are cut. */
    for (int i = 0; i < 50 && xie_task_count() > 2; i++)
        xie_sleep(10 * XIE_MILLISECOND);
    xie_task_cancel(server);
    XIE_SHIELD {
        CHECK_EQ(xie_join(server), 0);
    }
    CHECK(kit_done);
    CHECK_EQ(xie_task_count(), 1);
    xie_listener_close(kit_listener);
    return err;
}

void kit_run(xie_http_handler *handler, const struct xie_http_options *options, int (*client)(void))
{
    struct run run = {handler, options, client};
    size_t before = xie_alloc_live();
    CHECK_EQ(xie_run(with_server, &run), 0);
    CHECK_EQ(xie_alloc_live(), before);
}

static int alone(void *arg)
{
    struct run *run = arg;
    return run->client();
}

void kit_alone(int (*fn)(void))
{
    struct run run = {.client = fn};
    size_t before = xie_alloc_live();
    CHECK_EQ(xie_run(alone, &run), 0);
    CHECK_EQ(xie_alloc_live(), before);
}

struct xie_stream *kit_open(void)
{
    struct xie_stream *stream = NULL;
    int err = xie_tcp_connect("127.0.0.1", kit_port, &stream);
    CHECK_EQ(err, 0);
    REQUIRE(stream);
    return stream;
}

void kit_put_bytes(struct xie_stream *stream, const void *data, size_t len)
{
    CHECK_EQ(xie_stream_write(stream, data, len), len);
}

void kit_put(struct xie_stream *stream, const char *text)
{
    kit_put_bytes(stream, text, strlen(text));
}

char *kit_rest(struct xie_stream *stream, size_t *len)
{
    size_t used = 0, cap = 1 << 16;
    char *text = malloc(cap);
    REQUIRE(text);
    for (ssize_t n; (n = xie_stream_read(stream, text + used, cap - used - 1)) > 0;) {
        used += (size_t)n;
        if (cap - used > 1)
            continue;
        text = realloc(text, cap *= 2);
        REQUIRE(text);
    }
    text[used] = 0;
    if (len)
        *len = used;
    return text;
}

char *kit_ask_bytes(const void *data, size_t len)
{
    struct xie_stream *stream = kit_open();
    /* The server may have had enough before all of it came. */
    xie_stream_write(stream, data, len);
    xie_stream_write_eof(stream);
    char *text = kit_rest(stream, NULL);
    xie_stream_close(stream);
    return text;
}

char *kit_ask(const char *text)
{
    return kit_ask_bytes(text, strlen(text));
}

int kit_status(const char *text)
{
    int status = 0;
    return sscanf(text, "HTTP/1.1 %3d ", &status) == 1 ? status : 0;
}

int kit_answers(const char *text)
{
    int count = 0;
    while ((text = strstr(text, "HTTP/1.1 "))) {
        count++;
        text++;
    }
    return count;
}

const char *kit_body(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    return end ? end + 4 : "(no end of the head)";
}

/* --- servers that say what they should not ------------------------------------------ */

const char kit_accept[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n";

void kit_fake_open(struct kit_fake *fake)
{
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &fake->listener) == 0);
    fake->port = port_of(fake->listener);
}

static void make_proof(const char *request, char proof[XIE_WS_ACCEPT])
{
    static const char name[] = "Sec-WebSocket-Key: ";
    const char *key = strstr(request, name);
    *proof = 0;
    if (key)
        CHECK_EQ(xie_ws_proof(key + strlen(name), proof), 0);
}

static void speak(struct kit_fake *fake, struct xie_stream *stream)
{
    char proof[XIE_WS_ACCEPT];
    make_proof(fake->request, proof);
    const char *mark = strstr(fake->answer, "%s");
    size_t first = mark ? (size_t)(mark - fake->answer) : strlen(fake->answer);
    xie_stream_write(stream, fake->answer, first);
    if (mark) {
        xie_stream_write(stream, proof, strlen(proof));
        xie_stream_write(stream, mark + 2, strlen(mark + 2));
    }
    if (fake->then_len)
        xie_stream_write(stream, fake->then, fake->then_len);
}

int kit_fake_serve(void *arg)
{
    struct kit_fake *fake = arg;
    struct xie_stream *stream;
    char *head;
    int err = xie_listener_accept(fake->listener, &stream);
    if (err < 0)
        return 0;
    ssize_t len = xie_stream_read_until(stream, "\r\n\r\n", 4, &head);
    if (len > 0 && (size_t)len < sizeof fake->request) {
        memcpy(fake->request, head, (size_t)len);
        fake->request[len] = 0;
    }
    if (len > 0)
        speak(fake, stream);
    if (fake->hold)
        free(kit_rest(stream, NULL));
    xie_stream_close(stream);
    return 0;
}

void kit_fake_close(struct kit_fake *fake)
{
    xie_listener_close(fake->listener);
}

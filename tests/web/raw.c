/* raw.c - a server that says what it was told to, byte for byte, one connection after the other. */
/* SPDX-License-Identifier: MIT */
#include "raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note(struct raw *raw, const char *data, size_t len)
{
    if (len > RAW_LOG - 1 - raw->logged)
        len = RAW_LOG - 1 - raw->logged;
    memcpy(raw->log + raw->logged, data, len);
    raw->logged += len;
    raw->log[raw->logged] = 0;
}

/* Let the other side read what it has. */
static void breathe(void)
{
    for (int i = 0; i < 3; i++)
        xie_sleep(0);
}

static void say(struct raw *raw, struct xie_stream *stream, const char *text, size_t len)
{
    size_t first = raw->split && raw->split < len ? raw->split : len;
    if (raw->bytewise) {
        for (size_t i = 0; i < len; i++) {
            xie_stream_write(stream, text + i, 1);
            breathe();
        }
        return;
    }
    xie_stream_write(stream, text, first);
    if (first == len)
        return;
    breathe();
    xie_stream_write(stream, text + first, len - first);
}

static void hear_out(struct raw *raw, struct xie_stream *stream)
{
    char data[4096];
    for (ssize_t n; (n = xie_stream_read(stream, data, sizeof data)) > 0;)
        note(raw, data, (size_t)n);
}

static void play(struct raw *raw, const struct raw_script *script, struct xie_stream *stream)
{
    for (int i = 0; i < RAW_ANSWERS && script->answers[i]; i++) {
        char *head;
        if (i && script->gated)
            xie_event_wait(&raw->gate);
        ssize_t n = script->deaf ? 1 : xie_stream_read_until(stream, "\r\n\r\n", 4, &head);
        if (n <= 0)
            break;
        if (!script->deaf)
            note(raw, head, (size_t)n);
        say(raw, stream, script->answers[i],
            !i && script->len ? script->len : strlen(script->answers[i]));
        raw->said++;
    }
    if (script->stuck)
        xie_event_wait(&raw->gate);
    if (script->hold)
        hear_out(raw, stream);
}

static int serve(void *arg)
{
    struct raw *raw = arg;
    struct xie_stream *stream;
    for (const struct raw_script *script = raw->scripts; script->answers[0]; script++) {
        if (xie_listener_accept(raw->listener, &stream) < 0)
            return 0;
        raw->connections++;
        play(raw, script, stream);
        if (script->reset)
            xie_stream_abort(stream);
        else
            xie_stream_close(stream);
    }
    return 0;
}

void raw_open(struct raw *raw)
{
    struct xie_address address;
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &raw->listener) == 0);
    REQUIRE(xie_listener_address(raw->listener, &address) == 0);
    raw->port = xie_address_port(&address);
    raw->log = calloc(1, RAW_LOG);
    REQUIRE(raw->log);
    raw->task = xie_spawn(serve, raw);
    REQUIRE(raw->task);
}

void raw_settle(const struct raw *raw, int said)
{
    while (raw->said < said && !xie_sleep(XIE_MILLISECOND))
        continue;
    /* The kernel's loopback delivers at once; sim takes its time, which costs nothing. */
    if (!strcmp(xie_loop_backend(xie_loop_current()), "sim"))
        xie_sleep(XIE_SECOND);
}

void raw_close(struct raw *raw)
{
    xie_task_cancel(raw->task);
    XIE_SHIELD
        xie_join(raw->task);
    xie_listener_close(raw->listener);
    free(raw->log);
    raw->log = NULL;
}

const char *raw_url(const struct raw *raw, const char *path)
{
    static char urls[4][256];
    static unsigned turn;
    char *url = urls[turn++ % 4];
    snprintf(url, sizeof urls[0], "http://127.0.0.1:%u%s", raw->port, path);
    return url;
}

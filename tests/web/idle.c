/* idle.c - what a connection that waits holds: little memory, and one page of its stack. */
/* SPDX-License-Identifier: MIT */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kit.h"

/* Some are made before one looks: what a process does once is done then, and what a loader's first
 * look at a function takes of a stack. */
enum { BEFORE = 20, MORE = 40, ALL = BEFORE + MORE };

static char *frames[ALL]; /* of the handlers */
static int count;

static void answer_one(struct xie_http *http)
{
    frames[count++ % ALL] = __builtin_frame_address(0);
    xie_http_answer(http, 200, "text/plain", "hello", 5);
}

static int serve(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    int kind;
    (void)arg;
    if (!xie_ws_requested(http)) {
        answer_one(http);
        return 0;
    }
    int error = xie_ws_accept(http, NULL, &ws);
    if (error < 0)
        return error;
    frames[count++ % ALL] = __builtin_frame_address(0);
    while ((kind = xie_ws_receive(ws, &data, &len)) > 0)
        xie_ws_send(ws, (enum xie_ws_kind)kind, data, len);
    xie_ws_free(ws);
    return 0;
}

static size_t held(void)
{
    return mallinfo2().uordblks;
}

static void need_a_view(void)
{
    const char *backend = getenv("XIE_BACKEND");
    if (backend && !strcmp(backend, "sim"))
        tap_skip("what the simulated sockets hold is in the same memory");
    if (!held())
        tap_skip("an allocator that does not tell");
}

/* Of the last handlers, how many hold a page below the one that they began in? */
static int deeper(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int found = 0;
    for (int i = BEFORE; i < ALL; i++) {
        unsigned char resident = 0;
        char *below = frames[i] - (uintptr_t)frames[i] % page - page;
        CHECK_EQ(mincore(below, page, &resident), 0);
        found += resident & 1;
    }
    return found;
}

/* open makes the connection and talks on it once. */
static void hold(void *(*open)(void), void (*close)(void *), size_t most)
{
    void *all[ALL];
    size_t before = 0;
    count = 0;
    for (int i = 0; i < ALL; i++) {
        if (i == BEFORE)
            before = held();
        all[i] = open();
    }
    size_t each = (held() - before) / MORE;
    printf("# %zu bytes each, both ends; %d of %d hold a second page\n", each, deeper(), MORE);
    CHECK(each > 0 && each <= most);
    CHECK_EQ(count, ALL);
#ifdef __OPTIMIZE__
    CHECK(deeper() <= MORE / 4);
#endif
    for (int i = 0; i < ALL; i++)
        close(all[i]);
}

static void *open_http(void)
{
    struct xie_stream *stream = kit_open();
    char answer[512];
    kit_put(stream, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(xie_stream_read(stream, answer, sizeof answer) > 0);
    return stream;
}

static void close_http(void *stream)
{
    xie_stream_close(stream);
}

static void *open_ws(void)
{
    char url[64], *data;
    size_t len;
    struct xie_ws *ws = NULL;
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", kit_port);
    REQUIRE(!xie_ws_connect(url, NULL, NULL, &ws));
    /* Whole pings and pongs are no reason for a parser. */
    CHECK_EQ(xie_ws_ping(ws), 0);
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "hello", 5), 0);
    CHECK_EQ(xie_ws_receive(ws, &data, &len), XIE_WS_TEXT);
    return ws;
}

static void close_ws(void *ws)
{
    xie_ws_free(ws);
}

static int requests(void)
{
    hold(open_http, close_http, 4000);
    return 0;
}

static int websockets(void)
{
    hold(open_ws, close_ws, 7500);
    return 0;
}

static void an_idle_connection(void)
{
    need_a_view();
    kit_run(serve, NULL, requests);
}

static void an_idle_websocket(void)
{
    need_a_view();
    kit_run(serve, NULL, websockets);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"an idle connection", an_idle_connection},
        {"an idle WebSocket", an_idle_websocket},
        {0},
    };
    return tap_main(argc, argv, tests);
}

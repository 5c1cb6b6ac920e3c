/* load.c - the windows of a load generator: requests are sent, replies counted, times taken.
 * One thread, one epoll set for each server; what a window leaves outstanding is waited for. */
/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load_connect.h"
#include "load_histogram.h"

enum { BUFFER = 1 << 18, EVENTS = 256, STILL_SECONDS = 5, DRAIN_SECONDS = 30 };

static const int64_t second = 1000000000;

struct window {
    struct load_protocol *protocol;
    struct load_server *server;
    int64_t start, end, last; /* last: when something was answered */
    double interval;          /* between two requests of the whole window [ns]; 0: closed loop */
    uint64_t scheduled;       /* how many of the paced requests were due */
    uint64_t outstanding;     /* wanted, and not answered */
    uint64_t answered;
    bool draining;
    struct load_histogram latencies;
};

static char buffer[BUFFER];
static char *pipeline; /* the request, depth times */

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * second + time.tv_nsec;
}

/* When the next unanswered request of a connection was to be sent: by the plan, however late it
 * was really sent (so that a server that stalls does not hide the wait of those behind). */
static int64_t due(const struct window *window, const struct load_connection *connection)
{
    if (window->interval <= 0)
        return connection->since[connection->answered % window->protocol->depth];
    size_t place = (size_t)(connection - window->server->connections);
    double turn = (double)(connection->answered * window->server->count + place);
    return window->start + (int64_t)(turn * window->interval);
}

static void broken(struct window *window, struct load_connection *connection)
{
    epoll_ctl(window->server->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    connection->broken = true;
}

static void watch(struct window *window, struct load_connection *connection, bool writing)
{
    struct epoll_event event = {EPOLLIN | (writing ? EPOLLOUT : 0), {.ptr = connection}};
    epoll_ctl(window->server->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

/* Write what was begun; it goes on when the socket takes more. */
static void flush(struct window *window, struct load_connection *connection)
{
    struct load_protocol *protocol = window->protocol;
    while (connection->unsent && !connection->broken) {
        size_t past = connection->unsent % protocol->request_len;
        const char *from = pipeline + (past ? protocol->request_len - past : 0);
        size_t most = protocol->request_len * protocol->depth - (size_t)(from - pipeline);
        size_t len = connection->unsent < most ? connection->unsent : most;
        ssize_t sent = protocol->write ? protocol->write(connection, from, len)
                                       : send(connection->fd, from, len, MSG_NOSIGNAL);
        if (sent > 0)
            connection->unsent -= (size_t)sent;
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            broken(window, connection);
        if (sent < 0 && errno == EAGAIN) {
            watch(window, connection, true);
            return;
        }
    }
}

/* Send what is wanted, as far as the depth allows, in one write. */
static void send_wanted(struct window *window, struct load_connection *connection)
{
    size_t depth = window->protocol->depth;
    uint64_t room = depth - (connection->sent - connection->answered);
    uint64_t more = connection->wanted - connection->sent;
    more = more < room ? more : room;
    if (!more || connection->broken)
        return;
    int64_t now = window->interval > 0 ? 0 : now_ns();
    for (uint64_t i = 0; i < more; i++)
        connection->since[(connection->sent + i) % depth] = now;
    connection->sent += more;
    bool idle = !connection->unsent;
    connection->unsent += more * window->protocol->request_len;
    if (idle)
        flush(window, connection);
}

/* Whole replies within these bytes, where all are of one length and begin alike; -1: one does
 * not. */
static int count_replies(struct load_protocol *protocol, struct load_connection *connection,
                         const char *buf, size_t len)
{
    size_t whole = protocol->reply_len[connection->server];
    int count = 0;
    for (size_t past = 0; past < len;) {
        size_t part = whole - connection->at < len - past ? whole - connection->at : len - past;
        for (size_t i = connection->at; i < protocol->expect_len && i < connection->at + part; i++)
            if (buf[past + i - connection->at] != protocol->expect[i])
                return -1;
        past += part;
        connection->at = (connection->at + part) % whole;
        count += connection->at == 0;
    }
    return count;
}

static void answered(struct window *window, struct load_connection *connection, int count)
{
    int64_t now = now_ns();
    if (count < 0 || connection->answered + (uint64_t)count > connection->sent) {
        broken(window, connection); /* what was not asked for */
        return;
    }
    for (int i = 0; i < count; i++) {
        load_histogram_add(&window->latencies, now - due(window, connection));
        connection->answered++;
    }
    window->answered += (uint64_t)count;
    window->outstanding -= (uint64_t)count;
    window->last = now;
    if (window->interval <= 0 && !window->draining) {
        connection->wanted += (uint64_t)count;
        window->outstanding += (uint64_t)count;
    }
    send_wanted(window, connection);
}

static void receive(struct window *window, struct load_connection *connection)
{
    struct load_protocol *protocol = window->protocol;
    ssize_t len = protocol->read ? protocol->read(connection, buffer, sizeof buffer)
                                 : recv(connection->fd, buffer, sizeof buffer, 0);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len <= 0) {
        broken(window, connection);
        return;
    }
    int count = protocol->feed ? protocol->feed(connection, buffer, (size_t)len)
                               : count_replies(protocol, connection, buffer, (size_t)len);
    if (count)
        answered(window, connection, count);
}

/* Paced: give every request whose time has come to its connection; when the next one is due. */
static int64_t schedule(struct window *window)
{
    for (;;) {
        int64_t when = window->start + (int64_t)((double)window->scheduled * window->interval);
        if (when >= window->end)
            return INT64_MAX;
        if (when > now_ns())
            return when;
        size_t place = window->scheduled++ % window->server->count;
        struct load_connection *connection = &window->server->connections[place];
        connection->wanted++;
        window->outstanding++;
        send_wanted(window, connection);
    }
}

static void wait_until(struct window *window, int64_t when)
{
    struct epoll_event events[EVENTS];
    int64_t left = when - now_ns();
    left = left < 0 ? 0 : left > second ? second : left;
    struct timespec timeout = {left / second, left % second};
    int count = epoll_pwait2(window->server->epoll, events, EVENTS, &timeout, NULL);
    for (int i = 0; i < count; i++) {
        struct load_connection *connection = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) {
            watch(window, connection, false);
            flush(window, connection);
        }
        if (events[i].events & ~(uint32_t)EPOLLOUT && !connection->broken)
            receive(window, connection);
    }
}

static void begin(struct window *window)
{
    struct load_server *server = window->server;
    for (size_t i = 0; i < server->count; i++) {
        struct load_connection *connection = &server->connections[i];
        connection->wanted = connection->sent = connection->answered = 0;
        if (window->interval <= 0) {
            connection->wanted = window->protocol->depth;
            window->outstanding += connection->wanted;
            send_wanted(window, connection);
        }
    }
}

/* One window on one server, and then until everything is answered. What is not is lost. */
static void play(struct load_protocol *protocol, struct load_server *server, int64_t length,
                 double rate)
{
    static struct window window;
    window = (struct window){.protocol = protocol, .server = server};
    window.interval = rate > 0 ? (double)second / rate : 0;
    window.start = window.last = now_ns();
    window.end = window.start + length;
    begin(&window);
    for (int64_t now = window.start; now < window.end; now = now_ns()) {
        int64_t next = window.interval > 0 ? schedule(&window) : INT64_MAX;
        wait_until(&window, next < window.end ? next : window.end);
    }
    window.draining = true;
    for (int64_t now = window.end;
         window.outstanding && now < window.last + STILL_SECONDS * second &&
         now < window.end + DRAIN_SECONDS * second;
         now = now_ns())
        wait_until(&window, now + second / 10);
    struct load_histogram *all = &window.latencies;
    printf("played %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
           "\n",
           window.answered, window.outstanding, window.last - window.start,
           load_histogram_at(all, 0.5), load_histogram_at(all, 0.99), load_histogram_at(all, 0.999),
           all->most);
}

static int make_pipeline(const struct load_protocol *protocol)
{
    pipeline = malloc(protocol->request_len * protocol->depth);
    for (size_t i = 0; pipeline && i < protocol->depth; i++)
        memcpy(pipeline + i * protocol->request_len, protocol->request, protocol->request_len);
    return pipeline ? 0 : -1;
}

/* One command of the harness; false: it is none, or it failed. */
static bool obey(struct load_protocol *protocol, struct load_servers *servers, const char *line)
{
    char word[8];
    size_t index;
    long long ms = 0;
    double rate = 0;
    if (sscanf(line, "%7s %zu %lld %lf", word, &index, &ms, &rate) < 2 || index >= servers->count)
        return false;
    struct load_server *server = &servers->each[index];
    if (!strcmp(word, "open")) {
        if (load_open(protocol, server))
            return false;
        printf("opened %zu\n", server->count);
    } else if (!strcmp(word, "play") && server->count) {
        play(protocol, server, ms * 1000000, rate);
    } else if (!strcmp(word, "close")) {
        load_close(protocol, server);
        printf("closed\n");
    } else {
        return false;
    }
    return fflush(stdout) == 0;
}

int load_main(int argc, char **argv, struct load_protocol *protocol)
{
    struct load_servers servers = {0};
    char line[256];
    int code = load_arguments(argc, argv, protocol, &servers);
    if (code)
        return code;
    if (make_pipeline(protocol))
        return 1;
    prctl(PR_SET_TIMERSLACK, 1UL);
    while (!code && fgets(line, sizeof line, stdin))
        if (!obey(protocol, &servers, line)) {
            fprintf(stderr, "%s: could not: %s", argv[0], line);
            code = 1;
        }
    load_end(protocol, &servers);
    free(pipeline);
    return code;
}

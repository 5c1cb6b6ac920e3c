/* load.c - windows of requests on a server's connections.
 * In a window each connection has `depth` requests under way; at its end none: so the processor
 * time of a window is that of its requests. Or, at a rate, each is sent when it is its time. */
/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PERIOD = 65521,        /* of the bytes sent: no power of two, so that none is missed */
    AT_ONCE = 1024 * 1024, /* bytes of one call */
    EVENTS = 512,          /* of one wait */
    HELLO = 16,            /* bytes of the first echo */
    UNDER_WAY_MOST = 4096, /* requests of a connection, at a rate */
    SILENCE_MS = 10000     /* a connection that says nothing for so long is never answered */
};

/* Offsets count the bytes since the window began. */
struct connection {
    int fd;
    uint32_t phase;             /* where in the period offset 0 is */
    uint64_t asked, sent, came; /* sent <= asked, came <= sent */
    int64_t *since;             /* when each request under way was (to be) sent: a ring */
};

static unsigned char pattern[PERIOD + AT_ONCE], heard[AT_ONCE];

static void fill_pattern(void)
{
    uint32_t state = 1;
    for (size_t i = 0; i < PERIOD; i++)
        pattern[i] = (unsigned char)((state = state * 1664525 + 1013904223) >> 24);
    for (size_t i = PERIOD; i < sizeof pattern; i++)
        pattern[i] = pattern[i - PERIOD];
}

static const unsigned char *bytes_at(const struct connection *connection, uint64_t offset)
{
    return pattern + (connection->phase + offset) % PERIOD;
}

/* --- connecting --------------------------------------------------------------------- */

static void hear_first(struct server *server, struct connection *connection)
{
    char back[HELLO];
    struct timeval limit = {.tv_sec = SILENCE_MS / 1000};
    setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (send(connection->fd, pattern, HELLO, MSG_NOSIGNAL) != HELLO ||
        recv(connection->fd, back, HELLO, MSG_WAITALL) != HELLO || memcmp(back, pattern, HELLO))
        void_run("%s: no first echo", server->name);
}

static void connect_one(struct server *server, struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(server->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof address))
        void_run("%s: connect: %s", server->name, strerror(errno));
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    hear_first(server, connection);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, connection->fd, &event))
        void_run("epoll_ctl: %s", strerror(errno));
}

void load_connect(struct server *server, const struct plan *plan)
{
    if (!pattern[1])
        fill_pattern();
    size_t room = plan->rate > 0 ? UNDER_WAY_MOST : (size_t)plan->depth;
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->connections = calloc((size_t)plan->connections, sizeof *server->connections);
    if (server->epoll < 0 || !server->connections)
        void_run("no epoll, or no memory");
    for (int i = 0; i < plan->connections; i++) {
        struct connection *connection = &server->connections[i];
        connection->phase = (uint32_t)i * 7919 % PERIOD;
        connect_one(server, connection);
        connection->since = plan->latency ? calloc(room, sizeof *connection->since) : NULL;
        if (plan->latency && !connection->since)
            void_run("no memory");
    }
}

/* --- a window ----------------------------------------------------------------------- */

struct window {
    struct server *server;
    const struct plan *plan;
    int64_t end;
    uint64_t asked, answered; /* requests */
    size_t room;              /* of `since` */
    int next;                 /* connection, at a rate */
};

static void send_asked(struct window *window, struct connection *connection)
{
    while (connection->sent < connection->asked) {
        uint64_t len = connection->asked - connection->sent;
        ssize_t sent = send(connection->fd, bytes_at(connection, connection->sent),
                            len < AT_ONCE ? len : AT_ONCE, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN)
            return;
        if (sent <= 0)
            void_run("%s: send: %s", window->server->name, strerror(errno));
        connection->sent += (uint64_t)sent;
    }
}

/* One request more, that counts from `since`. */
static void ask(struct window *window, struct connection *connection, int64_t since)
{
    if (window->plan->latency)
        connection->since[connection->asked / window->plan->size % window->room] = since;
    connection->asked += window->plan->size;
    window->asked++;
}

static void keep_time(struct server *server, int64_t ns)
{
    if (server->time_count == server->time_cap) {
        server->time_cap = server->time_cap ? server->time_cap * 2 : 1 << 16;
        server->times = realloc(server->times, server->time_cap * sizeof *server->times);
        if (!server->times)
            void_run("no memory");
    }
    server->times[server->time_count++] = (double)ns;
}

/* Requests from..to of a connection were answered. */
static void answered(struct window *window, struct connection *connection, uint64_t from,
                     uint64_t to)
{
    const struct plan *plan = window->plan;
    if (from == to)
        return;
    int64_t now = plan->latency || plan->rate <= 0 ? now_ns() : 0;
    window->answered += to - from;
    for (uint64_t i = from; plan->latency && i < to; i++)
        keep_time(window->server, now - connection->since[i % window->room]);
    for (uint64_t i = from; plan->rate <= 0 && now < window->end && i < to; i++)
        ask(window, connection, now);
}

static void hear(struct window *window, struct connection *connection)
{
    for (size_t most = AT_ONCE;;) {
        ssize_t len = recv(connection->fd, heard, most, MSG_DONTWAIT);
        if (len < 0 && errno == EAGAIN)
            return;
        if (len <= 0)
            void_run("%s: a connection was closed", window->server->name);
        if (connection->came + (uint64_t)len > connection->sent ||
            memcmp(heard, bytes_at(connection, connection->came), (size_t)len))
            void_run("%s: other bytes came back than were sent", window->server->name);
        uint64_t from = connection->came / window->plan->size;
        connection->came += (uint64_t)len;
        answered(window, connection, from, connection->came / window->plan->size);
        send_asked(window, connection);
        if ((size_t)len < most)
            return;
    }
}

/* Until it is time for the next request, at a rate [ms] */
static int send_due(struct window *window, int64_t start)
{
    const struct plan *plan = window->plan;
    for (int64_t now = now_ns();;) {
        int64_t due = start + (int64_t)((double)window->asked * 1e9 / plan->rate);
        if (due >= window->end)
            return SILENCE_MS;
        if (due > now && due > (now = now_ns()))
            return (int)((due - now) / 1000000);
        struct connection *connection = &window->server->connections[window->next];
        window->next = (window->next + 1) % plan->connections;
        if (connection->asked - connection->came >= UNDER_WAY_MOST * plan->size)
            void_run("%s: %d requests of a connection are under way", window->server->name,
                     UNDER_WAY_MOST);
        ask(window, connection, due);
        send_asked(window, connection);
    }
}

static void begin(struct window *window)
{
    const struct plan *plan = window->plan;
    for (int i = 0; i < plan->connections; i++) {
        struct connection *connection = &window->server->connections[i];
        connection->phase = (uint32_t)((connection->phase + connection->came) % PERIOD);
        connection->asked = connection->sent = connection->came = 0;
        for (int k = 0; plan->rate <= 0 && k < plan->depth; k++)
            ask(window, connection, now_ns());
        send_asked(window, connection);
    }
}

/* return events; 0 at the end of the time */
static int wait_events(const struct window *window, struct epoll_event *events, int timeout_ms)
{
    int count = epoll_wait(window->server->epoll, events, EVENTS, timeout_ms);
    if (count < 0 && errno != EINTR)
        void_run("epoll_wait: %s", strerror(errno));
    if (!count && timeout_ms == SILENCE_MS)
        void_run("%s: %llu requests were never answered", window->server->name,
                 (unsigned long long)(window->asked - window->answered));
    return count;
}

void load_play(struct server *server, const struct plan *plan)
{
    struct epoll_event events[EVENTS];
    int64_t cpu = server_cpu(server), start = now_ns();
    struct window window = {.server = server,
                            .plan = plan,
                            .end = start + plan->ns,
                            .room = plan->rate > 0 ? UNDER_WAY_MOST : (size_t)plan->depth};
    begin(&window);
    for (;;) {
        int timeout_ms = plan->rate > 0 ? send_due(&window, start) : SILENCE_MS;
        bool over = plan->rate <= 0 || timeout_ms == SILENCE_MS;
        if (over && window.answered == window.asked)
            break;
        int count = wait_events(&window, events, timeout_ms);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (events[i].events & ~(uint32_t)EPOLLOUT)
                hear(&window, connection);
            send_asked(&window, connection);
        }
    }
    server->requests += window.answered;
    *server->each++ = (double)(server_cpu(server) - cpu) / (double)window.answered;
}

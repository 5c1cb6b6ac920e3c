/* libevent.c - libevent's echo: bufferevents, whose input is moved to the output. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static void received(struct bufferevent *client, void *arg)
{
    (void)arg;
    evbuffer_add_buffer(bufferevent_get_output(client), bufferevent_get_input(client));
}

static void happened(struct bufferevent *client, short what, void *arg)
{
    (void)what, (void)arg;
    bufferevent_free(client);
}

static void connected(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int len, void *base)
{
    int on = 1;
    (void)listener, (void)address, (void)len;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct bufferevent *client = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!client)
        abort();
    bufferevent_setcb(client, received, NULL, happened, NULL);
    bufferevent_set_max_single_read(client, 64 * 1024);
    bufferevent_set_max_single_write(client, 64 * 1024);
    bufferevent_enable(client, EV_READ | EV_WRITE);
}

int main(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    struct event_base *base = event_base_new();
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    struct evconnlistener *listener = evconnlistener_new_bind(
        base, connected, base, LEV_OPT_CLOSE_ON_FREE, 4096, (struct sockaddr *)&address, (int)len);
    if (!listener ||
        getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &len))
        return 1;
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return event_base_dispatch(base) < 0;
}

/* sim_world.h - a sim loop without tasks and without chance: for the tests of sim's parts. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_LOOP_SIM_WORLD_H
#define XIE_TESTS_LOOP_SIM_WORLD_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sys.h"
#include "loop/loop.h"
#include "loop/sim.h"
#include "tap.h"

static struct xie_loop loop;
static struct xie_sim *sim;
static size_t live_before;

/* Nothing goes wrong by chance: a test says itself what is to. */
static inline void world_begin(uint64_t seed)
{
    struct xie_loop_options options = {.backend = "sim", .seed = seed};
    live_before = xie_alloc_live();
    REQUIRE(!xie_loop_open(&loop, &options));
    sim = loop.state;
    sim->chances = (struct xie_sim_chances){.latency_ns = 1000000};
}

static inline void world_end(void)
{
    CHECK_EQ(loop.pending, 0);
    xie_loop_close(&loop);
    CHECK_EQ(xie_alloc_live(), live_before);
}

/* Let virtual time pass. */
static inline void pass(int64_t ns)
{
    int64_t until = xie_now() + ns;
    while (xie_now() < until)
        REQUIRE(!loop.backend->wait(&loop, until - xie_now()));
}

static inline struct sockaddr_in ip4(const char *host, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    REQUIRE(inet_pton(AF_INET, host, &address.sin_addr) == 1);
    return address;
}

static inline struct sockaddr_in6 ip6(const char *host, uint16_t port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    REQUIRE(inet_pton(AF_INET6, host, &address.sin6_addr) == 1);
    return address;
}

#define ADDRESS(a) (struct sockaddr *)&(a), sizeof(a)

static inline int open_at(int type, const char *host, uint16_t port)
{
    struct sockaddr_in address = ip4(host, port);
    int fd = xie_sys_socket(AF_INET, type, 0);
    REQUIRE(fd >= XIE_SIM_FIRST);
    int error = xie_sys_bind(fd, ADDRESS(address));
    if (error)
        xie_sys_close(fd);
    return error ? error : fd;
}

static inline uint16_t port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    CHECK_EQ(xie_sys_getsockname(fd, (struct sockaddr *)&address, &len), 0);
    CHECK_EQ(len, sizeof(address));
    return ntohs(address.sin_port);
}

static inline int listen_tcp(uint16_t port, int backlog)
{
    int fd = open_at(SOCK_STREAM, "127.0.0.1", port);
    REQUIRE(fd >= 0);
    CHECK_EQ(xie_sys_listen(fd, backlog), 0);
    return fd;
}

static inline int connect_tcp(uint16_t port)
{
    struct sockaddr_in address = ip4("127.0.0.1", port);
    int fd = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(xie_sys_connect(fd, ADDRESS(address)), -EINPROGRESS);
    return fd;
}

static inline int socket_error(int fd)
{
    int error = -1;
    socklen_t len = sizeof(error);
    CHECK_EQ(xie_sys_getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
    return error;
}

/* A connected pair over TCP: ends[0] connected, ends[1] was accepted. */
static inline void tcp_pair(int ends[2])
{
    int listener = listen_tcp(0, 1);
    ends[0] = connect_tcp(port_of(listener));
    pass(XIE_SECOND);
    ends[1] = xie_sys_accept(listener, NULL, NULL);
    REQUIRE(ends[1] >= 0);
    xie_sys_close(listener);
}

static inline ssize_t say(int fd, const char *text)
{
    return xie_sys_send(fd, text, strlen(text), 0);
}

/* What there is to read is this text, and no more. */
#define CHECK_HEARD(fd, text)                           \
    do {                                                \
        char heard_[64] = "";                           \
        ssize_t len_ = xie_sys_recv(fd, heard_, 63, 0); \
        CHECK_EQ(len_, (ssize_t)strlen(text));          \
        CHECK_STR(heard_, text);                        \
    } while (0)

static inline ssize_t hear(int fd)
{
    char byte;
    return xie_sys_recv(fd, &byte, 1, 0);
}

#endif

/* sim_option.c - getsockopt and setsockopt of the sockets in memory.
 * Floor 2. What a stream in memory has no use for is remembered or ignored, not refused. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "loop/sim.h"

/* Options that are a yes or no. */
static const struct {
    int level, name;
    uint32_t flag;
} switches[] = {
    {SOL_SOCKET, SO_REUSEADDR, XIE_SIM_REUSEADDR},
    {SOL_SOCKET, SO_REUSEPORT, XIE_SIM_REUSEPORT},
    {IPPROTO_IPV6, IPV6_V6ONLY, XIE_SIM_V6ONLY},
    {SOL_SOCKET, SO_KEEPALIVE, 1 << 3},
    {SOL_SOCKET, SO_BROADCAST, 1 << 4},
    {IPPROTO_TCP, TCP_NODELAY, 1 << 5},
    {IPPROTO_TCP, TCP_QUICKACK, 1 << 6},
    {IPPROTO_TCP, TCP_CORK, 1 << 7},
};
enum { SWITCHES = sizeof(switches) / sizeof(switches[0]) };

static uint32_t find_switch(int level, int name)
{
    for (int i = 0; i < SWITCHES; i++)
        if (switches[i].level == level && switches[i].name == name)
            return switches[i].flag;
    return 0;
}

/* Levels that a socket of this kind does not have: getsockopt(2). */
static bool is_foreign(const struct xie_sim_socket *self, int level)
{
    switch (level) {
    case SOL_SOCKET:
        return false;
    case IPPROTO_TCP:
        return self->domain == AF_UNIX || self->type != SOCK_STREAM;
    case IPPROTO_IP:
        return self->domain == AF_UNIX;
    case IPPROTO_IPV6:
        return self->domain != AF_INET6;
    default:
        return true;
    }
}

static int copy_out(const void *from, size_t size, void *value, socklen_t *len)
{
    if (*len < size)
        size = *len;
    memcpy(value, from, size);
    *len = (socklen_t)size;
    return 0;
}

static int socket_number(struct xie_sim_socket *self, int name, int *number)
{
    switch (name) {
    case SO_ERROR:
        *number = -xie_sim_take_error(self);
        return 0;
    case SO_TYPE:
        *number = self->type;
        return 0;
    case SO_DOMAIN:
        *number = self->domain;
        return 0;
    case SO_PROTOCOL:
        *number = self->domain == AF_UNIX     ? 0
                  : self->type == SOCK_STREAM ? IPPROTO_TCP
                                              : IPPROTO_UDP;
        return 0;
    case SO_ACCEPTCONN:
        *number = self->state == XIE_SIM_LISTENING;
        return 0;
    case SO_SNDBUF:
        *number = self->send_size;
        return 0;
    case SO_RCVBUF:
        *number = self->receive_size;
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

/* Everybody in this world is this process. */
static int copy_credentials(const struct xie_sim_socket *self, void *value, socklen_t *len)
{
    struct ucred ours = {getpid(), getuid(), getgid()};
    return self->domain == AF_UNIX ? copy_out(&ours, sizeof(ours), value, len) : -ENOPROTOOPT;
}

int xie_sim_getsockopt(struct xie_sim_socket *self, int level, int name, void *value,
                       socklen_t *len)
{
    uint32_t flag = find_switch(level, name);
    int number = (self->flags & flag) != 0;
    struct linger linger = {.l_onoff = self->linger >= 0,
                            .l_linger = self->linger < 0 ? 0 : self->linger};
    uint32_t memory[SK_MEMINFO_VARS] = {[SK_MEMINFO_DROPS] = self->packets_dropped};
    if (is_foreign(self, level))
        return -EOPNOTSUPP;
    if (level == SOL_SOCKET && name == SO_MEMINFO)
        return copy_out(memory, sizeof(memory), value, len);
    if (level == SOL_SOCKET && name == SO_LINGER)
        return copy_out(&linger, sizeof(linger), value, len);
    if (level == SOL_SOCKET && name == SO_PEERCRED)
        return copy_credentials(self, value, len);
    if (level == SOL_SOCKET && !flag) {
        int error = socket_number(self, name, &number);
        if (error)
            return error;
    }
    return copy_out(&number, sizeof(number), value, len);
}

/* socket(7): the kernel doubles what it is given. */
static int buffer_size(int asked)
{
    if (asked > XIE_SIM_BUFFER_MOST / 2)
        return XIE_SIM_BUFFER_MOST;
    return asked < XIE_SIM_BUFFER_LEAST / 2 ? XIE_SIM_BUFFER_LEAST : 2 * asked;
}

static int set_linger(struct xie_sim_socket *self, const void *value, socklen_t len)
{
    struct linger linger;
    if (len < sizeof(linger))
        return -EINVAL;
    memcpy(&linger, value, sizeof(linger));
    self->linger = linger.l_onoff ? linger.l_linger : -1;
    return 0;
}

/* There is no network of many: nobody would ever hear of a group. */
static bool is_group(int level, int name)
{
    return (level == IPPROTO_IP || level == IPPROTO_IPV6) &&
           (name == MCAST_JOIN_GROUP || name == MCAST_LEAVE_GROUP);
}

int xie_sim_setsockopt(struct xie_sim_socket *self, int level, int name, const void *value,
                       socklen_t len)
{
    uint32_t flag = find_switch(level, name);
    int number;
    if (is_foreign(self, level)) /* as the kernel's families say it */
        return self->domain == AF_UNIX ? -EOPNOTSUPP : -ENOPROTOOPT;
    if (is_group(level, name))
        return -ENODEV;
    if (level == SOL_SOCKET && name == SO_LINGER)
        return set_linger(self, value, len);
    if (len < sizeof(number))
        return -EINVAL;
    memcpy(&number, value, sizeof(number));
    if (flag)
        self->flags = number ? self->flags | flag : self->flags & ~flag;
    else if (level == SOL_SOCKET && name == SO_SNDBUF)
        self->send_size = buffer_size(number);
    else if (level == SOL_SOCKET && name == SO_RCVBUF)
        self->receive_size = buffer_size(number);
    return 0;
}

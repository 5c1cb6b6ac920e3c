/* datagram_option.c - what can be set on a datagram socket, and multicast groups.
 * Floor 5. One name for what IPv4 and IPv6 call differently. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/sys.h"
#include "io/datagram.h"

struct name {
    int level, name;
};

/* By option: of IPv4, of IPv6, of Unix sockets. Level 0 (which is IPPROTO_IP) without a name:
 * there is none. */
static const struct name names[][3] = {
    [XIE_DATAGRAM_RECEIVE_BUFFER] = {{SOL_SOCKET, SO_RCVBUF},
                                     {SOL_SOCKET, SO_RCVBUF},
                                     {SOL_SOCKET, SO_RCVBUF}},
    [XIE_DATAGRAM_SEND_BUFFER] = {{SOL_SOCKET, SO_SNDBUF},
                                  {SOL_SOCKET, SO_SNDBUF},
                                  {SOL_SOCKET, SO_SNDBUF}},
    [XIE_DATAGRAM_BROADCAST] = {{SOL_SOCKET, SO_BROADCAST}, {SOL_SOCKET, SO_BROADCAST}},
    [XIE_DATAGRAM_TTL] = {{IPPROTO_IP, IP_TTL}, {IPPROTO_IPV6, IPV6_UNICAST_HOPS}},
    [XIE_DATAGRAM_MULTICAST_TTL] = {{IPPROTO_IP, IP_MULTICAST_TTL},
                                    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS}},
    [XIE_DATAGRAM_MULTICAST_LOOP] = {{IPPROTO_IP, IP_MULTICAST_LOOP},
                                     {IPPROTO_IPV6, IPV6_MULTICAST_LOOP}},
    [XIE_DATAGRAM_MULTICAST_INTERFACE] = {{IPPROTO_IP, IP_MULTICAST_IF},
                                          {IPPROTO_IPV6, IPV6_MULTICAST_IF}},
};

static const struct name *name_of(const struct xie_datagram *socket,
                                  enum xie_datagram_option option)
{
    int column = socket->family == AF_INET ? 0 : socket->family == AF_INET6 ? 1 : 2;
    return &names[option][column];
}

static int check(const struct xie_datagram *socket, enum xie_datagram_option option)
{
    if ((size_t)option >= sizeof names / sizeof *names)
        return -EINVAL;
    return name_of(socket, option)->name ? 0 : -EOPNOTSUPP;
}

int xie_datagram_set(struct xie_datagram *socket, enum xie_datagram_option option, int value)
{
    struct ip_mreqn by = {.imr_ifindex = value};
    const void *data = &value;
    socklen_t len = sizeof value;
    int error = value < 0 ? -EINVAL : check(socket, option);
    if (error)
        return error;
    if (option == XIE_DATAGRAM_MULTICAST_INTERFACE && socket->family == AF_INET) {
        data = &by;
        len = sizeof by;
    }
    const struct name *name = name_of(socket, option);
    error = xie_sys_setsockopt(socket->fd, name->level, name->name, data, len);
    if (!error && option == XIE_DATAGRAM_MULTICAST_INTERFACE)
        socket->interface = value;
    return error;
}

int xie_datagram_get(struct xie_datagram *socket, enum xie_datagram_option option)
{
    int value = 0, error = check(socket, option);
    socklen_t len = sizeof value;
    if (error)
        return error;
    if (option == XIE_DATAGRAM_MULTICAST_INTERFACE) /* ip(7): IPv4's would give an address */
        return socket->interface;
    const struct name *name = name_of(socket, option);
    error = xie_sys_getsockopt(socket->fd, name->level, name->name, &value, &len);
    return error ? error : value;
}

/* RFC 3678, 5.1: the same for both families. */
static int member(struct xie_datagram *socket, const struct xie_address *group, unsigned interface,
                  int name)
{
    struct group_req request = {.gr_interface = interface};
    int level = socket->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
    if (socket->family == AF_UNIX || group->storage.ss_family != socket->family)
        return -EOPNOTSUPP;
    memcpy(&request.gr_group, &group->storage, sizeof request.gr_group);
    return xie_sys_setsockopt(socket->fd, level, name, &request, sizeof request);
}

int xie_datagram_join(struct xie_datagram *socket, const struct xie_address *group,
                      unsigned interface)
{
    return member(socket, group, interface, MCAST_JOIN_GROUP);
}

int xie_datagram_leave(struct xie_datagram *socket, const struct xie_address *group,
                       unsigned interface)
{
    return member(socket, group, interface, MCAST_LEAVE_GROUP);
}

/* datagram.h - messages that come whole or not at all: UDP, and Unix datagram sockets.
 * Floor 5. One task receives and one sends at a time; a call that waits suspends the task. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_DATAGRAM_H
#define XIE_DATAGRAM_H

#include <stdbool.h>
#include <sys/types.h>

#include <xie/address.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An open socket; opaque, owned by whoever got it, closed once. */
struct xie_datagram;

/* Zero is the default of each. Borrowed until the call returns. */
struct xie_datagram_options {
    const struct xie_address *local;  /* bind to it; a port 0 is chosen by the kernel. None: the
                                         kernel chooses both when something is sent */
    const struct xie_address *remote; /* send to it, and receive from nobody else */
    int family;         /* AF_INET, AF_INET6, AF_UNIX: what it is where no address tells. The IPv6
                           wildcard takes IPv4 too, unless AF_INET6 is asked for */
    bool reuse_port;    /* share the port with all who say so, of the same user: the kernel
                           spreads peers among them */
    bool reuse_address; /* share it with all who say so, of any user: for a multicast group, of
                           which each receives every message; otherwise the last one gets all */
};

/**
 * Open a socket.
 *
 * socket  receives it, owned; untouched on error
 * errors  -EADDRINUSE -EADDRNOTAVAIL -EACCES -ENETUNREACH -EMFILE -ENOMEM; -EINVAL nothing says
 *         of what family it is. Of Unix sockets -ENOENT -ECONNREFUSED nobody has the remote
 * note    a Unix socket's file is removed by the close as a listener's is. Names are for
 *         xie_resolve
 * source  asyncio loop.create_datagram_endpoint
 */
XIE_API int xie_datagram_open(const struct xie_datagram_options *options,
                              struct xie_datagram **socket);

/* Take over a datagram socket; owned on success, made non-blocking. errors -EINVAL of another
 * type; -EBADF -ENOTSOCK -ENOMEM. source create_datagram_endpoint(sock=) */
XIE_API int xie_datagram_adopt(int fd, struct xie_datagram **socket);

/**
 * Send one message, waiting while there is no room for it: in the kernel's buffer, or in the
 * one of a Unix receiver.
 *
 * buf     borrowed until return [len bytes]; 0 bytes are a message too
 * to      whom to; NULL: the remote
 * return  len. Over IP that says nothing of its arrival
 * errors  -ECANCELED -ETIMEDOUT (nothing was sent); -EMSGSIZE longer than one message can be
 *         (65,507 B over IPv4); -EDESTADDRREQ or -ENOTCONN no remote; -EBUSY another task
 *         sends; XIE_ECLOSED
 *         -ECONNREFUSED and other words of the network about an earlier message to the remote
 *         (ICMP): told once, to whoever sends or receives next. The socket stays as it was;
 *         without a remote the kernel tells nothing
 * cost    no allocation; one system call where there is room
 * source  asyncio DatagramTransport.sendto, loop.sock_sendto
 */
XIE_API ssize_t xie_datagram_send(struct xie_datagram *socket, const void *buf, size_t len,
                                  const struct xie_address *to);
/* The same without waiting, from callbacks too: -EAGAIN without room. */
XIE_API ssize_t xie_datagram_try_send(struct xie_datagram *socket, const void *buf, size_t len,
                                      const struct xie_address *to);

/**
 * Receive the next message, waiting for one.
 *
 * buf     caller's, borrowed until return [cap bytes]; what does not fit is lost
 * from    receives the sender's address; may be NULL. Of a Unix sender without a name
 *         len is at most sizeof(sa_family_t)
 * full    receives the length the message had: more than was returned if it was cut; may be NULL
 * return  bytes in buf, 0..cap
 * errors  as send; -ECANCELED -ETIMEDOUT (no message is lost); -EBUSY another task receives
 * note    there is no queue but the kernel's, which is bounded (XIE_DATAGRAM_RECEIVE_BUFFER):
 *         what comes while it is full is dropped, and counted (xie_datagram_dropped)
 * source  DatagramProtocol.datagram_received, loop.sock_recvfrom
 */
XIE_API ssize_t xie_datagram_receive(struct xie_datagram *socket, void *buf, size_t cap,
                                     struct xie_address *from, size_t *full);
/* The same without waiting, from callbacks too: -EAGAIN when there is none. */
XIE_API ssize_t xie_datagram_try_receive(struct xie_datagram *socket, void *buf, size_t cap,
                                         struct xie_address *from, size_t *full);

/* Messages that came and were dropped so far, nearly always for want of room; modulo 2^32.
 * errors -ENOPROTOOPT before Linux 4.12 */
XIE_API int64_t xie_datagram_dropped(struct xie_datagram *socket);

/* What can be set; the kernel has the defaults. */
enum xie_datagram_option {
    XIE_DATAGRAM_RECEIVE_BUFFER,      /* [bytes]; the kernel doubles it for its own use, and
                                         caps it at net.core.rmem_max */
    XIE_DATAGRAM_SEND_BUFFER,         /* the same, net.core.wmem_max */
    XIE_DATAGRAM_BROADCAST,           /* 1: may be sent to; else that is -EACCES */
    XIE_DATAGRAM_TTL,                 /* hops of what is sent to one peer */
    XIE_DATAGRAM_MULTICAST_TTL,       /* of what is sent to a group; 1 unless set */
    XIE_DATAGRAM_MULTICAST_LOOP,      /* 0: this machine does not get its own messages, unless they
                                         go by its loopback interface */
    XIE_DATAGRAM_MULTICAST_INTERFACE, /* index of the interface to send by, if_nametoindex(3);
                                         0: as the routes say */
};
/* errors -EINVAL the value, or not a datagram option; -EOPNOTSUPP not of this family's */
XIE_API int xie_datagram_set(struct xie_datagram *socket, enum xie_datagram_option option,
                             int value);
/* return the value in force, >= 0 */
XIE_API int xie_datagram_get(struct xie_datagram *socket, enum xie_datagram_option option);

/**
 * Receive what is sent to a multicast group, or no longer.
 *
 * group      its address; the port does not matter
 * interface  index of the interface to listen on; 0: as the routes say
 * errors     -EADDRINUSE joined already; -EADDRNOTAVAIL not joined; -ENODEV no such interface,
 *            or no route; -EINVAL no multicast address; -EOPNOTSUPP not of this family's;
 *            -ENOBUFS more than net.ipv4.igmp_max_memberships
 * note       the close leaves all groups
 * source     IP_ADD_MEMBERSHIP, RFC 3678
 */
XIE_API int xie_datagram_join(struct xie_datagram *socket, const struct xie_address *group,
                              unsigned interface);
XIE_API int xie_datagram_leave(struct xie_datagram *socket, const struct xie_address *group,
                               unsigned interface);

/* Its own end, and the remote. errors -ENOTCONN. source get_extra_info */
XIE_API int xie_datagram_local(struct xie_datagram *socket, struct xie_address *address);
XIE_API int xie_datagram_peer(struct xie_datagram *socket, struct xie_address *address);
/* The descriptor, borrowed. */
XIE_API int xie_datagram_fd(const struct xie_datagram *socket);

/* Close; a task that sends or receives returns XIE_ECLOSED first, as in xie_stream_close. NULL
 * is allowed. source DatagramTransport.close, abort (nothing is held back) */
XIE_API void xie_datagram_close(struct xie_datagram *socket);

#ifdef __cplusplus
}
#endif
#endif

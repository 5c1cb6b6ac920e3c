/* connect.h - reaching a peer: by name, by address, or by several of them at once.
 * Floor 5. Whoever answers first wins; the others are called off before the call returns. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CONNECT_H
#define XIE_CONNECT_H

#include <xie/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The most addresses one call tries; those after them are not looked at. */
enum { XIE_CONNECT_MOST = 32 };

/* Whom to connect to, and how; zero is the default of each. Borrowed until the call returns. */
struct xie_connect_options {
    const char *host;                    /* a name or number, and */
    uint16_t port;                       /* its port; or */
    const struct xie_address *addresses; /* instead of both these, tried in this order */
    size_t count;                        /* of addresses, 1..XIE_CONNECT_MOST */
    const struct xie_address *local;     /* IP: bind to it; peers of the other family are left
                                            out. Port 0: the kernel chooses */
    int family;                          /* AF_INET, AF_INET6: only these; 0: all */
    int64_t delay_ns;                    /* how long an attempt has to itself before the next
                                            begins beside it; 0: 250 ms; XIE_NEVER: one at a time */
    unsigned interleave;                 /* of a name: how many addresses of the first family
                                            before the families take turns; 0: 1 */
};

/**
 * Connect to the first of several addresses that answers: "happy eyeballs", RFC 8305.
 *
 * options  host or addresses, else -EINVAL, as is a delay below 0
 * stream   receives the stream, owned; untouched on error
 * errors   XIE_EDNS_… -ECONNREFUSED -EHOSTUNREACH -ETIMEDOUT -EADDRINUSE -EMFILE -ENOMEM
 *          -ECANCELED; -EAFNOSUPPORT no address is of the family asked for. When all have
 *          failed: the first address's error, but what only says that there is no way from
 *          here (-ENETUNREACH -EAFNOSUPPORT -EADDRNOTAVAIL) gives way to another's
 * note     the next attempt begins when the one before has failed, or after delay_ns. When
 *          one succeeds, or a scope interrupts the call, the others are called off and their
 *          sockets closed before it returns. A name's addresses come in the resolver's order
 *          (RFC 6724), its families by turns; the resolver gives both families at once, so
 *          there is no resolution delay. TCP_NODELAY is set
 * cost     one allocation, and of a name two more; with several addresses a task for each
 *          attempt that begins
 * source   asyncio loop.create_connection(local_addr=, happy_eyeballs_delay=, interleave=)
 */
XIE_API int xie_connect(const struct xie_connect_options *options, struct xie_stream **stream);

/* xie_connect to a name or number with the defaults. -EINVAL host NULL or "".
 * source asyncio.open_connection */
XIE_API int xie_tcp_connect(const char *host, uint16_t port, struct xie_stream **stream);

/* Connect to a Unix socket; '@' leads an abstract name. errors -ENOENT -ECONNREFUSED …
 * Where the listener's backlog is full it waits. source asyncio.open_unix_connection */
XIE_API int xie_unix_connect(const char *path, struct xie_stream **stream);

/* Connect to one address of either kind. source asyncio loop.sock_connect */
XIE_API int xie_stream_connect(const struct xie_address *address, struct xie_stream **stream);

#ifdef __cplusplus
}
#endif
#endif

/* net.h - what the tests of sockets share: who listens where, and what is open. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_IO_NET_H
#define XIE_TESTS_IO_NET_H

#include "io/kit.h"
#include "loop/sim.h"

/* Descriptors that this process has open, and sockets of its sim. */
static inline int net_open(void)
{
    int count = kit_fds();
    for (size_t i = 0; xie_sim_here && i < xie_sim_here->socket_cap; i++)
        count += xie_sim_here->sockets[i] != NULL;
    return count;
}

static inline struct xie_address net_number(const char *host, uint16_t port)
{
    struct xie_address address;
    REQUIRE(xie_address_parse(&address, host, port) == 0);
    return address;
}

static inline struct xie_listener *net_listen(const char *host, struct xie_address *address)
{
    struct xie_listener *listener = NULL;
    REQUIRE(xie_tcp_listen(host, 0, 0, &listener) == 0);
    REQUIRE(xie_listener_address(listener, address) == 0);
    return listener;
}

static inline bool net_same(const struct xie_address *one, const struct xie_address *other)
{
    char a[XIE_ADDRESS_TEXT], b[XIE_ADDRESS_TEXT];
    return !strcmp(xie_address_format(one, a), xie_address_format(other, b));
}

#endif

/* listener.h - inside a listener: what servers need of it.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_LISTENER_H
#define XIE_IO_LISTENER_H

#include <xie/server.h>
#include <xie/sync.h>

#include "io/bound.h"
#include "io/gate.h"

struct xie_listener {
    struct xie_gate gate;
    int fd;
    int reserve; /* a descriptor to be given up when there are no others; -1: gone as well */
    int family;
    struct xie_stream *spare;    /* for the next connection: had before it is accepted */
    struct xie_listener **owner; /* where a server has it; cleared by the close */
    uint64_t refused;
    bool told; /* that descriptors have run out */
    struct xie_bound_file file;
};

/* How long a server accepts nobody when there was no memory for the last. */
#define XIE_MEMORY_PAUSE (10 * XIE_MILLISECOND)

enum { XIE_LISTEN_MOST = 32 /* addresses of one name; the rest is not looked at */ };

/* The addresses that options ask for, at most XIE_LISTEN_MOST.
 * return how many, at least 1; or an error */
int xie_listen_find(const struct xie_listen_options *options, struct xie_address *addresses);
/* Listen at one of them. */
int xie_listen_at(const struct xie_listen_options *options, const struct xie_address *address,
                  struct xie_listener **listener);

/* Wait for event as if for a connection, so that a close of the listener ends it.
 * errors  as xie_listener_accept */
XIE_API int xie_listener_hold(struct xie_listener *listener, struct xie_event *event);

#endif

/* datagram.h - inside a datagram socket.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_DATAGRAM_H
#define XIE_IO_DATAGRAM_H

#include <xie/datagram.h>

#include "io/bound.h"
#include "io/gate.h"

struct xie_datagram {
    struct xie_gate gate;
    int fd;
    int family;
    int interface; /* XIE_DATAGRAM_MULTICAST_INTERFACE */
    struct xie_bound_file file;
};

#endif

/* bound.h - sockets bound to an address, and the files that Unix ones leave.
 * Floor 5. What listeners and datagram sockets have in common. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_BOUND_H
#define XIE_IO_BOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <xie/address.h>

/* The file of a Unix socket; zero: there is none. */
struct xie_bound_file {
    struct stat identity;
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)]; /* "": none */
};

enum { XIE_BIND_REUSE_ADDRESS = 1, XIE_BIND_REUSE_PORT = 2, XIE_BIND_V6ONLY = 4 };

/* A socket of this type at address; a file that is left over in its place is replaced.
 * return  a descriptor; file receives what xie_bound_remove is to remove */
int xie_bound_open(const struct xie_address *address, int type, unsigned flags,
                   struct xie_bound_file *file);
/* Remove the file, unless somebody has put another in its place. */
void xie_bound_remove(const struct xie_bound_file *file);

#endif

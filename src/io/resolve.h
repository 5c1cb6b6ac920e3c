/* resolve.h - one look-up, as it is handed from thread to thread.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_RESOLVE_H
#define XIE_IO_RESOLVE_H

#include <xie/address.h>

enum { XIE_FOUND_MOST = 32 /* addresses of one name; the rest is not looked at */ };

/* The pool's thread disposes of it when nobody waits any more. */
struct xie_lookup {
    char host[XIE_HOST_TEXT];
    char service[XIE_SERVICE_TEXT];
    uint16_t port;
    int result; /* an error, or how many addresses */
    struct xie_address found[XIE_FOUND_MOST];
};

/* sim's names. Find the addresses of host; a job, as those of resolve.c are. */
int xie_lookup_on_sim(void *lookup);
/* Find the name of found[0]. return result too: 0 or XIE_EDNS_NONAME */
int xie_lookup_name_on_sim(struct xie_lookup *lookup);

#endif

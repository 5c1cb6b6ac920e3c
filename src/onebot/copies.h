/* copies.h - which events have come by which connections, so that none runs twice.
 * Floor 9. For those without an id: alike may be two pokes in one second, so what comes again by
 * the same connection is another one, and only by another connection the same. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_COPIES_H
#define XIE_ONEBOT_COPIES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* How many events are remembered, and by how many connections each may come. */
enum { ONEBOT_COPIES = 256, ONEBOT_COPY_SOURCES = 4, ONEBOT_DIGEST = 16 };

struct onebot_copy {
    unsigned char digest[ONEBOT_DIGEST];
    uint64_t sources[ONEBOT_COPY_SOURCES];
    unsigned count; /* of sources */
};

/* Zero is a valid empty one. */
struct onebot_copies {
    struct onebot_copy list[ONEBOT_COPIES];
    unsigned next, count;
};

/**
 * Did another connection bring this event? If not, it is remembered as come by this one.
 *
 * source  the connection's number, never used again
 * return  true: it is a copy. Without memory false: better twice than never
 * cost    the event as text through a hash, a scan of 14 KiB
 */
bool onebot_copies_seen(struct onebot_copies *copies, const json_t *event, uint64_t source);

#endif

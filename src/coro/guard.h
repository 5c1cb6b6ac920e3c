/* guard.h - making pages fault: by advice that costs no mapping, else by protection.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_GUARD_H
#define XIE_CORO_GUARD_H

#include <stddef.h>

enum xie_guard_way {
    XIE_GUARD_UNKNOWN, /* not tried yet */
    XIE_GUARD_ADVISE,  /* MADV_GUARD_INSTALL, Linux 6.13: shown to work */
    XIE_GUARD_PROTECT  /* mprotect(2), which splits mappings */
};

/* The process's; tests set it to see each way. */
struct xie_guard {
    int way;
    unsigned budget; /* mappings that guards may cost; 0: not known yet */
    unsigned used;
    int explained;
};

extern struct xie_guard xie_guard;

/**
 * Make [pages, pages + size) fault on any access.
 *
 * return  how many mappings that cost: 0 by advice, 2 by protection; -ENOMEM when the budget
 *         (half of vm.max_map_count) is used up, which is explained once on stderr
 */
int xie_guard_set(char *pages, size_t size);

/* Guards that cost so many mappings are gone, unmapped with their slab. */
void xie_guard_return(unsigned mappings);

#endif

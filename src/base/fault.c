/* fault.c - counting calls, and telling which is to fail.
 * Floor 0. */
/* SPDX-License-Identifier: MIT */
#include "base/fault.h"

struct xie_fault xie_fault_plan;

int xie_fault_count(unsigned kind)
{
    struct xie_fault *plan = &xie_fault_plan;
    if (!(plan->kinds & kind))
        return 0;
    /* Atomic only so that a pool's thread does not spoil the count. */
    uint64_t seen = __atomic_add_fetch(&plan->seen, 1, __ATOMIC_RELAXED);
    if (seen < plan->nth || (seen > plan->nth && !plan->forever))
        return 0;
    __atomic_add_fetch(&plan->failed, 1, __ATOMIC_RELAXED);
    return plan->error;
}

/* guard.c - making pages fault: by advice that costs no mapping, else by protection.
 * Floor 1. Advice is believed only once it was seen to work: emulators ignore what they do
 * not know and answer 0. */
/* SPDX-License-Identifier: MIT */
#include "coro/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/misuse.h"
#include "base/sys.h"

enum {
    GUARD_INSTALL = 102,  /* MADV_GUARD_INSTALL: newer than our C library's headers */
    GUARD_MAPPINGS = 2,   /* the guard's, and the one it splits off */
    MAX_MAP_COUNT = 65530 /* the kernel's default, where /proc does not tell */
};

struct xie_guard xie_guard;

/* True when the kernel, reading there on our behalf, faults; false when it reads; -1 unknown. */
static int guard_faults(const char *pages)
{
    int fd = xie_sys_eventfd();
    if (fd < 0)
        return -1;
    /* The page is zero where it can be read, and an eventfd takes that for adding nothing. */
    ssize_t wrote = write(fd, pages, sizeof(uint64_t));
    int error = errno;
    close(fd);
    if (wrote >= 0)
        return 0;
    return error == EFAULT ? 1 : -1;
}

/* 0, or < 0: protect instead. */
static int guard_advise(char *pages, size_t size)
{
    int way = __atomic_load_n(&xie_guard.way, __ATOMIC_RELAXED);
    if (way == XIE_GUARD_PROTECT)
        return -EINVAL;
    int error = xie_sys_advise(pages, size, GUARD_INSTALL);
    if (way == XIE_GUARD_ADVISE)
        return error;
    int faults = error ? error != -EINVAL ? -1 : 0 : guard_faults(pages);
    if (faults < 0)
        return -EAGAIN;
    way = faults ? XIE_GUARD_ADVISE : XIE_GUARD_PROTECT;
    __atomic_store_n(&xie_guard.way, way, __ATOMIC_RELAXED);
    return faults ? 0 : -EINVAL;
}

static unsigned guard_budget(void)
{
    unsigned budget = __atomic_load_n(&xie_guard.budget, __ATOMIC_RELAXED);
    if (budget)
        return budget;
    char text[24] = "";
    int fd = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    unsigned long count = got > 0 ? strtoul(text, NULL, 10) : 0;
    if (!count)
        count = MAX_MAP_COUNT;
    budget = count / 2 < UINT32_MAX / 2 ? (unsigned)(count / 2) : UINT32_MAX / 2;
    __atomic_store_n(&xie_guard.budget, budget, __ATOMIC_RELAXED);
    return budget;
}

static void guard_explain(unsigned guards)
{
    if (__atomic_exchange_n(&xie_guard.explained, 1, __ATOMIC_RELAXED))
        return;
    xie_report("no more stacks: this kernel protects each by mappings of its own (Linux 6.13 needs "
               "none), and %u of them are as many as fit; raise vm.max_map_count by sysctl",
               guards);
}

static int guard_protect(char *pages, size_t size)
{
    unsigned budget = guard_budget();
    unsigned used = __atomic_add_fetch(&xie_guard.used, GUARD_MAPPINGS, __ATOMIC_RELAXED);
    int error = used > budget ? -ENOMEM : xie_sys_protect(pages, size, PROT_NONE);
    if (!error)
        return GUARD_MAPPINGS;
    __atomic_sub_fetch(&xie_guard.used, GUARD_MAPPINGS, __ATOMIC_RELAXED);
    if (error == -ENOMEM)
        guard_explain((used - GUARD_MAPPINGS) / GUARD_MAPPINGS);
    return -ENOMEM;
}

int xie_guard_set(char *pages, size_t size)
{
    if (!guard_advise(pages, size))
        return 0;
    return guard_protect(pages, size);
}

void xie_guard_return(unsigned mappings)
{
    if (mappings)
        __atomic_sub_fetch(&xie_guard.used, mappings, __ATOMIC_RELAXED);
}

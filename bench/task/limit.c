/* limit.c - task: the same, bare. Parked ones lie in one mapping, each over a guard, at a stride of
 * 256 KiB as ours are by default; their pages are given back after each round. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <sys/mman.h>

#include "lib/tasks.h"
#include "lib/work.h"

enum { STRIDE = 256 * 1024 + 4096, GUARD = 102 /* MADV_GUARD_INSTALL */ };

static void nothing(void *arg)
{
    (void)arg;
}

typedef struct bare_task one_task;

static inline one_task *spawn_one(void)
{
    return bare_spawn(nothing, NULL);
}

static inline void join_one(one_task *task)
{
    bare_join(task);
}

/* --- parked ------------------------------------------------------------------------------------
 */

static struct bare_task *waiting;

static void park(void *arg)
{
    (void)arg;
    bare_self->next = waiting;
    waiting = bare_self;
    bare_block();
}

static void parked(size_t times)
{
    size_t size = times * STRIDE;
    char *slab = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slab == MAP_FAILED)
        abort();
    madvise(slab, size, MADV_NOHUGEPAGE);
    struct bare_task *kept = bare_free;
    work_begin();
    for (size_t i = 0; i < times; i++) {
        char *base = slab + i * STRIDE;
        if (madvise(base, 4096, GUARD))
            mprotect(base, 4096, PROT_NONE); /* an older kernel: as far as mappings reach */
        size_t used = (sizeof(struct bare_task) + 63) / 64 * 64 + i % 8 * 128;
        bare_free = (void *)(base + STRIDE - used);
        bare_free->top = (char *)bare_free;
        bare_free->next = NULL;
        bare_spawn(park, NULL);
    }
    bare_yield();
    work_end();
    while (waiting) {
        struct bare_task *next = waiting->next;
        bare_ready(waiting);
        waiting = next;
    }
    bare_yield();
    bare_free = kept;
    munmap(slab, size);
}

#include "task/works.h"

extern const struct work *const bare_works; /* for ours.c */

const struct work *const bare_works = task_works;

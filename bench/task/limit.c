/* limit.c - task: the same, bare. Parked ones lie in one mapping, each over a guard, at a stride of
 * 256 KiB as ours are by default; their pages are given back after each round. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <sys/mman.h>

#include "lib/tasks.h"
#include "lib/work.h"

enum { BATCH = 100, STRIDE = 256 * 1024 + 4096, GUARD = 102 /* MADV_GUARD_INSTALL */ };

static void nothing(void *arg)
{
    (void)arg;
}

static void spawn_join(size_t times)
{
    work_begin();
    for (size_t i = 0; i < times; i++)
        bare_join(bare_spawn(nothing, NULL));
    work_end();
}

static void spawn_batch(size_t times)
{
    struct bare_task *tasks[BATCH];
    work_begin();
    for (size_t i = 0; i < times; i += BATCH) {
        for (size_t j = 0; j < BATCH; j++)
            tasks[j] = bare_spawn(nothing, NULL);
        for (size_t j = 0; j < BATCH; j++)
            bare_join(tasks[j]);
    }
    work_end();
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

extern const struct work bare_works[]; /* for ours.c */

const struct work bare_works[] = {{"spawn-join", spawn_join, 500000, 0},
                                  {"spawn-join-batch", spawn_batch, 500000, 0},
                                  {"park-10", parked, 10, 0},
                                  {"park-100", parked, 100, 0},
                                  {"park-1000", parked, 1000, 0},
                                  {"park-10000", parked, 10000, 0},
                                  {"park-100000", parked, 100000, 3},
                                  {"park-1000000", parked, 1000000, 1},
                                  {0}};

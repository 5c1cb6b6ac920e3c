/* stack.c - tests of stacks: sizes, guards, recycling, one page each, giving pages back.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "coro/context.h"
#include "coro/pool.h"
#include "tap.h"

/* True when the kernel can read the byte at address. */
static bool readable(const char *address)
{
    int ends[2];
    REQUIRE(!pipe(ends));
    bool done = write(ends[1], address, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return done;
}

/* How many pages of [from, to) are resident. */
static size_t resident(char *from, char *to)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0;
    char *start = (char *)((uintptr_t)from / page * page);
    for (char *at = start; at < to; at += page) {
        unsigned char in = 0;
        REQUIRE(!mincore(at, page, &in));
        count += in & 1;
    }
    return count;
}

static void size_is_at_least_what_was_asked(void)
{
    static const size_t sizes[] = {0,     1,          XIE_STACK_LEAST, XIE_STACK_LEAST + 1,
                                   65536, 256 * 1024, 256 * 1024 + 1,  8 << 20};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct xie_stack *stack = xie_stack_take(sizes[i]);
        REQUIRE(stack);
        size_t usable = stack->slab->class->usable;
        CHECK(usable >= sizes[i] && usable >= XIE_STACK_LEAST);
        CHECK(usable < 2 * sizes[i] || usable == XIE_STACK_LEAST);
        CHECK((uintptr_t)stack->top % 16 == 0);
        CHECK(stack->top <= (char *)stack && stack->size <= usable);
        memset(stack->base, 1, 4096);
        CHECK_EQ(stack->base[0], 1);
        xie_stack_give(stack);
    }
    CHECK(!xie_stack_take((size_t)XIE_STACK_MOST + 1));
    struct xie_stack *stack = xie_stack_take(XIE_STACK_MOST);
    CHECK(stack);
    if (stack)
        xie_stack_give(stack);
}

static void each_has_a_guard(void)
{
    enum { COUNT = 100 };
    struct xie_stack *stacks[COUNT];
    for (int i = 0; i < COUNT; i++) {
        stacks[i] = xie_stack_take(0);
        REQUIRE(stacks[i]);
        CHECK(readable(stacks[i]->base));
        CHECK(readable((char *)stacks[i]));
        CHECK(!readable(stacks[i]->base - 1));
        CHECK(!readable(stacks[i]->base - xie_stack_pool->guard));
    }
    for (int i = 0; i < COUNT; i++)
        xie_stack_give(stacks[i]);
}

static void they_do_not_overlap(void)
{
    enum { COUNT = 1000 };
    static struct xie_stack *stacks[COUNT];
    for (int i = 0; i < COUNT; i++) {
        stacks[i] = xie_stack_take(i % 3 ? 16384 : 65536);
        REQUIRE(stacks[i]);
        memcpy(stacks[i]->base, &i, sizeof i);
        memcpy(stacks[i]->top - sizeof i, &i, sizeof i);
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK(!memcmp(stacks[i]->base, &i, sizeof i));
        CHECK(!memcmp(stacks[i]->top - sizeof i, &i, sizeof i));
        xie_stack_give(stacks[i]);
    }
}

static void the_last_given_is_taken_first(void)
{
    struct xie_stack *a = xie_stack_take(0), *b = xie_stack_take(0), *c = xie_stack_take(0);
    CHECK_EQ(xie_stack_count(), 3);
    xie_stack_give(b);
    xie_stack_give(a);
    CHECK_EQ(xie_stack_count(), 1);
    CHECK(xie_stack_take(0) == a);
    CHECK(xie_stack_take(0) == b);
    struct xie_stack *other = xie_stack_take(65536); /* sizes do not mix */
    CHECK(other != a && other != b && other != c);
    xie_stack_give(a);
    xie_stack_give(b);
    xie_stack_give(c);
    xie_stack_give(other);
}

static void a_reserve_is_aligned_and_zeroed(void)
{
    struct xie_stack *stack = xie_stack_take(0);
    memset(stack->top - 512, 0xff, 512);
    char *record = xie_stack_reserve(stack, 100);
    CHECK((uintptr_t)record % 16 == 0);
    CHECK(record + 100 <= (char *)stack && stack->top <= record);
    for (int i = 0; i < 100; i++)
        CHECK_EQ(record[i], 0);
    memset(record, 1, 100);
    xie_stack_give(stack);
    stack = xie_stack_take(0);
    CHECK(stack->top == (char *)stack); /* starts anew */
    CHECK(!stack->name && !stack->where && !stack->kind);
    xie_stack_give(stack);
}

/* --- pages -------------------------------------------------------------------------- */

enum { OWNER = 640, FRAMES = 1200, PARKED = 200 };

static void parked_is_one_page(void)
{
    static struct xie_stack *stacks[PARKED];
    if (tap_slow())
        tap_skip("the machine's pages are not ours to count here");
    size_t pages = 0;
    for (int i = 0; i < PARKED; i++) {
        stacks[i] = xie_stack_take(XIE_STACK_DEFAULT);
        REQUIRE(stacks[i]);
        char *owner = xie_stack_reserve(stacks[i], OWNER);
        memset(owner - FRAMES, 1, FRAMES);
    }
    for (int i = 0; i < PARKED; i++)
        pages += resident(stacks[i]->base, (char *)(stacks[i] + 1));
    CHECK_EQ(pages, PARKED);
    for (int i = 0; i < PARKED; i++)
        xie_stack_give(stacks[i]);
}

enum { MANY = 4000, MANY_SLOW = 400 };

static void few_mappings(void)
{
    static struct xie_stack *stacks[MANY];
    int count = tap_slow() ? MANY_SLOW : MANY;
    for (int i = 0; i < count; i++)
        REQUIRE((stacks[i] = xie_stack_take(XIE_STACK_DEFAULT)));
    unsigned slabs = 0;
    for (struct xie_stack_slab *slab = stacks[0]->slab->class->slabs; slab; slab = slab->next)
        slabs++;
    CHECK(slabs <= 10); /* a million: at most 10 more, as they double */
    for (int i = 0; i < count; i++)
        xie_stack_give(stacks[i]);
}

static void trim_gives_pages_back(void)
{
    static struct xie_stack *stacks[MANY];
    int count = tap_slow() ? MANY_SLOW : MANY;
    for (int i = 0; i < count; i++) {
        REQUIRE((stacks[i] = xie_stack_take(0)));
        memset(stacks[i]->base, 1, 100);
    }
    struct xie_stack_class *class = stacks[0]->slab->class;
    for (int i = 0; i < count; i++)
        xie_stack_give(stacks[i]);
    CHECK_EQ(class->warm_count, count);
    for (int i = 0; i < 10; i++)
        xie_stack_trim();
    CHECK(class->warm_count <= 100);
    CHECK(class->slabs && !class->slabs->next); /* unused slabs are unmapped */
    CHECK(class->slots < (size_t)count);
    if (!tap_slow())
        CHECK(resident(class->slabs->slots, (char *)class->slabs + class->slabs->size) <= 400);
    for (int i = 0; i < count; i++) { /* and all can be had again, clean, guarded */
        REQUIRE((stacks[i] = xie_stack_take(0)));
        CHECK(!readable(stacks[i]->base - 1));
        memset(stacks[i]->base, 2, 100);
    }
    CHECK_EQ(xie_stack_count(), count);
    for (int i = 0; i < count; i++)
        xie_stack_give(stacks[i]);
}

/* Of those between the first and the last given back some stay: a run over whole words of the
 * slab's bits, single ones, and runs that end within a word. */
static bool is_given(int i)
{
    return (i >= 100 && i < 360) || i % 3 == 1;
}

static void trim_spares_those_between(void)
{
    enum { COUNT = 1000, WARM = 64 };
    static struct xie_stack *stacks[COUNT];
    static char *bases[COUNT];
    size_t pages = 0, given = 0;
    for (int i = 0; i < COUNT; i++) {
        REQUIRE((stacks[i] = xie_stack_take(0)));
        bases[i] = stacks[i]->base;
        memset(bases[i], i % 100 + 1, 100);
    }
    for (int i = 0; i < COUNT; i++)
        if (is_given(i)) {
            xie_stack_give(stacks[i]);
            given++;
        }
    CHECK(!xie_stack_trim());
    for (int i = 0; i < COUNT; i++)
        if (!is_given(i))
            CHECK_EQ(bases[i][99], i % 100 + 1);
        else if (!tap_slow())
            pages += resident(bases[i], bases[i] + 1);
    CHECK(given > 2 * (size_t)WARM + COUNT / 8);
    CHECK(pages <= WARM + COUNT / 8); /* an eighth of those taken stays warm */
    for (int i = 0; i < COUNT; i++)
        if (!is_given(i))
            xie_stack_give(stacks[i]);
}

static void trim_makes_deep_ones_shallow(void)
{
    if (tap_slow())
        tap_skip("the machine's pages are not ours to count here");
    size_t size = XIE_STACK_DEFAULT;
    struct xie_stack *stack = xie_stack_take(size);
    memset(stack->base, 1, stack->size - 4096);
    CHECK(resident(stack->base, stack->top) >= size / 4096 - 1);
    xie_stack_give(stack);
    for (int i = 0; i < 1000; i++)
        xie_stack_give(xie_stack_take(size));
    xie_stack_trim();
    CHECK(resident(stack->base, stack->top) <= 4);
    CHECK(xie_stack_take(size) == stack);
    xie_stack_give(stack);
}

/* Taking, giving back and trimming by chance; each taken one keeps its mark. */
static void random_use_mixes_nothing_up(void)
{
    enum { SLOTS = 600, STEPS = 60000 };
    static struct xie_stack *stacks[SLOTS];
    static unsigned marks[SLOTS];
    unsigned seed = 7, live = 0, wrong = 0;
    for (unsigned step = 1; step <= (tap_slow() ? STEPS / 20 : STEPS); step++) {
        seed = seed * 1103515245u + 12345u;
        unsigned i = (seed >> 8) % SLOTS, phase = step / 3000 % 2;
        if (stacks[i] && (phase || seed >> 28 < 6)) {
            wrong += memcmp(stacks[i]->top - 8, &marks[i], sizeof marks[i]) != 0;
            wrong += memcmp(stacks[i]->base, &marks[i], sizeof marks[i]) != 0;
            xie_stack_give(stacks[i]);
            stacks[i] = NULL;
            live--;
        } else if (!stacks[i]) {
            REQUIRE((stacks[i] = xie_stack_take((seed >> 20) % 3 * 20000)));
            marks[i] = step;
            memcpy(stacks[i]->top - 8, &step, sizeof step);
            memcpy(stacks[i]->base, &step, sizeof step);
            live++;
        }
        if (seed >> 24 == 0)
            xie_stack_trim();
        wrong += xie_stack_count() != live;
    }
    CHECK_EQ(wrong, 0);
    for (unsigned i = 0; i < SLOTS; i++)
        if (stacks[i])
            xie_stack_give(stacks[i]);
}

/* --- failures and misuse ------------------------------------------------------------ */

static void memory_can_run_out(void)
{
    xie_fault_plan =
        (struct xie_fault){.kinds = XIE_FAULT_MEMORY, .nth = 2, .forever = true, .error = -ENOMEM};
    struct xie_stack *stack = xie_stack_take(0);
    CHECK(stack);
    CHECK(!xie_stack_take(0));
    CHECK(!xie_stack_take(0));
    xie_fault_plan.kinds = 0;
    CHECK_EQ(xie_stack_count(), 1);
    xie_stack_give(stack);
}

static void mapping_can_fail(void)
{
    struct xie_stack *warm = xie_stack_take(0);
    xie_fault_plan =
        (struct xie_fault){.kinds = XIE_FAULT_SYSCALL, .nth = 1, .forever = true, .error = -ENOMEM};
    CHECK(!xie_stack_take(1 << 20));
    xie_stack_give(warm);
    CHECK(xie_stack_take(0) == warm); /* a warm one needs no system call */
    xie_fault_plan.kinds = 0;
    struct xie_stack *stack = xie_stack_take(1 << 20);
    CHECK(stack);
    CHECK_EQ(xie_stack_count(), 2);
    xie_stack_give(stack);
    xie_stack_give(warm);
}

static void give_twice(void *arg)
{
    (void)arg;
    struct xie_stack *stack = xie_stack_take(0);
    xie_stack_give(stack);
    xie_stack_give(stack);
}

static void *give(void *stack)
{
    xie_stack_give(stack);
    return NULL;
}

static void give_elsewhere(void *arg)
{
    (void)arg;
    pthread_t thread;
    if (!pthread_create(&thread, NULL, give, xie_stack_take(0)))
        pthread_join(thread, NULL);
}

static void misuse_aborts(void)
{
    char text[512];
    int status = tap_child(give_twice, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(text, "twice"));
    status = tap_child(give_elsewhere, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(text, "another thread"));
}

/* --- threads ------------------------------------------------------------------------ */

static size_t mappings(void)
{
    size_t lines = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    REQUIRE(file);
    for (int c; (c = getc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static void *use_a_few(void *arg)
{
    struct xie_stack *stacks[20];
    for (int i = 0; i < 20; i++)
        stacks[i] = xie_stack_take(i % 2 ? 0 : XIE_STACK_DEFAULT);
    for (int i = 0; i < 20; i++)
        xie_stack_give(stacks[i]);
    return arg;
}

static void a_thread_leaves_nothing(void)
{
    enum { ROUNDS = 20 };
    size_t before = 0;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t thread;
        REQUIRE(!pthread_create(&thread, NULL, use_a_few, NULL));
        pthread_join(thread, NULL);
        if (i == 1)
            before = mappings();
    }
    CHECK(mappings() < before + ROUNDS - 2);
}

static pthread_key_t late_key;

static void *keeps_one_for_its_destructor(void *arg)
{
    struct xie_stack **stack = arg;
    pthread_setspecific(late_key, xie_stack_take(0));
    *stack = xie_stack_take(0);
    xie_stack_give(*stack);
    return NULL;
}

static void late_give(void *stack)
{
    xie_stack_give(stack);
}

/* The pool outlives a stack that another destructor gives back. */
static void destructors_may_give_back(void)
{
    struct xie_stack *stack = NULL;
    pthread_t thread;
    xie_stack_watch(); /* our key is older: its destructor runs first */
    REQUIRE(!pthread_key_create(&late_key, late_give));
    REQUIRE(!pthread_create(&thread, NULL, keeps_one_for_its_destructor, &stack));
    pthread_join(thread, NULL);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char in;
    char *at = (char *)((uintptr_t)stack / page * page);
    CHECK(mincore(at, page, &in) < 0); /* unmapped */
    CHECK_EQ(xie_stack_count(), 0);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the size is at least what was asked", size_is_at_least_what_was_asked},
        {"each has a guard", each_has_a_guard},
        {"they do not overlap", they_do_not_overlap},
        {"the last given is taken first", the_last_given_is_taken_first},
        {"a reserve is aligned and zeroed", a_reserve_is_aligned_and_zeroed},
        {"a parked one is one page", parked_is_one_page},
        {"there are few mappings", few_mappings},
        {"trim gives pages back", trim_gives_pages_back},
        {"trim spares those between", trim_spares_those_between},
        {"trim makes deep ones shallow", trim_makes_deep_ones_shallow},
        {"random use mixes nothing up", random_use_mixes_nothing_up},
        {"memory can run out", memory_can_run_out},
        {"mapping can fail", mapping_can_fail},
        {"misuse aborts", misuse_aborts},
        {"a thread leaves nothing", a_thread_leaves_nothing},
        {"destructors may give back", destructors_may_give_back},
        {0},
    };
    return tap_main(argc, argv, tests);
}

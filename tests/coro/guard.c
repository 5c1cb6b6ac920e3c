/* guard.c - tests of guards: found out to work or not, and what protection costs.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "coro/guard.h"
#include "coro/pool.h"
#include "tap.h"

static bool readable(const char *address)
{
    int ends[2];
    REQUIRE(!pipe(ends));
    bool done = write(ends[1], address, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return done;
}

static void the_way_is_found_out(void)
{
    CHECK_EQ(xie_guard.way, XIE_GUARD_UNKNOWN);
    struct xie_stack *stack = xie_stack_take(0);
    REQUIRE(stack);
    CHECK(xie_guard.way != XIE_GUARD_UNKNOWN);
    CHECK(!readable(stack->base - 1));
    /* By advice no mapping is used up; by protection two each. */
    CHECK_EQ(xie_guard.used, xie_guard.way == XIE_GUARD_ADVISE ? 0 : 2);
    xie_stack_give(stack);
}

static void protection_guards_too(void)
{
    enum { COUNT = 50 };
    struct xie_stack *stacks[COUNT];
    xie_guard.way = XIE_GUARD_PROTECT;
    for (int i = 0; i < COUNT; i++) {
        REQUIRE((stacks[i] = xie_stack_take(0)));
        CHECK(!readable(stacks[i]->base - 1));
        CHECK(readable(stacks[i]->base));
    }
    CHECK_EQ(xie_guard.used, 2 * COUNT);
    for (int i = 0; i < COUNT; i++)
        xie_stack_give(stacks[i]);
    CHECK_EQ(xie_guard.used, 2 * COUNT); /* they stay with their slab */
}

static void the_budget_is_half_the_kernels(void)
{
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
    unsigned count = 65530;
    if (file) {
        CHECK_EQ(fscanf(file, "%u", &count), 1);
        fclose(file);
    }
    xie_guard.way = XIE_GUARD_PROTECT;
    xie_stack_give(xie_stack_take(0));
    CHECK_EQ(xie_guard.budget, count / 2);
}

/* Takes as many as the budget allows, then some. */
static void use_up(void *arg)
{
    enum { FIT = 10 };
    struct xie_stack *stacks[FIT];
    (void)arg;
    xie_guard.way = XIE_GUARD_PROTECT;
    xie_guard.budget = 2 * FIT;
    for (int i = 0; i < FIT; i++)
        CHECK((stacks[i] = xie_stack_take(0)) != NULL);
    for (int i = 0; i < 5; i++)
        CHECK(!xie_stack_take(0));
    CHECK_EQ(xie_stack_count(), FIT);
    xie_stack_give(stacks[3]);
    CHECK(xie_stack_take(0) == stacks[3]); /* one with a guard is not the matter */
    for (int i = 0; i < FIT; i++)
        xie_stack_give(stacks[i]);
}

static void a_used_up_budget_is_explained_once(void)
{
    char text[1024];
    int status = tap_child(use_up, NULL, text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(strstr(text, "xie: no more stacks") == text);
    CHECK(strstr(text, " 10 ") && strstr(text, "vm.max_map_count"));
    CHECK(strchr(text, '\n') && strchr(text, '\n')[1] == '\0');
}

static void slabs_return_their_mappings(void)
{
    enum { COUNT = 1000 };
    static struct xie_stack *stacks[COUNT];
    xie_guard.way = XIE_GUARD_PROTECT;
    for (int i = 0; i < COUNT; i++)
        REQUIRE((stacks[i] = xie_stack_take(0)));
    CHECK_EQ(xie_guard.used, 2 * COUNT);
    for (int i = 0; i < COUNT; i++)
        xie_stack_give(stacks[i]);
    xie_stack_trim();
    CHECK(xie_guard.used < COUNT);
}

static void a_failing_call_falls_back(void)
{
    xie_stack_give(xie_stack_take(1 << 20)); /* the pool and the way are there */
    if (xie_guard.way != XIE_GUARD_ADVISE)
        tap_skip("this kernel has no MADV_GUARD_INSTALL");
    xie_fault_plan = (struct xie_fault){.kinds = XIE_FAULT_SYSCALL, .nth = 1, .error = -ENOMEM};
    struct xie_stack *one = xie_stack_take(1 << 20), *two = xie_stack_take(1 << 20);
    xie_fault_plan.kinds = 0;
    REQUIRE(one && two);
    CHECK(!readable(one->base - 1) && !readable(two->base - 1));
    CHECK_EQ(xie_guard.used, 2);
    CHECK_EQ(xie_guard.way, XIE_GUARD_ADVISE);
    xie_stack_give(one);
    xie_stack_give(two);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the way is found out", the_way_is_found_out},
        {"protection guards too", protection_guards_too},
        {"the budget is half the kernel's", the_budget_is_half_the_kernels},
        {"a used-up budget is explained once", a_used_up_budget_is_explained_once},
        {"slabs return their mappings", slabs_return_their_mappings},
        {"a failing call falls back", a_failing_call_falls_back},
        {0},
    };
    return tap_main(argc, argv, tests);
}

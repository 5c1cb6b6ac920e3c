/* fault.c - the Nth call fails, once or from then on, and no other.
 * Tests of floor 0. */
/* SPDX-License-Identifier: MIT */
#include "base/fault.h"

#include <errno.h>
#include <stddef.h>

#include "tap.h"

static void nothing_armed_counts_nothing(void)
{
    CHECK_EQ(xie_fault_check(XIE_FAULT_MEMORY), 0);
    CHECK_EQ(xie_fault_count(XIE_FAULT_MEMORY), 0);
    CHECK_EQ(xie_fault_plan.seen, 0);
}

static void once_is_once(void)
{
    xie_fault_plan = (struct xie_fault){.kinds = XIE_FAULT_SYSCALL, .nth = 3, .error = -EIO};
    for (int i = 1; i <= 6; i++)
        CHECK_EQ(xie_fault_check(XIE_FAULT_SYSCALL), i == 3 ? -EIO : 0);
    CHECK_EQ(xie_fault_plan.seen, 6);
    CHECK_EQ(xie_fault_plan.failed, 1);
}

static void forever_is_from_then_on(void)
{
    xie_fault_plan = (struct xie_fault){
        .kinds = XIE_FAULT_OPERATION, .nth = 2, .forever = true, .error = -ENOBUFS};
    for (int i = 1; i <= 5; i++)
        CHECK_EQ(xie_fault_check(XIE_FAULT_OPERATION), i >= 2 ? -ENOBUFS : 0);
    CHECK_EQ(xie_fault_plan.failed, 4);
}

static void only_the_kinds_named_count(void)
{
    xie_fault_plan = (struct xie_fault){
        .kinds = XIE_FAULT_MEMORY | XIE_FAULT_OPERATION, .nth = 2, .error = -ENOMEM};
    CHECK_EQ(xie_fault_check(XIE_FAULT_MEMORY), 0);
    CHECK_EQ(xie_fault_check(XIE_FAULT_SYSCALL), 0);
    CHECK_EQ(xie_fault_plan.seen, 1);
    CHECK_EQ(xie_fault_check(XIE_FAULT_OPERATION), -ENOMEM);
    CHECK_EQ(xie_fault_check(XIE_FAULT_MEMORY), 0);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"nothing armed counts nothing", nothing_armed_counts_nothing},
        {"once is once", once_is_once},
        {"forever is from then on", forever_is_from_then_on},
        {"only the kinds named count", only_the_kinds_named_count},
        {0},
    };
    return tap_main(argc, argv, tests);
}

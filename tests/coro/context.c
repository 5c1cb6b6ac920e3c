/* context.c - tests of the switch: what it keeps, what it carries, where it starts.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <fenv.h>
#include <stdint.h>
#include <string.h>

#include "coro/context.h"
#include "tap.h"

static struct xie_context here, there;
static int calls;
static uintptr_t entry_frame;

/* --- a swap ------------------------------------------------------------------------- */

/* There has ended. */
static __attribute__((noreturn)) void leave(int value)
{
    xie_context_leave(&there, &here, (struct xie_carried){value, (void *)(intptr_t)value});
}

static void count_calls(void *arg)
{
    xie_context_entered(&there);
    entry_frame = (uintptr_t)__builtin_frame_address(0);
    for (;;) {
        calls += *(int *)arg;
        xie_context_switch(&there, &here);
    }
}

static void goes_back_and_forth(void)
{
    struct xie_stack *stack = xie_stack_take(0);
    REQUIRE(stack);
    int step = 3;
    xie_context_prepare(&there, stack, count_calls, &step);
    CHECK_EQ(calls, 0);
    for (int i = 1; i <= 1000; i++) {
        xie_context_switch(&here, &there);
        CHECK_EQ(calls, 3 * i);
    }
    CHECK(entry_frame > (uintptr_t)stack->base && entry_frame <= (uintptr_t)stack->top);
    xie_stack_give(stack);
}

/* As many live values as there are registers, and more. */
static __attribute__((noinline)) uint64_t churn(struct xie_context *from, struct xie_context *to,
                                                uint64_t seed, int turns)
{
    uint64_t a = seed, b = seed * 3, c = seed * 5, d = seed * 7, e = seed * 11, f = seed * 13;
    uint64_t g = seed * 17, h = seed * 19, i = seed * 23, j = seed * 29, k = seed * 31;
    double p = (double)seed, q = p * 2, r = p * 3, s = p * 5, t = p * 7, u = p * 11, v = p * 13;
    double w = p * 17, x = p * 19, y = p * 23, z = p * 29;
    for (int turn = 0; turn < turns; turn++) {
        xie_context_switch(from, to);
        a += b, b += c, c += d, d += e, e += f, f += g, g += h, h += i, i += j, j += k, k += a;
        p += 1, q += p, r += 1, s += r, t += 1, u += t, v += 1, w += v, x += 1, y += x, z += 1;
    }
    uint64_t whole = a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k;
    double real = p + q + r + s + t + u + v + w + x + y + z;
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    return whole ^ bits;
}

enum { TURNS = 50 };

static uint64_t other_churn;

static void churn_entry(void *arg)
{
    xie_context_entered(&there);
    other_churn = churn(&there, &here, *(uint64_t *)arg, TURNS);
    leave(0);
}

/* Goes nowhere: what churn must compute. */
static struct xie_context mirror;

static void mirror_entry(void *arg)
{
    (void)arg;
    xie_context_entered(&there);
    for (;;)
        xie_context_switch(&there, &mirror);
}

static uint64_t expected_churn(uint64_t seed)
{
    struct xie_stack *stack = xie_stack_take(0);
    xie_context_prepare(&there, stack, mirror_entry, NULL);
    uint64_t value = churn(&mirror, &there, seed, TURNS);
    xie_stack_give(stack);
    return value;
}

static void keeps_what_is_live(void)
{
    uint64_t seed = 12345, mine = expected_churn(999), theirs = expected_churn(seed);
    struct xie_stack *stack = xie_stack_take(0);
    REQUIRE(stack);
    xie_context_prepare(&there, stack, churn_entry, &seed);
    uint64_t got = churn(&here, &there, 999, TURNS);
    xie_context_switch(&here, &there); /* its last turn */
    CHECK(got == mine);
    CHECK(other_churn == theirs);
    xie_stack_give(stack);
}

/* --- an exchange --------------------------------------------------------------------- */

static __attribute__((noinline)) int pass(struct xie_context *from, struct xie_context *to,
                                          int value)
{
    struct xie_carried carried =
        xie_context_exchange(from, to, (struct xie_carried){value, (void *)(intptr_t)value});
    CHECK(carried.value == (void *)(intptr_t)carried.status);
    return (int)carried.status;
}

static void doubles(void *arg)
{
    (void)arg;
    xie_context_entered(&there);
    int value = 0;
    while (value < 1000)
        value = pass(&there, &here, value * 2);
    leave(-7);
}

static void exchange_carries_values(void)
{
    struct xie_stack *stack = xie_stack_take(0);
    REQUIRE(stack);
    xie_context_prepare(&there, stack, doubles, NULL);
    CHECK_EQ(pass(&here, &there, 1), 0);
    for (int i = 1; i < 100; i++)
        CHECK_EQ(pass(&here, &there, i), 2 * i);
    CHECK_EQ(pass(&here, &there, -5), -10);
    CHECK_EQ(pass(&here, &there, 1000), -7);
    xie_stack_give(stack);
}

/* A function keeps its caller's registers across an exchange. */
static __attribute__((noinline)) uint64_t churn_by_exchange(struct xie_context *from,
                                                            struct xie_context *to, uint64_t seed)
{
    uint64_t a = seed, b = a * 3, c = a * 5, d = a * 7, e = a * 11, f = a * 13, g = a * 17;
    double p = (double)seed, q = p * 2, r = p * 3, s = p * 5, t = p * 7, u = p * 11, v = p * 13;
    double w = p * 17, x = p * 19;
    for (int turn = 0; turn < TURNS; turn++) {
        a += (uint64_t)pass(from, to, 1);
        b += a, c += b, d += c, e += d, f += e, g += f;
        p += 1, q += p, r += q, s += r, t += s, u += t, v += u, w += v, x += w;
    }
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return a ^ b ^ c ^ d ^ e ^ f ^ g ^ bits;
}

static void exchange_entry(void *arg)
{
    xie_context_entered(&there);
    other_churn = churn_by_exchange(&there, &here, *(uint64_t *)arg);
    leave(1);
}

static void echo_entry(void *arg)
{
    (void)arg;
    xie_context_entered(&there);
    for (int value = 1;;)
        value = pass(&there, &mirror, value);
}

static uint64_t expected_by_exchange(uint64_t seed)
{
    struct xie_stack *stack = xie_stack_take(0);
    xie_context_prepare(&there, stack, echo_entry, NULL);
    uint64_t value = churn_by_exchange(&mirror, &there, seed);
    xie_stack_give(stack);
    return value;
}

static void exchange_keeps_registers(void)
{
    uint64_t seed = 4711, mine = expected_by_exchange(31), theirs = expected_by_exchange(seed);
    struct xie_stack *stack = xie_stack_take(0);
    REQUIRE(stack);
    xie_context_prepare(&there, stack, exchange_entry, &seed);
    uint64_t got = churn_by_exchange(&here, &there, 31);
    CHECK_EQ(pass(&here, &there, 1), 1);
    CHECK(got == mine);
    CHECK(other_churn == theirs);
    xie_stack_give(stack);
}

/* --- starting ----------------------------------------------------------------------- */

static bool aligned, carried;

static void looks_at_the_start(void *arg)
{
    xie_context_entered(&there);
    /* What the compiler aligns by the ABI's word must be aligned. */
    volatile _Alignas(16) char buffer[16];
    aligned = (uintptr_t)buffer % 16 == 0;
    carried = arg == &carried;
    leave(0);
}

static void starts_aligned_with_its_argument(void)
{
    struct xie_stack *stack = xie_stack_take(0);
    REQUIRE(stack);
    xie_context_prepare(&there, stack, looks_at_the_start, &carried);
    xie_context_switch(&here, &there);
    CHECK(aligned);
    CHECK(carried);
    xie_stack_give(stack);
}

/* --- a stack that was left in the middle -------------------------------------------------------
 */

/* Frames with arrays, around which AddressSanitizer and valgrind see what may not be touched. */
static __attribute__((noinline)) int deep(int depth)
{
    volatile char before[40], after[40];
    before[depth % 40] = (char)depth;
    if (!depth)
        xie_context_switch(&there, &here);
    after[depth % 40] = before[depth % 40];
    return depth ? deep(depth - 1) + after[depth % 40] : 0;
}

static void goes_deep(void *arg)
{
    xie_context_entered(&there);
    for (;;)
        deep(*(int *)arg);
}

static void fills_its_stack(void *arg)
{
    xie_context_entered(&there);
    volatile char much[16000];
    for (size_t i = 0; i < sizeof much; i++)
        much[i] = *(char *)arg;
    leave(much[sizeof much - 1]);
}

/* No tool that watches memory may see an error where the next one uses it. */
static void one_left_in_the_middle_is_as_new(void)
{
    int depth = 60; /* some KiB, more in a build that is watched */
    for (int i = 0; i < 3; i++) {
        struct xie_stack *stack = xie_stack_take(64 * 1024);
        REQUIRE(stack);
        xie_context_prepare(&there, stack, goes_deep, &depth);
        xie_context_switch(&here, &there);
        xie_stack_give(stack); /* it never returns */
        struct xie_stack *again = xie_stack_take(64 * 1024);
        CHECK(again == stack);
        char fill = 'f';
        xie_context_prepare(&there, again, fills_its_stack, &fill);
        CHECK_EQ(pass(&here, &there, 0), 'f');
        xie_stack_give(again);
    }
}

/* Its first frame stands where another had its last ones: what lies above it has another size. */
static void one_used_up_is_as_new_below_a_larger_record(void)
{
    char fill = 'g';
    for (size_t reserved = 0; reserved < 4000; reserved = 3 * reserved + 16) {
        struct xie_stack *stack = xie_stack_take(64 * 1024);
        REQUIRE(stack);
        memset(xie_stack_reserve(stack, reserved), 'r', reserved);
        xie_context_prepare(&there, stack, fills_its_stack, &fill);
        CHECK_EQ(pass(&here, &there, 0), 'g');
        xie_stack_give(stack);
    }
}

/* --- modes of the processor ---------------------------------------------------------------------
 */

static int (*set_round)(int mode), (*get_round)(void);

static void round_up(void *arg)
{
    (void)arg;
    xie_context_entered(&there);
    for (;;) {
        set_round(FE_UPWARD);
        xie_context_switch(&there, &here);
    }
}

#if defined(XIE_UCONTEXT)
enum { SEEN = FE_TONEAREST };
#else
enum { SEEN = FE_UPWARD };
#endif

/* <xie/generator.h>: they are the thread's; a switch, which would pay for it, keeps none. The
 * portable one does. */
static void rounding_is_the_threads(void)
{
    void *math = dlopen("libm.so.6", RTLD_NOW);
    if (!math)
        tap_skip("another C library");
    *(void **)&set_round = dlsym(math, "fesetround");
    *(void **)&get_round = dlsym(math, "fegetround");
    REQUIRE(set_round && get_round);
    struct xie_stack *stack = xie_stack_take(0);
    REQUIRE(stack);
    xie_context_prepare(&there, stack, round_up, NULL);
    CHECK_EQ(get_round(), FE_TONEAREST);
    for (int i = 0; i < 2; i++) {
        xie_context_switch(&here, &there);
        CHECK_EQ(get_round(), SEEN);
        set_round(FE_TONEAREST);
    }
    xie_stack_give(stack);
    dlclose(math);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"goes back and forth", goes_back_and_forth},
        {"keeps what is live", keeps_what_is_live},
        {"an exchange carries values", exchange_carries_values},
        {"an exchange keeps registers", exchange_keeps_registers},
        {"starts aligned, with its argument", starts_aligned_with_its_argument},
        {"one left in the middle is as new", one_left_in_the_middle_is_as_new},
        {"one used up is as new below a larger record",
         one_used_up_is_as_new_below_a_larger_record},
        {"rounding is the thread's", rounding_is_the_threads},
        {0},
    };
    return tap_main(argc, argv, tests);
}

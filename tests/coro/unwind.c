/* unwind.c - tests that a walk up a coroutine's stack ends at its entry.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>
#include <unwind.h>

#include <xie/generator.h>

#include "coro/context.h"
#include "tap.h"

enum { DEEPEST = 64 };

struct walk {
    unsigned count;
    uintptr_t at[DEEPEST], stack[DEEPEST];
};

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *arg)
{
    struct walk *walk = arg;
    if (!_Unwind_GetIP(context)) /* told at the end */
        return _URC_NO_REASON;
    if (walk->count == DEEPEST)
        return _URC_NORMAL_STOP;
    walk->at[walk->count] = _Unwind_GetIP(context);
    walk->stack[walk->count++] = _Unwind_GetCFA(context);
    return _URC_NO_REASON;
}

static __attribute__((noinline)) int walk_here(struct walk *walk, int depth)
{
    if (depth) {
        volatile int below = walk_here(walk, depth - 1); /* a frame each, not a loop */
        return below + 1;
    }
    return _Unwind_Backtrace(visit, walk) == _URC_END_OF_STACK ? 0 : -1000; /* no mere stop */
}

static int body(struct xie_gen *self, void *arg)
{
    struct walk *walks = arg;
    CHECK_EQ(walk_here(&walks[0], 10), 10);
    int error = xie_gen_yield(self, NULL, NULL);
    CHECK_EQ(walk_here(&walks[1], 10), 10);
    return error;
}

/* Ten calls, the body, what starts it; none of the consumer's frames, nothing beyond. */
static void check_walk(const struct walk *walk)
{
    CHECK(walk->count >= 12 && walk->count < 24);
    for (unsigned i = 1; i < walk->count; i++)
        CHECK(walk->stack[i] >= walk->stack[i - 1] &&
              walk->stack[i] - walk->stack[0] < XIE_STACK_DEFAULT);
}

static void a_walk_ends_at_the_entry(void)
{
    static struct walk walks[2], own;
    walk_here(&own, 10);
    if (own.count < 11)
        tap_skip("built without unwind tables");
    struct xie_gen *gen = xie_gen_new(body, walks);
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_EQ(xie_gen_next(gen, NULL), 0);
    check_walk(&walks[0]);
    check_walk(&walks[1]);
    xie_gen_free(gen);
}

/* The consumer's own stack is as it was: main is there. */
static void the_threads_stack_is_whole(void)
{
    static struct walk walks[2], before, after;
    walk_here(&before, 0);
    struct xie_gen *gen = xie_gen_new(body, walks);
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    walk_here(&after, 0);
    CHECK_EQ(before.count, after.count);
    CHECK(!memcmp(before.stack, after.stack, sizeof before.stack));
    xie_gen_free(gen);
}

#if defined(__x86_64__) && !defined(XIE_UCONTEXT)
/* Walking frame pointers, as profilers do, ends too. */
static int frame_body(struct xie_gen *self, void *arg)
{
    int *frames = arg;
    (void)self;
    for (void **frame = __builtin_frame_address(0); frame; frame = *frame)
        if (++*frames == DEEPEST)
            break;
    return 0;
}

static void frame_pointers_end(void)
{
    int frames = 0;
    struct xie_gen *gen = xie_gen_new(frame_body, &frames);
    CHECK_EQ(xie_gen_next(gen, NULL), 0);
    CHECK(frames > 0 && frames < 8);
    xie_gen_free(gen);
}
#else
static void frame_pointers_end(void)
{
    tap_skip("frames are linked in another way here");
}
#endif

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a walk ends at the entry", a_walk_ends_at_the_entry},
        {"the thread's stack is whole", the_threads_stack_is_whole},
        {"frame pointers end", frame_pointers_end},
        {0},
    };
    return tap_main(argc, argv, tests);
}

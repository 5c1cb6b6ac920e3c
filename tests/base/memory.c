/* memory.c - the hook sees every allocation; the count of the living is right.
 * Tests of floor 0. */
/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "tap.h"

static size_t resized, released, asked;

static void *counting_resize(void *memory, size_t size)
{
    resized++;
    asked = size;
    return realloc(memory, size);
}

static void counting_release(void *memory)
{
    released++;
    free(memory);
}

static const struct xie_allocator counting = {counting_resize, counting_release};

static void the_hook_sees_every_call(void)
{
    xie_set_allocator(&counting);
    char *a = xie_alloc(10);
    CHECK_EQ(asked, 10);
    a = xie_resize(a, 20);
    CHECK_EQ(asked, 20);
    char *b = xie_alloc_zero(30);
    char *c = xie_copy_string("hello");
    CHECK_EQ(asked, 6);
    CHECK_EQ(resized, 4);
    xie_release(a);
    xie_release(b);
    xie_release(c);
    CHECK_EQ(released, 3);
    xie_set_allocator(NULL);
    xie_release(xie_alloc(1));
    CHECK_EQ(resized, 4);
    CHECK_EQ(released, 3);
}

static void zeroed_memory_is_zero(void)
{
    char *dirty = xie_alloc(4096);
    memset(dirty, 0xee, 4096);
    xie_release(dirty);
    char *clean = xie_alloc_zero(4096);
    for (int i = 0; i < 4096; i++)
        if (clean[i])
            tap_failed(__FILE__, __LINE__, "byte %d", i);
    xie_release(clean);
}

static void strings_are_copied_whole(void)
{
    char *empty = xie_copy_string(""), *text = xie_copy_string("text");
    CHECK_STR(empty, "");
    CHECK_STR(text, "text");
    xie_release(empty);
    xie_release(text);
}

static void releasing_null_is_nothing(void)
{
    size_t before = xie_alloc_live();
    xie_release(NULL);
    CHECK_EQ(xie_alloc_live(), before);
}

static void live_counts_what_is_alive(void)
{
    size_t before = xie_alloc_live();
    void *a = xie_alloc(8), *b = xie_resize(NULL, 0);
    CHECK(b);
    CHECK_EQ(xie_alloc_live(), before + 2);
    a = xie_resize(a, 1000);
    CHECK_EQ(xie_alloc_live(), before + 2);
    xie_release(a);
    CHECK_EQ(xie_alloc_live(), before + 1);
    xie_release(b);
    CHECK_EQ(xie_alloc_live(), before);
}

static void *churn(void *arg)
{
    for (int i = 0; i < 2000; i++)
        xie_release(xie_resize(xie_alloc(8), 64));
    return arg;
}

static void live_is_right_across_threads(void)
{
    size_t before = xie_alloc_live();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        REQUIRE(!pthread_create(&threads[i], NULL, churn, NULL));
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(xie_alloc_live(), before);
}

static void a_failed_resize_keeps_the_old(void)
{
    char *memory = xie_copy_string("kept");
    size_t before = xie_alloc_live();
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, 1, true, -ENOMEM, 0, 0};
    CHECK(!xie_resize(memory, 1 << 20));
    CHECK(!xie_alloc(1));
    CHECK(!xie_alloc_zero(1));
    CHECK(!xie_copy_string("x"));
    CHECK_EQ(xie_fault_plan.failed, 4);
    xie_fault_plan.kinds = 0;
    CHECK_STR(memory, "kept");
    CHECK_EQ(xie_alloc_live(), before);
    xie_release(memory);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the hook sees every call", the_hook_sees_every_call},
        {"zeroed memory is zero", zeroed_memory_is_zero},
        {"strings are copied whole", strings_are_copied_whole},
        {"releasing NULL is nothing", releasing_null_is_nothing},
        {"live counts what is alive", live_counts_what_is_alive},
        {"live is right across threads", live_is_right_across_threads},
        {"a failed resize keeps the old", a_failed_resize_keeps_the_old},
        {0},
    };
    return tap_main(argc, argv, tests);
}

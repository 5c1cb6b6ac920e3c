// coroutine.cc - generator: the next value, by a coroutine of C++20 (no stack).
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <coroutine>
#include <cstdio>
#include <ctime>

struct generator {
    struct promise_type {
        long value = 0;
        generator get_return_object()
        {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(long next) noexcept
        {
            value = next;
            return {};
        }
        void return_void() {}
        void unhandled_exception() {}
    };
    std::coroutine_handle<promise_type> handle;
};

__attribute__((noinline)) static generator count()
{
    for (long i = 0;; i++)
        co_yield i;
}

static double now_ns()
{
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

int main()
{
    enum { ROUNDS = 9, TIMES = 1000000 };
    double each[ROUNDS];
    long sum = 0;
    for (double &took : each) {
        generator values = count();
        double start = now_ns();
        for (int i = 0; i < TIMES; i++) {
            values.handle.resume();
            sum += values.handle.promise().value;
        }
        took = (now_ns() - start) / TIMES;
        values.handle.destroy();
    }
    asm volatile("" : : "r"(sum));
    std::sort(each, each + ROUNDS);
    printf("next %.2f ns\n", each[ROUNDS / 2]);
}

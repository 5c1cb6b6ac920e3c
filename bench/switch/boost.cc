// boost.cc - switch: from one stack to another and back, by Boost.Context.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <boost/context/fiber.hpp>
#include <cstdio>
#include <ctime>

static double now_ns()
{
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

int main()
{
    enum { ROUNDS = 9, TIMES = 2000000 };
    namespace context = boost::context;
    double each[ROUNDS];
    context::fiber there([](context::fiber &&back) {
        for (;;)
            back = std::move(back).resume();
        return std::move(back);
    });
    for (double &took : each) {
        double start = now_ns();
        for (int i = 0; i < TIMES; i += 2)
            there = std::move(there).resume();
        took = (now_ns() - start) / TIMES;
    }
    std::sort(each, each + ROUNDS);
    printf("switch %.2f ns\n", each[ROUNDS / 2]);
}

/* overflow.c - tests of the report of a stack overflow, and of faults that are none.
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
#include <sys/wait.h>
#include <unistd.h>

#include <xie/generator.h>

#include "coro/context.h"
#include "tap.h"

/* Dead by the signal; a sanitizer's handler, which comes after ours, exits instead. */
static bool died_of(int status, int number)
{
    if (tap_slow() && WIFEXITED(status))
        return WEXITSTATUS(status) != 0;
    return WIFSIGNALED(status) && WTERMSIG(status) == number;
}

static __attribute__((noinline)) int recurse(volatile int *depth)
{
    volatile int below[64];
    below[*depth % 64] = ++*depth;
    return *depth < 0 ? 0 : recurse(depth) + below[*depth % 64];
}

static struct xie_context here, there;

static void overflowing(void *arg)
{
    volatile int depth = 0;
    (void)arg;
    xie_context_entered(&there);
    recurse(&depth);
    xie_context_leave(&there, &here, (struct xie_carried){0});
}

static void run_on(struct xie_stack *stack, void (*entry)(void *arg), void *arg)
{
    xie_context_prepare(&there, stack, entry, arg);
    xie_context_switch(&here, &there);
    xie_stack_give(stack);
}

static void overflow_named(void *arg)
{
    struct xie_stack *others[3];
    for (int i = 0; i < 3; i++)
        others[i] = xie_stack_take(65536);
    struct xie_stack *stack = xie_stack_take(65536);
    others[2]->kind = "task";
    others[2]->name = "neighbour";
    stack->kind = "task";
    stack->name = "fetch";
    stack->where = "a.c:12";
    run_on(stack, overflowing, arg);
}

static void the_owner_is_named(void)
{
    char text[2048];
    int status = tap_child(overflow_named, NULL, text, sizeof text);
    CHECK(died_of(status, SIGSEGV));
    CHECK(strstr(text, "xie: stack overflow in task 'fetch' (spawned at a.c:12), 64 KiB: "));
    CHECK(!strstr(text, "neighbour"));
    CHECK(strstr(text, "stack_size in xie_task_options")); /* what to do */
}

static int overflowing_body(struct xie_gen *self, void *arg)
{
    volatile int depth = 0;
    (void)arg;
    int error = xie_gen_yield(self, NULL, NULL);
    return error ? error : recurse(&depth);
}

static void overflow_generator(void *arg)
{
    struct xie_gen *gen = xie_gen_new(overflowing_body, arg);
    xie_gen_next(gen, NULL);
    xie_gen_next(gen, NULL);
}

static void a_generator_is_named(void)
{
    char text[2048];
    int status = tap_child(overflow_generator, NULL, text, sizeof text);
    CHECK(died_of(status, SIGSEGV));
    CHECK(strstr(text, "xie: stack overflow in generator 'overflowing_body' (made at "));
    CHECK(strstr(text, "overflow.c:") && strstr(text, " 256 KiB: "));
}

static void *in_thread(void *arg)
{
    overflow_generator(arg);
    return NULL;
}

static void overflow_thread(void *arg)
{
    pthread_t thread;
    xie_stack_watch();
    if (!pthread_create(&thread, NULL, in_thread, arg))
        pthread_join(thread, NULL);
}

static void other_threads_too(void)
{
    char text[2048];
    int status = tap_child(overflow_thread, NULL, text, sizeof text);
    CHECK(died_of(status, SIGSEGV));
    CHECK(strstr(text, "xie: stack overflow in generator 'overflowing_body'"));
}

static void after_trim(void *arg)
{
    struct xie_stack *stacks[500];
    for (int i = 0; i < 500; i++)
        stacks[i] = xie_stack_take(65536);
    for (int i = 0; i < 500; i++)
        xie_stack_give(stacks[i]);
    xie_stack_trim();
    for (int i = 0; i < 500; i++)
        stacks[i] = xie_stack_take(65536);
    stacks[499]->kind = "task";
    stacks[499]->name = "again";
    run_on(stacks[499], overflowing, arg);
}

static void recycled_ones_too(void)
{
    char text[2048];
    int status = tap_child(after_trim, NULL, text, sizeof text);
    CHECK(died_of(status, SIGSEGV));
    CHECK(strstr(text, "xie: stack overflow in task 'again' (spawned at ?)"));
}

/* --- faults that are no overflow ---------------------------------------------------- */

static void write_to(void *address)
{
    xie_stack_watch();
    *(volatile char *)address = 1;
}

static void other_faults_kill_as_ever(void)
{
    char text[2048];
    if (tap_valgrind())
        tap_skip("valgrind's exit code takes the place of the handler's");
    void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(page != MAP_FAILED);
    int status = tap_child(write_to, page, text, sizeof text);
    CHECK(died_of(status, SIGSEGV));
    CHECK(!strstr(text, "xie: stack overflow"));
}

static void raise_it(void *number)
{
    xie_stack_watch();
    raise((int)(intptr_t)number);
    _Exit(9);
}

static void sent_signals_kill_as_ever(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS};
    char text[2048];
    for (int i = 0; i < 2; i++) {
        int status = tap_child(raise_it, (void *)(intptr_t)numbers[i], text, sizeof text);
        CHECK(died_of(status, numbers[i]));
        CHECK(!strstr(text, "xie: stack overflow"));
    }
}

static void earlier_handler(int number, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    static const char said[] = "the earlier handler\n";
    if (write(STDERR_FILENO, said, sizeof said - 1) > 0)
        _Exit(40 + (number == SIGSEGV));
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = earlier_handler,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
}

static void fault_with_handler(void *address)
{
    install();
    write_to(address);
}

static void overflow_with_handler(void *arg)
{
    install();
    overflow_generator(arg);
}

static void earlier_handlers_come_next(void)
{
    if (tap_valgrind())
        tap_skip("valgrind's exit code takes the place of the handler's");
    char text[2048];
    void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int status = tap_child(fault_with_handler, page, text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 41);
    CHECK_STR(text, "the earlier handler\n");
    status = tap_child(overflow_with_handler, NULL, text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 41);
    CHECK(strstr(text, "xie: stack overflow in generator"));
    CHECK(strstr(text, "the earlier handler\n"));
}

/* A free stack's guard belongs to nobody. */
static void fault_in_free_guard(void *address)
{
    *(volatile char *)address = 1;
}

static void a_free_stack_is_not_named(void)
{
    char text[2048];
    struct xie_stack *stack = xie_stack_take(0);
    char *guard = stack->base - 1;
    xie_stack_give(stack);
    int status = tap_child(fault_in_free_guard, guard, text, sizeof text);
    CHECK(died_of(status, SIGSEGV));
    CHECK(!strstr(text, "xie: stack overflow"));
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the owner is named", the_owner_is_named},
        {"a generator is named", a_generator_is_named},
        {"in other threads too", other_threads_too},
        {"on recycled stacks too", recycled_ones_too},
        {"other faults kill as ever", other_faults_kill_as_ever},
        {"signals that were sent kill as ever", sent_signals_kill_as_ever},
        {"earlier handlers come next", earlier_handlers_come_next},
        {"a free stack is not named", a_free_stack_is_not_named},
        {0},
    };
    return tap_main(argc, argv, tests);
}

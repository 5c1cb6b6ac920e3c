/* process_sweep.c - each call beneath a child's life fails, alone and with all after it: clean
 * errors, no leak, no zombie. */
/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "io/process_kit.h"

static int talk(struct xie_process *child)
{
    struct xie_process_result result = {0};
    int error = xie_process_communicate(child, "b\na\n", 4, &result);
    if (!error && strcmp(result.out, "b\na\n"))
        error = -EPROTO;
    xie_process_result_fini(&result);
    return error;
}

static int open_and_talk(void *arg)
{
    struct xie_process *child;
    int error = xie_process_open(arg, &child);
    if (error)
        return error;
    error = talk(child);
    xie_process_close(child);
    return error;
}

static int wait_for(void *arg)
{
    return xie_process_wait(arg, NULL);
}

static int open_and_wait(void *arg)
{
    struct xie_process *child;
    int error = xie_process_open(arg, &child);
    if (error)
        return error;
    struct xie_task *tasks[2] = {xie_spawn(wait_for, child), xie_spawn(wait_for, child)};
    error = xie_gather(tasks, 2, NULL);
    xie_process_close(child);
    return error;
}

/* It has to be killed. */
static int open_and_close(void *arg)
{
    struct xie_process *child;
    int error = xie_process_open(arg, &child);
    if (error)
        return error;
    xie_sleep(0);
    xie_process_close(child);
    return 0;
}

static void sweep(int (*run)(void *arg), struct xie_process_options options)
{
    /* What fails while it is closed, or put away, is made good. */
    struct fault_program program = {"child", run, &options, .tolerant = true};
    fault_sweep_all(&program);
    CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

static void a_talk(void)
{
    tap_limit(60);
    sweep(open_and_talk, (struct xie_process_options){.argv = ARGV("cat"),
                                                      .in = XIE_PROCESS_PIPE,
                                                      .out = XIE_PROCESS_PIPE,
                                                      .err = XIE_PROCESS_PIPE});
}

static void a_wait(void)
{
    sweep(open_and_wait, (struct xie_process_options){.argv = ARGV("true"),
                                                      .in = XIE_PROCESS_NULL,
                                                      .group = XIE_PROCESS_NEW_GROUP});
}

static void a_close(void)
{
    sweep(open_and_close, (struct xie_process_options){.argv = ARGV("sleep", "1000"),
                                                       .in = XIE_PROCESS_PIPE,
                                                       .group = XIE_PROCESS_NEW_GROUP,
                                                       .grace_ns = XIE_HOUR});
}

static int refused(void *arg)
{
    struct xie_process *child;
    int error = xie_process_open(arg, &child);
    if (!error)
        xie_process_close(child);
    return error == -ENOENT ? 0 : error ? error : -EPROTO;
}

static void a_program_that_is_not_there(void)
{
    sweep(refused, (struct xie_process_options){.argv = ARGV("/nowhere"), .out = XIE_PROCESS_PIPE});
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_talk", a_talk},
        {"a_wait", a_wait},
        {"a_close", a_close},
        {"a_program_that_is_not_there", a_program_that_is_not_there},
        {0},
    };
    return tap_main(argc, argv, tests);
}

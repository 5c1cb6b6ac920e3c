/* fault.c - the driver of the runs, and the account of what they leave behind. */
/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xie.h>

#include "base/memory.h"
#include "coro/stack.h"
#include "loop/sim.h"
#include "tap.h"

enum {
    RUNS_MOST = 20000,  /* of one sweep: a program with more calls is no unit of test */
    PATIENCE_MS = 2000, /* for a pool's thread to put its things away */
    CHILD_BAD = 77,
    CHILD_UNTOUCHED = 78
};

/* What must be the same before and after. */
struct account {
    size_t memory, stacks, descriptors, left_open;
};

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

static struct account take_account(void)
{
    return (struct account){.memory = xie_alloc_live(),
                            .stacks = xie_stack_count(),
                            .descriptors = count_descriptors(),
                            .left_open = xie_sim_left_open};
}

static bool balances(const struct account *before, const struct account *after)
{
    return before->memory == after->memory && before->stacks == after->stacks &&
           before->descriptors == after->descriptors && !after->left_open;
}

static void arm(unsigned kinds, uint64_t nth, bool forever, int error)
{
    xie_fault_plan =
        (struct xie_fault){.kinds = kinds, .nth = nth, .forever = forever, .error = error};
}

/* One run with a fault. return true: the fault came, and the run was clean */
static bool run_once(const struct fault_program *program, const struct account *before,
                     bool *untouched)
{
    struct xie_fault asked = xie_fault_plan;
    int result = xie_run(program->run, program->arg);
    uint64_t failed = __atomic_load_n(&xie_fault_plan.failed, __ATOMIC_RELAXED);
    xie_fault_plan.kinds = 0;
    *untouched = !failed;
    struct account after = take_account();
    for (int ms = 0; !balances(before, &after) && ms < PATIENCE_MS; ms++) {
        usleep(1000);
        after = take_account();
    }
    bool clean = result <= 0 && (!failed || result < 0 || program->tolerant) && (failed || !result);
    if (clean && balances(before, &after) && !xie_loop_current())
        return true;
    tap_failed(__FILE__, __LINE__,
               "%s: kinds %u, number %llu%s, error %d: result %d (%s); memory %+zd, stacks %+zd, "
               "descriptors %+zd, sockets left %zu",
               program->name, asked.kinds, (unsigned long long)asked.nth,
               asked.forever ? " and all after" : "", asked.error, result, xie_strerror(result),
               (ssize_t)(after.memory - before->memory), (ssize_t)(after.stacks - before->stacks),
               (ssize_t)(after.descriptors - before->descriptors), after.left_open);
    return false;
}

static void sweep(const struct fault_program *program, unsigned kinds, int error, bool forever)
{
    struct account before = take_account();
    for (uint64_t nth = 1; nth < RUNS_MOST; nth++) {
        bool untouched;
        arm(kinds, nth, forever, error);
        if (!run_once(program, &before, &untouched))
            return;
        if (untouched)
            return;
    }
    tap_failed(__FILE__, __LINE__, "%s: more than %d calls", program->name, RUNS_MOST);
}

void fault_sweep(const struct fault_program *program, unsigned kinds, int error)
{
    /* The first run fills what is kept for the process: stacks, threads. */
    xie_fault_plan = (struct xie_fault){0};
    int result = xie_run(program->run, program->arg);
    if (result) {
        tap_failed(__FILE__, __LINE__, "%s without faults: %s", program->name,
                   xie_strerror(result));
        return;
    }
    sweep(program, kinds, error, false);
    sweep(program, kinds, error, true);
}

void fault_sweep_all(const struct fault_program *program)
{
    fault_sweep(program, XIE_FAULT_MEMORY, -ENOMEM);
    fault_sweep(program, XIE_FAULT_SYSCALL, -EIO);
    fault_sweep(program, XIE_FAULT_OPERATION, -ECONNRESET);
    fault_sweep(program, XIE_FAULT_MEMORY | XIE_FAULT_SYSCALL | XIE_FAULT_OPERATION, -EIO);
}

static int child_run(const struct fault_program *program)
{
    int result = xie_run(program->run, program->arg);
    if (!xie_fault_plan.failed)
        return result ? CHILD_BAD : CHILD_UNTOUCHED;
    bool clean = result < 0 || (!result && program->tolerant);
    return clean && !xie_stack_count() && !xie_alloc_live() && !xie_sim_left_open ? 0 : CHILD_BAD;
}

static void sweep_cold(const struct fault_program *program, unsigned kinds, int error, bool forever)
{
    for (uint64_t nth = 1; nth < RUNS_MOST; nth++) {
        int status = -1;
        arm(kinds, nth, forever, error);
        pid_t child = fork();
        if (!child)
            _exit(child_run(program));
        xie_fault_plan.kinds = 0;
        waitpid(child, &status, 0);
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (code == CHILD_UNTOUCHED)
            return;
        if (!code)
            continue;
        tap_failed(__FILE__, __LINE__, "%s, cold: kinds %u, number %llu%s: status %#x",
                   program->name, kinds, (unsigned long long)nth, forever ? " and all after" : "",
                   (unsigned)status);
        return;
    }
}

void fault_sweep_cold(const struct fault_program *program, unsigned kinds, int error)
{
    sweep_cold(program, kinds, error, false);
    sweep_cold(program, kinds, error, true);
}

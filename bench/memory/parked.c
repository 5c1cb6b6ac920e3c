/* parked.c - what a task that waits costs: many tasks parked on one event, each guarded.
 * usage: parked [COUNT]; a line per figure: NAME VALUE UNIT. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <xie.h>

#include "coro/stack.h"
#include "task/record.h"

struct parking {
    struct xie_event leave;
    size_t count, parked, guarded;
};

/* What the process has, by the kernel's own account. */
struct usage {
    long long resident; /* [bytes] */
    long long tables;   /* [bytes] */
    long long mappings;
};

/* The number after a field's name in a file of /proc, in bytes where that says kB. */
static long long proc_field(const char *path, const char *field)
{
    char line[256];
    long long value = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, field, strlen(field)))
            value = atoll(line + strlen(field)) * 1024;
    if (file)
        fclose(file);
    return value;
}

static long long count_lines(const char *path)
{
    long long lines = 0;
    FILE *file = fopen(path, "r");
    for (int c; file && (c = getc(file)) != EOF;)
        lines += c == '\n';
    if (file)
        fclose(file);
    return lines;
}

static struct usage measure(void)
{
    return (struct usage){.resident = proc_field("/proc/self/smaps_rollup", "Rss:"),
                          .tables = proc_field("/proc/self/status", "VmPTE:"),
                          .mappings = count_lines("/proc/self/maps")};
}

/* Asks the kernel to read the byte below the stack: a guard is what it cannot read. */
static bool guarded(const struct xie_stack *stack)
{
    char byte;
    struct iovec to = {&byte, 1}, from = {stack->base - 1, 1};
    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) < 0 && errno == EFAULT;
}

static int park(void *arg)
{
    struct parking *parking = arg;
    parking->parked++;
    return xie_event_wait(&parking->leave);
}

static int64_t each(int64_t total, size_t count)
{
    return total / (int64_t)count;
}

static void print(const char *name, int64_t value, const char *unit)
{
    printf("%-24s %12" PRId64 " %s\n", name, value, unit);
}

static int run(void *arg)
{
    struct parking *parking = arg;
    struct usage before = measure();
    XIE_GROUP(group) {
        int64_t start = xie_now();
        for (size_t i = 0; i < parking->count; i++) {
            int error = xie_group_spawn(&group, park, parking);
            if (error)
                return error;
        }
        while (parking->parked < parking->count)
            xie_sleep(0);
        int64_t parked = xie_now();
        struct usage with = measure();
        for (struct xie_task *task = group.members; task; task = task->group_next)
            parking->guarded += guarded(task->stack);

        print("parked", (int64_t)parking->count, "tasks");
        print("guarded", (int64_t)parking->guarded, "tasks");
        print("resident", each(with.resident - before.resident, parking->count), "bytes/task");
        print("page tables", each(with.tables - before.tables, parking->count), "bytes/task");
        print("mappings", with.mappings - before.mappings, "mappings");
        print("spawn", each(parked - start, parking->count), "ns/task");

        int64_t woken = xie_now();
        xie_event_set(&parking->leave);
        int error = xie_group_wait(&group);
        print("wake and end", each(xie_now() - woken, parking->count), "ns/task");
        return error;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct parking parking = {.count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000};
    if (parking.count == 0) {
        fprintf(stderr, "usage: %s [COUNT]\n", argv[0]);
        return 2;
    }
    int error = xie_run(run, &parking);
    if (error)
        fprintf(stderr, "parked: %s\n", xie_strerror(error));
    return error || parking.guarded < parking.count;
}

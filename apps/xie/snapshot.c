/* snapshot.c - the tasks of a process, read while it runs. */
/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

enum {
    ATTEMPTS = 20,          /* to read lists that change meanwhile */
    LOOPS_MOST = 10000,     /* more is a list gone astray */
    TASKS_MOST = 100000000, /* likewise */
};

static void *grown(void *items, size_t *cap, size_t count, size_t size)
{
    if (count < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 64;
    void *more = realloc(items, *cap * size);
    if (!more)
        abort();
    return more;
}

static void read_wait(struct process *process, struct task *task, uint64_t wait)
{
    task->what = process_string(process, wait + process->map.wait.what);
    uint64_t place = process_pointer(process, wait + process->map.wait.blocker);
    task->blocker_at = place ? process_pointer(process, place) : 0;
}

static void read_task(struct process *process, struct task *task, uint64_t address)
{
    const struct xie_inspect *map = &process->map;
    *task = (struct task){.address = address, .what = ""};
    process_read(process, address + map->task.id, &task->id, sizeof task->id);
    task->name = process_string(process, address + map->task.name);
    task->where = process_string(process, address + map->task.where);
    task->told = process_int(process, address + map->task.told) != 0;
    task->result = process_int(process, address + map->task.result);
    uint64_t wait = process_pointer(process, address + map->task.wait);
    uint64_t group = process_pointer(process, address + map->task.group);
    if (wait)
        read_wait(process, task, wait);
    if (group)
        task->opener_at = process_pointer(process, group + map->group.opener);
}

/* The tasks of one ring. return false: it changed under the hand */
static bool read_ring(struct snapshot *snapshot, struct process *process, size_t loop,
                      uint64_t head, bool ended)
{
    uint64_t before = head;
    for (uint64_t link = process_pointer(process, head); link != head;
         before = link, link = process_pointer(process, link)) {
        /* The way back must agree, else this one has just left, or is not yet in. */
        if (!link || snapshot->task_count >= TASKS_MOST ||
            process_pointer(process, link + sizeof(void *)) != before)
            return false;
        snapshot->tasks = grown(snapshot->tasks, &snapshot->task_cap, snapshot->task_count,
                                sizeof *snapshot->tasks);
        struct task *task = &snapshot->tasks[snapshot->task_count++];
        read_task(process, task, link - process->map.task.link);
        task->loop = loop;
        task->ended = ended;
    }
    return true;
}

static bool read_loop(struct snapshot *snapshot, struct process *process, uint64_t address)
{
    const struct xie_inspect *map = &process->map;
    snapshot->loops =
        grown(snapshot->loops, &snapshot->loop_cap, snapshot->loop_count, sizeof *snapshot->loops);
    size_t index = snapshot->loop_count++, first = snapshot->task_count;
    struct loop *loop = &snapshot->loops[index];
    uint64_t backend = process_pointer(process, address + map->loop.backend);
    *loop = (struct loop){.address = address, .backend = process_string(process, backend)};
    uint64_t current = process_pointer(process, address + map->loop.current);
    if (!read_ring(snapshot, process, index, address + map->loop.tasks, false) ||
        !read_ring(snapshot, process, index, address + map->loop.ended, true))
        return false;
    loop->count = snapshot->task_count - first;
    for (size_t i = first; i < snapshot->task_count; i++)
        snapshot->tasks[i].runs = snapshot->tasks[i].address == current;
    return true;
}

static bool read_loops(struct snapshot *snapshot, struct process *process)
{
    uint64_t head = (uintptr_t)process->map.loops;
    snapshot->loop_count = snapshot->task_count = 0;
    for (uint64_t link = process_pointer(process, head); link != head;
         link = process_pointer(process, link))
        if (!link || snapshot->loop_count >= LOOPS_MOST ||
            !read_loop(snapshot, process, link - process->map.loop.link))
            return false;
    return true;
}

/* --- the tree ----------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
    uint64_t left = (*(struct task *const *)a)->address,
             right = (*(struct task *const *)b)->address;
    return left < right ? -1 : left > right;
}

static struct task *find(struct task **sorted, size_t count, uint64_t address)
{
    struct task key = {.address = address}, *pointer = &key;
    struct task **found =
        address ? bsearch(&pointer, sorted, count, sizeof *sorted, by_address) : NULL;
    return found ? *found : NULL;
}

/* True when task stands above below, or is it. */
static bool above(const struct task *task, const struct task *below)
{
    for (; below; below = below->parent)
        if (below == task)
            return true;
    return false;
}

/* A task stands below the one that opened its group, else below one that waits for it; never in a
 * circle. */
static void find_parents(struct snapshot *snapshot, struct task **sorted)
{
    size_t count = snapshot->task_count;
    for (size_t i = 0; i < count; i++) {
        struct task *task = &snapshot->tasks[i];
        struct task *opener = find(sorted, count, task->opener_at);
        task->blocker = find(sorted, count, task->blocker_at);
        if (opener && !above(task, opener))
            task->parent = opener;
    }
    for (size_t i = 0; i < count; i++) {
        struct task *task = &snapshot->tasks[i], *below = task->blocker;
        if (below && !below->parent && !above(below, task))
            below->parent = task;
    }
}

static void make_tree(struct snapshot *snapshot)
{
    size_t count = snapshot->task_count;
    struct task **sorted = calloc(count + 1, sizeof *sorted);
    if (!sorted)
        abort();
    for (size_t i = 0; i < count; i++)
        sorted[i] = &snapshot->tasks[i];
    qsort(sorted, count, sizeof *sorted, by_address);
    find_parents(snapshot, sorted);
    free(sorted);
    for (size_t i = count; i-- > 0;) { /* from the end: the lists keep the order */
        struct task *task = &snapshot->tasks[i];
        struct task **list = task->parent ? &task->parent->child : &snapshot->roots;
        task->next = *list;
        *list = task;
    }
}

bool snapshot_take(struct snapshot *snapshot, struct process *process)
{
    *snapshot = (struct snapshot){0};
    for (int i = 0; i < ATTEMPTS; i++) {
        if (read_loops(snapshot, process)) {
            make_tree(snapshot);
            return true;
        }
    }
    snapshot->loop_count = snapshot->task_count = 0;
    if (process->core) /* gdb's gcore stops at the first guard page of a mapping */
        process->problem = "its tasks are not in the core file; gcore leaves them out";
    else if (process_pointer(process, (uintptr_t)process->map.loops))
        process->problem = "its tasks change too fast to be read";
    else
        process->problem = "it has ended";
    return false;
}

void snapshot_free(struct snapshot *snapshot)
{
    free(snapshot->loops);
    free(snapshot->tasks);
}

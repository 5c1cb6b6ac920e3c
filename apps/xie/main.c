/* main.c - xie: looks at the tasks of a running program, which goes on meanwhile. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>

#include "snapshot.h"
#include "stack.h"

static const char usage[] =
    "usage: xie ps PID       list the tasks of a running program\n"
    "       xie pstree PID   the same as a tree: who opened the group of whom, who waits for whom\n"
    "       xie stack PID    the same with the calls that each suspended task stands in\n"
    "       xie ps|pstree|stack CORE [PROGRAM]\n"
    "                        the same of a program that has left a core file\n"
    "       xie --help | --version\n"
    "\n"
    "The program goes on meanwhile. Reading it takes what debugging it would take. PROGRAM is the\n"
    "executable, where the core file does not lead to it.\n"
    "Exit status: 0 shown, 1 it cannot be read, 2 wrong usage.\n";

enum { EXIT_USAGE = 2 };

static void print_state(const struct task *task)
{
    if (task->ended)
        printf("ended with %d, not joined", task->result);
    else if (task->runs)
        printf("runs");
    else if (task->blocker)
        printf("%s for %" PRIu64, task->what, task->blocker->id);
    else
        printf("%s", *task->what ? task->what : "ready");
    if (task->told && !task->ended)
        printf(", cancelled");
}

static void print_task(const struct task *task)
{
    printf("%6" PRIu64 "  %s (%s)  ", task->id, task->name, task->where);
    print_state(task);
    putchar('\n');
}

static void print_list(struct process *process, const struct snapshot *snapshot, size_t loop,
                       bool stacks)
{
    for (size_t i = 0; i < snapshot->task_count; i++) {
        const struct task *task = &snapshot->tasks[i];
        if (task->loop != loop)
            continue;
        print_task(task);
        if (stacks && !task->ended)
            stack_print(process, task);
    }
}

static void print_tree(const struct snapshot *snapshot, size_t loop)
{
    int depth = 0;
    for (const struct task *task = snapshot->roots; task;) {
        if (task->loop == loop) {
            printf("%*s", depth * 4, "");
            print_task(task);
        }
        if (task->child) {
            task = task->child;
            depth++;
            continue;
        }
        for (; !task->next && task->parent; depth--)
            task = task->parent;
        task = task->next;
    }
}

static void print_all(struct process *process, const struct snapshot *snapshot, const char *command)
{
    for (size_t i = 0; i < snapshot->loop_count; i++) {
        const struct loop *loop = &snapshot->loops[i];
        printf("loop %zu on %s, %zu task%s\n", i + 1, loop->backend, loop->count,
               loop->count == 1 ? "" : "s");
        if (!strcmp(command, "pstree"))
            print_tree(snapshot, i);
        else
            print_list(process, snapshot, i, !strcmp(command, "stack"));
    }
    if (!snapshot->loop_count)
        puts("no loop runs");
}

/* A process's number, 0 when text is none. */
static pid_t read_pid(const char *text)
{
    char *end;
    errno = 0;
    long pid = strtol(text, &end, 10);
    return errno || *end || end == text || pid <= 0 || pid > INT32_MAX ? 0 : (pid_t)pid;
}

/* what: a process's number, or a core file, which a '/' makes sure of. */
static int look(const char *command, const char *what, const char *program)
{
    struct process process;
    struct snapshot snapshot = {0};
    pid_t pid = read_pid(what);
    bool opened = pid ? process_open(&process, pid) : process_open_core(&process, what, program);
    bool shown = opened && snapshot_take(&snapshot, &process);
    if (shown)
        print_all(&process, &snapshot, command);
    else
        fprintf(stderr, "xie: %s%s: %s\n", pid ? "process " : "", what, process.problem);
    snapshot_free(&snapshot);
    process_close(&process);
    return shown && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print(const char *text)
{
    fputs(text, stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int refuse(const char *what, const char *value)
{
    fprintf(stderr, "xie: %s%s; see --help\n", what, value);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static const char *const commands[] = {"ps", "pstree", "stack"};
    if (argc == 2 && !strcmp(argv[1], "--help"))
        return print(usage);
    if (argc == 2 && !strcmp(argv[1], "--version"))
        return print("xie " XIE_VERSION "\n");
    if (argc < 3 || argc > (read_pid(argv[2]) ? 3 : 4))
        return refuse("a command and a process's number, or a core file, are wanted", "");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(argv[1], commands[i]))
            return look(argv[1], argv[2], argv[3]);
    return refuse("no such command: ", argv[1]);
}

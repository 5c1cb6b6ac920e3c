/* process.h - another process: its memory, and the map of its tasks.
 * By libdwfl, which knows the files a process consists of. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_APPS_PROCESS_H
#define XIE_APPS_PROCESS_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <xie/inspect.h>

enum { PROCESS_TEXT = 256 }; /* most of a string that is read, its end included [bytes] */

struct word; /* a string that was read */
struct core;

struct process {
    pid_t pid;         /* of a running one */
    struct core *core; /* or its core file */
    Dwfl *dwfl;
    struct xie_inspect map;
    struct word **words; /* by where they stand: a million tasks have few names */
    size_t word_count, word_cap;
    const char *problem; /* after a failure: what is wrong, in words */
};

/* Find the process and the map in it. return false: process->problem; close it all the same */
bool process_open(struct process *process, pid_t pid);
/* The same of a core file; program: the executable, may be NULL where the core tells. */
bool process_open_core(struct process *process, const char *path, const char *program);
void process_close(struct process *process);

/* Read len bytes at address. return false: there are none */
bool process_read(const struct process *process, uint64_t address, void *buf, size_t len);
/* A pointer at address, 0 when it cannot be read. */
uint64_t process_pointer(const struct process *process, uint64_t address);
int process_int(const struct process *process, uint64_t address);
/* The string that the pointer at address leads to, the process's own; "" where there is none. What
 * cannot be printed in it is a '?'. */
const char *process_string(struct process *process, uint64_t address);
void process_forget_strings(struct process *process);

#endif

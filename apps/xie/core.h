/* core.h - the memory of a process that has died, from its core file.
 * What the kernel leaves out, since a file has it (constants), is read from that file. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_APPS_CORE_H
#define XIE_APPS_CORE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

struct core;

/* return NULL, and why in *problem */
struct core *core_open(const char *path, const char **problem);
/* NULL is allowed. */
void core_close(struct core *core);
Elf *core_elf(const struct core *core);
bool core_read(const struct core *core, Dwfl *dwfl, uint64_t address, void *buf, size_t len);

#endif

/* process.c - a process and what it consists of: a running one, or one that left a core file. */
/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "core.h"

/* --- finding the map ---------------------------------------------------------------- */

struct search {
    struct process *process;
    bool found;
};

static bool is_map(const struct xie_inspect *map)
{
    return !memcmp(map->magic, XIE_INSPECT_MAGIC, sizeof map->magic);
}

/* One of the files that the process consists of. */
static int search_module(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr start,
                         void *arg)
{
    struct search *search = arg;
    (void)data, (void)name, (void)start;
    int count = dwfl_module_getsymtab(module);
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        const char *text = dwfl_module_getsym_info(module, i, &symbol, &address, NULL, NULL, NULL);
        if (!text || strcmp(text, "xie_inspect") != 0 || symbol.st_shndx == SHN_UNDEF)
            continue;
        struct process *process = search->process;
        search->found = process_read(process, address, &process->map, sizeof process->map) &&
                        is_map(&process->map);
        if (search->found)
            return DWARF_CB_ABORT;
    }
    return DWARF_CB_OK;
}

static bool find_map(struct process *process)
{
    struct search search = {.process = process};
    dwfl_getmodules(process->dwfl, search_module, &search, 0);
    if (!search.found) {
        process->problem = "no xie in it, or its symbols are stripped";
    } else if (process->map.version != XIE_INSPECT_VERSION ||
               process->map.size != sizeof process->map) {
        process->problem = "its xie is of another version than this tool";
        search.found = false;
    }
    return search.found;
}

static const char *why_not(int error)
{
    switch (error) {
    case ENOENT:
    case ESRCH:
        return "no such process";
    case EACCES:
    case EPERM:
        return "it may not be read: it is another user's, or ptrace is restricted "
               "(/proc/sys/kernel/yama/ptrace_scope)";
    default:
        return strerror(error);
    }
}

/* Whether its memory may be read at all: told apart from what is not there. */
static bool may_read(struct process *process)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {NULL, 1};
    if (process_vm_readv(process->pid, &here, 1, &there, 1, 0) < 0 && errno != EFAULT) {
        process->problem = why_not(errno);
        return false;
    }
    return true;
}

/* --- opening ------------------------------------------------------------------------ */

static bool begin(struct process *process, const Dwfl_Callbacks *callbacks)
{
    process->dwfl = dwfl_begin(callbacks);
    if (!process->dwfl)
        process->problem = dwfl_errmsg(-1);
    return process->dwfl;
}

bool process_open(struct process *process, pid_t pid)
{
    static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf,
                                             .find_debuginfo = dwfl_standard_find_debuginfo};
    *process = (struct process){.pid = pid};
    if (!may_read(process) || !begin(process, &callbacks))
        return false;
    int error = dwfl_linux_proc_report(process->dwfl, pid);
    dwfl_report_end(process->dwfl, NULL, NULL);
    if (error) {
        process->problem = error > 0 ? why_not(error) : dwfl_errmsg(-1);
        return false;
    }
    return find_map(process);
}

bool process_open_core(struct process *process, const char *path, const char *program)
{
    static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_build_id_find_elf,
                                             .find_debuginfo = dwfl_standard_find_debuginfo};
    *process = (struct process){.pid = 1};
    process->core = core_open(path, &process->problem);
    if (!process->core || !begin(process, &callbacks))
        return false;
    int count = dwfl_core_file_report(process->dwfl, core_elf(process->core), program);
    dwfl_report_end(process->dwfl, NULL, NULL);
    if (count < 0) {
        process->problem = dwfl_errmsg(-1);
        return false;
    }
    return find_map(process);
}

void process_close(struct process *process)
{
    if (process->dwfl)
        dwfl_end(process->dwfl);
    core_close(process->core);
    process_forget_strings(process);
}

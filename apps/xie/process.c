/* process.c - another process: its memory, and the map of its tasks. */
/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

bool process_read(const struct process *process, uint64_t address, void *buf, size_t len)
{
    struct iovec here = {buf, len}, there = {(void *)(uintptr_t)address, len};
    return process_vm_readv(process->pid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

uint64_t process_pointer(const struct process *process, uint64_t address)
{
    uintptr_t value;
    return process_read(process, address, &value, sizeof value) ? value : 0;
}

int process_int(const struct process *process, uint64_t address)
{
    int value;
    return process_read(process, address, &value, sizeof value) ? value : 0;
}

/* --- strings ------------------------------------------------------------------------ */

struct word {
    uint64_t address;
    char text[];
};

/* Up to its end, or to where memory ends. */
static size_t read_text(const struct process *process, uint64_t address, char text[PROCESS_TEXT])
{
    enum { PAGE = 4096 };
    size_t len = 0;
    while (len < PROCESS_TEXT - 1) {
        size_t room = PROCESS_TEXT - 1 - len, page = PAGE - (address + len) % PAGE;
        size_t take = room < page ? room : page;
        if (!process_read(process, address + len, text + len, take))
            break;
        size_t found = strnlen(text + len, take);
        len += found;
        if (found < take)
            break;
    }
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 127)
            text[i] = '?';
    text[len] = '\0';
    return len;
}

/* Where the word of an address is, or belongs. */
static struct word **word_place(struct word **words, size_t cap, uint64_t address)
{
    size_t at = (size_t)(address * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (cap - 1);
    while (words[at] && words[at]->address != address)
        at = (at + 1) & (cap - 1);
    return &words[at];
}

static void words_grow(struct process *process)
{
    size_t cap = process->word_cap ? process->word_cap * 2 : 256;
    struct word **words = calloc(cap, sizeof(struct word *));
    if (!words)
        abort();
    for (size_t i = 0; i < process->word_cap; i++)
        if (process->words[i])
            *word_place(words, cap, process->words[i]->address) = process->words[i];
    free(process->words);
    process->words = words;
    process->word_cap = cap;
}

const char *process_string(struct process *process, uint64_t address)
{
    char text[PROCESS_TEXT];
    uint64_t from = process_pointer(process, address);
    if (!from)
        return "";
    if (process->word_count * 2 >= process->word_cap)
        words_grow(process);
    struct word **place = word_place(process->words, process->word_cap, from);
    if (!*place) {
        size_t len = read_text(process, from, text);
        *place = malloc(sizeof **place + len + 1);
        if (!*place)
            abort();
        (*place)->address = from;
        memcpy((*place)->text, text, len + 1);
        process->word_count++;
    }
    return (*place)->text;
}

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

bool process_open(struct process *process, pid_t pid)
{
    static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf,
                                             .find_debuginfo = dwfl_standard_find_debuginfo};
    *process = (struct process){.pid = pid};
    if (!may_read(process))
        return false;
    process->dwfl = dwfl_begin(&callbacks);
    if (!process->dwfl) {
        process->problem = dwfl_errmsg(-1);
        return false;
    }
    int error = dwfl_linux_proc_report(process->dwfl, pid);
    dwfl_report_end(process->dwfl, NULL, NULL);
    if (error) {
        process->problem = error > 0 ? why_not(error) : dwfl_errmsg(-1);
        return false;
    }
    return find_map(process);
}

void process_close(struct process *process)
{
    if (process->dwfl)
        dwfl_end(process->dwfl);
    for (size_t i = 0; i < process->word_cap; i++)
        free(process->words[i]);
    free(process->words);
}

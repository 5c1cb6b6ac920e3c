/* memory.c - reading what stands in a process: numbers and strings. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "core.h"
#include "process.h"

bool process_read(const struct process *process, uint64_t address, void *buf, size_t len)
{
    struct iovec here = {buf, len}, there = {(void *)(uintptr_t)address, len};
    if (process->core)
        return core_read(process->core, process->dwfl, address, buf, len);
    return process_vm_readv(process->pid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

uint64_t process_pointer(const struct process *process, uint64_t address)
{
    uintptr_t value = 0;
    return process_read(process, address, &value, sizeof value) ? value : 0;
}

int process_int(const struct process *process, uint64_t address)
{
    int value = 0;
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
        if (!process_read(process, address + len, text + len, take)) {
            take = 1; /* a section of a file ends where it likes */
            if (!process_read(process, address + len, text + len, take))
                break;
        }
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

void process_forget_strings(struct process *process)
{
    for (size_t i = 0; i < process->word_cap; i++)
        free(process->words[i]);
    free(process->words);
}

/* core.c - the memory of a process that has died, from its core file. */
/* SPDX-License-Identifier: MIT */
#include "core.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct segment {
    uint64_t start, len; /* in memory; len: as much as the file has */
    int64_t offset;      /* in the file */
};

struct core {
    int fd;
    Elf *elf;
    struct segment *segments; /* by their start */
    size_t count;
};

static int by_start(const void *a, const void *b)
{
    uint64_t left = ((const struct segment *)a)->start, right = ((const struct segment *)b)->start;
    return left < right ? -1 : left > right;
}

static bool read_segments(struct core *core)
{
    size_t count;
    if (elf_getphdrnum(core->elf, &count) ||
        !(core->segments = calloc(count + 1, sizeof(struct segment))))
        return false;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(core->elf, (int)i, &header) && header.p_type == PT_LOAD && header.p_filesz)
            core->segments[core->count++] =
                (struct segment){header.p_vaddr, header.p_filesz, (int64_t)header.p_offset};
    }
    qsort(core->segments, core->count, sizeof(struct segment), by_start);
    return true;
}

static const char *open_elf(struct core *core, const char *path)
{
    GElf_Ehdr header;
    core->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (core->fd < 0)
        return strerror(errno);
    elf_version(EV_CURRENT);
    core->elf = elf_begin(core->fd, ELF_C_READ_MMAP, NULL);
    if (!core->elf || !gelf_getehdr(core->elf, &header) || header.e_type != ET_CORE)
        return "not a core file";
    return read_segments(core) ? NULL : "its segments cannot be read";
}

struct core *core_open(const char *path, const char **problem)
{
    struct core *core = calloc(1, sizeof *core);
    if (!core)
        abort();
    const char *why = open_elf(core, path);
    if (!why)
        return core;
    *problem = why;
    core_close(core);
    return NULL;
}

void core_close(struct core *core)
{
    if (!core)
        return;
    elf_end(core->elf);
    if (core->fd >= 0)
        close(core->fd);
    free(core->segments);
    free(core);
}

Elf *core_elf(const struct core *core)
{
    return core->elf;
}

/* --- reading ------------------------------------------------------------------------ */

/* The last segment that begins at or before address; NULL: none. */
static const struct segment *find(const struct core *core, uint64_t address)
{
    size_t low = 0, high = core->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (core->segments[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &core->segments[low - 1] : NULL;
}

/* From the file that was mapped there. */
static bool read_mapped(Dwfl *dwfl, uint64_t address, void *buf, size_t len)
{
    GElf_Addr at = address;
    GElf_Addr bias;
    Dwfl_Module *module = dwfl_addrmodule(dwfl, address);
    Elf_Scn *section = module ? dwfl_module_address_section(module, &at, &bias) : NULL;
    Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;
    if (!data || !data->d_buf || at > data->d_size || len > data->d_size - at)
        return false;
    memcpy(buf, (char *)data->d_buf + at, len);
    return true;
}

bool core_read(const struct core *core, Dwfl *dwfl, uint64_t address, void *buf, size_t len)
{
    const struct segment *segment = find(core, address);
    uint64_t at = segment ? address - segment->start : 0;
    if (segment && at < segment->len && len <= segment->len - at)
        return pread(core->fd, buf, len, segment->offset + (int64_t)at) == (ssize_t)len;
    return read_mapped(dwfl, address, buf, len);
}

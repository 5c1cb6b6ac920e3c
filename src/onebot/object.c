/* object.c - a shared object, opened as a private copy.
 * Floor 9. The copy is a file in memory, of an inode of its own: the linker, which knows what it
 * has by name and by inode, takes each for another, and whoever writes over the file that it was
 * made of does not write over what runs. */
/* SPDX-License-Identifier: MIT */
#include "onebot/object.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xie/file.h>
#include <xie/memory.h>

#include "base/memory.h"

enum {
    COPY_NAME = 64,   /* bytes of "/proc/self/fd/N" */
    COPY_EXEC = 0x10U /* MFD_EXEC, newer than our C library's headers */
};

typedef ElfW(Phdr) segment; /* of the file, as its header has it */

/* --- is it whole? ------------------------------------------------------------------- */

static const segment *segments_of(const char *data, size_t size, size_t *count)
{
    const ElfW(Ehdr) *header = (const void *)data;
    if (size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return NULL;
    *count = header->e_phnum;
    if (header->e_phentsize != sizeof(segment) || header->e_phoff > size ||
        header->e_phoff % sizeof(void *) ||
        (size - header->e_phoff) / sizeof(segment) < header->e_phnum)
        return NULL;
    return (const void *)(data + header->e_phoff);
}

/* The linker maps what the header promises, and would fault where the file ends too early. span
 * receives where its segments lie, from 0. */
static const char *damage(const char *data, size_t size, struct xie_span *span)
{
    size_t count;
    const segment *at = segments_of(data, size, &count);
    if (!at)
        return "it is no shared object";
    *span = (struct xie_span){UINTPTR_MAX, 0};
    for (; count; count--, at++) {
        uintptr_t start = at->p_vaddr, end;
        if (at->p_type != PT_LOAD)
            continue;
        if (at->p_offset > size || size - at->p_offset < at->p_filesz ||
            at->p_memsz < at->p_filesz || __builtin_add_overflow(start, at->p_memsz, &end))
            return "it is cut off";
        span->start = start < span->start ? start : span->start;
        span->end = end > span->end ? end : span->end;
    }
    return span->end ? NULL : "it is no shared object";
}

/* --- the copy ----------------------------------------------------------------------- */

static int write_all(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t wrote = write(fd, data, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -errno;
        data += wrote;
        size -= (size_t)wrote;
    }
    return 0;
}

/* Executable by name where the kernel wants that said, since Linux 6.3. */
static int copy_open(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char label[COPY_NAME];
    snprintf(label, sizeof label, "%s", name);
    int fd = memfd_create(label, MFD_CLOEXEC | COPY_EXEC);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(label, MFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int copy_make(const char *path, const char *data, size_t size, char *why)
{
    int fd = copy_open(path);
    int error = fd < 0 ? fd : write_all(fd, data, size);
    if (!error)
        return fd;
    if (fd >= 0)
        close(fd);
    snprintf(why, ONEBOT_WORDING, "it cannot be copied: %s", xie_strerror(error));
    return error;
}

static void copy_name(int fd, char *name)
{
    snprintf(name, COPY_NAME, "/proc/self/fd/%d", fd);
}

/* --- open and close ----------------------------------------------------------------- */

/* The linker's words, without the name of the copy. */
static void linker_says(char *why)
{
    const char *text = dlerror();
    const char *behind = text ? strstr(text, ": ") : NULL;
    bool named = text && !strncmp(text, "/proc/self/fd/", strlen("/proc/self/fd/"));
    snprintf(why, ONEBOT_WORDING, "%s", named && behind ? behind + 2 : text ? text : "?");
}

static int link_copy(struct onebot_object *object, char *why)
{
    const struct onebot_plugin_definition *definition;
    char name[COPY_NAME];
    struct link_map *map;
    copy_name(object->fd, name);
    object->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!object->handle || dlinfo(object->handle, RTLD_DI_LINKMAP, &map)) {
        linker_says(why);
        return -ENOEXEC;
    }
    object->span.start += map->l_addr;
    object->span.end += map->l_addr;
    definition = dlsym(object->handle, ONEBOT_PLUGIN_SYMBOL);
    if (definition && xie_span_has(&object->span, definition))
        object->definition = definition;
    return 0;
}

static int open_data(const char *path, const char *data, size_t size, struct onebot_object *object,
                     char *why)
{
    const char *wrong = damage(data, size, &object->span);
    if (wrong) {
        snprintf(why, ONEBOT_WORDING, "%s", wrong);
        return -ENOEXEC;
    }
    object->fd = copy_make(path, data, size, why);
    return object->fd < 0 ? object->fd : link_copy(object, why);
}

int onebot_object_open(const char *path, struct onebot_object **object, char *why)
{
    char *data = NULL;
    *why = 0;
    ssize_t size = xie_file_load(path, ONEBOT_PLUGIN_FILE, &data);
    struct onebot_object *made = size < 0 ? NULL : xie_alloc_zero(sizeof *made);
    int error = size < 0 ? (int)size : -ENOMEM;
    if (made) {
        made->fd = -1;
        error = open_data(path, data, (size_t)size, made, why);
    }
    xie_free(data);
    if (!error)
        *object = made;
    else if (!*why)
        snprintf(why, ONEBOT_WORDING, "%s", xie_strerror(error));
    if (error && made)
        onebot_object_close(made);
    return error;
}

/* Some stay whatever one does: by a flag of theirs, or since C++ has made a symbol of theirs the
 * only one in the process. Then the name has to stay theirs. */
bool onebot_object_close(struct onebot_object *object)
{
    char name[COPY_NAME];
    void *still = NULL;
    copy_name(object->fd, name);
    if (object->handle) {
        dlclose(object->handle);
        still = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
    }
    if (still)
        dlclose(still);
    else if (object->fd >= 0)
        close(object->fd);
    xie_release(object);
    return !still;
}

void onebot_object_keep(struct onebot_object *object)
{
    xie_release(object); /* handle and descriptor are left */
}

/* file_whole.c - a file read or written as a whole: one job for a thread.
 * Floor 5. A job is not interrupted once it runs, so that it is done or never began. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/sys.h"
#include "io/file.h"

enum {
    XIE_LOAD_LEAST = 4096, /* bytes of the first buffer: files of /proc claim to have none */
    XIE_SUFFIX = sizeof ".12345678.new", /* behind the path of a file that is being written */
    XIE_NAMES_MOST = 100                 /* tried */
};

/* --- load --------------------------------------------------------------------------- */

struct loading {
    const char *path;
    size_t limit;
    char *data; /* cap bytes, len of them used */
    size_t cap, len;
};

/* Room for a byte more, and the 0 behind. */
static int make_room(struct loading *self)
{
    if (self->len + 1 < self->cap)
        return 0;
    size_t cap = self->cap > SIZE_MAX / 2 ? SIZE_MAX : self->cap * 2;
    char *data = xie_resize(self->data, cap);
    if (!data)
        return -ENOMEM;
    self->data = data;
    self->cap = cap;
    return 0;
}

static int load_from(struct loading *self, int fd)
{
    for (;;) {
        int error = make_room(self);
        if (error)
            return error;
        ssize_t more = xie_sys_pread(fd, self->data + self->len, self->cap - 1 - self->len,
                                     (int64_t)self->len);
        if (more <= 0)
            return (int)more;
        self->len += (size_t)more;
        if (self->len > self->limit)
            return XIE_ELIMIT;
    }
}

static int load_job(void *arg)
{
    struct loading *self = arg;
    struct stat found;
    int fd = xie_file_open_now(self->path, O_RDONLY, 0, &found);
    if (fd < 0)
        return fd;
    int error = 0;
    if (S_ISDIR(found.st_mode))
        error = -EISDIR; /* its size is no file's */
    else if (found.st_size > 0 && (uint64_t)found.st_size > self->limit)
        error = XIE_ELIMIT;
    self->cap = (size_t)(found.st_size > XIE_LOAD_LEAST ? found.st_size : XIE_LOAD_LEAST) + 2;
    if (!error && !(self->data = xie_alloc(self->cap)))
        error = -ENOMEM;
    if (!error)
        error = load_from(self, fd);
    xie_sys_close(fd);
    return error;
}

ssize_t xie_file_load(const char *path, size_t limit, char **data)
{
    struct loading self = {.path = path, .limit = limit};
    int error = xie_file_job(load_job, &self, "xie_file_load");
    if (error) {
        xie_release(self.data);
        return error;
    }
    self.data[self.len] = 0;
    *data = self.data;
    return (ssize_t)self.len;
}

/* --- save --------------------------------------------------------------------------- */

struct saving {
    const char *path;
    const char *data;
    size_t len;
    mode_t mode;
    char *beside; /* the new file's path, then its folder's */
};

/* How much of the path the new file's begins with: all, unless its last name would be longer with
 * the suffix than a name may be. */
static size_t common_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0, name = strlen(path) - folder;
    return folder + (name > NAME_MAX - (XIE_SUFFIX - 1) ? NAME_MAX - (XIE_SUFFIX - 1) : name);
}

/* A name that nobody has. return a descriptor */
static int make_beside(struct saving *self)
{
    size_t len = common_length(self->path);
    int fd = -EEXIST;
    for (int i = 0; i < XIE_NAMES_MOST && fd == -EEXIST; i++) {
        unsigned chance = (unsigned)xie_sys_linux.clock() ^ (unsigned)i << 24;
        memcpy(self->beside, self->path, len);
        snprintf(self->beside + len, XIE_SUFFIX, ".%08x.new", chance);
        fd = xie_sys_open(self->beside, O_WRONLY | O_CREAT | O_EXCL, self->mode);
    }
    return fd;
}

static int write_beside(struct saving *self, int fd)
{
    size_t done = 0;
    while (done < self->len) {
        ssize_t some = xie_sys_pwrite(fd, self->data + done, self->len - done, (int64_t)done);
        if (some <= 0)
            return some < 0 ? (int)some : -EIO;
        done += (size_t)some;
    }
    return xie_sys_sync(fd, false);
}

/* So that it is the new content after a loss of power too, and not the old. Some file systems
 * cannot, and not every folder that may be written may be read: then it is one of the two. */
static int sync_folder(struct saving *self)
{
    char *slash = strrchr(self->beside, '/');
    if (slash)
        slash[slash == self->beside] = 0;
    int fd = xie_sys_open(slash ? self->beside : ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return 0;
    int error = xie_sys_sync(fd, false);
    xie_sys_close(fd);
    return error == -EINVAL ? 0 : error;
}

static int save_job(void *arg)
{
    struct saving *self = arg;
    int fd = make_beside(self);
    if (fd < 0)
        return fd;
    int error = write_beside(self, fd);
    xie_sys_close(fd);
    if (!error)
        error = xie_sys_rename(self->beside, self->path);
    if (error) {
        xie_sys_remove(self->beside);
        return error;
    }
    return sync_folder(self);
}

int xie_file_save(const char *path, const void *data, size_t len, mode_t mode)
{
    struct saving self = {.path = path, .data = data, .len = len, .mode = mode};
    self.beside = xie_alloc(strlen(path) + XIE_SUFFIX);
    if (!self.beside)
        return -ENOMEM;
    int error = xie_file_job(save_job, &self, "xie_file_save");
    xie_release(self.beside);
    return error;
}

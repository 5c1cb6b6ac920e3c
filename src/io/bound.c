/* bound.c - sockets bound to an address, and the files that Unix ones leave.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include "io/bound.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/sys.h"
#include "io/pool.h"
#include "io/stream.h"

static int set(int fd, int level, int name, int value)
{
    return xie_sys_setsockopt(fd, level, name, &value, sizeof value);
}

static int bind_new(const struct xie_address *address, int type, unsigned flags)
{
    int family = address->storage.ss_family;
    int fd = xie_sys_socket(family, type, 0);
    if (fd < 0)
        return fd;
    int error = 0;
    if (flags & XIE_BIND_REUSE_ADDRESS && family != AF_UNIX)
        error = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!error && flags & XIE_BIND_REUSE_PORT)
        error = set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (!error && family == AF_INET6) /* said, since the system's default may be changed */
        error = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, (flags & XIE_BIND_V6ONLY) != 0);
    if (!error)
        error = xie_sys_bind(fd, (const struct sockaddr *)&address->storage, address->len);
    if (!error)
        return fd;
    xie_socket_close(fd);
    return error;
}

/* A socket's file that nobody answers at: what a process that crashed leaves. */
static bool is_stale(const struct xie_address *address, int type, const char *path)
{
    struct stat file;
    /* sim's files are in no directory. A file of another kind is not ours to remove. */
    if (!xie_on_sim() && (xie_sys_lstat(path, &file) || !S_ISSOCK(file.st_mode)))
        return false;
    int fd = xie_sys_socket(AF_UNIX, type, 0);
    if (fd < 0)
        return false;
    int answer = xie_sys_connect(fd, (const struct sockaddr *)&address->storage, address->len);
    xie_socket_close(fd);
    return answer == -ECONNREFUSED;
}

/* "" for what is no path in the file system. */
static void path_of(const struct xie_address *address, struct xie_bound_file *file)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
    *file = (struct xie_bound_file){0};
    if (address->storage.ss_family != AF_UNIX || address->len <= sizeof(sa_family_t))
        return;
    size_t len = address->len - offsetof(struct sockaddr_un, sun_path);
    memcpy(file->path, un->sun_path, len < sizeof file->path ? len : sizeof file->path - 1);
}

int xie_bound_open(const struct xie_address *address, int type, unsigned flags,
                   struct xie_bound_file *file)
{
    if (address->len < sizeof(sa_family_t) || address->len > sizeof address->storage)
        return -EINVAL;
    path_of(address, file);
    int fd = bind_new(address, type, flags);
    if (fd == -EADDRINUSE && *file->path && is_stale(address, type, file->path) &&
        !xie_sys_unlink(file->path))
        fd = bind_new(address, type, flags);
    if (fd < 0 || !*file->path || xie_on_sim())
        return fd;
    int error = xie_sys_lstat(file->path, &file->identity);
    if (!error)
        return fd;
    xie_sys_unlink(file->path);
    xie_socket_close(fd);
    return error;
}

void xie_bound_remove(const struct xie_bound_file *file)
{
    struct stat now;
    if (!*file->path)
        return;
    if (!xie_on_sim() && (xie_sys_lstat(file->path, &now) || now.st_dev != file->identity.st_dev ||
                          now.st_ino != file->identity.st_ino))
        return;
    xie_sys_unlink(file->path);
}

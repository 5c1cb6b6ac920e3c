/* shelf.c - files that bots asked for, in a folder that goes with the gateway.
 * Gateway, second floor. The folder is made with the first of them. */
/* SPDX-License-Identifier: MIT */
#include "shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int make_folder(struct gateway *gateway)
{
    const char *where = getenv("TMPDIR");
    char folder[SHELF_FOLDER];
    if (*gateway->shelf.folder)
        return 0;
    int len = snprintf(folder, sizeof folder, "%s/xie-gateway-XXXXXX",
                       where && *where == '/' ? where : "/tmp");
    if ((size_t)len >= sizeof folder)
        return -ENAMETOOLONG;
    if (!mkdtemp(folder))
        return -errno;
    strcpy(gateway->shelf.folder, folder);
    return 0;
}

static void path_of(const struct gateway *gateway, const char *name, char path[SHELF_PATH])
{
    snprintf(path, SHELF_PATH, "%s/%s", gateway->shelf.folder, name);
}

static void take_away(const struct gateway *gateway, const char *name)
{
    char path[SHELF_PATH];
    path_of(gateway, name, path);
    if (*name)
        (void)unlink(path);
}

static int write_all(int fd, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0 && errno != EINTR)
            return -errno;
        bytes += done > 0 ? done : 0;
        len -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

int shelf_put(struct gateway *gateway, const char *name, const unsigned char *bytes, size_t len,
              char path[SHELF_PATH])
{
    int result = make_folder(gateway);
    if (result < 0)
        return result;
    path_of(gateway, name, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno == EEXIST ? 0 : -errno;
    result = write_all(fd, bytes, len);
    if (close(fd) < 0 && result == 0)
        result = -errno;
    if (result < 0) {
        (void)unlink(path);
        return result;
    }
    char *place = gateway->shelf.names[gateway->shelf.count++ % GATEWAY_SHELF];
    take_away(gateway, place);
    snprintf(place, SHELF_NAME, "%s", name);
    return 0;
}

void shelf_fini(struct gateway *gateway)
{
    if (!*gateway->shelf.folder)
        return;
    for (size_t i = 0; i < GATEWAY_SHELF; i++)
        take_away(gateway, gateway->shelf.names[i]);
    (void)rmdir(gateway->shelf.folder);
    *gateway->shelf.folder = 0;
}

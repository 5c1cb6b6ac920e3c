/* stream_option.c - what the socket beneath a stream is asked and told: ends, options, who is
 * there. Floor 5. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/sys.h"
#include "io/stream.h"

/* What the kernel says where there is no socket, as the library says it. */
static int told(int result)
{
    return result == -ENOTSOCK ? -EOPNOTSUPP : result;
}

static int end_of(struct xie_stream *stream, struct xie_address *address,
                  int (*ask)(int fd, struct sockaddr *address, socklen_t *len))
{
    struct xie_address found = {.len = sizeof found.storage};
    int fd = xie_stream_fd(stream);
    int error = fd < 0 ? fd : ask(fd, (struct sockaddr *)&found.storage, &found.len);
    if (!error)
        *address = found;
    return told(error);
}

int xie_stream_local(struct xie_stream *stream, struct xie_address *address)
{
    return end_of(stream, address, xie_sys_getsockname);
}

int xie_stream_peer(struct xie_stream *stream, struct xie_address *address)
{
    return end_of(stream, address, xie_sys_getpeername);
}

int xie_stream_set_option(struct xie_stream *stream, int level, int name, int value)
{
    int fd = xie_stream_fd(stream);
    return fd < 0 ? fd : told(xie_sys_setsockopt(fd, level, name, &value, sizeof value));
}

int xie_stream_get_option(struct xie_stream *stream, int level, int name, int *value)
{
    int found, fd = xie_stream_fd(stream);
    socklen_t len = sizeof found;
    int error = fd < 0 ? fd : told(xie_sys_getsockopt(fd, level, name, &found, &len));
    if (!error)
        *value = found;
    return error;
}

int xie_stream_credentials(struct xie_stream *stream, struct xie_credentials *credentials)
{
    struct ucred found;
    socklen_t len = sizeof found;
    int domain;
    int error = xie_stream_get_option(stream, SOL_SOCKET, SO_DOMAIN, &domain);
    if (!error && domain != AF_UNIX) /* the kernel would answer, with nobody */
        error = -EOPNOTSUPP;
    if (!error)
        error = xie_sys_getsockopt(xie_stream_fd(stream), SOL_SOCKET, SO_PEERCRED, &found, &len);
    if (!error)
        *credentials = (struct xie_credentials){found.pid, found.uid, found.gid};
    return error;
}

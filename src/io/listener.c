/* listener.c - sockets that listen, and accepting from them.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include <xie/sync.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "base/sys.h"
#include "io/pool.h"
#include "io/stream.h"

enum {
    XIE_BACKLOG = 511,   /* unless given; the kernel caps it at net.core.somaxconn */
    XIE_SKIPS_MOST = 64, /* connections that died in the backlog, between two pauses */
};
#define XIE_PAUSE_LEAST (10 * XIE_MILLISECOND)
#define XIE_PAUSE_MOST XIE_SECOND

struct xie_listener {
    struct xie_gate gate;
    int fd;
    int family;
    struct xie_stream *spare; /* for the next connection: had before it is accepted */
    struct xie_event closing; /* ends a pause */
    bool told;                /* that descriptors have run out */
    bool made;                /* the file `file` at `path` */
    struct stat file;
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

/* --- accepting -----------------------------------------------------------------------------------
 */

/* What accept says of one connection, not of the listener: accept(2), "Error handling". */
static bool died_in_backlog(int error)
{
    switch (error) {
    case -ECONNABORTED:
    case -EPROTO:
    case -ENOPROTOOPT:
    case -EHOSTDOWN:
    case -EHOSTUNREACH:
    case -ENETDOWN:
    case -ENETUNREACH:
    case -ENONET:
    case -EPERM: /* a firewall forbids it */
        return true;
    default:
        return false;
    }
}

static bool out_of_something(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

/* Wait a while, or until the listener is closed. The connection waits in the backlog meanwhile;
 * to accept and close it for want of a descriptor would lose it. */
static void pause_accepting(struct xie_listener *listener, unsigned times)
{
    int64_t pause = XIE_PAUSE_LEAST << (times < 7 ? times : 7);
    XIE_TIMEOUT(pause < XIE_PAUSE_MOST ? pause : XIE_PAUSE_MOST)
        xie_event_wait(&listener->closing);
}

/* A descriptor, or an error that the caller must hear of. */
static int accept_one(struct xie_listener *listener)
{
    unsigned skips = 0, pauses = 0;
    for (;;) {
        struct xie_op op = {.kind = XIE_OP_ACCEPT, .fd = listener->fd};
        int result = (int)xie_gate_run(&listener->gate, &op, "xie_listener_accept");
        bool out = out_of_something(result);
        if (!out && !died_in_backlog(result))
            return result;
        if (out && !listener->told)
            xie_report("accept: %s; waiting until it works again", xie_strerror(result));
        listener->told |= out;
        if (out || ++skips % XIE_SKIPS_MOST == 0)
            pause_accepting(listener, pauses++);
        if (xie_check())
            return xie_check();
    }
}

int xie_listener_accept(struct xie_listener *listener, struct xie_stream **stream)
{
    int error = xie_gate_enter(&listener->gate, XIE_READING);
    if (error)
        return error;
    if (!listener->spare)
        listener->spare = xie_socket_new();
    int fd = listener->spare ? accept_one(listener) : -ENOMEM;
    struct xie_stream *made = fd >= 0 ? listener->spare : NULL;
    if (made) {
        listener->spare = NULL;
        xie_socket_tune(fd, listener->family);
        xie_socket_attach(made, fd, XIE_FD_SOCKET);
    }
    error = (int)xie_gate_leave(&listener->gate, XIE_READING, fd < 0 ? fd : 0);
    if (error)
        xie_stream_abort(made); /* accepted as the listener closed: as those in the backlog */
    else
        *stream = made;
    return error;
}

/* --- listening -----------------------------------------------------------------------------------
 */

static int bound_socket(const struct xie_address *address, bool both)
{
    int on = 1, off = 0;
    int family = address->storage.ss_family;
    int fd = xie_sys_socket(family, SOCK_STREAM, 0);
    if (fd < 0)
        return fd;
    int error = 0;
    if (family != AF_UNIX)
        error = xie_sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!error && both)
        error = xie_sys_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (!error)
        error = xie_sys_bind(fd, (const struct sockaddr *)&address->storage, address->len);
    if (!error)
        return fd;
    xie_socket_close(fd);
    return error;
}

/* The descriptor is the listener's, or closed. */
static int listener_open(int fd, int family, int backlog, struct xie_listener **listener)
{
    int error = xie_sys_listen(fd, backlog > 0 ? backlog : XIE_BACKLOG);
    struct xie_listener *made = error ? NULL : xie_alloc_zero(sizeof *made);
    if (!error && !made)
        error = -ENOMEM;
    if (error) {
        xie_socket_close(fd);
        return error;
    }
    made->fd = fd;
    made->family = family;
    *listener = made;
    return 0;
}

/* All addresses of both kinds; where there is no IPv6, of the other. */
static int bind_everywhere(uint16_t port, int *family)
{
    struct xie_address address;
    xie_address_parse(&address, "::", port);
    *family = AF_INET6;
    int fd = bound_socket(&address, true);
    if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL && fd != -ENOPROTOOPT)
        return fd;
    xie_address_parse(&address, "0.0.0.0", port);
    *family = AF_INET;
    return bound_socket(&address, false);
}

int xie_tcp_listen(const char *host, uint16_t port, int backlog, struct xie_listener **listener)
{
    struct xie_address address;
    int family, fd;
    if (!host || !*host) {
        fd = bind_everywhere(port, &family);
    } else {
        int found = xie_resolve(host, port, &address, 1);
        if (found < 0)
            return found;
        family = address.storage.ss_family;
        fd = bound_socket(&address, false);
    }
    return fd < 0 ? fd : listener_open(fd, family, backlog, listener);
}

/* --- Unix sockets --------------------------------------------------------------------------------
 */

/* A socket's file that nobody listens on: what a process that crashed leaves. */
static bool is_stale(const struct xie_address *address, const char *path)
{
    struct stat file;
    /* sim's files are in no directory. A file of another kind is not ours to remove. */
    if (!xie_on_sim() && (xie_sys_lstat(path, &file) || !S_ISSOCK(file.st_mode)))
        return false;
    int fd = xie_sys_socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return false;
    int answer = xie_sys_connect(fd, (const struct sockaddr *)&address->storage, address->len);
    xie_socket_close(fd);
    return answer == -ECONNREFUSED;
}

int xie_unix_listen(const char *path, int backlog, struct xie_listener **listener)
{
    struct xie_address address;
    struct stat file = {0};
    int error = xie_address_unix(&address, path);
    if (error)
        return error;
    bool is_file = *path != '@';
    int fd = bound_socket(&address, false);
    if (fd == -EADDRINUSE && is_file && is_stale(&address, path) && !xie_sys_unlink(path))
        fd = bound_socket(&address, false);
    if (fd < 0)
        return fd;
    if (is_file && !xie_on_sim())
        error = xie_sys_lstat(path, &file);
    if (error)
        xie_socket_close(fd);
    else
        error = listener_open(fd, AF_UNIX, backlog, listener);
    if (error) {
        if (is_file)
            xie_sys_unlink(path);
        return error;
    }
    (*listener)->made = is_file;
    (*listener)->file = file;
    strcpy((*listener)->path, path);
    return 0;
}

/* Remove the file, unless somebody has put another in its place. */
static void remove_file(struct xie_listener *listener)
{
    struct stat now = {0};
    if (!xie_on_sim() &&
        (xie_sys_lstat(listener->path, &now) || now.st_dev != listener->file.st_dev ||
         now.st_ino != listener->file.st_ino))
        return;
    xie_sys_unlink(listener->path);
}

/* --- the rest ----------------------------------------------------------------------- */

int xie_listener_address(struct xie_listener *listener, struct xie_address *address)
{
    struct xie_address found = {.len = sizeof found.storage};
    int error = xie_sys_getsockname(listener->fd, (struct sockaddr *)&found.storage, &found.len);
    if (!error)
        *address = found;
    return error;
}

static void listener_finish(struct xie_gate *gate)
{
    struct xie_listener *listener = XIE_CONTAINER(gate, struct xie_listener, gate);
    if (listener->made)
        remove_file(listener);
    xie_socket_close(listener->fd);
    xie_socket_free(listener->spare);
    xie_release(listener);
}

void xie_listener_close(struct xie_listener *listener)
{
    if (!listener)
        return;
    xie_event_set(&listener->closing);
    xie_gate_close(&listener->gate, "xie_listener_close", listener_finish);
}

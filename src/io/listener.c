/* listener.c - sockets that listen, and accepting from them.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include "io/listener.h"

#include <errno.h>
#include <netinet/in.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "base/sys.h"
#include "io/stream.h"

enum {
    XIE_BACKLOG = 511,   /* unless given; the kernel caps it at net.core.somaxconn */
    XIE_SKIPS_MOST = 64, /* connections that died in the backlog, or are refused, at a time */
    XIE_PATIENCE = 5     /* pauses for want of a descriptor, 310 ms, before clients are told */
};
#define XIE_PAUSE_LEAST (10 * XIE_MILLISECOND)
#define XIE_PAUSE_MOST XIE_SECOND

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

static bool out_of_descriptors(int error)
{
    return error == -EMFILE || error == -ENFILE;
}

static bool out_of_something(int error)
{
    return out_of_descriptors(error) || error == -ENOBUFS || error == -ENOMEM;
}

/* Any descriptor will do; of a kind that sim has too. */
static int reserve_open(void)
{
    return xie_sys_socket(AF_UNIX, SOCK_DGRAM, 0);
}

static void reset(int fd)
{
    struct linger none = {.l_onoff = 1};
    xie_sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    xie_socket_close(fd);
}

/* There has been no descriptor for a while. Those who wait would hang, and do not know why: each
 * is accepted in the reserve's place and reset, and may go elsewhere. */
static void refuse_waiting(struct xie_listener *listener)
{
    if (listener->reserve >= 0)
        xie_socket_close(listener->reserve);
    for (int i = 0; i < XIE_SKIPS_MOST; i++) {
        int fd = xie_sys_accept(listener->fd, NULL, NULL);
        if (fd < 0)
            break;
        reset(fd);
        listener->refused++;
    }
    listener->reserve = reserve_open(); /* somebody may have been quicker: then the next time */
}

/* Wait a while, or until the listener is closed. The connections wait in the backlog. */
static void pause_accepting(struct xie_listener *listener, unsigned times)
{
    int64_t pause = XIE_PAUSE_LEAST << (times < 7 ? times : 7);
    if (!listener->gate.closed)
        xie_sleep(pause < XIE_PAUSE_MOST ? pause : XIE_PAUSE_MOST);
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
            xie_report("accept: %s; clients wait, and are turned away if it lasts",
                       xie_strerror(result));
        listener->told |= out;
        if (out_of_descriptors(result) && pauses >= XIE_PATIENCE)
            refuse_waiting(listener);
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
        xie_socket_attach(made, fd, xie_socket_tune(fd, listener->family));
    }
    error = (int)xie_gate_leave(&listener->gate, XIE_READING, fd < 0 ? fd : 0);
    if (error)
        xie_stream_abort(made); /* accepted as the listener closed: as those in the backlog */
    else
        *stream = made;
    return error;
}

int xie_listener_hold(struct xie_listener *listener, struct xie_event *event)
{
    int error = xie_gate_enter(&listener->gate, XIE_READING);
    if (error)
        return error;
    return (int)xie_gate_leave(&listener->gate, XIE_READING, xie_event_wait(event));
}

/* --- listening -----------------------------------------------------------------------------------
 */

/* On error the descriptor is still the caller's. */
static int listener_open(int fd, int family, struct xie_listener **listener)
{
    struct xie_listener *made = xie_alloc_zero(sizeof *made);
    int reserve = made ? reserve_open() : -ENOMEM;
    if (reserve < 0) {
        xie_release(made);
        return reserve;
    }
    made->fd = fd;
    made->family = family;
    made->reserve = reserve;
    *listener = made;
    return 0;
}

static int listen_once(const struct xie_listen_options *options, const struct xie_address *address,
                       struct xie_listener **listener)
{
    unsigned flags = XIE_BIND_REUSE_ADDRESS;
    flags |= options->reuse_port ? XIE_BIND_REUSE_PORT : 0;
    flags |= options->family == AF_INET6 ? XIE_BIND_V6ONLY : 0;
    struct xie_bound_file file;
    int fd = xie_bound_open(address, SOCK_STREAM, flags, &file);
    if (fd < 0)
        return fd;
    int error = xie_sys_listen(fd, options->backlog > 0 ? options->backlog : XIE_BACKLOG);
    if (!error)
        error = listener_open(fd, address->storage.ss_family, listener);
    if (!error) {
        (*listener)->file = file;
        return 0;
    }
    xie_bound_remove(&file);
    xie_socket_close(fd);
    return error;
}

static bool is_everywhere(const struct xie_listen_options *options)
{
    return !options->path && (!options->host || !*options->host);
}

int xie_listen_at(const struct xie_listen_options *options, const struct xie_address *address,
                  struct xie_listener **listener)
{
    struct xie_address other;
    int error = listen_once(options, address, listener);
    bool no_ipv6 = error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL || error == -ENOPROTOOPT;
    if (!no_ipv6 || !is_everywhere(options) || options->family)
        return error;
    xie_address_parse(&other, "0.0.0.0", xie_address_port(address));
    return listen_once(options, &other, listener);
}

/* Those of the family asked for, moved to the front. */
static int keep_family(struct xie_address *addresses, int count, int family)
{
    int left = 0;
    for (int i = 0; i < count; i++)
        if (!family || addresses[i].storage.ss_family == family)
            addresses[left++] = addresses[i];
    return left ? left : -EAFNOSUPPORT;
}

int xie_listen_find(const struct xie_listen_options *options, struct xie_address *addresses)
{
    int family = options->family;
    if (options->path) {
        if (options->host || options->port || (family && family != AF_UNIX))
            return -EINVAL;
        int error = xie_address_unix(addresses, options->path);
        return error ? error : 1;
    }
    if (family && family != AF_INET && family != AF_INET6)
        return -EINVAL;
    if (is_everywhere(options)) {
        const char *any = family == AF_INET ? "0.0.0.0" : "::";
        int error = xie_address_parse(addresses, any, options->port);
        return error ? error : 1;
    }
    int found = xie_resolve(options->host, options->port, addresses, XIE_LISTEN_MOST);
    return found < 0 ? found : keep_family(addresses, found, family);
}

int xie_listen(const struct xie_listen_options *options, struct xie_listener **listener)
{
    struct xie_address *found = xie_alloc(XIE_LISTEN_MOST * sizeof *found);
    if (!found)
        return -ENOMEM;
    int result = xie_listen_find(options, found);
    if (result > 0)
        result = xie_listen_at(options, found, listener);
    xie_release(found);
    return result;
}

int xie_tcp_listen(const char *host, uint16_t port, int backlog, struct xie_listener **listener)
{
    struct xie_listen_options options = {.host = host, .port = port, .backlog = backlog};
    return xie_listen(&options, listener);
}

int xie_unix_listen(const char *path, int backlog, struct xie_listener **listener)
{
    struct xie_listen_options options = {.path = path ? path : "", .backlog = backlog};
    return xie_listen(&options, listener);
}

int xie_listener_adopt(int fd, struct xie_listener **listener)
{
    int listens = 0, family = AF_UNSPEC;
    socklen_t len = sizeof listens;
    int error = xie_sys_getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len);
    if (!error && !listens)
        error = -EINVAL;
    if (!error)
        error = xie_sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
    if (!error)
        error = xie_sys_nonblock(fd);
    return error ? error : listener_open(fd, family, listener);
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

uint64_t xie_listener_refused(const struct xie_listener *listener)
{
    return listener->refused;
}

int xie_listener_fd(const struct xie_listener *listener)
{
    return listener->fd;
}

static void listener_finish(struct xie_gate *gate)
{
    struct xie_listener *listener = XIE_CONTAINER(gate, struct xie_listener, gate);
    xie_bound_remove(&listener->file);
    xie_socket_close(listener->fd);
    if (listener->reserve >= 0)
        xie_socket_close(listener->reserve);
    xie_socket_free(listener->spare);
    xie_release(listener);
}

void xie_listener_close(struct xie_listener *listener)
{
    if (!listener)
        return;
    if (listener->owner)
        *listener->owner = NULL;
    xie_gate_close(&listener->gate, "xie_listener_close", listener_finish);
}

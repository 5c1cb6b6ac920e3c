/* server.h - sockets that listen, and a task for each connection that comes.
 * Floor 5. A listener is accepted from by hand, or given to a server with a handler. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_SERVER_H
#define XIE_SERVER_H

#include <limits.h>

#include <xie/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- listeners ---------------------------------------------------------------------- */

/* A socket that listens; opaque, owned by whoever got it, closed once. */
struct xie_listener;

/* Where to listen, and how; zero is the default of each. Borrowed until the call returns. */
struct xie_listen_options {
    const char *host; /* TCP: a name or number; NULL or "": every address of this machine */
    uint16_t port;    /* 0: the kernel chooses; xie_listener_address tells */
    const char *path; /* or a Unix socket, in place of host and port */
    int family;       /* AF_INET, AF_INET6: only this; 0: both. The IPv6 wildcard "::" takes IPv4
                         connections too, unless AF_INET6 is asked for */
    int backlog;      /* connections waiting to be accepted; 0: 511 */
    bool reuse_port;  /* share the port with all who say so, of the same user: a listener for
                         each loop, among which the kernel spreads connections */
};

/**
 * Listen.
 *
 * listener  receives it, owned; untouched on error
 * errors    -EADDRINUSE -EADDRNOTAVAIL -EACCES XIE_EDNS_… -EMFILE -ENOMEM; -EAFNOSUPPORT the
 *           name has no address of the family; -EINVAL a path and a host, or another family
 * note      of a name the first address is taken; for all of them see xie_server_listen.
 *           SO_REUSEADDR is set. A Unix socket's file is removed by the close, unless another
 *           is in its place; one left over, that nobody listens on, is replaced; any other
 *           file is -EADDRINUSE. '@' leads an abstract name, which has no file
 * source    socket.create_server, asyncio loop.create_server(family=, backlog=, reuse_port=)
 */
XIE_API int xie_listen(const struct xie_listen_options *options, struct xie_listener **listener);

/* xie_listen at a host and port. source asyncio.start_server */
XIE_API int xie_tcp_listen(const char *host, uint16_t port, int backlog,
                           struct xie_listener **listener);
/* xie_listen at a path. source asyncio.start_unix_server */
XIE_API int xie_unix_listen(const char *path, int backlog, struct xie_listener **listener);

/**
 * Take over a socket that listens already: inherited, or from systemd (3 and those after it,
 * LISTEN_FDS of them).
 *
 * fd      owned by the listener on success; made non-blocking. A Unix socket's file stays
 * errors  -EINVAL it does not listen; -EBADF -ENOTSOCK -ENOMEM
 * source  asyncio loop.create_server(sock=)
 */
XIE_API int xie_listener_adopt(int fd, struct xie_listener **listener);

/**
 * Wait for the next connection.
 *
 * stream  receives it, owned
 * errors  -ECANCELED -ETIMEDOUT (no connection is lost) XIE_ECLOSED -EBUSY
 * note    connections reset before they were accepted are skipped. TCP_NODELAY is set.
 *         When the process is out of descriptors it says so once on stderr, waits and tries
 *         again; after 300 ms of that it uses a descriptor kept in reserve to accept and
 *         reset those who wait, so that they know, and goes on so until there are
 *         descriptors again: xie_listener_refused counts them
 * source  asyncio loop.sock_accept
 */
XIE_API int xie_listener_accept(struct xie_listener *listener, struct xie_stream **stream);

/* Connections reset for want of a descriptor so far. */
XIE_API uint64_t xie_listener_refused(const struct xie_listener *listener);
/* Where it listens. source Server.sockets, getsockname */
XIE_API int xie_listener_address(struct xie_listener *listener, struct xie_address *address);
/* The descriptor, borrowed. */
XIE_API int xie_listener_fd(const struct xie_listener *listener);
/* Close; a task in accept returns XIE_ECLOSED, a server that had it goes on without. Accepted
 * streams live on. NULL allowed. */
XIE_API void xie_listener_close(struct xie_listener *listener);

/* --- servers ------------------------------------------------------------------------ */

/* A handler, and the listeners whose connections it is run for; opaque. Its calls are for
 * tasks of the loop it was made on. */
struct xie_server;

/**
 * Serves one connection, in a task of its own.
 *
 * stream  borrowed: closed by the server when the handler returns
 * return  XIE_STREAM_TAKEN: the handler has closed the stream, or given it to somebody.
 *         A negative error is reported on stderr, with the peer and the handler's name, and
 *         ends nothing else. No report: -ECONNRESET -EPIPE -ECONNABORTED, what a client that
 *         leaves causes, and the word of a scope that told it to end
 */
typedef int xie_server_handler(struct xie_stream *stream, void *arg);
enum { XIE_STREAM_TAKEN = INT_MAX };

/* Zero is the default of each. */
struct xie_server_options {
    size_t max_connections; /* handlers at once; 0: no limit but the process's descriptors.
                               Then nothing is accepted, and the backlog holds who comes */
    size_t stack_size;      /* of a handler's task [bytes]; 0: the loop's */
};

/**
 * Make a server; it serves nobody until it has listeners.
 *
 * arg      passed to each handler; borrowed until xie_server_free
 * options  borrowed until return; may be NULL
 * server   receives it, owned
 * errors   -ENOMEM -EPERM no loop in this thread
 * source   asyncio.start_server
 */
#define xie_server_new(handler, arg, options, server) \
    xie_server_new_at((handler), (arg), (options), #handler, XIE_HERE, (server))
XIE_API int xie_server_new_at(xie_server_handler *handler, void *arg,
                              const struct xie_server_options *options, const char *name,
                              const char *where, struct xie_server **server);

/**
 * Listen, and serve who comes, from now on: xie_listen and xie_server_add, but on every
 * address that the name has. With port 0 all get the port that the kernel chose for the first.
 *
 * errors  as both; then none of these addresses is listened on
 * source  asyncio.start_server(host=)
 */
XIE_API int xie_server_listen(struct xie_server *server, const struct xie_listen_options *options);

/**
 * Serve who comes to this listener, from now on.
 *
 * listener  the server's from now on, to be closed by it; xie_listener_close takes it out. On
 *           error still the caller's
 * errors    -ENOMEM; XIE_ECLOSED the server is closed; -EBUSY another server has it
 * note      each of several listeners may have accepted one connection more than
 *           max_connections, which waits for its handler
 * source    asyncio Server.start_serving
 */
XIE_API int xie_server_add(struct xie_server *server, struct xie_listener *listener);

/**
 * Wait until the server is closed (or its last listener is) and the last handler has ended.
 *
 * return  0
 * errors  -ECANCELED -ETIMEDOUT: the server was closed, the handlers cancelled, and waited for;
 *         XIE_EDEADLOCK in one of its own handlers; what accept said, if that ended a
 *         listener (reported on stderr)
 * source  asyncio Server.serve_forever
 */
XIE_API int xie_server_serve(struct xie_server *server);
/* The same, but an interruption ends the wait alone. source asyncio Server.wait_closed */
XIE_API int xie_server_wait(struct xie_server *server);

/* Close the listeners: nobody new is accepted, for good; those in the backlog are reset. The
 * handlers go on. Idempotent. source asyncio Server.close */
XIE_API void xie_server_close(struct xie_server *server);
/* Cancel the handlers that run now. source asyncio Server.close_clients */
XIE_API void xie_server_close_clients(struct xie_server *server);
/* The same, and when each has ended its client sees a reset. source Server.abort_clients */
XIE_API void xie_server_abort_clients(struct xie_server *server);

/* True while it has a listener. source asyncio Server.is_serving */
XIE_API bool xie_server_is_serving(const struct xie_server *server);
/* Its listeners, in the order they came; borrowed; NULL past the last. source Server.sockets */
XIE_API struct xie_listener *xie_server_listener(const struct xie_server *server, size_t index);

struct xie_server_counts {
    size_t open;       /* handlers that run */
    uint64_t accepted; /* connections so far */
    uint64_t failed;   /* handlers that returned an error, those not reported too */
};
XIE_API struct xie_server_counts xie_server_counts(const struct xie_server *server);

/* Close, cancel the handlers, wait until they have ended, whatever the scopes around say, and
 * give everything back. NULL is allowed; in one of its own handlers it aborts. */
XIE_API void xie_server_free(struct xie_server *server);

#ifdef __cplusplus
}
#endif
#endif

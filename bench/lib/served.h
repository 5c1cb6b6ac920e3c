/* served.h - what our servers have in common: a port that is told, tasks or a protocol behind it.
 */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BENCH_SERVED_H
#define XIE_BENCH_SERVED_H

#include <stdio.h>
#include <xie.h>

/* Say where it listens, as a load program wants it. return its port, or the error */
static inline int served_tell(struct xie_listener *listener)
{
    struct xie_address address;
    int error = xie_listener_address(listener, &address);
    if (error)
        return error;
    printf("port %u\n", xie_address_port(&address));
    fflush(stdout);
    return xie_address_port(&address);
}

/* On a free port, which is told; backlog as for xie_tcp_listen. return 0 or the error */
static inline int served_listen(int backlog, struct xie_listener **listener)
{
    int error = xie_tcp_listen("127.0.0.1", 0, backlog, listener);
    int port = error ? error : served_tell(*listener);
    return port < 0 ? port : 0;
}

/* By a task for each connection, for ever. */
static inline int served_tasks(struct xie_listener *listener, xie_server_handler *handler)
{
    struct xie_server *server;
    int error = xie_server_new(handler, NULL, NULL, &server);
    if (!error)
        error = xie_server_add(server, listener);
    return error ? error : xie_server_serve(server);
}

/* --- a protocol that sends back what comes ------------------------------------------ */

static inline void served_received(void *self, struct xie_transport *transport, const char *data,
                                   size_t len)
{
    (void)self;
    if (xie_transport_write(transport, data, len) == 1)
        xie_transport_pause_reading(transport); /* until what waits has gone */
}

static inline void served_resume(void *self, struct xie_transport *transport)
{
    (void)self;
    xie_transport_resume_reading(transport);
}

static const struct xie_protocol served_echo = {.data_received = served_received,
                                                .resume_writing = served_resume};

#endif

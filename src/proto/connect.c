/* connect.c - transports of bytes made: by connecting, of streams and descriptors, by a listener.
 * Floor 6. The connecting and listening is the streams'; here it changes hands. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include <xie/connect.h>

#include "base/memory.h"
#include "io/listener.h"
#include "io/stream.h"
#include "proto/transport.h"
#include "task/wait.h"

/* --- of streams and descriptors ----------------------------------------------------- */

/* What the stream has read ahead is told first. */
static int keep_read_ahead(struct xie_transport *model, const struct xie_stream *stream)
{
    size_t len = stream->end - stream->start;
    if (!len)
        return 0;
    model->kept = xie_alloc(len);
    if (!model->kept)
        return -ENOMEM;
    memcpy(model->kept, stream->data + stream->start, len);
    model->kept_len = len;
    return 0;
}

/* model says the rest. */
static int adopt(struct xie_stream *stream, const struct xie_dress *dress,
                 struct xie_transport *model, void *arg, struct xie_transport **transport)
{
    enum xie_fd_kind kind;
    model->kind = &xie_transport_bytes;
    model->fd = xie_socket_beneath(stream, &kind);
    if (model->fd < 0)
        return model->fd;
    if (!model->wire)
        model->wire = kind == XIE_FD_OTHER ? &xie_wire_pipe : &xie_wire_socket;
    model->tcp = kind == XIE_FD_TCP;
    if (stream->gate.inside[XIE_READING] || stream->gate.inside[XIE_WRITING])
        return -EBUSY;
    int error = keep_read_ahead(model, stream);
    bool dressed = !error && dress && !(error = dress->put(model, dress->arg));
    if (!error)
        error = xie_transport_open(model, arg, transport);
    if (error && dressed)
        dress->take_off(model);
    if (error)
        xie_release(model->kept);
    else
        xie_socket_free(stream);
    return error;
}

int xie_transport_adopt_as(struct xie_stream *stream, struct xie_transport *model, void *arg,
                           struct xie_transport **transport)
{
    return adopt(stream, NULL, model, arg, transport);
}

int xie_transport_adopt_dressed(struct xie_stream *stream, const struct xie_dress *dress,
                                const struct xie_protocol *protocol, void *arg,
                                struct xie_transport **transport)
{
    struct xie_transport model = {.protocol = protocol,
                                  .ways = XIE_TRANSPORT_READS | XIE_TRANSPORT_WRITES};
    return adopt(stream, dress, &model, arg, transport);
}

int xie_transport_adopt(struct xie_stream *stream, const struct xie_protocol *protocol, void *arg,
                        struct xie_transport **transport)
{
    if (stream->ops->become_transport)
        return stream->ops->become_transport(stream, protocol, arg, transport);
    return xie_transport_adopt_dressed(stream, NULL, protocol, arg, transport);
}

static int adopt_fd(int fd, unsigned ways, const struct xie_protocol *protocol, void *arg,
                    struct xie_transport **transport)
{
    struct xie_transport model = {.protocol = protocol, .ways = (uint8_t)ways};
    struct xie_stream *stream;
    enum xie_fd_kind kind;
    int error = xie_stream_adopt(fd, &stream);
    if (error)
        return error;
    if (ways == (XIE_TRANSPORT_READS | XIE_TRANSPORT_WRITES) &&
        (xie_socket_beneath(stream, &kind) < 0 || kind == XIE_FD_OTHER))
        error = -ENOTSOCK;
    else
        error = adopt(stream, NULL, &model, arg, transport);
    if (error)
        xie_socket_free(stream); /* and fd is still the caller's */
    return error;
}

int xie_connect_accepted_socket(int fd, const struct xie_protocol *protocol, void *arg,
                                struct xie_transport **transport)
{
    return adopt_fd(fd, XIE_TRANSPORT_READS | XIE_TRANSPORT_WRITES, protocol, arg, transport);
}

int xie_connect_read_pipe(int fd, const struct xie_protocol *protocol, void *arg,
                          struct xie_transport **transport)
{
    return adopt_fd(fd, XIE_TRANSPORT_READS, protocol, arg, transport);
}

int xie_connect_write_pipe(int fd, const struct xie_protocol *protocol, void *arg,
                           struct xie_transport **transport)
{
    return adopt_fd(fd, XIE_TRANSPORT_WRITES, protocol, arg, transport);
}

/* --- by connecting ------------------------------------------------------------------ */

static int adopt_connected(struct xie_stream *stream, const struct xie_protocol *protocol,
                           void *arg, struct xie_transport **transport)
{
    int error = xie_transport_adopt(stream, protocol, arg, transport);
    if (error)
        xie_stream_abort(stream);
    return error;
}

int xie_create_connection(const char *host, uint16_t port, const struct xie_protocol *protocol,
                          void *arg, struct xie_transport **transport)
{
    struct xie_stream *stream;
    int error = xie_tcp_connect(host, port, &stream);
    return error ? error : adopt_connected(stream, protocol, arg, transport);
}

int xie_create_unix_connection(const char *path, const struct xie_protocol *protocol, void *arg,
                               struct xie_transport **transport)
{
    struct xie_stream *stream;
    int error = xie_unix_connect(path, &stream);
    return error ? error : adopt_connected(stream, protocol, arg, transport);
}

/* --- by a listener ------------------------------------------------------------------ */

/* Without memory the next one waits a while. A close of the listener ends that, and the scope's
 * word. */
static int pause_for_memory(struct xie_listener *listener)
{
    struct xie_event never = {0};
    int error = 0;
    XIE_TIMEOUT(XIE_MEMORY_PAUSE)
        error = xie_listener_hold(listener, &never);
    return error == XIE_ECLOSED ? error : xie_check();
}

/* The next connection. errors -ENOMEM none was accepted, or it was turned away; why it accepts no
 * more */
static int accept_next(struct xie_listener *listener, const struct xie_dress *dress,
                       struct xie_transport *model, void *arg)
{
    struct xie_serving *serving = model->serving;
    struct xie_stream *stream;
    int error = xie_listener_accept(listener, &stream);
    if (error)
        return error;
    serving->refused = false;
    error = adopt(stream, dress, model, arg, NULL);
    if (error)
        xie_stream_abort(stream);
    return error == -ENOMEM && !serving->refused ? error : 0;
}

/* return why it accepts no more */
static int accept_all(struct xie_listener *listener, const struct xie_dress *dress,
                      const struct xie_protocol *protocol, void *arg, struct xie_serving *serving)
{
    struct xie_transport model = {.protocol = protocol,
                                  .serving = serving,
                                  .ways = XIE_TRANSPORT_READS | XIE_TRANSPORT_WRITES};
    int error = 0;
    while (!error) {
        struct xie_transport each = model;
        error = accept_next(listener, dress, &each, arg);
        if (error == -ENOMEM)
            error = pause_for_memory(listener);
    }
    return error;
}

static int wait_for_last(struct xie_serving *serving)
{
    int error = 0;
    while (!error && !xie_list_empty(&serving->transports)) {
        struct xie_task *self;
        error = xie_wait_enter(&self);
        if (!error && !xie_list_empty(&serving->transports))
            error = xie_waiters_wait(&serving->gone, self, "xie_serve_protocol", NULL);
    }
    return error;
}

static void abort_all(struct xie_serving *serving)
{
    struct xie_link *head = &serving->transports;
    for (struct xie_link *link = head->next; link != head; link = link->next)
        xie_transport_abort(XIE_CONTAINER(link, struct xie_transport, link));
}

int xie_serve_dressed(struct xie_listener *listener, const struct xie_dress *dress,
                      const struct xie_protocol *protocol, void *arg)
{
    struct xie_serving serving = {0};
    xie_list_init(&serving.transports);
    int error = accept_all(listener, dress, protocol, arg, &serving);
    if (error == XIE_ECLOSED)
        error = wait_for_last(&serving);
    if (!error)
        return 0;
    abort_all(&serving);
    XIE_SHIELD {
        wait_for_last(&serving); /* they are linked in our frame */
    }
    return error;
}

int xie_serve_protocol(struct xie_listener *listener, const struct xie_protocol *protocol,
                       void *arg)
{
    return xie_serve_dressed(listener, NULL, protocol, arg);
}

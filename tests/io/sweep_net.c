/* sweep_net.c - each call beneath servers, datagrams and connecting fails: clean errors, no leak.
 */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>

#include "fault.h"
#include "tap.h"

/* What a fault has left undone may never come; running into this is a clean error like others. */
static int64_t patience(void)
{
    return xie_fault_plan.kinds ? 300 * XIE_MILLISECOND : XIE_NEVER;
}

/* --- a server and who comes ---------------------------------------------------------------------
 */

static int echo(struct xie_stream *stream, void *arg)
{
    char byte;
    (void)arg;
    ssize_t result = xie_stream_read(stream, &byte, 1);
    if (result > 0)
        result = xie_stream_write(stream, &byte, 1);
    return result < 0 ? -EPIPE : 0; /* no line for each fault */
}

static int come(const struct xie_connect_options *options)
{
    struct xie_stream *stream;
    char byte = 'x';
    int error = xie_connect(options, &stream);
    if (error)
        return error;
    ssize_t result = xie_stream_write(stream, &byte, 1);
    if (result > 0)
        result = xie_stream_read_exactly(stream, &byte, 1);
    xie_stream_close(stream);
    return result < 0 ? (int)result : 0;
}

static int visit(struct xie_server *server)
{
    struct xie_address address[2];
    struct xie_listen_options options = {.host = "127.0.0.1"};
    int error = xie_server_listen(server, &options);
    if (!error)
        error = xie_listener_address(xie_server_listener(server, 0), &address[1]);
    if (error)
        return error;
    address[0] = address[1];
    xie_address_set_port(&address[0], 1); /* nobody there: both ways of connecting are gone */
    error = come(&(struct xie_connect_options){.addresses = address, .count = 2});
    return error ? error
                 : come(&(struct xie_connect_options){.addresses = &address[1], .count = 1});
}

static int serve(void *arg)
{
    struct xie_server *server;
    struct xie_server_options options = {.max_connections = 1};
    int error = xie_server_new(echo, NULL, &options, &server);
    (void)arg;
    if (error)
        return error;
    XIE_TIMEOUT(patience())
        error = visit(server);
    xie_server_free(server);
    return error;
}

static int local_end(void *arg)
{
    struct xie_listener *listener;
    struct xie_address address, local;
    struct xie_stream *stream;
    (void)arg;
    int error = xie_tcp_listen("localhost", 0, 0, &listener);
    if (error)
        return error;
    struct xie_connect_options options = {.addresses = &address, .count = 1, .local = &local};
    error = xie_listener_address(listener, &address);
    if (!error)
        error = xie_address_parse(&local, "127.0.0.1", 0);
    if (!error && address.storage.ss_family == AF_INET)
        error = xie_connect(&options, &stream);
    if (!error && address.storage.ss_family == AF_INET)
        xie_stream_close(stream);
    xie_listener_close(listener);
    return error;
}

/* --- datagrams ----------------------------------------------------------------------------------
 */

static int exchange(struct xie_datagram *one, struct xie_datagram *two)
{
    struct xie_address address, from;
    char got[8];
    int error = xie_datagram_local(two, &address);
    ssize_t result = error;
    if (!error)
        result = xie_datagram_send(one, "hello", 5, &address);
    if (result >= 0)
        result = xie_datagram_receive(two, got, sizeof got, &from, NULL);
    if (result >= 0)
        result = xie_datagram_send(two, got, (size_t)result, &from);
    if (result >= 0)
        result = xie_datagram_receive(one, got, sizeof got, NULL, NULL);
    return result < 0 ? (int)result : 0;
}

static int between(const struct xie_datagram_options *first,
                   const struct xie_datagram_options *second)
{
    struct xie_datagram *one, *two;
    int error = xie_datagram_open(first, &one);
    if (error)
        return error;
    error = xie_datagram_open(second, &two);
    if (!error) {
        XIE_TIMEOUT(patience())
            error = exchange(one, two);
        xie_datagram_close(two);
    }
    xie_datagram_close(one);
    return error;
}

static int udp(void *arg)
{
    struct xie_address address;
    struct xie_datagram_options options = {.local = &address, .reuse_port = true};
    (void)arg;
    int error = xie_address_parse(&address, "127.0.0.1", 0);
    return error ? error : between(&options, &options);
}

static int local_datagrams(void *arg)
{
    struct xie_address name[2];
    char path[64];
    (void)arg;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/tmp/xie-sweep-%d-%d", (int)getpid(), i);
        int error = xie_address_unix(&name[i], path);
        if (error)
            return error;
    }
    return between(&(struct xie_datagram_options){.local = &name[0]},
                   &(struct xie_datagram_options){.local = &name[1]});
}

/* --- names --------------------------------------------------------------------------------------
 */

static int names(void *arg)
{
    struct xie_address address;
    char host[XIE_HOST_TEXT], service[XIE_SERVICE_TEXT];
    uint16_t port;
    (void)arg;
    int error = xie_address_parse(&address, "127.0.0.1", 80);
    bool sim = !strcmp(xie_loop_backend(xie_loop_current()), "sim");
    if (!error) /* a real look-up might ask somebody outside */
        error = xie_resolve_name(&address, sim ? host : NULL, service);
    if (!error)
        error = xie_resolve_service("80", &port);
    return error;
}

/* --- tests --------------------------------------------------------------------------------------
 */

#define PROGRAMS(each) each(serve) each(local_end) each(udp) each(local_datagrams) each(names)

#define SWEEP(program)                                                                     \
    static void sweep_##program(void)                                                      \
    {                                                                                      \
        struct fault_program swept = {.name = #program, .run = program, .tolerant = true}; \
        tap_limit(180);                                                                    \
        fault_sweep_all(&swept);                                                           \
    }
PROGRAMS(SWEEP)

int main(int argc, char **argv)
{
#define ENTRY(program) {#program, sweep_##program},
    static const struct tap_test tests[] = {PROGRAMS(ENTRY){0}};
    return tap_main(argc, argv, tests);
}

/* server.c - the promises of <xie/server.h>: servers. Listeners are in listener.c. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "io/names.h"

/* --- handlers --------------------------------------------------------------------------------- */

static int echo(struct xie_stream *stream, void *arg)
{
    char buf[64];
    ssize_t len;
    (void)arg;
    while ((len = xie_stream_read(stream, buf, sizeof buf)) > 0)
        if (xie_stream_write(stream, buf, (size_t)len) < 0)
            break;
    return (int)len;
}

/* Says a byte, so that the client knows that it runs, and waits for the client's end. */
static int hello(struct xie_stream *stream, void *arg)
{
    char byte = 'h';
    int *ended = arg;
    ssize_t result = xie_stream_write(stream, &byte, 1);
    if (result > 0)
        result = xie_stream_read(stream, &byte, 1);
    if (ended)
        ++*ended;
    return (int)result;
}

static int fail(struct xie_stream *stream, void *arg)
{
    char byte;
    xie_stream_read(stream, &byte, 1);
    return *(int *)arg;
}

/* --- a server and its clients -------------------------------------------------------------------
 */

static const struct xie_listen_options loopback = {.host = "127.0.0.1"};

#define serve_at(handler, arg, options, address) \
    serve_named((handler), (arg), (options), #handler, (address))
static struct xie_server *serve_named(xie_server_handler *handler, void *arg,
                                      const struct xie_server_options *options, const char *name,
                                      struct xie_address *address)
{
    struct xie_server *server = NULL;
    REQUIRE(xie_server_new_at(handler, arg, options, name, XIE_HERE, &server) == 0);
    REQUIRE(xie_server_listen(server, &loopback) == 0);
    REQUIRE(xie_listener_address(xie_server_listener(server, 0), address) == 0);
    return server;
}

static struct xie_stream *come(const struct xie_address *address)
{
    struct xie_stream *stream = NULL;
    REQUIRE(xie_stream_connect(address, &stream) == 0);
    return stream;
}

/* A client whose handler runs. */
static struct xie_stream *come_in(const struct xie_address *address)
{
    struct xie_stream *stream = come(address);
    char byte = 0;
    CHECK_EQ(xie_stream_read(stream, &byte, 1), 1);
    CHECK_EQ(byte, 'h');
    return stream;
}

static bool is_ended(struct xie_stream *stream)
{
    char byte;
    return xie_stream_read(stream, &byte, 1) == 0;
}

static bool answers(const struct xie_address *address)
{
    struct xie_stream *stream = come(address);
    char got[5] = "";
    kit_send(stream, "hello");
    bool right = xie_stream_read_exactly(stream, got, 5) == 5 && !memcmp(got, "hello", 5);
    xie_stream_close(stream);
    return right;
}

/* --- serving ------------------------------------------------------------------------------------
 */

IN_TASK(several_listeners_of_any_kind)
{
    struct xie_address address[3];
    struct xie_listener *listener;
    struct xie_server *server;
    char name[40];
    int open = net_open();
    snprintf(name, sizeof name, "@xie-server-%d", (int)getpid());
    CHECK_EQ(xie_server_new(echo, NULL, NULL, &server), 0);
    CHECK(!xie_server_is_serving(server));
    CHECK_EQ(xie_server_wait(server), 0); /* it has no listener: nothing to wait for */
    CHECK_EQ(xie_server_listen(server, &loopback), 0);
    CHECK_EQ(xie_server_listen(server, &(struct xie_listen_options){.path = name}), 0);
    listener = net_listen("127.0.0.1", &address[2]);
    CHECK_EQ(xie_server_add(server, listener), 0);
    CHECK(xie_server_listener(server, 2) == listener);
    CHECK(!xie_server_listener(server, 3));
    for (size_t i = 0; i < 2; i++)
        CHECK_EQ(xie_listener_address(xie_server_listener(server, i), &address[i]), 0);
    CHECK(xie_server_is_serving(server));
    for (int i = 0; i < 3; i++)
        CHECK(answers(&address[i]));
    CHECK_EQ(xie_server_counts(server).accepted, 3);
    CHECK_EQ(xie_server_counts(server).failed, 0);
    xie_server_free(server);
    CHECK_EQ(net_open(), open);
    CHECK_EQ(xie_task_count(), 1);
    xie_server_free(NULL);
    return 0;
}

IN_TASK(all_addresses_of_a_name_on_one_port)
{
    struct xie_address address[2];
    struct xie_server *server;
    names_are("two.test=127.0.0.1,127.0.0.2");
    CHECK_EQ(xie_server_new(echo, NULL, NULL, &server), 0);
    CHECK_EQ(xie_server_listen(server, &(struct xie_listen_options){.host = "two.test"}), 0);
    for (size_t i = 0; i < 2; i++) {
        REQUIRE(xie_server_listener(server, i));
        CHECK_EQ(xie_listener_address(xie_server_listener(server, i), &address[i]), 0);
        CHECK(answers(&address[i]));
    }
    CHECK(xie_address_port(&address[0]) == xie_address_port(&address[1]));
    CHECK(!net_same(&address[0], &address[1]));
    xie_server_free(server);
    return 0;
}

IN_TASK(where_one_address_is_in_use_none_is_listened_on)
{
    struct xie_address used;
    struct xie_listener *listener = net_listen("127.0.0.2", &used);
    struct xie_listen_options options = {.host = "two.test", .port = xie_address_port(&used)};
    struct xie_stream *stream;
    struct xie_server *server;
    names_are("two.test=127.0.0.1,127.0.0.2");
    CHECK_EQ(xie_server_new(echo, NULL, NULL, &server), 0);
    int open = net_open();
    CHECK_EQ(xie_server_listen(server, &options), -EADDRINUSE);
    CHECK_EQ(net_open(), open);
    CHECK(!xie_server_is_serving(server));
    CHECK_EQ(xie_tcp_connect("127.0.0.1", options.port, &stream), -ECONNREFUSED);
    options.host = "none.test";
    CHECK_EQ(xie_server_listen(server, &options), XIE_EDNS_NONAME);
    xie_server_free(server);
    xie_listener_close(listener);
    return 0;
}

IN_TASK(the_server_closes_the_stream_of_a_handler_that_returned)
{
    struct xie_address address;
    int zero = 0;
    struct xie_server *server = serve_at(fail, &zero, NULL, &address);
    struct xie_stream *client = come(&address);
    kit_send(client, "x");
    CHECK(is_ended(client));
    xie_stream_close(client);
    xie_server_free(server);
    return 0;
}

static struct xie_stream *taken;

static int take(struct xie_stream *stream, void *arg)
{
    taken = stream;
    xie_event_set(arg);
    return XIE_STREAM_TAKEN;
}

IN_TASK(a_stream_that_is_taken_lives_on)
{
    struct xie_address address;
    struct xie_event event = {0};
    struct xie_server *server = serve_at(take, &event, NULL, &address);
    struct xie_stream *client = come(&address);
    CHECK_EQ(xie_event_wait(&event), 0);
    xie_server_free(server);
    kit_send(taken, "h");
    CHECK_EQ(xie_stream_read(client, &(char){0}, 1), 1);
    xie_stream_close(taken);
    xie_stream_close(client);
    return 0;
}

static int many_client(void *arg)
{
    struct xie_stream *stream = NULL;
    int error = xie_stream_connect(arg, &stream);
    char got[2] = "";
    for (int i = 0; !error && i < 3; i++) {
        ssize_t len = xie_stream_write(stream, "ab", 2);
        len = len < 0 ? len : xie_stream_read_exactly(stream, got, 2);
        error = len < 0 ? (int)len : memcmp(got, "ab", 2) ? -EPROTO : 0;
    }
    xie_stream_close(stream);
    return error;
}

IN_TASK(many_at_once)
{
    int count = tap_slow() ? 50 : 500, open = net_open();
    struct xie_address address;
    struct xie_server *server = serve_at(echo, NULL, NULL, &address);
    XIE_GROUP(group) {
        for (int i = 0; i < count; i++)
            CHECK_EQ(xie_group_spawn(&group, many_client, &address), 0);
        CHECK_EQ(xie_group_wait(&group), 0);
    }
    xie_server_close(server);
    CHECK_EQ(xie_server_wait(server), 0);
    CHECK_EQ(xie_server_counts(server).accepted, count);
    CHECK_EQ(xie_server_counts(server).open, 0);
    xie_server_free(server);
    CHECK_EQ(net_open(), open);
    return 0;
}

enum { DEEP = 700 * 1024 };

static __attribute__((noinline)) int deep(struct xie_stream *stream, void *arg)
{
    volatile char much[DEEP]; /* more than a loop's default */
    (void)arg;
    for (size_t i = 0; i < sizeof much; i += 1024)
        much[i] = 'd';
    return (int)xie_stream_write(stream, (const char *)&much[DEEP - 1024], 1);
}

IN_TASK(a_handlers_stack_is_as_large_as_asked_for)
{
    struct xie_address address;
    struct xie_server_options options = {.stack_size = 1 << 20};
    struct xie_server *server = serve_at(deep, NULL, &options, &address);
    struct xie_stream *client = come(&address);
    char byte = 0;
    CHECK_EQ(xie_stream_read(client, &byte, 1), 1);
    CHECK_EQ(byte, 'd');
    CHECK(is_ended(client));
    xie_stream_close(client);
    xie_server_free(server);
    return 0;
}

/* --- at most so many -------------------------------------------------------------------------- */

static int open_now, open_most;

static int counted(struct xie_stream *stream, void *arg)
{
    if (++open_now > open_most)
        open_most = open_now;
    int result = hello(stream, arg);
    open_now--;
    return result;
}

static int short_client(void *arg)
{
    struct xie_stream *stream = come_in(arg);
    xie_sleep(0);
    xie_stream_close(stream);
    return 0;
}

IN_TASK(no_more_than_max_connections_at_once)
{
    struct xie_address address[2];
    struct xie_server_options options = {.max_connections = 2};
    struct xie_server *server = serve_at(counted, NULL, &options, &address[0]);
    CHECK_EQ(xie_server_listen(server, &loopback), 0);
    CHECK_EQ(xie_listener_address(xie_server_listener(server, 1), &address[1]), 0);
    XIE_GROUP(group)
        for (int i = 0; i < 20; i++)
            xie_group_spawn(&group, short_client, &address[i & 1]);
    CHECK_EQ(open_most, 2);
    xie_server_close(server);
    CHECK_EQ(xie_server_wait(server), 0);
    CHECK_EQ(xie_server_counts(server).accepted, 20); /* nobody was turned away */
    xie_server_free(server);
    return 0;
}

IN_TASK(one_too_many_waits_in_the_backlog)
{
    struct xie_address address;
    struct xie_server_options options = {.max_connections = 1};
    struct xie_server *server = serve_at(hello, NULL, &options, &address);
    struct xie_stream *first = come_in(&address), *second = come(&address);
    char byte;
    XIE_TIMEOUT(20 * XIE_MILLISECOND)
        CHECK_EQ(xie_stream_read(second, &byte, 1), -ETIMEDOUT);
    CHECK_EQ(xie_server_counts(server).open, 1);
    CHECK_EQ(xie_server_counts(server).accepted, 1);
    xie_stream_close(first);
    CHECK_EQ(xie_stream_read(second, &byte, 1), 1); /* its turn */
    xie_stream_close(second);
    xie_server_free(server);
    return 0;
}

IN_TASK(closed_while_full)
{
    struct xie_address address;
    struct xie_server_options options = {.max_connections = 1};
    for (int how = 0; how < 3; how++) {
        struct xie_server *server = serve_at(hello, NULL, &options, &address);
        struct xie_stream *client = come_in(&address), *waiting = come(&address);
        if (how == 0)
            xie_server_close(server);
        else if (how == 1)
            xie_listener_close(xie_server_listener(server, 0));
        else
            xie_server_free(server);
        CHECK(xie_stream_read(waiting, &(char){0}, 1) <= 0);
        xie_stream_close(client);
        xie_stream_close(waiting);
        if (how == 2)
            continue;
        CHECK(!xie_server_is_serving(server));
        CHECK_EQ(xie_server_wait(server), 0);
        CHECK_EQ(xie_server_counts(server).accepted, 1);
        xie_server_free(server);
    }
    return 0;
}

/* --- ending -------------------------------------------------------------------------------------
 */

IN_TASK(a_close_is_for_new_ones_alone)
{
    struct xie_address address;
    struct xie_listener *late;
    int ended = 0;
    struct xie_server *server = serve_at(hello, &ended, NULL, &address);
    struct xie_stream *client = come_in(&address), *refused = NULL;
    xie_server_close(server);
    xie_server_close(server);
    CHECK(!xie_server_is_serving(server));
    CHECK_EQ(xie_stream_connect(&address, &refused), -ECONNREFUSED);
    CHECK_EQ(xie_server_listen(server, &loopback), XIE_ECLOSED); /* for good */
    late = net_listen("127.0.0.1", &address);
    CHECK_EQ(xie_server_add(server, late), XIE_ECLOSED);
    xie_listener_close(late); /* still ours */
    XIE_TIMEOUT(10 * XIE_MILLISECOND)
        CHECK_EQ(xie_server_wait(server), -ETIMEDOUT); /* and nothing else happens */
    CHECK_EQ(ended, 0);
    kit_send(client, "x");
    CHECK_EQ(xie_server_wait(server), 0); /* for the last */
    CHECK_EQ(ended, 1);
    xie_stream_close(client);
    xie_server_free(server);
    return 0;
}

IN_TASK(close_clients_cancels_those_of_now)
{
    struct xie_address address;
    int ended = 0;
    struct xie_server *server = serve_at(hello, &ended, NULL, &address);
    struct xie_stream *first = come_in(&address), *second = come_in(&address);
    xie_server_close_clients(server);
    CHECK(is_ended(first)); /* a clean end */
    CHECK(is_ended(second));
    CHECK_EQ(ended, 2);
    CHECK_EQ(xie_server_counts(server).failed, 2);
    xie_stream_close(first);
    first = come_in(&address); /* the server goes on */
    kit_send(first, "x");
    CHECK(is_ended(first));
    xie_stream_close(first);
    xie_stream_close(second);
    xie_server_free(server);
    return 0;
}

IN_TASK(abort_clients_resets)
{
    struct xie_address address;
    int ended = 0;
    struct xie_server *server = serve_at(hello, &ended, NULL, &address);
    struct xie_stream *client = come_in(&address);
    xie_server_abort_clients(server);
    CHECK_EQ(xie_stream_read(client, &(char){0}, 1), -ECONNRESET);
    CHECK_EQ(ended, 1);
    xie_stream_close(client);
    xie_server_free(server);
    return 0;
}

/* Cancelled between being accepted and its first step: it runs all the same, up to a wait. */
IN_TASK(a_handler_that_has_not_begun_is_cancelled_too)
{
    struct xie_address address;
    int ended = 0;
    struct xie_server *server = serve_at(hello, &ended, NULL, &address);
    struct xie_stream *client = come(&address);
    while (!xie_server_counts(server).accepted)
        xie_sleep(0);
    xie_server_abort_clients(server);
    xie_server_close(server);
    CHECK_EQ(xie_server_wait(server), 0);
    CHECK_EQ(ended, 1);
    xie_stream_close(client);
    xie_server_free(server);
    return 0;
}

IN_TASK(free_ends_handlers_whatever_the_scopes_say)
{
    struct xie_address address;
    int ended = 0, open = net_open();
    struct xie_server *server = serve_at(hello, &ended, NULL, &address);
    struct xie_stream *client = come_in(&address);
    XIE_TIMEOUT(-1)
        xie_server_free(server);
    CHECK_EQ(ended, 1);
    CHECK(is_ended(client));
    xie_stream_close(client);
    CHECK_EQ(net_open(), open);
    CHECK_EQ(xie_task_count(), 1);
    return 0;
}

static int serve_task(void *arg)
{
    return xie_server_serve(arg);
}

static int wait_task(void *arg)
{
    return xie_server_wait(arg);
}

IN_TASK(serving_ends_with_its_scope)
{
    struct xie_address address;
    int ended = 0;
    struct xie_server *server = serve_at(hello, &ended, NULL, &address);
    struct xie_stream *client = come_in(&address);
    struct xie_task *task = xie_spawn(serve_task, server);
    xie_sleep(0);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK_EQ(ended, 1); /* waited for */
    CHECK(!xie_server_is_serving(server));
    CHECK(is_ended(client));
    xie_stream_close(client);
    XIE_TIMEOUT(0)
        CHECK_EQ(xie_server_serve(server), -ETIMEDOUT);
    CHECK_EQ(xie_server_serve(server), 0);
    xie_server_free(server);
    return 0;
}

IN_TASK(serving_ends_with_the_last_listener_and_handler)
{
    struct xie_address address;
    struct xie_server *server = serve_at(hello, NULL, NULL, &address);
    CHECK_EQ(xie_server_listen(server, &loopback), 0);
    struct xie_stream *client = come_in(&address);
    struct xie_task *serving = xie_spawn(serve_task, server);
    struct xie_task *waiting = xie_spawn(wait_task, server);
    xie_sleep(0);
    xie_listener_close(xie_server_listener(server, 1));
    CHECK(xie_server_is_serving(server));
    CHECK(!xie_server_listener(server, 1));
    xie_listener_close(xie_server_listener(server, 0));
    CHECK(!xie_server_is_serving(server));
    xie_sleep(0);
    CHECK(!xie_task_done(serving));
    xie_stream_close(client);
    CHECK_EQ(xie_join(serving), 0);
    CHECK_EQ(xie_join(waiting), 0);
    xie_server_free(server);
    return 0;
}

/* It is freed while others wait for it: they return, and touch it no more. */
IN_TASK(freed_while_others_wait)
{
    struct xie_address address;
    struct xie_server *server = serve_at(hello, NULL, NULL, &address);
    struct xie_stream *client = come_in(&address);
    struct xie_task *serving = xie_spawn(serve_task, server);
    struct xie_task *waiting = xie_spawn(wait_task, server);
    xie_sleep(0);
    xie_server_free(server);
    CHECK_EQ(xie_join(serving), 0);
    CHECK_EQ(xie_join(waiting), 0);
    xie_stream_close(client);
    return 0;
}

IN_TASK(a_listener_closed_before_anybody_accepted)
{
    struct xie_address address;
    struct xie_server *server, *other;
    struct xie_listener *listener = net_listen("127.0.0.1", &address);
    CHECK_EQ(xie_server_new(echo, NULL, NULL, &server), 0);
    CHECK_EQ(xie_server_new(echo, NULL, NULL, &other), 0);
    CHECK_EQ(xie_server_add(server, listener), 0);
    CHECK_EQ(xie_server_add(other, listener), -EBUSY);
    CHECK_EQ(xie_server_add(server, listener), -EBUSY);
    xie_listener_close(listener);
    CHECK_EQ(xie_server_wait(server), 0);
    CHECK_EQ(xie_server_listen(server, &loopback), 0); /* others may come */
    xie_server_free(server);                           /* this one too, before its task has run */
    xie_server_free(other);
    return 0;
}

static struct xie_server *own;

static int waits_for_itself(struct xie_stream *stream, void *arg)
{
    (void)stream;
    *(int *)arg = xie_server_wait(own);
    CHECK_EQ(xie_server_serve(own), XIE_EDEADLOCK);
    xie_server_close(own);
    return 0;
}

IN_TASK(a_handler_that_waits_for_its_server)
{
    struct xie_address address;
    int result = 0;
    own = serve_at(waits_for_itself, &result, NULL, &address);
    struct xie_stream *client = come(&address);
    CHECK_EQ(xie_server_wait(own), 0);
    CHECK_EQ(result, XIE_EDEADLOCK);
    xie_stream_close(client);
    xie_server_free(own);
    return 0;
}

static int frees_itself(struct xie_stream *stream, void *arg)
{
    (void)stream;
    (void)arg;
    xie_server_free(own);
    return 0;
}

static int free_from_within(void *arg)
{
    struct xie_address address;
    (void)arg;
    own = serve_at(frees_itself, NULL, NULL, &address);
    come(&address);
    return xie_server_wait(own);
}

static void run_free_from_within(void *arg)
{
    xie_run(free_from_within, arg);
}

static void a_handler_that_frees_its_server_aborts(void)
{
    char text[1000] = "";
    int status = tap_child(run_free_from_within, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strstr(text, "misuse: xie_server_free"));
    CHECK(strstr(text, "frees_itself"));
}

static void without_a_loop(void)
{
    struct xie_server *server = NULL;
    CHECK_EQ(xie_server_new(echo, NULL, NULL, &server), -EPERM);
    CHECK(!server);
}

/* The main task ends, and with it everything else; only the memory is still to be freed. */
static struct xie_stream *left;

static int leave(void *arg)
{
    struct xie_address address;
    struct xie_server **server = arg;
    *server = serve_at(hello, NULL, NULL, &address);
    left = come_in(&address);
    return 0;
}

static void freed_after_its_loop(void)
{
    size_t live = xie_alloc_live();
    struct xie_server *server;
    CHECK_EQ(xie_run(leave, &server), 0);
    CHECK_EQ(xie_server_counts(server).open, 0);
    xie_server_free(server);
    xie_stream_close(left);
    CHECK_EQ(xie_alloc_live(), live);
}

/* --- failures -----------------------------------------------------------------------------------
 */

static int failing[] = {-EPROTO, -ECONNRESET, -EPIPE, -ECONNABORTED, 5, 0};

static int with_failures(void *arg)
{
    struct xie_address address;
    (void)arg;
    for (int *error = failing; *error; error++) {
        struct xie_server *server = serve_at(fail, error, NULL, &address);
        for (int i = 0; i < 2; i++) {
            struct xie_stream *client = come(&address);
            kit_send(client, "x");
            CHECK(is_ended(client)); /* and the next is served */
            xie_stream_close(client);
        }
        xie_server_close(server);
        CHECK_EQ(xie_server_serve(server), 0);
        CHECK_EQ(xie_server_counts(server).failed, *error < 0 ? 2 : 0);
        xie_server_free(server);
    }
    struct xie_server *server = serve_at(hello, NULL, NULL, &address);
    struct xie_stream *client = come_in(&address);
    xie_server_free(server); /* told to end: no failure */
    xie_stream_close(client);
    return 0;
}

static void run_failures(void *arg)
{
    if (xie_run(with_failures, arg))
        abort();
}

static void failures_of_handlers_are_reported(void)
{
    char text[4000] = "";
    CHECK_EQ(tap_child(run_failures, NULL, text, sizeof text), 0);
    const char *line = strstr(text, "xie: server handler '");
    CHECK(line && strstr(text, "tests/io/server.c:"));
    CHECK(line && strstr(line, "failed for 127.0.0.1:"));
    line = line ? strstr(line + 1, "xie: server handler '") : NULL;
    CHECK(line);                              /* each time */
    CHECK(line && !strstr(line + 1, "xie:")); /* and no other error */
}

static int broken_listener(void *arg)
{
    struct xie_address address;
    (void)arg;
    struct xie_server *server = serve_at(echo, NULL, NULL, &address);
    CHECK_EQ(xie_server_listen(server, &loopback), 0);
    xie_fault_plan = (struct xie_fault){XIE_FAULT_OPERATION, .nth = 1, .error = -EIO};
    while (xie_server_listener(server, 1))
        xie_sleep(0);
    xie_fault_plan.kinds = 0;
    CHECK(xie_server_is_serving(server)); /* by the other */
    xie_server_close(server);
    CHECK_EQ(xie_server_serve(server), -EIO);
    xie_server_free(server);
    return 0;
}

static void run_broken_listener(void *arg)
{
    if (xie_run(broken_listener, arg))
        abort();
}

static void a_listener_that_fails_is_reported_and_closed(void)
{
    char text[1000] = "";
    CHECK_EQ(tap_child(run_broken_listener, NULL, text, sizeof text), 0);
    const char *line = strstr(text, "xie: server 'echo'");
    CHECK(line && strstr(line, "this listener is closed"));
    CHECK(line && !strstr(line + 1, "xie:"));
}

/* --- in any order -------------------------------------------------------------------------------
 */

enum { CLIENTS = 6 };

struct chaos {
    struct xie_server *server;
    struct xie_stream *clients[CLIENTS];
    uint32_t random;
};

static void toggle_client(struct chaos *self, struct xie_stream **client)
{
    struct xie_listener *listener = xie_server_listener(self->server, kit_random(&self->random, 3));
    struct xie_address address;
    xie_stream_close(*client);
    *client = NULL;
    if (listener && !xie_listener_address(listener, &address))
        XIE_TIMEOUT(XIE_SECOND) /* a full backlog, of a listener that is full */
            xie_stream_connect(&address, client);
}

static void act(struct chaos *self)
{
    switch (kit_random(&self->random, 24)) {
    case 0:
        xie_server_close_clients(self->server);
        break;
    case 1:
        xie_server_abort_clients(self->server);
        break;
    case 2:
        xie_listener_close(xie_server_listener(self->server, kit_random(&self->random, 3)));
        break;
    case 3:
    case 4:
        if (!xie_server_listener(self->server, 2))
            CHECK_EQ(xie_server_listen(self->server, &loopback), 0);
        break;
    case 5:
    case 6:
    case 7:
        xie_sleep(0);
        break;
    case 8:
        xie_sleep(XIE_MILLISECOND);
        break;
    default:
        toggle_client(self, &self->clients[kit_random(&self->random, CLIENTS)]);
    }
}

IN_TASK(anything_in_any_order)
{
    for (uint32_t seed = 1; seed <= (tap_slow() ? 4 : 40); seed++) {
        struct chaos self = {.random = seed};
        struct xie_server_options options = {.max_connections = seed % 4};
        int open = net_open();
        CHECK_EQ(xie_server_new(hello, NULL, &options, &self.server), 0);
        for (int step = 0; step < 60; step++)
            act(&self);
        if (seed & 1)
            xie_server_close(self.server);
        struct xie_server_counts counts = xie_server_counts(self.server);
        CHECK(counts.open <= counts.accepted && counts.failed <= counts.accepted);
        CHECK(!options.max_connections || counts.open <= options.max_connections);
        xie_server_free(self.server);
        for (int i = 0; i < CLIENTS; i++)
            xie_stream_close(self.clients[i]);
        CHECK_EQ(net_open(), open);
        CHECK_EQ(xie_task_count(), 1);
    }
    return 0;
}

/* --- a port shared by loops ---------------------------------------------------------------------
 */

struct share {
    uint16_t port;
    pthread_barrier_t ready;
    bool over;
    uint64_t accepted;
};

static int share_main(void *arg)
{
    struct share *self = arg;
    struct xie_listen_options options = {
        .host = "127.0.0.1", .port = self->port, .reuse_port = true};
    struct xie_server *server = NULL;
    CHECK_EQ(xie_server_new(echo, NULL, NULL, &server), 0);
    CHECK_EQ(xie_server_listen(server, &options), 0);
    pthread_barrier_wait(&self->ready);
    while (!__atomic_load_n(&self->over, __ATOMIC_SEQ_CST))
        xie_sleep(XIE_MILLISECOND);
    self->accepted = xie_server_counts(server).accepted;
    xie_server_free(server);
    return 0;
}

static void *share_thread(void *arg)
{
    CHECK_EQ(xie_run(share_main, arg), 0);
    return NULL;
}

IN_TASK(a_port_shared_by_two_loops)
{
    enum { COUNT = 64 };
    struct share share = {0};
    struct xie_address address;
    struct xie_server *server;
    pthread_t thread;
    if (kit_on("sim"))
        tap_skip("each sim is a world of its own");
    struct xie_listen_options options = {.host = "127.0.0.1", .reuse_port = true};
    CHECK_EQ(xie_server_new(echo, NULL, NULL, &server), 0);
    CHECK_EQ(xie_server_listen(server, &options), 0);
    CHECK_EQ(xie_listener_address(xie_server_listener(server, 0), &address), 0);
    CHECK_EQ(
        xie_server_listen(server, &(struct xie_listen_options){.host = "127.0.0.1",
                                                               .port = xie_address_port(&address)}),
        -EADDRINUSE); /* all must say so */
    share.port = xie_address_port(&address);
    pthread_barrier_init(&share.ready, NULL, 2);
    CHECK_EQ(pthread_create(&thread, NULL, share_thread, &share), 0);
    pthread_barrier_wait(&share.ready);
    for (int i = 0; i < COUNT; i++)
        CHECK(answers(&address));
    __atomic_store_n(&share.over, true, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    uint64_t here = xie_server_counts(server).accepted;
    CHECK_EQ(here + share.accepted, COUNT);
    CHECK(here > 0 && share.accepted > 0); /* both: a chance of 2^-63 that not */
    pthread_barrier_destroy(&share.ready);
    xie_server_free(server);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"several listeners, of any kind", several_listeners_of_any_kind},
        {"all addresses of a name, on one port", all_addresses_of_a_name_on_one_port},
        {"where one address is in use none is listened on",
         where_one_address_is_in_use_none_is_listened_on},
        {"the server closes the stream of a handler that returned",
         the_server_closes_the_stream_of_a_handler_that_returned},
        {"a stream that is taken lives on", a_stream_that_is_taken_lives_on},
        {"many at once", many_at_once},
        {"a handler's stack is as large as asked for", a_handlers_stack_is_as_large_as_asked_for},
        {"no more than max_connections at once", no_more_than_max_connections_at_once},
        {"one too many waits in the backlog", one_too_many_waits_in_the_backlog},
        {"closed while max_connections are open", closed_while_full},
        {"close: for new ones alone; wait: for the last", a_close_is_for_new_ones_alone},
        {"close_clients cancels those of now", close_clients_cancels_those_of_now},
        {"abort_clients resets", abort_clients_resets},
        {"a handler that has not begun is cancelled too",
         a_handler_that_has_not_begun_is_cancelled_too},
        {"free ends the handlers, whatever the scopes say",
         free_ends_handlers_whatever_the_scopes_say},
        {"serve: its scope ends the handlers", serving_ends_with_its_scope},
        {"serve: ends with the last listener and handler",
         serving_ends_with_the_last_listener_and_handler},
        {"freed while others wait for it", freed_while_others_wait},
        {"a listener closed before anybody accepted", a_listener_closed_before_anybody_accepted},
        {"a handler that waits for its own server", a_handler_that_waits_for_its_server},
        {"a handler that frees its own server aborts", a_handler_that_frees_its_server_aborts},
        {"without a loop there is no server", without_a_loop},
        {"freed after its loop", freed_after_its_loop},
        {"failures of handlers are reported, a client's leaving is not",
         failures_of_handlers_are_reported},
        {"a listener that fails is reported and closed",
         a_listener_that_fails_is_reported_and_closed},
        {"anything in any order", anything_in_any_order},
        {"a port shared by two loops", a_port_shared_by_two_loops},
        {0},
    };
    return tap_main(argc, argv, tests);
}

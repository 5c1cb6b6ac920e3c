/* listener.c - the promises of <xie/stream.h>: listening and accepting. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/sys.h"
#include "io/kit.h"

static char folder[] = "/tmp/xie-test-XXXXXX";

/* A path for a socket in a fresh folder. */
static const char *socket_path(void)
{
    static char path[64];
    strcpy(folder, "/tmp/xie-test-XXXXXX");
    REQUIRE(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    return path;
}

static bool exists(const char *path)
{
    struct stat file;
    return !lstat(path, &file);
}

static struct xie_listener *listen_here(struct xie_address *address)
{
    struct xie_listener *listener = NULL;
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &listener) == 0);
    REQUIRE(xie_listener_address(listener, address) == 0);
    return listener;
}

/* --- accepting -----------------------------------------------------------------------------------
 */

static int accept_one(void *arg)
{
    struct xie_stream *stream = NULL;
    int error = xie_listener_accept(arg, &stream);
    CHECK(!error == !!stream);
    xie_stream_close(stream);
    return error;
}

IN_TASK(connections_come_in_order)
{
    enum { COUNT = 20 };
    struct xie_stream *clients[COUNT], *server;
    struct xie_address address;
    struct xie_listener *listener = listen_here(&address);
    char byte;
    CHECK(xie_address_port(&address) != 0); /* the kernel chose */
    for (int i = 0; i < COUNT; i++) {
        CHECK_EQ(xie_stream_connect(&address, &clients[i]), 0);
        byte = (char)('a' + i);
        CHECK_EQ(xie_stream_write(clients[i], &byte, 1), 1);
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK_EQ(xie_listener_accept(listener, &server), 0);
        CHECK_EQ(xie_stream_read(server, &byte, 1), 1);
        CHECK_EQ(byte, 'a' + i);
        xie_stream_close(server);
        xie_stream_close(clients[i]);
    }
    xie_listener_close(listener);
    return 0;
}

IN_TASK(one_task_accepts_at_a_time)
{
    struct xie_address address;
    struct xie_listener *listener = listen_here(&address);
    struct xie_stream *client;
    struct xie_task *task = xie_spawn(accept_one, listener);
    xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(accept_one(listener), -EBUSY);
    CHECK_EQ(xie_stream_connect(&address, &client), 0);
    CHECK_EQ(xie_join(task), 0);
    xie_stream_close(client);
    xie_listener_close(listener);
    return 0;
}

IN_TASK(close_ends_the_one_who_accepts)
{
    struct xie_address address;
    struct xie_listener *listener = listen_here(&address);
    struct xie_stream *client;
    struct xie_task *task = xie_spawn(accept_one, listener);
    xie_sleep(XIE_MILLISECOND);
    XIE_TIMEOUT(-1)
        xie_listener_close(listener);
    CHECK(xie_task_done(task));
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    CHECK_EQ(xie_stream_connect(&address, &client), -ECONNREFUSED);
    return 0;
}

IN_TASK(accepted_streams_outlive_the_listener)
{
    struct xie_stream *pair[2];
    char buf[5];
    kit_tcp_pair(pair); /* its listener is closed */
    kit_send(pair[0], "hello");
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 5), 5);
    kit_close(pair);
    return 0;
}

/* Cancelled at each point of an accept's way, with a connection coming at each: it is accepted
 * by this call or by the next. */
static void cancel_at(int when, int connect_at)
{
    struct xie_address address;
    struct xie_listener *listener = listen_here(&address);
    struct xie_stream *client = NULL, *server;
    char byte;
    struct xie_task *task = xie_spawn(accept_one, listener);
    for (int i = 0; i <= when || i <= connect_at; i++) {
        if (i == when)
            xie_task_cancel(task);
        if (i == connect_at)
            CHECK_EQ(xie_stream_connect(&address, &client), 0);
        xie_sleep(0);
    }
    int error = xie_join(task);
    CHECK(!error || error == -ECANCELED);
    if (error) {
        XIE_TIMEOUT(10 * XIE_SECOND)
            CHECK_EQ(xie_listener_accept(listener, &server), 0);
        kit_send(server, "x");
        CHECK_EQ(xie_stream_read(client, &byte, 1), 1);
        xie_stream_close(server);
    }
    xie_stream_close(client);
    xie_listener_close(listener);
}

IN_TASK(a_cancelled_accept_loses_no_connection)
{
    for (int when = 0; when < 8; when++)
        for (int connect_at = 0; connect_at < 6; connect_at++)
            cancel_at(when, connect_at);
    return 0;
}

/* --- out of descriptors ------------------------------------------------------------- */

struct scarce {
    struct xie_address address;
    struct xie_listener *listener;
    int fillers[64], count;
};

/* Leave the process without a descriptor to spare. */
static void use_up(struct scarce *self)
{
    struct rlimit limit = {48, 48};
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while (self->count < 64) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            break;
        self->fillers[self->count++] = fd;
    }
    CHECK(self->count > 0 && self->count < 64);
}

static int without_descriptors(void *arg)
{
    struct scarce self = {0};
    struct xie_stream *client, *server = NULL;
    (void)arg;
    self.listener = listen_here(&self.address);
    CHECK_EQ(xie_stream_connect(&self.address, &client), 0);
    use_up(&self);
    XIE_TIMEOUT(60 * XIE_MILLISECOND) /* it waits: an error would end a server */
        CHECK_EQ(xie_listener_accept(self.listener, &server), -ETIMEDOUT);
    struct xie_task *task = xie_spawn(accept_one, self.listener);
    xie_sleep(30 * XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    while (self.count)
        close(self.fillers[--self.count]);
    CHECK_EQ(xie_join(task), 0); /* the connection was not lost */
    xie_stream_close(client);

    CHECK_EQ(xie_stream_connect(&self.address, &client), 0);
    use_up(&self);
    task = xie_spawn(accept_one, self.listener);
    xie_sleep(5 * XIE_MILLISECOND);
    xie_listener_close(self.listener); /* ends the pause at once */
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    while (self.count)
        close(self.fillers[--self.count]);
    xie_stream_close(client);

    self.listener = listen_here(&self.address);
    CHECK_EQ(xie_stream_connect(&self.address, &client), 0);
    use_up(&self);
    task = xie_spawn(accept_one, self.listener);
    CHECK_EQ(xie_stream_read(client, &(char){0}, 1), -ECONNRESET); /* by the reserve */
    CHECK_EQ(xie_listener_refused(self.listener), 1);
    xie_stream_close(client);
    while (self.count)
        close(self.fillers[--self.count]);
    CHECK_EQ(xie_stream_connect(&self.address, &client), 0);
    CHECK_EQ(xie_join(task), 0);
    xie_stream_close(client);
    xie_listener_close(self.listener);
    return 0;
}

static void run_scarce(void *arg)
{
    if (xie_run(without_descriptors, arg))
        abort();
}

static int skip_on_sim(void *arg)
{
    (void)arg;
    if (kit_on("sim"))
        tap_skip("sim's descriptors are not the kernel's");
    return 0;
}

static void out_of_descriptors_it_waits_and_says_so_once(void)
{
    char text[2000] = "";
    if (tap_valgrind())
        tap_skip("valgrind does not let the limit be set");
    CHECK_EQ(xie_run(skip_on_sim, NULL), 0);
    CHECK_EQ(tap_child(run_scarce, NULL, text, sizeof text), 0);
    int lines = 0;
    for (const char *at = text; (at = strstr(at, "accept: ")) != NULL; at++)
        lines++;
    CHECK_EQ(lines, 2); /* many pauses of two listeners, a line for each */
}

/* It lasts: those who wait are told, by a descriptor kept for that. What cannot be had is said by
 * a fault, so that the limits of the machine do not matter. */
static int refusing(void *arg)
{
    struct xie_address address;
    struct xie_stream *client[3], *server = NULL;
    struct xie_listener *listener = listen_here(&address);
    char byte;
    (void)arg;
    for (int i = 0; i < 3; i++)
        CHECK_EQ(xie_stream_connect(&address, &client[i]), 0);
    xie_fault_plan =
        (struct xie_fault){XIE_FAULT_OPERATION, .nth = 1, .forever = true, .error = -EMFILE};
    struct xie_task *task = xie_spawn(accept_one, listener);
    while (!xie_listener_refused(listener))
        xie_sleep(10 * XIE_MILLISECOND);
    xie_fault_plan.kinds = 0;
    CHECK_EQ(xie_listener_refused(listener), 3);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(xie_stream_read(client[i], &byte, 1), -ECONNRESET);
        xie_stream_close(client[i]);
    }
    CHECK_EQ(xie_stream_connect(&address, &client[0]), 0);
    CHECK_EQ(xie_join(task), 0); /* as soon as there are descriptors */
    xie_stream_close(client[0]);

    xie_fault_plan =
        (struct xie_fault){XIE_FAULT_OPERATION, .nth = 1, .forever = true, .error = -ENOBUFS};
    XIE_TIMEOUT(400 * XIE_MILLISECOND)
        CHECK_EQ(xie_listener_accept(listener, &server), -ETIMEDOUT);
    xie_fault_plan.kinds = 0;
    CHECK_EQ(xie_listener_refused(listener), 3); /* a descriptor would not help */
    xie_listener_close(listener);
    return 0;
}

static void run_refusing(void *arg)
{
    if (xie_run(refusing, arg))
        abort();
}

static void if_it_lasts_clients_are_told(void)
{
    char text[2000] = "";
    CHECK_EQ(tap_child(run_refusing, NULL, text, sizeof text), 0);
    const char *line = strstr(text, "accept: ");
    CHECK(line && !strstr(line + 1, "accept: "));
}

/* --- errors of connections that died in the backlog --------------------------------- */

/* The nth system call or operation fails with the error: accept skips it. */
static void skips(int error)
{
    struct xie_address address;
    struct xie_listener *listener = listen_here(&address);
    struct xie_stream *client, *server = NULL;
    CHECK_EQ(xie_stream_connect(&address, &client), 0);
    xie_fault_plan = (struct xie_fault){XIE_FAULT_OPERATION, .nth = 1, .error = error};
    CHECK_EQ(xie_listener_accept(listener, &server), 0);
    CHECK_EQ(xie_fault_plan.failed, 1);
    xie_stream_close(server);
    xie_stream_close(client);
    /* however many there are, and nobody else is starved */
    xie_fault_plan =
        (struct xie_fault){XIE_FAULT_OPERATION, .nth = 1, .forever = true, .error = error};
    XIE_TIMEOUT(100 * XIE_MILLISECOND)
        CHECK_EQ(xie_listener_accept(listener, &server), -ETIMEDOUT);
    CHECK(xie_fault_plan.failed > 1);
    xie_fault_plan.kinds = 0;
    xie_listener_close(listener);
}

IN_TASK(connections_that_died_are_skipped)
{
    static const int errors[] = {-ECONNABORTED, -EPROTO,      -ENETDOWN, -EHOSTUNREACH,
                                 -ENONET,       -ENETUNREACH, -EPERM,    -EHOSTDOWN};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        skips(errors[i]);
    return 0;
}

IN_TASK(other_errors_are_told)
{
    struct xie_address address;
    struct xie_listener *listener = listen_here(&address);
    xie_fault_plan = (struct xie_fault){XIE_FAULT_OPERATION, .nth = 1, .error = -EIO};
    CHECK_EQ(accept_one(listener), -EIO);
    xie_fault_plan.kinds = 0;
    xie_listener_close(listener);
    return 0;
}

/* --- where to listen ---------------------------------------------------------------- */

static void check_reach(const char *host, uint16_t port, struct xie_listener *listener)
{
    struct xie_stream *client, *server;
    CHECK_EQ(xie_tcp_connect(host, port, &client), 0);
    CHECK_EQ(xie_listener_accept(listener, &server), 0);
    xie_stream_close(server);
    xie_stream_close(client);
}

static bool has_ipv6(void)
{
    struct xie_listener *listener;
    int error = xie_tcp_listen("::1", 0, 0, &listener);
    if (!error)
        xie_listener_close(listener);
    return !error;
}

IN_TASK(no_host_is_every_address)
{
    static const char *const hosts[] = {"", NULL};
    for (int i = 0; i < 2; i++) {
        struct xie_listener *listener;
        struct xie_address address;
        CHECK_EQ(xie_tcp_listen(hosts[i], 0, 0, &listener), 0);
        CHECK_EQ(xie_listener_address(listener, &address), 0);
        check_reach("127.0.0.1", xie_address_port(&address), listener);
        if (has_ipv6())
            check_reach("::1", xie_address_port(&address), listener);
        check_reach("localhost", xie_address_port(&address), listener);
        xie_listener_close(listener);
    }
    return 0;
}

IN_TASK(a_name_is_looked_up)
{
    struct xie_listener *listener = NULL;
    struct xie_address address;
    CHECK_EQ(xie_tcp_listen("localhost", 0, 5, &listener), 0);
    CHECK_EQ(xie_listener_address(listener, &address), 0);
    check_reach("localhost", xie_address_port(&address), listener);
    xie_listener_close(listener);
    return 0;
}

IN_TASK(an_address_in_use_or_not_here)
{
    struct xie_address address;
    struct xie_listener *second = NULL, *listener = listen_here(&address);
    uint16_t port = xie_address_port(&address);
    int fds = kit_fds();
    CHECK_EQ(xie_tcp_listen("127.0.0.1", port, 0, &second), -EADDRINUSE);
    CHECK_EQ(xie_tcp_listen("192.0.2.1", 0, 0, &second), -EADDRNOTAVAIL);
    CHECK(!second);
    CHECK_EQ(kit_fds(), fds);
    check_reach("127.0.0.1", port, listener); /* leaves TIME-WAIT behind */
    xie_listener_close(listener);
    CHECK_EQ(xie_tcp_listen("127.0.0.1", port, 0, &second), 0); /* SO_REUSEADDR */
    xie_listener_close(second);
    return 0;
}

/* --- options ------------------------------------------------------------------------ */

IN_TASK(of_one_family_alone)
{
    struct xie_listen_options options = {.family = AF_INET};
    struct xie_listener *listener, *other;
    struct xie_address address;
    struct xie_stream *client;
    CHECK_EQ(xie_listen(&options, &listener), 0);
    CHECK_EQ(xie_listener_address(listener, &address), 0);
    CHECK_EQ(address.storage.ss_family, AF_INET);
    options.port = xie_address_port(&address);
    check_reach("127.0.0.1", options.port, listener);
    if (has_ipv6()) {
        CHECK_EQ(xie_tcp_connect("::1", options.port, &client), -ECONNREFUSED);
        options.family = AF_INET6; /* beside it, on the same port */
        CHECK_EQ(xie_listen(&options, &other), 0);
        check_reach("::1", options.port, other);
        xie_listener_close(listener);
        CHECK_EQ(xie_tcp_connect("127.0.0.1", options.port, &client), -ECONNREFUSED);
        listener = other;
        options.family = 0; /* both: in use */
        CHECK_EQ(xie_listen(&options, &other), -EADDRINUSE);
        xie_listener_close(listener);
        options = (struct xie_listen_options){.host = "::"};
        CHECK_EQ(xie_listen(&options, &listener), 0);
        CHECK_EQ(xie_listener_address(listener, &address), 0);
        check_reach("127.0.0.1", xie_address_port(&address), listener); /* the number too */
    }
    xie_listener_close(listener);
    return 0;
}

IN_TASK(bad_options)
{
    struct xie_listener *listener = NULL;
    struct xie_listen_options options = {.host = "127.0.0.1", .family = AF_INET6};
    CHECK_EQ(xie_listen(&options, &listener), -EAFNOSUPPORT);
    options.family = AF_MAX;
    CHECK_EQ(xie_listen(&options, &listener), -EINVAL);
    options = (struct xie_listen_options){.host = "127.0.0.1", .path = "@xie-both"};
    CHECK_EQ(xie_listen(&options, &listener), -EINVAL);
    options = (struct xie_listen_options){.port = 1, .path = "@xie-both"};
    CHECK_EQ(xie_listen(&options, &listener), -EINVAL);
    options = (struct xie_listen_options){.family = AF_INET, .path = "@xie-both"};
    CHECK_EQ(xie_listen(&options, &listener), -EINVAL);
    CHECK_EQ(xie_unix_listen(NULL, 0, &listener), -EINVAL);
    CHECK(!listener);
    return 0;
}

/* The kernel tells how many may wait (tcpi_sacked of one that listens): 511 unless asked for, and
 * never more than net.core.somaxconn. */
IN_TASK(a_backlog_is_511_unless_asked_for)
{
    int most = 4096;
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "r");
    if (file) {
        CHECK_EQ(fscanf(file, "%d", &most), 1);
        fclose(file);
    }
    if (kit_on("sim"))
        tap_skip("sim does not tell");
    for (int backlog = 0; backlog <= 7; backlog += 7) {
        struct xie_listener *listener;
        struct tcp_info info = {0};
        socklen_t len = sizeof info;
        REQUIRE(xie_tcp_listen("127.0.0.1", 0, backlog, &listener) == 0);
        CHECK_EQ(getsockopt(xie_listener_fd(listener), IPPROTO_TCP, TCP_INFO, &info, &len), 0);
        int expected = backlog ? backlog : 511;
        CHECK_EQ(info.tcpi_sacked, expected < most ? expected : most);
        xie_listener_close(listener);
    }
    return 0;
}

IN_TASK(a_backlog_holds_so_many)
{
    struct xie_listen_options options = {.host = "127.0.0.1", .backlog = 3};
    struct xie_listener *listener;
    struct xie_address address;
    struct xie_stream *client[8];
    int error = 0, count = 0;
    CHECK_EQ(xie_listen(&options, &listener), 0);
    CHECK_EQ(xie_listener_address(listener, &address), 0);
    while (!error && count < 8) {
        XIE_TIMEOUT(count < 4 ? XIE_NEVER : 20 * XIE_MILLISECOND)
            error = xie_stream_connect(&address, &client[count]);
        count += !error;
    }
    CHECK_EQ(error, -ETIMEDOUT);
    CHECK_EQ(count, 4); /* listen(2): one more */
    while (count--)
        xie_stream_close(client[count]);
    xie_listener_close(listener);
    return 0;
}

IN_TASK(a_port_may_be_shared)
{
    struct xie_listen_options options = {.host = "127.0.0.1", .reuse_port = true};
    struct xie_listener *one, *two, *three;
    struct xie_address address;
    CHECK_EQ(xie_listen(&options, &one), 0);
    CHECK_EQ(xie_listener_address(one, &address), 0);
    options.port = xie_address_port(&address);
    CHECK_EQ(xie_listen(&options, &two), 0);
    options.reuse_port = false; /* all must say so */
    CHECK_EQ(xie_listen(&options, &three), -EADDRINUSE);
    xie_listener_close(one);
    check_reach("127.0.0.1", options.port, two);
    xie_listener_close(two);
    return 0;
}

IN_TASK(a_descriptor_that_listens_is_taken_over)
{
    struct xie_address address = {0}, found;
    struct xie_listener *listener = NULL;
    struct xie_stream *pair[2];
    CHECK_EQ(xie_address_parse(&address, "127.0.0.1", 0), 0);
    int fd = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(xie_sys_bind(fd, (struct sockaddr *)&address.storage, address.len), 0);
    CHECK_EQ(xie_listener_adopt(fd, &listener), -EINVAL); /* not yet; still ours */
    CHECK_EQ(xie_sys_listen(fd, 5), 0);
    CHECK_EQ(xie_listener_adopt(fd, &listener), 0);
    CHECK_EQ(xie_listener_fd(listener), fd);
    CHECK_EQ(xie_listener_address(listener, &found), 0);
    check_reach("127.0.0.1", xie_address_port(&found), listener);
    xie_listener_close(listener);
    CHECK_EQ(xie_tcp_connect("127.0.0.1", xie_address_port(&found), &pair[0]), -ECONNREFUSED);
    CHECK_EQ(xie_listener_adopt(-1, &listener), -EBADF);
    CHECK_EQ(xie_listener_adopt(fd, &listener), -EBADF);
    kit_pair(pair);
    CHECK_EQ(xie_listener_adopt(xie_stream_fd(pair[0]), &listener), -EINVAL);
    kit_close(pair);
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK_EQ(xie_listener_adopt(fd, &listener), -ENOTSOCK);
    close(fd);
    return 0;
}

/* A blocking one, as systemd may pass it. */
IN_TASK(a_descriptor_taken_over_does_not_block)
{
    struct xie_listener *listener = NULL;
    struct xie_stream *server;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (kit_on("sim"))
        tap_skip("a descriptor of the kernel's");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t)), 0); /* a name of its choice */
    CHECK_EQ(listen(fd, 5), 0);
    CHECK_EQ(xie_listener_adopt(fd, &listener), 0);
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        CHECK_EQ(xie_listener_accept(listener, &server), -ETIMEDOUT);
    xie_listener_close(listener);
    return 0;
}

/* --- Unix sockets ------------------------------------------------------------------- */

IN_TASK(a_unix_listener_makes_and_removes_its_file)
{
    const char *path = socket_path();
    struct xie_listener *listener, *second = NULL;
    struct xie_stream *client, *server;
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    bool real = !kit_on("sim");
    CHECK_EQ(xie_unix_listen(path, 0, &listener), 0);
    CHECK_EQ(exists(path), real);
    CHECK_EQ(xie_unix_listen(path, 0, &second), -EADDRINUSE); /* somebody listens */
    CHECK(!second);
    CHECK_EQ(xie_unix_connect(path, &client), 0);
    CHECK_EQ(xie_stream_peer(client, &address), 0);
    CHECK_STR(xie_address_format(&address, text) + strlen("unix:"), path);
    CHECK_EQ(xie_listener_accept(listener, &server), 0);
    CHECK_EQ(accept_one(listener) == 0, true); /* the test whether anybody listens came too */
    xie_stream_close(server);
    xie_stream_close(client);
    xie_listener_close(listener);
    CHECK(!exists(path));
    CHECK_EQ(xie_unix_connect(path, &client), -ENOENT);
    rmdir(folder);
    return 0;
}

/* What a process that crashed leaves: a file, and nobody behind it. */
IN_TASK(a_stale_socket_is_replaced)
{
    const char *path = socket_path();
    struct xie_address address;
    struct xie_listener *listener;
    struct xie_stream *client;
    CHECK_EQ(xie_address_unix(&address, path), 0);
    int fd = xie_sys_socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(xie_sys_bind(fd, (struct sockaddr *)&address.storage, address.len), 0);
    xie_sys_close(fd);
    CHECK_EQ(xie_unix_connect(path, &client), -ECONNREFUSED);
    CHECK_EQ(xie_unix_listen(path, 0, &listener), 0);
    CHECK_EQ(xie_unix_connect(path, &client), 0);
    xie_stream_close(client);
    xie_listener_close(listener);
    CHECK_EQ(xie_unix_connect(path, &client), -ENOENT);
    rmdir(folder);
    return 0;
}

IN_TASK(a_file_that_is_no_socket_is_left_alone)
{
    const char *path = socket_path();
    struct xie_listener *listener = NULL;
    if (kit_on("sim"))
        tap_skip("sim has no other files");
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    CHECK_EQ(xie_unix_listen(path, 0, &listener), -EADDRINUSE);
    CHECK(exists(path));
    CHECK(!listener);
    unlink(path);
    rmdir(folder);
    return 0;
}

IN_TASK(another_file_in_its_place_is_not_removed)
{
    const char *path = socket_path();
    struct xie_listener *first, *second;
    if (kit_on("sim"))
        tap_skip("sim's files have no identity");
    CHECK_EQ(xie_unix_listen(path, 0, &first), 0);
    unlink(path);
    CHECK_EQ(xie_unix_listen(path, 0, &second), 0);
    xie_listener_close(first);
    CHECK(exists(path));
    xie_listener_close(second);
    CHECK(!exists(path));
    rmdir(folder);
    return 0;
}

IN_TASK(abstract_names_have_no_file)
{
    struct xie_listener *listener, *second = NULL;
    struct xie_stream *client;
    char name[40];
    snprintf(name, sizeof name, "@xie-test-%d", (int)getpid());
    CHECK_EQ(xie_unix_listen(name, 0, &listener), 0);
    CHECK_EQ(xie_unix_listen(name, 0, &second), -EADDRINUSE);
    CHECK_EQ(xie_unix_connect(name, &client), 0);
    xie_stream_close(client);
    CHECK_EQ(accept_one(listener), 0);
    xie_listener_close(listener);
    CHECK_EQ(xie_unix_connect(name, &client), -ECONNREFUSED);
    return 0;
}

/* A port below 1024 without the right to it, a folder that may not be written, a full quota. */
static void check_refused(const struct xie_listen_options *options, int wanted)
{
    struct xie_listener *listener = NULL;
    int error = wanted, fds = kit_fds();
    uint64_t nth = 0;
    while (error == wanted) {
        xie_fault_plan =
            (struct xie_fault){.kinds = XIE_FAULT_SYSCALL, .nth = ++nth, .error = wanted};
        error = xie_listen(options, &listener);
        xie_fault_plan.kinds = 0;
        CHECK(!error == (listener != NULL));
    }
    CHECK_EQ(error, 0);
    CHECK(nth > 3); /* the socket, its address, listening */
    xie_listener_close(listener);
    CHECK_EQ(kit_fds(), fds);
}

IN_TASK(what_the_kernel_refuses_is_told)
{
    const struct xie_listen_options port = {.host = "127.0.0.1"}, path = {.path = socket_path()};
    static const int errors[] = {-EACCES, -EDQUOT, -ENOMEM};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        check_refused(&port, errors[i]);
        check_refused(&path, errors[i]);
        CHECK(!exists(path.path));
    }
    rmdir(folder);
    return 0;
}

IN_TASK(bad_paths)
{
    struct xie_listener *listener = NULL;
    char path[120];
    memset(path, 'p', sizeof path);
    path[108] = 0;
    int fds = kit_fds();
    CHECK_EQ(xie_unix_listen(path, 0, &listener), -ENAMETOOLONG);
    CHECK_EQ(xie_unix_listen("", 0, &listener), -EINVAL);
    if (!kit_on("sim"))
        CHECK_EQ(xie_unix_listen("/no/such/folder/socket", 0, &listener), -ENOENT);
    CHECK(!listener);
    CHECK_EQ(kit_fds(), fds);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"connections_come_in_order", connections_come_in_order},
        {"one_task_accepts_at_a_time", one_task_accepts_at_a_time},
        {"close_ends_the_one_who_accepts", close_ends_the_one_who_accepts},
        {"accepted_streams_outlive_the_listener", accepted_streams_outlive_the_listener},
        {"a_cancelled_accept_loses_no_connection", a_cancelled_accept_loses_no_connection},
        {"out_of_descriptors_it_waits_and_says_so_once",
         out_of_descriptors_it_waits_and_says_so_once},
        {"if_it_lasts_clients_are_told", if_it_lasts_clients_are_told},
        {"connections_that_died_are_skipped", connections_that_died_are_skipped},
        {"other_errors_are_told", other_errors_are_told},
        {"no_host_is_every_address", no_host_is_every_address},
        {"a_name_is_looked_up", a_name_is_looked_up},
        {"an_address_in_use_or_not_here", an_address_in_use_or_not_here},
        {"of_one_family_alone", of_one_family_alone},
        {"bad_options", bad_options},
        {"a_backlog_is_511_unless_asked_for", a_backlog_is_511_unless_asked_for},
        {"a_backlog_holds_so_many", a_backlog_holds_so_many},
        {"a_port_may_be_shared", a_port_may_be_shared},
        {"a_descriptor_that_listens_is_taken_over", a_descriptor_that_listens_is_taken_over},
        {"a_descriptor_taken_over_does_not_block", a_descriptor_taken_over_does_not_block},
        {"a_unix_listener_makes_and_removes_its_file", a_unix_listener_makes_and_removes_its_file},
        {"a_stale_socket_is_replaced", a_stale_socket_is_replaced},
        {"a_file_that_is_no_socket_is_left_alone", a_file_that_is_no_socket_is_left_alone},
        {"another_file_in_its_place_is_not_removed", another_file_in_its_place_is_not_removed},
        {"abstract_names_have_no_file", abstract_names_have_no_file},
        {"what_the_kernel_refuses_is_told", what_the_kernel_refuses_is_told},
        {"bad_paths", bad_paths},
        {0},
    };
    return tap_main(argc, argv, tests);
}

/* datagram.c - the promises of <xie/datagram.h>. */
/* SPDX-License-Identifier: MIT */
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/sys.h"
#include "io/net.h"

/* --- sockets ---------------------------------------------------------------------------------- */

static struct xie_datagram *open_at(const struct xie_address *local,
                                    const struct xie_address *remote)
{
    struct xie_datagram *socket = NULL;
    struct xie_datagram_options options = {.local = local, .remote = remote, .family = AF_INET};
    REQUIRE(xie_datagram_open(&options, &socket) == 0);
    return socket;
}

/* On a port of the kernel's choice. */
static struct xie_datagram *open_here(struct xie_address *address)
{
    struct xie_address any = net_number("127.0.0.1", 0);
    struct xie_datagram *socket = open_at(&any, NULL);
    REQUIRE(xie_datagram_local(socket, address) == 0);
    return socket;
}

/* Two that are each other's remote. */
static void open_pair(struct xie_datagram *pair[2])
{
    struct xie_address first, second, any = net_number("127.0.0.1", 0);
    struct xie_datagram *place = open_here(&first);
    xie_datagram_close(place);
    pair[1] = open_at(&any, &first);
    REQUIRE(xie_datagram_local(pair[1], &second) == 0);
    pair[0] = open_at(&first, &second);
}

static void close_pair(struct xie_datagram *pair[2])
{
    xie_datagram_close(pair[0]);
    xie_datagram_close(pair[1]);
}

static void say(struct xie_datagram *socket, const char *text, const struct xie_address *to)
{
    CHECK_EQ(xie_datagram_send(socket, text, strlen(text), to), (ssize_t)strlen(text));
}

static bool hears(struct xie_datagram *socket, const char *text)
{
    char got[100];
    ssize_t len = xie_datagram_receive(socket, got, sizeof got, NULL, NULL);
    return len == (ssize_t)strlen(text) && !memcmp(got, text, (size_t)len);
}

/* --- sending and receiving -------------------------------------------------------------------- */

IN_TASK(to_and_from_anybody)
{
    struct xie_address here, there, from;
    struct xie_datagram *one = open_here(&here), *two = open_here(&there);
    char got[100];
    size_t full = 0;
    say(one, "ni hao", &there);
    CHECK_EQ(xie_datagram_receive(two, got, sizeof got, &from, &full), 6);
    CHECK(!memcmp(got, "ni hao", 6));
    CHECK_EQ(full, 6);
    CHECK(net_same(&from, &here));
    say(two, "answer", &from);
    CHECK(hears(one, "answer"));
    CHECK_EQ(xie_datagram_peer(one, &from), -ENOTCONN);
    CHECK(xie_datagram_fd(one) != xie_datagram_fd(two));
    xie_datagram_close(one);
    xie_datagram_close(two);
    xie_datagram_close(NULL);
    return 0;
}

IN_TASK(connected_it_hears_its_remote_alone)
{
    struct xie_address address, stranger_address, peer;
    struct xie_datagram *pair[2], *stranger = open_here(&stranger_address);
    open_pair(pair);
    CHECK_EQ(xie_datagram_local(pair[0], &address), 0);
    CHECK_EQ(xie_datagram_peer(pair[1], &peer), 0);
    CHECK(net_same(&address, &peer));
    say(stranger, "stranger", &address);
    say(pair[1], "friend", NULL);
    CHECK(hears(pair[0], "friend"));
    say(pair[0], "to you", NULL);
    CHECK(hears(pair[1], "to you"));
    say(pair[0], "to another", &stranger_address); /* for this once */
    CHECK(hears(stranger, "to another"));
    close_pair(pair);
    xie_datagram_close(stranger);
    return 0;
}

IN_TASK(what_does_not_fit_is_cut_and_told)
{
    struct xie_datagram *pair[2];
    char got[4] = "";
    size_t full = 0;
    open_pair(pair);
    for (int try = 0; try < 2; try++) {
        say(pair[0], "0123456789", NULL);
        say(pair[0], "next", NULL);
        ssize_t len = -EAGAIN;
        while (try && len == -EAGAIN) {
            len = xie_datagram_try_receive(pair[1], got, 4, NULL, &full);
            xie_sleep(XIE_MILLISECOND);
        }
        if (!try)
            len = xie_datagram_receive(pair[1], got, 4, NULL, &full);
        CHECK_EQ(len, 4);
        CHECK_EQ(full, 10);
        CHECK(!memcmp(got, "0123", 4));
        CHECK(hears(pair[1], "next")); /* the rest is gone */
    }
    close_pair(pair);
    return 0;
}

IN_TASK(empty_messages_and_long_ones)
{
    enum { MOST = 65507 };
    struct xie_datagram *pair[2];
    char *data = calloc(MOST + 1, 1), *got = calloc(MOST, 1);
    size_t full = 1;
    open_pair(pair);
    CHECK_EQ(xie_datagram_set(pair[1], XIE_DATAGRAM_RECEIVE_BUFFER, 200000), 0);
    CHECK_EQ(xie_datagram_set(pair[0], XIE_DATAGRAM_SEND_BUFFER, 200000), 0);
    CHECK_EQ(xie_datagram_send(pair[0], NULL, 0, NULL), 0);
    CHECK_EQ(xie_datagram_receive(pair[1], got, 9, NULL, &full), 0);
    CHECK_EQ(full, 0);
    kit_fill(data, MOST, 5);
    CHECK_EQ(xie_datagram_send(pair[0], data, MOST, NULL), MOST);
    CHECK_EQ(xie_datagram_receive(pair[1], got, MOST, NULL, NULL), MOST);
    CHECK(kit_same(got, MOST, 5));
    CHECK_EQ(xie_datagram_send(pair[0], data, MOST + 1, NULL), -EMSGSIZE);
    say(pair[0], "x", NULL);
    CHECK_EQ(xie_datagram_receive(pair[1], NULL, 0, NULL, &full), 0); /* all of it cut */
    CHECK_EQ(full, 1);
    free(data);
    free(got);
    close_pair(pair);
    return 0;
}

IN_TASK(without_a_remote_somebody_must_be_named)
{
    struct xie_address address;
    struct xie_datagram *socket = open_here(&address);
    CHECK_EQ(xie_datagram_send(socket, "x", 1, NULL), -EDESTADDRREQ);
    CHECK_EQ(xie_datagram_try_send(socket, "x", 1, NULL), -EDESTADDRREQ);
    xie_datagram_close(socket);
    return 0;
}

IN_TASK(the_try_forms_do_not_wait)
{
    struct xie_datagram *pair[2];
    char got[8];
    open_pair(pair);
    CHECK_EQ(xie_datagram_try_receive(pair[1], got, 8, NULL, NULL), -EAGAIN);
    CHECK_EQ(xie_datagram_try_send(pair[0], "try", 3, NULL), 3);
    CHECK(hears(pair[1], "try"));
    XIE_TIMEOUT(-1) { /* nor do they ask a scope */
        CHECK_EQ(xie_datagram_try_send(pair[0], "try", 3, NULL), 3);
        CHECK_EQ(xie_datagram_send(pair[0], "no", 2, NULL), -ETIMEDOUT);
        CHECK_EQ(xie_datagram_receive(pair[1], got, 8, NULL, NULL), -ETIMEDOUT);
    }
    CHECK(hears(pair[1], "try")); /* neither lost nor followed by the other */
    xie_sleep(5 * XIE_MILLISECOND);
    CHECK_EQ(xie_datagram_try_receive(pair[1], got, 8, NULL, NULL), -EAGAIN);
    close_pair(pair);
    return 0;
}

/* --- one on each side, closing, cancelling ---------------------------------------------------- */

static ssize_t got_length;

static int receive_one(void *arg)
{
    char got[32];
    ssize_t len = xie_datagram_receive(arg, got, sizeof got, NULL, NULL);
    got_length = len;
    return len < 0 ? (int)len : 0;
}

IN_TASK(one_task_receives_at_a_time)
{
    struct xie_datagram *pair[2];
    char got[8];
    open_pair(pair);
    struct xie_task *task = xie_spawn(receive_one, pair[1]);
    xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(xie_datagram_receive(pair[1], got, 8, NULL, NULL), -EBUSY);
    CHECK_EQ(xie_datagram_try_receive(pair[1], got, 8, NULL, NULL), -EBUSY);
    say(pair[1], "meanwhile", NULL); /* the other side is free */
    CHECK(hears(pair[0], "meanwhile"));
    say(pair[0], "four", NULL);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(got_length, 4);
    close_pair(pair);
    return 0;
}

IN_TASK(close_ends_who_waits)
{
    struct xie_datagram *pair[2];
    int open = net_open();
    open_pair(pair);
    struct xie_task *task = xie_spawn(receive_one, pair[1]);
    xie_sleep(XIE_MILLISECOND);
    XIE_TIMEOUT(-1)
        xie_datagram_close(pair[1]);
    CHECK(xie_task_done(task));
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    xie_datagram_close(pair[0]);
    CHECK_EQ(net_open(), open);
    return 0;
}

static ssize_t results[2];

static void in_a_callback(void *arg)
{
    struct xie_datagram **pair = arg;
    char got[8];
    results[0] = xie_datagram_try_receive(pair[0], got, 8, NULL, NULL);
    if (results[0] > 0)
        results[1] = xie_datagram_try_send(pair[0], "back", 4, NULL);
}

static void close_in_a_callback(void *arg)
{
    xie_datagram_close(arg);
}

IN_TASK(callbacks_may_try_and_close)
{
    struct xie_datagram *pair[2];
    struct xie_call call = {0};
    int open = net_open();
    open_pair(pair);
    say(pair[1], "to you", NULL);
    while (results[0] <= 0) { /* it is on its way, or the callback is */
        xie_call_soon(&call, in_a_callback, pair);
        xie_sleep(XIE_MILLISECOND);
    }
    CHECK_EQ(results[0], 6);
    CHECK_EQ(results[1], 4);
    CHECK(hears(pair[1], "back"));
    xie_datagram_close(pair[0]);
    struct xie_task *task = xie_spawn(receive_one, pair[1]);
    xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(xie_call_soon(&call, close_in_a_callback, pair[1]), 0);
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    CHECK_EQ(net_open(), open);
    return 0;
}

static void cancel_at(struct xie_datagram *pair[2], int when, int send_at)
{
    struct xie_task *task = xie_spawn(receive_one, pair[1]);
    for (int i = 0; i <= when || i <= send_at; i++) {
        if (i == when)
            xie_task_cancel(task);
        if (i == send_at)
            say(pair[0], "message", NULL);
        xie_sleep(0);
    }
    int error = xie_join(task);
    CHECK(!error || error == -ECANCELED);
    if (error)
        CHECK(hears(pair[1], "message"));
}

IN_TASK(a_cancelled_receive_loses_no_message)
{
    struct xie_datagram *pair[2];
    open_pair(pair);
    for (int when = 0; when < 6; when++)
        for (int send_at = 0; send_at < 6; send_at++)
            cancel_at(pair, when, send_at);
    xie_sleep(5 * XIE_MILLISECOND);
    CHECK_EQ(xie_datagram_try_receive(pair[1], &(char){0}, 1, NULL, NULL), -EAGAIN);
    close_pair(pair);
    return 0;
}

/* --- what the network says -------------------------------------------------------------------- */

IN_TASK(a_refusal_is_told_once_and_kills_nothing)
{
    struct xie_address here, there, any = net_number("127.0.0.1", 0);
    char got[8];
    struct xie_datagram *other = open_here(&there);
    xie_datagram_close(other);
    struct xie_datagram *socket = open_at(&any, &there);
    REQUIRE(xie_datagram_local(socket, &here) == 0);
    for (int i = 0; i < 3; i++) {
        say(socket, "anybody?", NULL);
        CHECK_EQ(xie_datagram_receive(socket, got, 8, NULL, NULL), -ECONNREFUSED);
        CHECK_EQ(xie_datagram_try_receive(socket, got, 8, NULL, NULL), -EAGAIN);
    }
    say(socket, "anybody?", NULL);
    xie_sleep(10 * XIE_MILLISECOND); /* the answer is there now, or is the next's to hear */
    ssize_t sent = xie_datagram_send(socket, "still?", 6, NULL);
    CHECK(sent == -ECONNREFUSED || sent == 6);
    xie_sleep(10 * XIE_MILLISECOND);
    while (xie_datagram_try_receive(socket, got, 8, NULL, NULL) == -ECONNREFUSED)
        ;
    other = open_at(&there, &here); /* now there is somebody */
    say(socket, "hello", NULL);
    CHECK(hears(other, "hello"));
    say(other, "hello", NULL);
    CHECK(hears(socket, "hello"));
    xie_datagram_close(other);
    xie_datagram_close(socket);
    return 0;
}

IN_TASK(without_a_remote_nothing_is_told)
{
    struct xie_address there, here;
    char got[8];
    struct xie_datagram *other = open_here(&there), *socket = open_here(&here);
    xie_datagram_close(other);
    say(socket, "anybody?", &there);
    say(socket, "anybody?", &there);
    xie_sleep(10 * XIE_MILLISECOND);
    CHECK_EQ(xie_datagram_try_receive(socket, got, 8, NULL, NULL), -EAGAIN);
    say(socket, "me", &here);
    CHECK(hears(socket, "me"));
    xie_datagram_close(socket);
    return 0;
}

IN_TASK(a_full_queue_drops_and_counts)
{
    enum { COUNT = 400, SIZE = 500 };
    struct xie_datagram *pair[2];
    char data[SIZE] = "";
    int received = 0;
    open_pair(pair);
    CHECK_EQ(xie_datagram_dropped(pair[1]), 0);
    CHECK_EQ(xie_datagram_set(pair[1], XIE_DATAGRAM_RECEIVE_BUFFER, 4096), 0);
    for (int i = 0; i < COUNT; i++) {
        data[0] = (char)i;
        CHECK_EQ(xie_datagram_send(pair[0], data, SIZE, NULL), SIZE);
    }
    xie_sleep(20 * XIE_MILLISECOND); /* on sim they are on their way */
    int64_t dropped = xie_datagram_dropped(pair[1]);
    CHECK(dropped > COUNT - 100 && dropped < COUNT);
    while (received + dropped < COUNT) { /* the oldest are kept */
        CHECK_EQ(xie_datagram_receive(pair[1], data, SIZE, NULL, NULL), SIZE);
        CHECK_EQ(data[0], (char)received++);
    }
    say(pair[0], "room again", NULL);
    CHECK(hears(pair[1], "room again"));
    CHECK_EQ(xie_datagram_dropped(pair[1]), dropped);
    close_pair(pair);
    return 0;
}

/* --- opening ---------------------------------------------------------------------------------- */

IN_TASK(ports_are_not_shared_unless_all_say_so)
{
    struct xie_address address;
    struct xie_datagram *second = NULL, *first = open_here(&address);
    struct xie_datagram_options options = {.local = &address};
    CHECK_EQ(xie_datagram_open(&options, &second), -EADDRINUSE);
    options.reuse_port = true;
    CHECK_EQ(xie_datagram_open(&options, &second), -EADDRINUSE);
    options.reuse_address = true;
    CHECK_EQ(xie_datagram_open(&options, &second), -EADDRINUSE);
    xie_datagram_close(first);
    for (int i = 0; i < 2; i++) {
        options.reuse_port = !i;
        options.reuse_address = i;
        CHECK_EQ(xie_datagram_open(&options, &first), 0);
        CHECK_EQ(xie_datagram_open(&options, &second), 0);
        xie_datagram_close(first);
        xie_datagram_close(second);
    }
    return 0;
}

IN_TASK(bad_options)
{
    struct xie_datagram *socket = NULL;
    struct xie_address away = net_number("192.0.2.1", 0), odd = {.len = 1};
    int open = net_open();
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){0}, &socket), -EINVAL);
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.local = &away}, &socket),
             -EADDRNOTAVAIL);
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.local = &odd}, &socket), -EINVAL);
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.remote = &odd}, &socket), -EINVAL);
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.family = AF_MAX}, &socket),
             -EAFNOSUPPORT);
    CHECK(!socket);
    CHECK_EQ(net_open(), open);
    return 0;
}

IN_TASK(neither_end_named_the_kernel_names_it)
{
    struct xie_address there, from;
    struct xie_datagram *server = open_here(&there), *client = open_at(NULL, NULL);
    char got[8];
    say(client, "hello", &there);
    CHECK_EQ(xie_datagram_receive(server, got, 8, &from, NULL), 5);
    say(server, "back", &from);
    CHECK(hears(client, "back"));
    xie_datagram_close(client);
    xie_datagram_close(server);
    return 0;
}

IN_TASK(over_ipv6)
{
    struct xie_address any = net_number("::", 0), address, from;
    struct xie_address loop6 = net_number("::1", 0), loop4 = net_number("127.0.0.1", 0);
    struct xie_datagram *server, *client;
    char got[8];
    for (int alone = 0; alone < 2; alone++) {
        struct xie_datagram_options options = {.local = &any, .family = alone ? AF_INET6 : 0};
        int error = xie_datagram_open(&options, &server);
        if (error)
            tap_skip("no IPv6 here: %s", xie_strerror(error));
        CHECK_EQ(xie_datagram_local(server, &address), 0);
        xie_address_set_port(&loop6, xie_address_port(&address));
        xie_address_set_port(&loop4, xie_address_port(&address));
        client = open_at(NULL, &loop6);
        say(client, "six", NULL);
        CHECK_EQ(xie_datagram_receive(server, got, 8, &from, NULL), 3);
        say(server, "six", &from);
        CHECK(hears(client, "six"));
        xie_datagram_close(client);
        client = open_at(NULL, &loop4);
        say(client, "four", NULL);
        if (alone)
            CHECK_EQ(xie_datagram_receive(client, got, 8, NULL, NULL), -ECONNREFUSED);
        else
            CHECK(hears(server, "four"));
        xie_datagram_close(client);
        xie_datagram_close(server);
    }
    return 0;
}

IN_TASK(a_descriptor_is_taken_over)
{
    struct xie_datagram *socket = NULL;
    struct xie_stream *pair[2];
    int fd = xie_sys_socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(xie_datagram_adopt(fd, &socket), 0);
    CHECK_EQ(xie_datagram_fd(socket), fd);
    xie_datagram_close(socket);
    CHECK_EQ(xie_datagram_adopt(fd, &socket), -EBADF);
    kit_pair(pair);
    CHECK_EQ(xie_datagram_adopt(xie_stream_fd(pair[0]), &socket), -EINVAL);
    kit_close(pair);
    CHECK_EQ(xie_datagram_adopt(STDERR_FILENO, &socket), -ENOTSOCK);
    return 0;
}

/* --- options ---------------------------------------------------------------------------------- */

IN_TASK(options_are_set_and_told)
{
    struct xie_address address;
    struct xie_datagram *socket = open_here(&address);
    CHECK_EQ(xie_datagram_set(socket, XIE_DATAGRAM_RECEIVE_BUFFER, 10000), 0);
    CHECK_EQ(xie_datagram_get(socket, XIE_DATAGRAM_RECEIVE_BUFFER), 20000);
    CHECK_EQ(xie_datagram_set(socket, XIE_DATAGRAM_SEND_BUFFER, 12000), 0);
    CHECK_EQ(xie_datagram_get(socket, XIE_DATAGRAM_SEND_BUFFER), 24000);
    CHECK_EQ(xie_datagram_get(socket, XIE_DATAGRAM_BROADCAST), 0);
    CHECK_EQ(xie_datagram_set(socket, XIE_DATAGRAM_BROADCAST, 1), 0);
    CHECK_EQ(xie_datagram_get(socket, XIE_DATAGRAM_BROADCAST), 1);
    CHECK_EQ(xie_datagram_set(socket, XIE_DATAGRAM_TTL, -1), -EINVAL);
    CHECK_EQ(xie_datagram_set(socket, (enum xie_datagram_option)99, 1), -EINVAL);
    CHECK_EQ(xie_datagram_get(socket, (enum xie_datagram_option)99), -EINVAL);
    xie_datagram_close(socket);
    return 0;
}

static void check_numbers(struct xie_datagram *socket)
{
    static const enum xie_datagram_option options[] = {XIE_DATAGRAM_TTL, XIE_DATAGRAM_MULTICAST_TTL,
                                                       XIE_DATAGRAM_MULTICAST_LOOP};
    for (size_t i = 0; i < 3; i++) {
        CHECK_EQ(xie_datagram_set(socket, options[i], 1), 0);
        CHECK_EQ(xie_datagram_get(socket, options[i]), 1);
    }
    CHECK_EQ(xie_datagram_set(socket, XIE_DATAGRAM_TTL, 9999), -EINVAL);
    CHECK_EQ(xie_datagram_get(socket, XIE_DATAGRAM_MULTICAST_INTERFACE), 0);
    CHECK_EQ(xie_datagram_set(socket, XIE_DATAGRAM_MULTICAST_INTERFACE, 99999) < 0, true);
    CHECK_EQ(xie_datagram_get(socket, XIE_DATAGRAM_MULTICAST_INTERFACE), 0);
    int lo = (int)if_nametoindex("lo");
    CHECK_EQ(xie_datagram_set(socket, XIE_DATAGRAM_MULTICAST_INTERFACE, lo), 0);
    CHECK_EQ(xie_datagram_get(socket, XIE_DATAGRAM_MULTICAST_INTERFACE), lo);
}

IN_TASK(options_of_both_families)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct xie_address path;
    if (kit_on("sim"))
        tap_skip("sim ignores these");
    for (int i = 0; i < 2; i++) {
        struct xie_datagram *socket;
        struct xie_datagram_options options = {.family = families[i]};
        if (xie_datagram_open(&options, &socket))
            continue; /* no IPv6 here */
        check_numbers(socket);
        xie_datagram_close(socket);
    }
    struct xie_datagram *local;
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.family = AF_UNIX}, &local), 0);
    CHECK_EQ(xie_datagram_set(local, XIE_DATAGRAM_TTL, 1), -EOPNOTSUPP);
    CHECK_EQ(xie_datagram_get(local, XIE_DATAGRAM_MULTICAST_INTERFACE), -EOPNOTSUPP);
    CHECK_EQ(xie_datagram_set(local, XIE_DATAGRAM_SEND_BUFFER, 10000), 0);
    CHECK_EQ(xie_address_unix(&path, "@xie-group"), 0);
    CHECK_EQ(xie_datagram_join(local, &path, 0), -EOPNOTSUPP);
    xie_datagram_close(local);
    return 0;
}

/* An interface other than the loopback on which groups can be; 0: none. */
static int find_interface(void)
{
    struct ifaddrs *all = NULL;
    int found = 0;
    if (getifaddrs(&all))
        return 0;
    for (struct ifaddrs *at = all; at && !found; at = at->ifa_next) {
        unsigned flags = at->ifa_flags;
        if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET && flags & IFF_UP &&
            flags & IFF_MULTICAST && !(flags & IFF_LOOPBACK))
            found = (int)if_nametoindex(at->ifa_name);
    }
    freeifaddrs(all);
    return found;
}

/* To a group by an interface, without its own messages and then with them: which of both comes
 * first? No hop: none leaves this machine. */
static void check_own(int interface, const char *want)
{
    struct xie_address group, any = net_number("0.0.0.0", 0), local;
    struct xie_datagram_options options = {.local = &any};
    struct xie_datagram *member, *sender = open_at(NULL, NULL);
    REQUIRE(xie_datagram_open(&options, &member) == 0);
    REQUIRE(xie_datagram_local(member, &local) == 0);
    group = net_number("239.255.7.8", xie_address_port(&local));
    int error = xie_datagram_join(member, &group, (unsigned)interface);
    if (error == -ENODEV)
        tap_skip("no multicast here");
    CHECK_EQ(error, 0);
    CHECK_EQ(xie_datagram_set(sender, XIE_DATAGRAM_MULTICAST_INTERFACE, interface), 0);
    CHECK_EQ(xie_datagram_set(sender, XIE_DATAGRAM_MULTICAST_TTL, 0), 0);
    CHECK_EQ(xie_datagram_get(sender, XIE_DATAGRAM_MULTICAST_LOOP), 1);
    CHECK_EQ(xie_datagram_set(sender, XIE_DATAGRAM_MULTICAST_LOOP, 0), 0);
    if (xie_datagram_send(sender, "without", 7, &group) != 7)
        tap_skip("no route for multicast here");
    CHECK_EQ(xie_datagram_set(sender, XIE_DATAGRAM_MULTICAST_LOOP, 1), 0);
    say(sender, "with", &group);
    CHECK(hears(member, want));
    xie_datagram_close(member);
    xie_datagram_close(sender);
}

IN_TASK(own_messages_to_a_group)
{
    int interface = find_interface();
    if (kit_on("sim"))
        tap_skip("sim has no network of many");
    check_own((int)if_nametoindex("lo"), "without"); /* there they come back as any other */
    if (interface)
        check_own(interface, "with");
    return 0;
}

/* A low port without the right to it, for one. */
IN_TASK(what_the_kernel_refuses_is_told)
{
    int error = -EACCES, fds = kit_fds();
    struct xie_address here = net_number("127.0.0.1", 0);
    struct xie_datagram_options options = {.local = &here};
    struct xie_datagram *socket = NULL;
    uint64_t nth = 0;
    while (error == -EACCES) {
        xie_fault_plan =
            (struct xie_fault){.kinds = XIE_FAULT_SYSCALL, .nth = ++nth, .error = -EACCES};
        error = xie_datagram_open(&options, &socket);
        xie_fault_plan.kinds = 0;
        CHECK(!error == (socket != NULL));
    }
    CHECK_EQ(error, 0);
    CHECK(nth > 2); /* the socket, its address */
    xie_datagram_close(socket);
    CHECK_EQ(kit_fds(), fds);
    return 0;
}

IN_TASK(broadcasts_must_be_allowed)
{
    struct xie_address everybody = net_number("255.255.255.255", 9);
    if (kit_on("sim"))
        tap_skip("sim has no network of many");
    struct xie_datagram *socket = open_at(NULL, NULL);
    CHECK_EQ(xie_datagram_send(socket, "x", 1, &everybody), -EACCES);
    everybody = net_number("127.255.255.255", 9); /* of the loopback: nobody else hears */
    CHECK_EQ(xie_datagram_send(socket, "x", 1, &everybody), -EACCES);
    CHECK_EQ(xie_datagram_set(socket, XIE_DATAGRAM_BROADCAST, 1), 0);
    CHECK_EQ(xie_datagram_send(socket, "x", 1, &everybody), 1);
    xie_datagram_close(socket);
    return 0;
}

/* Two members on one port, by the loopback interface. */
static void check_group(const char *number, const char *wildcard)
{
    struct xie_address group, any = net_number(wildcard, 0), local;
    struct xie_datagram *member[2], *sender;
    struct xie_datagram_options options = {.local = &any, .reuse_address = true};
    unsigned lo = if_nametoindex("lo");
    REQUIRE(xie_datagram_open(&options, &member[0]) == 0);
    REQUIRE(xie_datagram_local(member[0], &local) == 0);
    options.local = &local;
    REQUIRE(xie_datagram_open(&options, &member[1]) == 0);
    group = net_number(number, xie_address_port(&local));
    int error = xie_datagram_join(member[0], &group, lo);
    if (error == -ENODEV)
        tap_skip("no multicast here");
    CHECK_EQ(error, 0);
    CHECK_EQ(xie_datagram_join(member[0], &group, lo), -EADDRINUSE);
    CHECK_EQ(xie_datagram_join(member[1], &group, lo), 0);
    CHECK_EQ(xie_datagram_join(member[1], &group, 99999), -ENODEV);
    options = (struct xie_datagram_options){.family = group.storage.ss_family};
    REQUIRE(xie_datagram_open(&options, &sender) == 0);
    CHECK_EQ(xie_datagram_set(sender, XIE_DATAGRAM_MULTICAST_INTERFACE, (int)lo), 0);
    ssize_t sent = xie_datagram_send(sender, "all of you", 10, &group);
    if (sent == -ENETUNREACH)
        tap_skip("no route for multicast here");
    CHECK_EQ(sent, 10);
    CHECK(hears(member[0], "all of you"));
    CHECK(hears(member[1], "all of you"));
    CHECK_EQ(xie_datagram_leave(member[1], &group, lo), 0);
    CHECK_EQ(xie_datagram_leave(member[1], &group, lo), -EADDRNOTAVAIL);
    say(sender, "and you", &group);
    CHECK(hears(member[0], "and you"));
    CHECK_EQ(xie_datagram_try_receive(member[1], &(char){0}, 1, NULL, NULL), -EAGAIN);
    for (int i = 0; i < 2; i++)
        xie_datagram_close(member[i]);
    xie_datagram_close(sender);
}

IN_TASK(a_group_each_of_which_hears)
{
    if (kit_on("sim")) {
        struct xie_address address, group = net_number("239.255.7.7", 0);
        struct xie_datagram *socket = open_here(&address);
        CHECK_EQ(xie_datagram_join(socket, &group, 0), -ENODEV); /* said, not ignored */
        xie_datagram_close(socket);
        return 0;
    }
    check_group("239.255.7.7", "0.0.0.0");
    return 0;
}

/* One host alone: of two that share an address, by which nothing is spread, the last one has it. */
IN_TASK(of_those_that_share_an_address_the_last_gets_all)
{
    struct xie_address any = net_number("127.0.0.1", 0), local;
    struct xie_datagram_options options = {.local = &any, .reuse_address = true};
    struct xie_datagram *first, *second, *sender = open_at(NULL, NULL);
    REQUIRE(xie_datagram_open(&options, &first) == 0);
    REQUIRE(xie_datagram_local(first, &local) == 0);
    options.local = &local;
    REQUIRE(xie_datagram_open(&options, &second) == 0);
    for (int i = 0; i < 5; i++) {
        say(sender, "whose?", &local);
        CHECK(hears(second, "whose?"));
    }
    CHECK_EQ(xie_datagram_try_receive(first, &(char){0}, 1, NULL, NULL), -EAGAIN);
    xie_datagram_close(second);
    say(sender, "and now?", &local);
    CHECK(hears(first, "and now?"));
    xie_datagram_close(first);
    xie_datagram_close(sender);
    return 0;
}

/* So many groups and no more: net.ipv4.igmp_max_memberships. */
IN_TASK(groups_have_a_limit)
{
    struct xie_address any = net_number("0.0.0.0", 0), local, group;
    struct xie_datagram *member;
    unsigned lo = if_nametoindex("lo");
    char number[32];
    int error = 0, joined = 0;
    if (kit_on("sim"))
        tap_skip("sim has no network of many");
    REQUIRE(xie_datagram_open(&(struct xie_datagram_options){.local = &any}, &member) == 0);
    REQUIRE(xie_datagram_local(member, &local) == 0);
    for (; !error && joined < 200; joined++) {
        snprintf(number, sizeof number, "239.255.8.%d", joined);
        group = net_number(number, xie_address_port(&local));
        error = xie_datagram_join(member, &group, lo);
    }
    CHECK(error == -ENOBUFS || error == -ENODEV || joined == 200);
    xie_datagram_close(member);
    return 0;
}

IN_TASK(no_group)
{
    struct xie_address address, one = net_number("127.0.0.1", 0), six = net_number("ff01::7", 0);
    struct xie_datagram *socket = open_here(&address);
    if (!kit_on("sim"))
        CHECK_EQ(xie_datagram_join(socket, &one, 0), -EINVAL);
    CHECK_EQ(xie_datagram_join(socket, &six, 0), -EOPNOTSUPP);
    xie_datagram_close(socket);
    return 0;
}

IN_TASK(a_group_of_ipv6)
{
    struct xie_listener *listener;
    if (kit_on("sim"))
        tap_skip("sim has no network of many");
    if (xie_tcp_listen("::1", 0, 0, &listener))
        tap_skip("no IPv6 here");
    xie_listener_close(listener);
    check_group("ff01::7", "::");
    return 0;
}

/* --- Unix sockets ----------------------------------------------------------------------------- */

static char folder[] = "/tmp/xie-test-XXXXXX";

static void local_name(struct xie_address *address, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    REQUIRE(xie_address_unix(address, path) == 0);
}

IN_TASK(unix_sockets_and_their_files)
{
    struct xie_address one, two, from;
    struct xie_datagram *first, *second, *nameless, *third = NULL;
    struct stat file;
    char got[8];
    REQUIRE(mkdtemp(folder));
    local_name(&one, "one");
    local_name(&two, "two");
    const char *path = ((struct sockaddr_un *)&one.storage)->sun_path;
    int fd = xie_sys_socket(AF_UNIX, SOCK_DGRAM, 0); /* what a crash leaves */
    CHECK_EQ(xie_sys_bind(fd, (struct sockaddr *)&one.storage, one.len), 0);
    xie_sys_close(fd);
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.remote = &one}, &third),
             -ECONNREFUSED);
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.remote = &two}, &third), -ENOENT);
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.local = &one}, &first), 0);
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.local = &one}, &third),
             -EADDRINUSE); /* somebody has it */
    CHECK_EQ(!lstat(path, &file), !kit_on("sim"));
    CHECK_EQ(
        xie_datagram_open(&(struct xie_datagram_options){.local = &two, .remote = &one}, &second),
        0);
    say(second, "hello", NULL);
    CHECK_EQ(xie_datagram_receive(first, got, 8, &from, NULL), 5);
    CHECK(net_same(&from, &two));
    say(first, "back", &from);
    CHECK(hears(second, "back"));
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.remote = &one}, &nameless), 0);
    say(nameless, "who?", NULL);
    CHECK_EQ(xie_datagram_receive(first, got, 8, &from, NULL), 4);
    CHECK(from.len <= sizeof(sa_family_t));
    CHECK(!third);
    xie_datagram_close(first);
    CHECK(lstat(path, &file));
    CHECK_EQ(xie_datagram_send(second, "x", 1, NULL), -ECONNREFUSED);
    xie_datagram_close(second);
    xie_datagram_close(nameless);
    rmdir(folder);
    return 0;
}

struct many {
    struct xie_datagram *socket;
    const struct xie_address *to;
};

static int send_many(void *arg)
{
    struct many *self = arg;
    for (int i = 0; i < 300; i++) {
        char data[1000] = {(char)i};
        ssize_t sent = xie_datagram_send(self->socket, data, sizeof data, self->to);
        if (sent != sizeof data)
            return sent < 0 ? (int)sent : -EIO;
    }
    return 0;
}

/* Between Unix sockets nothing is dropped: the sender waits. */
static void wait_for_room(const struct xie_address *name, bool named)
{
    struct xie_datagram *receiver;
    struct many many = {.to = named ? name : NULL};
    struct xie_datagram_options options = {.remote = named ? NULL : name, .family = AF_UNIX};
    char data[1000] = "";
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.local = name}, &receiver), 0);
    CHECK_EQ(xie_datagram_open(&options, &many.socket), 0);
    struct xie_task *task = xie_spawn(send_many, &many);
    xie_sleep(5 * XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    CHECK_EQ(xie_datagram_send(many.socket, "x", 1, many.to), -EBUSY);
    CHECK_EQ(xie_datagram_try_send(many.socket, "x", 1, many.to), -EBUSY);
    for (int i = 0; i < 300; i++) {
        CHECK_EQ(xie_datagram_receive(receiver, data, sizeof data, NULL, NULL), 1000);
        CHECK_EQ(data[0], (char)i);
    }
    CHECK_EQ(xie_join(task), 0);
    task = xie_spawn(send_many, &many);
    xie_sleep(5 * XIE_MILLISECOND);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK_EQ(xie_datagram_try_send(many.socket, data, sizeof data, many.to), -EAGAIN);
    task = xie_spawn(send_many, &many);
    xie_sleep(XIE_MILLISECOND);
    xie_datagram_close(many.socket);
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    xie_datagram_close(receiver);
}

IN_TASK(a_unix_sender_waits_for_room)
{
    struct xie_address name;
    char text[40];
    snprintf(text, sizeof text, "@xie-datagram-%d", (int)getpid());
    CHECK_EQ(xie_address_unix(&name, text), 0);
    wait_for_room(&name, false);
    wait_for_room(&name, true);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"to and from anybody", to_and_from_anybody},
        {"connected it hears its remote alone", connected_it_hears_its_remote_alone},
        {"what does not fit is cut, and told", what_does_not_fit_is_cut_and_told},
        {"empty messages and long ones", empty_messages_and_long_ones},
        {"without a remote somebody must be named", without_a_remote_somebody_must_be_named},
        {"the try forms do not wait", the_try_forms_do_not_wait},
        {"one task receives at a time", one_task_receives_at_a_time},
        {"close ends who waits", close_ends_who_waits},
        {"callbacks may try, and close", callbacks_may_try_and_close},
        {"a cancelled receive loses no message", a_cancelled_receive_loses_no_message},
        {"a refusal is told once, and kills nothing", a_refusal_is_told_once_and_kills_nothing},
        {"without a remote nothing is told", without_a_remote_nothing_is_told},
        {"a full queue drops, and counts", a_full_queue_drops_and_counts},
        {"ports are not shared unless all say so", ports_are_not_shared_unless_all_say_so},
        {"bad options", bad_options},
        {"neither end named: the kernel names it", neither_end_named_the_kernel_names_it},
        {"over IPv6, with IPv4 and without", over_ipv6},
        {"a descriptor is taken over", a_descriptor_is_taken_over},
        {"options are set and told", options_are_set_and_told},
        {"options of both families", options_of_both_families},
        {"own messages to a group", own_messages_to_a_group},
        {"what the kernel refuses is told", what_the_kernel_refuses_is_told},
        {"broadcasts must be allowed", broadcasts_must_be_allowed},
        {"a group, each of which hears", a_group_each_of_which_hears},
        {"of those that share an address the last gets all",
         of_those_that_share_an_address_the_last_gets_all},
        {"groups have a limit", groups_have_a_limit},
        {"no group", no_group},
        {"a group of IPv6", a_group_of_ipv6},
        {"Unix sockets and their files", unix_sockets_and_their_files},
        {"a Unix sender waits for room", a_unix_sender_waits_for_room},
        {0},
    };
    return tap_main(argc, argv, tests);
}

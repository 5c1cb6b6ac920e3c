/* crowd.c - a server of tasks with thousands of connections that are open at once. */
/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>

#include "io/net.h"

enum { MANY = 5000 };

static struct xie_stream *clients[MANY];

/* How many connections may be open here, both ends in this process. */
static int room(void)
{
    struct rlimit limit;
    if (kit_on("sim"))
        return tap_slow() ? 500 : MANY; /* no descriptors */
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 2 * MANY + 100 ? limit.rlim_max : 2 * MANY + 100;
    setrlimit(RLIMIT_NOFILE, &limit);
    int most = ((int)limit.rlim_cur - 100) / 2;
    int count = tap_slow() || kit_on("poll") ? 500 : MANY; /* poll looks at all, each time */
    return most < count ? most : count;
}

static int echo(struct xie_stream *stream, void *arg)
{
    char buf[64];
    ssize_t len;
    int *answered = arg;
    while ((len = xie_stream_read(stream, buf, sizeof buf)) > 0) {
        if (xie_stream_write(stream, buf, (size_t)len) < 0)
            break;
        *answered += (int)len;
    }
    return (int)len;
}

/* Each says its number, after all have come, and hears it. */
static void talk(int count)
{
    char said[16], heard[16];
    for (int i = 0; i < count; i++) {
        int len = snprintf(said, sizeof said, "%05d", i);
        REQUIRE(xie_stream_write(clients[i], said, (size_t)len) == len);
    }
    for (int i = count; i-- > 0;) { /* the last one first */
        int len = snprintf(said, sizeof said, "%05d", i);
        REQUIRE(xie_stream_read_exactly(clients[i], heard, (size_t)len) == len);
        REQUIRE(!memcmp(heard, said, (size_t)len));
    }
}

IN_TASK(five_thousand_are_served_at_once)
{
    struct xie_server *server;
    struct xie_address address;
    int answered = 0, count = room(), open = net_open();
    tap_limit(120);
    REQUIRE(xie_server_new(echo, &answered, NULL, &server) == 0);
    REQUIRE(xie_server_listen(server, &(struct xie_listen_options){.host = "127.0.0.1"}) == 0);
    REQUIRE(xie_listener_address(xie_server_listener(server, 0), &address) == 0);
    for (int i = 0; i < count; i++)
        REQUIRE(xie_stream_connect(&address, &clients[i]) == 0);
    talk(count);
    CHECK_EQ(answered, 5 * count);
    CHECK_EQ(xie_server_counts(server).open, count); /* all at once, a task each */
    CHECK_EQ(xie_server_counts(server).accepted, count);
    CHECK_EQ(xie_task_count(), count + 2);
    for (int i = 0; i < count; i += 2) /* half of them leave, the others are sent away */
        xie_stream_close(clients[i]);
    while (xie_server_counts(server).open > (size_t)count / 2)
        xie_sleep(XIE_MILLISECOND);
    xie_server_close(server);
    xie_server_close_clients(server);
    CHECK_EQ(xie_server_wait(server), 0);
    CHECK_EQ(xie_server_counts(server).open, 0);
    CHECK_EQ(xie_server_counts(server).failed, count / 2); /* as the word that they ended by */
    for (int i = 1; i < count; i += 2) {
        char byte;
        CHECK_EQ(xie_stream_read(clients[i], &byte, 1), 0);
        xie_stream_close(clients[i]);
    }
    xie_server_free(server);
    CHECK_EQ(net_open(), open);
    CHECK_EQ(xie_task_count(), 1);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"five_thousand_are_served_at_once", five_thousand_are_served_at_once},
        {0},
    };
    return tap_main(argc, argv, tests);
}

/* tools.c - against what administrators have at hand: socat and nc; and a crowd of thousands. */
/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>

#include "io/peer.h"

/* A shell's command with the place of our server in it, run to its end beside the server. */
static void client_says(bool local, const char *command, const char *expected)
{
    char place[64], text[512];
    struct xie_listener *listener = peer_listen(place, local);
    struct xie_task *server = xie_spawn(peer_echo_all, listener);
    char *const argv[] = {(char *)"sh", (char *)"-c", text, NULL};
    struct peer peer;
    snprintf(text, sizeof text, command, place);
    peer_start(&peer, argv);
    peer_says(&peer, expected);
    peer_end(&peer);
    xie_listener_close(listener);
    CHECK_EQ(xie_join(server), XIE_ECLOSED);
}

/* Three megabytes there and back, summed up on both sides of the trip. */
#define BIG "seq 400000 | "
#define SUMMED " | cksum"
static const char big_sum[] = "2852415605 2688895";

IN_TASK(socat_over_tcp)
{
    peer_need("socat");
    client_says(false, BIG "socat -t60 - TCP:127.0.0.1:%s" SUMMED, big_sum);
    return 0;
}

IN_TASK(socat_over_unix)
{
    peer_need("socat");
    client_says(true, BIG "socat -t60 - UNIX-CONNECT:%s" SUMMED, big_sum);
    return 0;
}

IN_TASK(nc_over_tcp)
{
    peer_need("nc");
    client_says(false, BIG "nc -N 127.0.0.1 %s" SUMMED, big_sum);
    return 0;
}

IN_TASK(nc_over_unix)
{
    peer_need("nc");
    client_says(true, BIG "nc -N -U %s" SUMMED, big_sum);
    return 0;
}

/* We are the client, socat the server: it says where it listens on stderr. */
IN_TASK(socat_listens)
{
    static const char command[] =
        "exec socat -d -d TCP-LISTEN:0,bind=127.0.0.1 EXEC:cat 2>&1 | sed -un 's/.*listening on "
        "AF=2 127.0.0.1:\\([0-9]*\\).*/\\1/p'";
    char *const argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
    struct xie_stream *stream;
    struct peer peer;
    char *line;
    peer_need("socat");
    peer_start(&peer, argv);
    REQUIRE(xie_stream_read_line(peer.out, &line, NULL) == 1);
    REQUIRE(xie_tcp_connect("127.0.0.1", (uint16_t)atoi(line), &stream) == 0);
    kit_send(stream, "there\n");
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 1);
    CHECK_STR(line, "there");
    CHECK_EQ(xie_stream_write_eof(stream), 0);
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 0);
    xie_stream_close(stream);
    peer_end(&peer);
    return 0;
}

/* Python's asyncio opens them all before any says a word; each then has its own back. */
static const char crowd[] =
    "import asyncio, resource, sys\n"
    "resource.setrlimit(resource.RLIMIT_NOFILE, (6000, resource.getrlimit(7)[1]))\n"
    "async def main(port):\n"
    "    count, pairs = int(sys.argv[2]), []\n"
    "    while len(pairs) < count:\n"
    "        pairs += await asyncio.gather(*(asyncio.open_connection('127.0.0.1', port)\n"
    "            for i in range(min(250, count - len(pairs)))))\n"
    "    async def one(i, reader, writer):\n"
    "        writer.write(b'%d\\n' % i)\n"
    "        same = await reader.readline() == b'%d\\n' % i\n"
    "        writer.close()\n"
    "        return same\n"
    "    print(sum(await asyncio.gather(*(one(i, *pair) for i, pair in enumerate(pairs)))))\n"
    "asyncio.run(main(int(sys.argv[1])))\n";

IN_TASK(five_thousand_connections)
{
    struct rlimit limit;
    char place[64], count[16], expected[16];
    struct peer peer;
    peer_need("python3");
    tap_limit(180);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < 6000)
        tap_skip("at most %llu descriptors", (unsigned long long)limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){6000, limit.rlim_max});
    snprintf(count, sizeof count, "%d", tap_slow() ? 500 : 5000);
    snprintf(expected, sizeof expected, "%s", count);
    struct xie_listener *listener = peer_listen(place, false);
    struct xie_task *server = xie_spawn(peer_echo_all, listener);
    char *const argv[] = {(char *)"python3", (char *)"-c", (char *)crowd, place, count, NULL};
    peer_start(&peer, argv);
    peer_says(&peer, expected);
    peer_end(&peer);
    xie_listener_close(listener);
    CHECK_EQ(xie_join(server), XIE_ECLOSED);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"socat_over_tcp", socat_over_tcp},
        {"socat_over_unix", socat_over_unix},
        {"nc_over_tcp", nc_over_tcp},
        {"nc_over_unix", nc_over_unix},
        {"socat_listens", socat_listens},
        {"five_thousand_connections", five_thousand_connections},
        {NULL, NULL},
    };
    return tap_main(argc, argv, tests);
}

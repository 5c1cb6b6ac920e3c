/* peers.c - against asyncio's own transports and protocols, on the other side of sockets. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/kit.h"

/* Kind and port are its arguments; what it prints is its report. */
static const char script[] =
    "import asyncio, sys\n"
    "N = 1000000\n"
    "class Echo(asyncio.Protocol):\n"
    "    def __init__(self, done): self.done, self.count = done, 0\n"
    "    def connection_made(self, transport): self.transport = transport\n"
    "    def data_received(self, data):\n"
    "        self.count += len(data)\n"
    "        self.transport.write(data)\n"
    "    def pause_writing(self): self.transport.pause_reading()\n"
    "    def resume_writing(self): self.transport.resume_reading()\n"
    "    def eof_received(self): self.transport.write_eof()\n"
    "    def connection_lost(self, error):\n"
    "        print(self.count, error)\n"
    "        self.done.set_result(None)\n"
    "class Ask(asyncio.Protocol):\n"
    "    def __init__(self, done): self.done, self.got = done, b''\n"
    "    def connection_made(self, transport):\n"
    "        self.text = bytes(i % 251 for i in range(N))\n"
    "        transport.write(self.text)\n"
    "        transport.write_eof()\n"
    "    def data_received(self, data): self.got += data\n"
    "    def connection_lost(self, error):\n"
    "        print(self.got == self.text, error)\n"
    "        self.done.set_result(None)\n"
    "class Mirror(asyncio.DatagramProtocol):\n"
    "    def __init__(self, done): self.done, self.count = done, 0\n"
    "    def connection_made(self, transport): self.transport = transport\n"
    "    def datagram_received(self, data, address):\n"
    "        self.transport.sendto(data[::-1], address)\n"
    "        if data == b'end':\n"
    "            print('ended')\n"
    "            self.done.set_result(None)\n"
    "async def main(kind, port):\n"
    "    loop = asyncio.get_running_loop()\n"
    "    done = loop.create_future()\n"
    "    if kind == 'server':\n"
    "        server = await loop.create_server(lambda: Echo(done), '127.0.0.1', 0)\n"
    "        print(server.sockets[0].getsockname()[1], flush=True)\n"
    "    elif kind == 'client':\n"
    "        await loop.create_connection(lambda: Ask(done), '127.0.0.1', port)\n"
    "    else:\n"
    "        transport, _ = await loop.create_datagram_endpoint(\n"
    "            lambda: Mirror(done), local_addr=('127.0.0.1', 0))\n"
    "        print(transport.get_extra_info('sockname')[1], flush=True)\n"
    "    await done\n"
    "asyncio.run(main(sys.argv[1], int(sys.argv[2])))\n";

struct peer {
    pid_t pid;
    struct xie_stream *out; /* what it prints */
};

static void peer_start(struct peer *peer, const char *kind, unsigned port)
{
    char number[8];
    char *const argv[] = {(char *)"python3", (char *)"-c", (char *)script,
                          (char *)kind,      number,       NULL};
    extern char **environ;
    posix_spawn_file_actions_t actions;
    int fds[2];
    if (kit_on("sim"))
        tap_skip("sim's sockets do not leave the process");
    if (system("python3 -c '' >/dev/null 2>&1"))
        tap_skip("there is no python3");
    tap_limit(60);
    snprintf(number, sizeof number, "%u", port);
    REQUIRE(pipe2(fds, O_CLOEXEC) == 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    REQUIRE(posix_spawnp(&peer->pid, "python3", &actions, NULL, argv, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    REQUIRE(xie_stream_adopt(fds[0], &peer->out) == 0);
}

static const char *peer_says(struct peer *peer)
{
    char *line = NULL;
    REQUIRE(xie_stream_read_line(peer->out, &line, NULL) == 1);
    return line;
}

static void peer_end(struct peer *peer)
{
    char *line;
    int status = -1;
    CHECK_EQ(xie_stream_read_line(peer->out, &line, NULL), 0); /* it says no more */
    xie_stream_close(peer->out);
    CHECK_EQ(waitpid(peer->pid, &status, 0), peer->pid);
    CHECK_EQ(status, 0);
}

enum { MUCH = 1000000 };

IN_TASK(asyncio_echoes_what_a_transport_writes)
{
    struct peer peer;
    struct note note = {0};
    static char all[MUCH];
    peer_start(&peer, "server", 0);
    uint16_t port = (uint16_t)atoi(peer_says(&peer));
    REQUIRE(!xie_create_connection("127.0.0.1", port, &noting, &note, &note.transport));
    kit_fill(all, sizeof all, 0);
    CHECK(xie_transport_write(note.transport, all, sizeof all) >= 0);
    CHECK_EQ(xie_transport_write_eof(note.transport), 0);
    kit_end(&note);
    CHECK(note.got == MUCH && !note.wrong && !note.error && note.ends == 1);
    CHECK_STR(peer_says(&peer), "1000000 None");
    peer_end(&peer);
    return 0;
}

/* What its peer sends is sent back; it reads no more than it can write. */
static void echo_data(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    (void)self;
    if (xie_transport_write(transport, data, len) == 1)
        xie_transport_pause_reading(transport);
}

static void echo_resume(void *self, struct xie_transport *transport)
{
    (void)self;
    xie_transport_resume_reading(transport);
}

static const struct xie_protocol echoing = {.data_received = echo_data,
                                            .resume_writing = echo_resume};

static int serve(void *listener)
{
    return xie_serve_protocol(listener, &echoing, NULL);
}

IN_TASK(asyncio_hears_its_own_words_from_a_server)
{
    struct peer peer;
    struct xie_listener *listener;
    struct xie_address address;
    REQUIRE(!xie_tcp_listen("127.0.0.1", 0, 0, &listener));
    REQUIRE(!xie_listener_address(listener, &address));
    struct xie_task *server = xie_spawn(serve, listener);
    peer_start(&peer, "client", xie_address_port(&address));
    CHECK_STR(peer_says(&peer), "True None");
    peer_end(&peer);
    xie_listener_close(listener);
    CHECK_EQ(xie_join(server), 0);
    return 0;
}

IN_TASK(asyncio_mirrors_datagrams)
{
    struct peer peer;
    struct note note = {0};
    struct xie_address address;
    peer_start(&peer, "datagrams", 0);
    REQUIRE(!xie_address_parse(&address, "127.0.0.1", (uint16_t)atoi(peer_says(&peer))));
    REQUIRE(!xie_create_datagram_endpoint(NULL, &address, &noting, &note, &note.transport));
    CHECK_EQ(xie_transport_sendto(note.transport, "abc", 3, NULL), 0);
    UNTIL(&note, note.datas == 1);
    CHECK_EQ(xie_transport_sendto(note.transport, "end", 3, NULL), 0);
    UNTIL(&note, note.datas == 2);
    CHECK_STR(note.text, "cbadne");
    xie_transport_close(note.transport);
    kit_end(&note);
    CHECK_STR(peer_says(&peer), "ended");
    peer_end(&peer);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"asyncio_echoes_what_a_transport_writes", asyncio_echoes_what_a_transport_writes},
        {"asyncio_hears_its_own_words_from_a_server", asyncio_hears_its_own_words_from_a_server},
        {"asyncio_mirrors_datagrams", asyncio_mirrors_datagrams},
        {0},
    };
    return tap_main(argc, argv, tests);
}

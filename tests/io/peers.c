/* peers.c - against somebody else's sockets: Python's asyncio, over TCP and Unix sockets. */
/* SPDX-License-Identifier: MIT */
#include "io/peer.h"

enum { MUCH = 1000000 };

/* The peers: each is told its kind and place. All send bytes of the same pattern and check
 * what comes back; what they print is their report. */
static const char script[] =
    "import asyncio, sys\n"
    "N = 1000000\n"
    "rows = [bytes(i ^ row for i in range(256)) for row in range(256)]\n"
    "text = b''.join(rows[(i ^ i >> 7 ^ i >> 15) & 255] for i in range(N // 256 + 1))\n"
    "def pattern(start, count):\n"
    "    return text[start:start + count]\n"
    "async def opened(place):\n"
    "    if place.isdigit():\n"
    "        return await asyncio.open_connection('127.0.0.1', int(place))\n"
    "    return await asyncio.open_unix_connection(place)\n"
    "async def started(on, place):\n"
    "    if place.isdigit():\n"
    "        server = await asyncio.start_server(on, '127.0.0.1', 0)\n"
    "        print(server.sockets[0].getsockname()[1], flush=True)\n"
    "    else:\n"
    "        server = await asyncio.start_unix_server(on, place)\n"
    "        print(0, flush=True)\n"
    "    return server\n"
    "async def client(place):\n"
    "    reader, writer = await opened(place)\n"
    "    data = pattern(0, N)\n"
    "    async def send():\n"
    "        for at in range(0, N, 77777):\n"
    "            writer.write(data[at:at + 77777])\n"
    "            await writer.drain()\n"
    "        writer.write_eof()\n"
    "    sending = asyncio.create_task(send())\n"
    "    back = await reader.read(-1)\n"
    "    await sending\n"
    "    writer.close()\n"
    "    print('same' if back == data else f'{len(back)} other bytes')\n"
    "async def server(place):\n"
    "    done = asyncio.Event()\n"
    "    async def on(reader, writer):\n"
    "        count = 0\n"
    "        while data := await reader.read(50000):\n"
    "            if data != pattern(count, len(data)):\n"
    "                print('other bytes')\n"
    "            count += len(data)\n"
    "            writer.write(data)\n"
    "            await writer.drain()\n"
    "        writer.write_eof()\n"
    "        writer.close()\n"
    "        await writer.wait_closed()\n"
    "        print(count)\n"
    "        done.set()\n"
    "    async with await started(on, place):\n"
    "        await done.wait()\n"
    "async def lines(place):\n"
    "    reader, writer = await opened(place)\n"
    "    for i in range(2000):\n"
    "        writer.write(b'x' * (i * 37 % 500) + (b'\\r\\n' if i % 2 else b'\\n'))\n"
    "        answer = await reader.readline()\n"
    "        if answer != b'%d\\n' % (i * 37 % 500):\n"
    "            print('answered', answer)\n"
    "    writer.write(b'no end of line')\n"
    "    writer.write_eof()\n"
    "    print('last', await reader.readline())\n"
    "async def reset(place):\n"
    "    reader, writer = await opened(place)\n"
    "    sock = writer.get_extra_info('socket')\n"
    "    await reader.readexactly(5)\n"
    "    import socket, struct\n"
    "    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))\n"
    "    writer.transport.abort()\n"
    "    print('gone')\n"
    "async def crowd(place):\n"
    "    async def one(i):\n"
    "        reader, writer = await opened(place)\n"
    "        writer.write(b'%d' % i)\n"
    "        writer.write_eof()\n"
    "        return await reader.read() == b'%d' % i\n"
    "    print(sum(await asyncio.gather(*(one(i) for i in range(200)))))\n"
    "class Messages(asyncio.DatagramProtocol):\n"
    "    def __init__(self):\n"
    "        self.got = asyncio.Queue()\n"
    "    def datagram_received(self, data, address):\n"
    "        self.got.put_nowait((data, address))\n"
    "    def error_received(self, error):\n"
    "        self.got.put_nowait((type(error).__name__, None))\n"
    "async def messages(place):\n"
    "    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(\n"
    "        Messages, remote_addr=('127.0.0.1', int(place)))\n"
    "    for i in range(1, 60000, 601):\n"
    "        transport.sendto(pattern(i, i))\n"
    "        data, _ = await protocol.got.get()\n"
    "        if data != pattern(i, i):\n"
    "            print('other bytes for', i)\n"
    "    transport.sendto(b'end')\n"
    "    print((await protocol.got.get())[0])\n"
    "    while protocol.got.empty():\n"
    "        transport.sendto(b'anybody?')\n"
    "        await asyncio.sleep(0.01)\n"
    "    print((await protocol.got.get())[0])\n"
    "asyncio.run(globals()[sys.argv[1]](sys.argv[2]))\n";

static void need_python(void)
{
    peer_need("python3");
}

static void python_start(struct peer *peer, const char *kind, const char *place)
{
    char *const argv[] = {(char *)"python3", (char *)"-c",  (char *)script,
                          (char *)kind,      (char *)place, NULL};
    peer_start(peer, argv);
}

/* --- our servers -------------------------------------------------------------------- */

static void serve_a_client(bool local)
{
    char place[64];
    struct xie_listener *listener = peer_listen(place, local);
    struct xie_stream *stream;
    struct peer peer;
    python_start(&peer, "client", place);
    CHECK_EQ(xie_listener_accept(listener, &stream), 0);
    CHECK_EQ(peer_echo(stream), 0);
    peer_says(&peer, "same");
    peer_end(&peer);
    xie_listener_close(listener);
}

IN_TASK(a_client_over_tcp)
{
    need_python();
    serve_a_client(false);
    return 0;
}

IN_TASK(a_client_over_unix)
{
    need_python();
    serve_a_client(true);
    return 0;
}

IN_TASK(a_client_that_speaks_in_lines)
{
    char place[64], answer[64], *line;
    struct xie_listener *listener;
    struct xie_stream *stream;
    struct peer peer;
    size_t len;
    int count = 0;
    need_python();
    listener = peer_listen(place, false);
    python_start(&peer, "lines", place);
    CHECK_EQ(xie_listener_accept(listener, &stream), 0);
    while (xie_stream_read_line(stream, &line, &len) == 1) {
        count++;
        int text = snprintf(answer, sizeof answer, "%zu\n", len);
        CHECK_EQ(xie_stream_write(stream, answer, (size_t)text), text);
    }
    CHECK_EQ(count, 2001);
    peer_says(&peer, "last b'14\\n'");
    peer_end(&peer);
    xie_stream_close(stream);
    xie_listener_close(listener);
    return 0;
}

IN_TASK(a_client_that_resets)
{
    char place[64], byte;
    struct xie_listener *listener;
    struct xie_stream *stream;
    struct peer peer;
    need_python();
    listener = peer_listen(place, false);
    python_start(&peer, "reset", place);
    CHECK_EQ(xie_listener_accept(listener, &stream), 0);
    kit_send(stream, "hello");
    CHECK_EQ(xie_stream_read(stream, &byte, 1), -ECONNRESET);
    CHECK_EQ(xie_stream_read(stream, &byte, 1), -ECONNRESET);
    peer_says(&peer, "gone");
    peer_end(&peer);
    xie_stream_close(stream);
    xie_listener_close(listener);
    return 0;
}

IN_TASK(two_hundred_clients)
{
    char place[64];
    struct xie_listener *listener;
    struct peer peer;
    need_python();
    listener = peer_listen(place, false);
    struct xie_task *task = xie_spawn(peer_echo_all, listener);
    python_start(&peer, "crowd", place);
    peer_says(&peer, "200");
    peer_end(&peer);
    xie_listener_close(listener);
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    return 0;
}

/* --- our clients -------------------------------------------------------------------- */

static int send_pattern(void *arg)
{
    static char out[MUCH];
    kit_fill(out, MUCH, 0);
    ssize_t len = xie_stream_write(arg, out, MUCH);
    return len < 0 ? (int)len : xie_stream_write_eof(arg);
}

static void be_a_client(struct xie_stream *stream)
{
    static char buf[60000];
    struct xie_task *task = xie_spawn(send_pattern, stream);
    uint64_t at = 0;
    ssize_t len;
    while ((len = xie_stream_read(stream, buf, sizeof buf)) > 0) {
        CHECK(kit_same(buf, (size_t)len, at));
        at += (uint64_t)len;
    }
    CHECK_EQ(len, 0);
    CHECK_EQ(at, MUCH);
    CHECK_EQ(xie_join(task), 0);
    xie_stream_close(stream);
}

IN_TASK(a_server_over_tcp)
{
    struct xie_stream *stream;
    struct peer peer;
    char *line;
    need_python();
    python_start(&peer, "server", "0");
    CHECK_EQ(xie_stream_read_line(peer.out, &line, NULL), 1);
    CHECK_EQ(xie_tcp_connect("127.0.0.1", (uint16_t)atoi(line), &stream), 0);
    be_a_client(stream);
    peer_says(&peer, "1000000");
    peer_end(&peer);
    return 0;
}

IN_TASK(a_server_over_unix)
{
    struct xie_stream *stream;
    struct peer peer;
    char path[64];
    need_python();
    snprintf(path, sizeof path, "/tmp/xie-peers-%d", (int)getpid());
    python_start(&peer, "server", path);
    peer_says(&peer, "0");
    CHECK_EQ(xie_unix_connect(path, &stream), 0);
    be_a_client(stream);
    peer_says(&peer, "1000000");
    peer_end(&peer);
    unlink(path);
    return 0;
}

/* Its messages of many lengths come back; at last there is nobody, and it hears of that. */
IN_TASK(a_client_of_datagrams)
{
    struct xie_address address, from;
    struct xie_datagram *socket;
    struct peer peer;
    char place[16], *data;
    ssize_t len;
    need_python();
    data = malloc(65536);
    CHECK_EQ(xie_address_parse(&address, "127.0.0.1", 0), 0);
    CHECK_EQ(xie_datagram_open(&(struct xie_datagram_options){.local = &address}, &socket), 0);
    CHECK_EQ(xie_datagram_local(socket, &address), 0);
    snprintf(place, sizeof place, "%u", xie_address_port(&address));
    python_start(&peer, "messages", place);
    while ((len = xie_datagram_receive(socket, data, 65536, &from, NULL)) >= 0) {
        bool end = len == 3 && !memcmp(data, "end", 3);
        CHECK(end || kit_same(data, (size_t)len, (uint64_t)len));
        CHECK_EQ(xie_datagram_send(socket, data, (size_t)len, &from), len);
        if (end)
            break;
    }
    xie_datagram_close(socket); /* it hears of that */
    free(data);
    peer_says(&peer, "b'end'");
    peer_says(&peer, "ConnectionRefusedError");
    peer_end(&peer);
    return 0;
}

/* A peer that is killed in the middle: an end or a reset, at once. */
IN_TASK(a_server_that_is_killed)
{
    struct xie_stream *stream;
    struct peer peer;
    char *line, byte;
    need_python();
    python_start(&peer, "server", "0");
    CHECK_EQ(xie_stream_read_line(peer.out, &line, NULL), 1);
    CHECK_EQ(xie_tcp_connect("localhost", (uint16_t)atoi(line), &stream), 0);
    kit_send(stream, "\1"); /* not the pattern's first */
    CHECK_EQ(xie_stream_read(stream, &byte, 1), 1);
    kill(peer.pid, SIGKILL);
    ssize_t len = xie_stream_read(stream, &byte, 1);
    CHECK(len == 0 || len == -ECONNRESET);
    CHECK_EQ(xie_to_thread(peer_reap, &peer, NULL), SIGKILL);
    xie_stream_close(peer.out);
    xie_stream_close(stream);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_client_over_tcp", a_client_over_tcp},
        {"a_client_over_unix", a_client_over_unix},
        {"a_client_that_speaks_in_lines", a_client_that_speaks_in_lines},
        {"a_client_that_resets", a_client_that_resets},
        {"two_hundred_clients", two_hundred_clients},
        {"a_server_over_tcp", a_server_over_tcp},
        {"a_server_over_unix", a_server_over_unix},
        {"a_client_of_datagrams", a_client_of_datagrams},
        {"a_server_that_is_killed", a_server_that_is_killed},
        {0},
    };
    return tap_main(argc, argv, tests);
}

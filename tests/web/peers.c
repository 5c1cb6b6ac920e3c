/* peers.c - programs that others wrote, at the other end: curl, Python, npm's ws, websockets.
 * Those that are not there are skipped; XIE_PEERS names a folder with node_modules/ws and
 * python/websockets in it. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

/* --- running them ------------------------------------------------------------------- */

struct command {
    char text[4096];
    char output[65536];
    int status;
};

static int run_it(void *arg)
{
    struct command *command = arg;
    FILE *pipe = popen(command->text, "r");
    if (!pipe)
        return -errno;
    size_t used = fread(command->output, 1, sizeof command->output - 1, pipe);
    command->output[used] = 0;
    command->status = pclose(pipe);
    return 0;
}

static struct command ran;

/* Run a shell command with the port as %u in it, on a thread; its output. */
__attribute__((format(printf, 1, 2))) static const char *run(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ran.text, sizeof ran.text, format, args);
    va_end(args);
    CHECK_EQ(xie_to_thread(run_it, &ran, NULL), 0);
    return ran.output;
}

static void need(const char *what, const char *command)
{
    const char *backend = getenv("XIE_BACKEND");
    if (backend && !strcmp(backend, "sim"))
        tap_skip("no other programs on sim");
    if (system(command) != 0)
        tap_skip("%s is not there", what);
    tap_limit(60);
}

#define NODE "NODE_PATH=\"$XIE_PEERS/node_modules\" node"
#define PYTHON "PYTHONPATH=\"$XIE_PEERS/python\" python3"

/* --- our server --------------------------------------------------------------------------------
 */

static int page(struct xie_http *http)
{
    char *body;
    ssize_t len = xie_http_body(http, &body);
    if (len < 0)
        return (int)len;
    if (!strcmp(xie_http_path(http), "/length")) {
        char text[32];
        int used = snprintf(text, sizeof text, "%zd", len);
        return xie_http_answer(http, 200, "text/plain", text, (size_t)used);
    }
    if (!len)
        return xie_http_answer(http, 200, "text/plain", "hello", 5);
    return xie_http_answer(http, 200, "text/plain", body, (size_t)len);
}

static int served_close;

static int site(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    int kind;
    (void)arg;
    if (!xie_ws_requested(http))
        return page(http);
    int err = xie_ws_accept(http, NULL, &ws);
    if (err < 0)
        return err;
    while ((kind = xie_ws_receive(ws, &data, &len)) > 0)
        CHECK_EQ(xie_ws_send(ws, (enum xie_ws_kind)kind, data, len), 0);
    CHECK_EQ(kind, 0);
    served_close = xie_ws_close_code(ws, NULL);
    xie_ws_free(ws);
    return 0;
}

static const struct xie_http_options roomy = {.max_body = 8 << 20};

#define URL "http://127.0.0.1:%u"

static int with_curl(void)
{
    CHECK_STR(run("curl -sS " URL "/", kit_port), "hello");
    CHECK_STR(run("curl -sS -d a=b " URL "/", kit_port), "a=b");
    CHECK_STR(run("curl -sS -0 " URL "/", kit_port), "hello");
    CHECK_STR(run("curl -sS -H 'Connection: close' " URL "/", kit_port), "hello");
    CHECK(strstr(run("curl -sSI " URL "/", kit_port), "Content-Length: 5\r\n"));
    CHECK_STR(run("printf chunks | curl -sS -H 'Transfer-Encoding: chunked' --data-binary @- " URL
                  "/",
                  kit_port),
              "chunks");
    /* Beyond 1 MiB curl asks with "Expect: 100-continue". */
    CHECK_STR(run("head -c 5000000 /dev/zero | curl -sS --data-binary @- " URL "/length", kit_port),
              "5000000");
    CHECK_STR(run("head -c 9000000 /dev/zero | curl -s -o /dev/null -w '%%{http_code}' "
                  "--data-binary @- " URL "/length",
                  kit_port),
              "413");
    CHECK_STR(run("curl -sS -w '%%{num_connects},' " URL "/ " URL "/ -o /dev/null -o /dev/null",
                  kit_port, kit_port),
              "1,0,"); /* the second used the first's connection */
    return 0;
}

static void curl(void)
{
    need("curl", "curl --version > /dev/null 2>&1");
    kit_run(site, &roomy, with_curl);
}

static int with_python(void)
{
    const char *output = run("python3 - %u 2>&1 <<'END'\n"
                             "import http.client, sys\n"
                             "c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))\n"
                             "for i in range(3):\n"
                             "    c.request('GET', '/')\n"
                             "    print(c.getresponse().read().decode())\n"
                             "c.request('POST', '/', body=iter([b'in ', b'pieces']))\n"
                             "print(c.getresponse().read().decode())\n"
                             "c.request('HEAD', '/')\n"
                             "r = c.getresponse(); print(r.status, r.headers['Content-Length'])\n"
                             "r.read(); c.request('PUT', '/length', body=b'x' * 1000000)\n"
                             "print(c.getresponse().read().decode())\n"
                             "END\n",
                             kit_port);
    CHECK_STR(output, "hello\nhello\nhello\nin pieces\n200 5\n1000000\n");
    return 0;
}

static void python(void)
{
    need("python3", "python3 -c '' 2> /dev/null");
    kit_run(site, NULL, with_python);
}

static int with_websockets(void)
{
    const char *output =
        run(PYTHON " - %u 2>&1 <<'END'\n"
                   "import asyncio, sys, websockets\n"
                   "async def main():\n"
                   "    url = 'ws://127.0.0.1:' + sys.argv[1] + '/'\n"
                   "    async with websockets.connect(url, compression=None) as ws:\n"
                   "        for m in ['text', b'bytes', '', 'x' * 200000]:\n"
                   "            await ws.send(m)\n"
                   "            print(await ws.recv() == m)\n"
                   "        await ws.send(['in ', 'frag', 'ments'])\n"
                   "        print(await ws.recv())\n"
                   "        await (await ws.ping())\n"
                   "        await ws.close(4001, 'bye')\n"
                   "        print(ws.close_code)\n"
                   "    async with websockets.connect(url) as ws:\n" /* offers compression */
                   "        await ws.send('plain')\n"
                   "        print(await ws.recv())\n"
                   "asyncio.run(main())\n"
                   "END\n",
            kit_port);
    CHECK_STR(output, "True\nTrue\nTrue\nTrue\nin fragments\n4001\nplain\n");
    return 0;
}

static void websockets(void)
{
    need("Python's websockets", PYTHON " -c 'import websockets' 2> /dev/null");
    kit_run(site, NULL, with_websockets);
    CHECK_EQ(served_close, 1000);
}

static int with_ws(void)
{
    const char *output =
        run(NODE " - %u 2>&1 <<'END'\n"
                 "const WebSocket = require('ws');\n"
                 "const ws = new WebSocket('ws://127.0.0.1:' + process.argv[2]);\n"
                 "let n = 0;\n"
                 "ws.on('open', () => { ws.send('text'); ws.send(Buffer.alloc(100000, 7));\n"
                 "  ws.send('in ', {fin: false}); ws.ping('p'); ws.send('two', {fin: true}); });\n"
                 "ws.on('pong', d => console.log('pong ' + d));\n"
                 "ws.on('message', (d, binary) => {\n"
                 "  console.log(binary ? d.length : d.toString());\n"
                 "  if (++n == 3) ws.close(4002, 'done'); });\n"
                 "ws.on('close', (code, why) => console.log(code + ' ' + why));\n"
                 "END\n",
            kit_port);
    CHECK(strstr(output, "text\n") && strstr(output, "100000\n") && strstr(output, "in two\n"));
    CHECK(strstr(output, "pong p\n") && strstr(output, "4002 done\n"));
    return 0;
}

static void npm_ws(void)
{
    need("npm's ws", NODE " -e 'require(\"ws\")' 2> /dev/null");
    kit_run(site, NULL, with_ws);
    CHECK_EQ(served_close, 4002);
}

/* --- our client --------------------------------------------------------------------- */

static unsigned their_port;

static int converse(void *arg)
{
    char url[64], *data;
    const char *reason;
    size_t len;
    struct xie_ws *ws = NULL;
    static char block[200000];
    (void)arg;
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/path?q", their_port);
    REQUIRE(xie_ws_connect(url, NULL, NULL, &ws) == 0);
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "hello", 5), 0);
    CHECK_EQ(xie_ws_receive(ws, &data, &len), XIE_WS_TEXT);
    CHECK_STR(data, "hello");
    memset(block, 'y', sizeof block);
    CHECK_EQ(xie_ws_send(ws, XIE_WS_BINARY, block, sizeof block), 0);
    CHECK_EQ(xie_ws_receive(ws, &data, &len), XIE_WS_BINARY);
    CHECK_EQ(len, sizeof block);
    CHECK_EQ(xie_ws_ping(ws), 0);
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "close", 5), 0);
    CHECK_EQ(xie_ws_receive(ws, &data, &len), 0);
    CHECK_EQ(xie_ws_close_code(ws, &reason), 4003);
    CHECK_STR(reason, "as you wish");
    xie_ws_free(ws);
    return 0;
}

static FILE *their_pipe;

/* The first line a server prints is its port. */
static int read_port(void *arg)
{
    char line[64];
    (void)arg;
    if (fgets(line, sizeof line, their_pipe))
        their_port = (unsigned)atoi(line);
    return 0;
}

static const char *their_command;

static int against_server(void)
{
    their_pipe = popen(their_command, "r");
    REQUIRE(their_pipe);
    CHECK_EQ(xie_to_thread(read_port, NULL, NULL), 0);
    REQUIRE(their_port);
    converse(NULL);
    CHECK_EQ(pclose(their_pipe), 0);
    return 0;
}

static void client_and_ws(void)
{
    need("npm's ws", NODE " -e 'require(\"ws\")' 2> /dev/null");
    their_command =
        NODE " - <<'END'\n"
             "const {WebSocketServer} = require('ws');\n"
             "const s = new WebSocketServer({host: '127.0.0.1', port: 0},\n"
             "  () => console.log(s.address().port));\n"
             "s.on('connection', ws => { ws.on('message', (d, binary) => {\n"
             "    if (d == 'close') ws.close(4003, 'as you wish'); else ws.send(d, {binary}); });\n"
             "  ws.on('close', () => s.close()); });\n"
             "END\n";
    kit_alone(against_server);
}

static void client_and_websockets(void)
{
    need("Python's websockets", PYTHON " -c 'import websockets' 2> /dev/null");
    their_command = PYTHON " - <<'END'\n"
                           "import asyncio, websockets\n"
                           "async def main():\n"
                           "    done = asyncio.Event()\n"
                           "    async def talk(ws, *path):\n"
                           "        while (m := await ws.recv()) != 'close': await ws.send(m)\n"
                           "        await ws.close(4003, 'as you wish')\n"
                           "        done.set()\n"
                           "    async with websockets.serve(talk, '127.0.0.1', 0) as s:\n"
                           "        print(list(s.sockets)[0].getsockname()[1], flush=True)\n"
                           "        await done.wait()\n"
                           "asyncio.run(main())\n"
                           "END\n";
    kit_alone(against_server);
}

static const struct tap_test tests[] = {
    {"curl and our server", curl},
    {"Python's http.client and our server", python},
    {"Python's websockets and our server", websockets},
    {"npm's ws and our server", npm_ws},
    {"our client and npm's ws", client_and_ws},
    {"our client and Python's websockets", client_and_websockets},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

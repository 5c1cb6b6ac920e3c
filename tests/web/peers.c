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
#include "web/deflate.h"

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

static void need_deflate(void)
{
    if (!xie_deflate_built())
        tap_skip("zlib is not built in");
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

static int served_close, served_deflates;
static const struct xie_ws_options plain, packed = {.deflate = true, .deflate_least = 1};
static const struct xie_ws_options *served = &plain;

static int site(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    int kind;
    (void)arg;
    if (!xie_ws_requested(http))
        return page(http);
    int err = xie_ws_accept(http, served, &ws);
    if (err < 0)
        return err;
    served_deflates = xie_ws_deflates(ws);
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

static int with_deflating_websockets(void)
{
    const char *output =
        run(PYTHON
            " - %u 2>&1 <<'END'\n"
            "import asyncio, os, sys, websockets\n"
            "from websockets.extensions.permessage_deflate import *\n"
            "url = 'ws://127.0.0.1:' + sys.argv[1] + '/'\n"
            "noise = os.urandom(70000)\n"
            "async def talk(factory):\n"
            "    async with websockets.connect(url, extensions=[factory], compression=None) "
            "as ws:\n"
            "        print(len(getattr(ws, 'protocol', ws).extensions), end=' ')\n"
            "        for m in ['text ' * 9, b'bytes' * 9, '', '\\xe9' * 9, 'x' * 200000, noise, "
            "'a', 'x' * 200000]:\n"
            "            await ws.send(m)\n"
            "            print(await ws.recv() == m, end=' ')\n"
            "        await ws.send(['in ', 'frag', 'ments'])\n"
            "        print(await ws.recv())\n"
            "async def main():\n"
            "    F = ClientPerMessageDeflateFactory\n"
            "    for alone in ({}, {'server_no_context_takeover': True, "
            "'client_no_context_takeover': True}):\n"
            "        await talk(F(client_max_window_bits=True, **alone))\n"
            "        await talk(F(client_max_window_bits=9, server_max_window_bits=10, **alone))\n"
            "asyncio.run(main())\n"
            "END\n",
            kit_port);
#define LINE "1 True True True True True True True True in fragments\n"
    CHECK_STR(output, LINE LINE LINE LINE);
    CHECK_EQ(served_deflates, 1);
    return 0;
}

static void deflating_websockets(void)
{
    need("Python's websockets", PYTHON " -c 'import websockets' 2> /dev/null");
    need_deflate();
    served = &packed;
    kit_run(site, NULL, with_deflating_websockets);
}

static int with_deflating_ws(void)
{
    const char *output =
        run(NODE " - %u 2>&1 <<'END'\n"
                 "const WebSocket = require('ws');\n"
                 "const offers = [true, {threshold: 0, serverNoContextTakeover: true,\n"
                 "  clientNoContextTakeover: true, serverMaxWindowBits: 10,\n"
                 "  clientMaxWindowBits: 9}, {threshold: 0}];\n"
                 "const noise = require('crypto').randomBytes(70000).toString('base64');\n"
                 "const sent = ['text', 'x'.repeat(100000), '', noise, 'again', noise];\n"
                 "function next() {\n"
                 "  if (!offers.length) return;\n"
                 "  const ws = new WebSocket('ws://127.0.0.1:' + process.argv[2],\n"
                 "    {perMessageDeflate: offers.shift()});\n"
                 "  let n = 0;\n"
                 "  ws.on('open', () => { console.log(ws.extensions);\n"
                 "    for (const m of sent) ws.send(m); });\n"
                 "  ws.on('message', d => { console.log(d.toString() === sent[n]);\n"
                 "    if (++n == sent.length) ws.close(4002, 'done'); });\n"
                 "  ws.on('close', (code, why) => { console.log(code + ' ' + why); next(); });\n"
                 "}\n"
                 "next();\n"
                 "END\n",
            kit_port);
    static const char six[] = "true\ntrue\ntrue\ntrue\ntrue\ntrue\n4002 done\n";
    const char *at = output;
    for (int i = 0; i < 3; i++) {
        CHECK(!strncmp(at, "permessage-deflate", 18));
        at += strcspn(at, "\n");
        at += *at == '\n';
        CHECK(!strncmp(at, six, sizeof six - 1));
        at += strlen(at) < sizeof six - 1 ? strlen(at) : sizeof six - 1;
    }
    CHECK_STR(at, "");
    return 0;
}

static void deflating_npm_ws(void)
{
    need("npm's ws", NODE " -e 'require(\"ws\")' 2> /dev/null");
    need_deflate();
    served = &packed;
    kit_run(site, NULL, with_deflating_ws);
    CHECK_EQ(served_deflates, 1);
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

static unsigned their_port, their_control;
static const struct xie_ws_options *asked = &plain;

static int converse(void *arg)
{
    char url[64], *data;
    const char *reason;
    size_t len;
    struct xie_ws *ws = NULL;
    static char block[200000];
    (void)arg;
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/path?q", their_port);
    REQUIRE(xie_ws_connect(url, asked, NULL, &ws) == 0);
    CHECK_EQ(xie_ws_deflates(ws), asked->deflate);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "hello", 5), 0);
        CHECK_EQ(xie_ws_receive(ws, &data, &len), XIE_WS_TEXT);
        CHECK_STR(data, "hello");
    }
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
        sscanf(line, "%u %u", &their_port, &their_control);
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

static const struct xie_ws_options demanding = {.deflate = true,
                                                .deflate_least = 1,
                                                .own_alone = true,
                                                .peer_alone = true,
                                                .own_window_bits = 10,
                                                .peer_window_bits = 11};

static void client_and_deflating_ws(void)
{
    need("npm's ws", NODE " -e 'require(\"ws\")' 2> /dev/null");
    need_deflate();
    their_command =
        NODE " - <<'END'\n"
             "const {WebSocketServer} = require('ws');\n"
             "const s = new WebSocketServer({host: '127.0.0.1', port: 0,\n"
             "    perMessageDeflate: {threshold: 0}}, () => console.log(s.address().port));\n"
             "s.on('connection', ws => { ws.on('message', (d, binary) => {\n"
             "    if (d == 'close') ws.close(4003, 'as you wish'); else ws.send(d, {binary}); });\n"
             "  ws.on('close', () => s.close()); });\n"
             "END\n";
    asked = &packed;
    kit_alone(against_server);
    asked = &demanding;
    kit_alone(against_server);
}

static void client_and_deflating_websockets(void)
{
    need("Python's websockets", PYTHON " -c 'import websockets' 2> /dev/null");
    need_deflate();
    their_command =
        PYTHON " - <<'END'\n"
               "import asyncio, websockets\n"
               "from websockets.extensions.permessage_deflate import *\n"
               "async def main():\n"
               "    done = asyncio.Event()\n"
               "    async def talk(ws, *path):\n"
               "        while (m := await ws.recv()) != 'close': await ws.send(m)\n"
               "        await ws.close(4003, 'as you wish')\n"
               "        done.set()\n"
               "    f = ServerPerMessageDeflateFactory(client_max_window_bits=9)\n"
               "    async with websockets.serve(talk, '127.0.0.1', 0, extensions=[f]) as s:\n"
               "        print(list(s.sockets)[0].getsockname()[1], flush=True)\n"
               "        await done.wait()\n"
               "asyncio.run(main())\n"
               "END\n";
    asked = &packed;
    kit_alone(against_server);
    asked = &demanding;
    kit_alone(against_server);
}

/* --- our HTTP client ------------------------------------------------------------------ */

static struct xie_http_client *client;

/* The status of an answer, or the error; its body in got. */
static char got[300000];

static int fetch(struct xie_http_request request, const char *path)
{
    struct xie_http_response *response;
    char url[128], *body;
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", their_port, path);
    request.url = url;
    int err = xie_http_fetch(client, &request, &response);
    if (err < 0)
        return err;
    ssize_t len = xie_http_response_body(response, &body);
    REQUIRE(len >= 0 && (size_t)len < sizeof got);
    memcpy(got, body, (size_t)len + 1);
    int status = xie_http_response_status(response);
    xie_http_response_free(response);
    return status;
}

static ssize_t five_pieces(void *arg, void *buf, size_t cap)
{
    int *left = arg;
    CHECK(cap >= 5);
    memcpy(buf, "piece", 5);
    return --*left >= 0 ? 5 : 0;
}

/* To the server that prints "PORT CONTROL" and ends when somebody connects to CONTROL. */
static int with_their_server(int (*talk)(void))
{
    struct xie_stream *stream = NULL;
    their_port = their_control = 0;
    their_pipe = popen(their_command, "r");
    REQUIRE(their_pipe);
    CHECK_EQ(xie_to_thread(read_port, NULL, NULL), 0);
    REQUIRE(their_control);
    CHECK_EQ(xie_http_client_open(NULL, &client), 0);
    talk();
    xie_http_client_close(client);
    client = NULL;
    talk(); /* and on connections for one request each */
    CHECK_EQ(xie_tcp_connect("127.0.0.1", (uint16_t)their_control, &stream), 0);
    xie_stream_close(stream);
    CHECK_EQ(pclose(their_pipe), 0);
    return 0;
}

static int fetch_from_python(void)
{
    int left = 5;
    struct xie_http_request none = {0}, head = {.method = "HEAD"};
    struct xie_http_request post = {.body = "body", .body_len = 4};
    struct xie_http_request put = {.method = "PUT", .body = "body", .body_len = 4, .expect = true};
    struct xie_http_request pieces = {.source = five_pieces, .source_arg = &left};
    CHECK_EQ(fetch(none, "/a?b=c"), 200);
    CHECK_STR(got, "GET /a?b=c ");
    CHECK_EQ(fetch(post, "/p"), 200);
    CHECK_STR(got, "POST /p body");
    CHECK_EQ(fetch(put, "/p"), 200);
    CHECK_STR(got, "PUT /p body");
    CHECK_EQ(fetch(pieces, "/s"), 200);
    CHECK_STR(got, "POST /s piecepiecepiecepiecepiece");
    CHECK_EQ(fetch(head, "/h"), 200);
    CHECK_STR(got, "");
    CHECK_EQ(fetch(none, "/chunks"), 200);
    CHECK_STR(got, "in pieces");
    CHECK_EQ(fetch(none, "/old"), 200);
    CHECK_STR(got, "to the end");
    CHECK_EQ(fetch(none, "/moved"), 200);
    CHECK_STR(got, "GET /a ");
    return 0;
}

static int python_served(void)
{
    return with_their_server(fetch_from_python);
}

static void client_and_python(void)
{
    need("python3", "python3 -c '' 2> /dev/null");
    their_command =
        "python3 - 2>/dev/null <<'END'\n"
        "import http.server, socket, threading\n"
        "class H(http.server.BaseHTTPRequestHandler):\n"
        "    protocol_version = 'HTTP/1.1'\n"
        "    def body(self):\n"
        "        if self.headers.get('Transfer-Encoding') != 'chunked':\n"
        "            return self.rfile.read(int(self.headers.get('Content-Length') or 0))\n"
        "        b = b''\n"
        "        while n := int(self.rfile.readline(), 16):\n"
        "            b += self.rfile.read(n); self.rfile.readline()\n"
        "        self.rfile.readline()\n"
        "        return b\n"
        "    def do_POST(self):\n"
        "        b = f'{self.command} {self.path} '.encode() + self.body()\n"
        "        self.send_response(302 if self.path == '/moved' else 200)\n"
        "        if self.path == '/chunks':\n"
        "            self.send_header('Transfer-Encoding', 'chunked'); self.end_headers()\n"
        "            self.wfile.write(b'3\\r\\nin \\r\\n6\\r\\npieces\\r\\n0\\r\\nX: "
        "y\\r\\n\\r\\n')\n"
        "            return\n"
        "        if self.path == '/old':\n"
        "            self.close_connection = True; self.end_headers()\n"
        "            self.wfile.write(b'to the end'); return\n"
        "        if self.path == '/moved': self.send_header('Location', 'a')\n"
        "        self.send_header('Content-Length', str(len(b))); self.end_headers()\n"
        "        if self.command != 'HEAD': self.wfile.write(b)\n"
        "    do_GET = do_PUT = do_HEAD = do_POST\n"
        "s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)\n"
        "threading.Thread(target=s.serve_forever, daemon=True).start()\n"
        "c = socket.create_server(('127.0.0.1', 0))\n"
        "print(s.server_port, c.getsockname()[1], flush=True)\n"
        "c.accept()\n"
        "END\n";
    kit_alone(python_served);
}

static int fetch_from_nginx(void)
{
    static char large[200000];
    struct xie_http_request none = {0}, head = {.method = "HEAD"}, post = {.method = "POST"};
    struct xie_http_request much = {.body = large, .body_len = sizeof large};
    CHECK_EQ(fetch(none, "/file"), 200);
    CHECK_EQ(strlen(got), 250000);
    CHECK_EQ(fetch(none, "/old"), 200);
    CHECK_EQ(strlen(got), 250000);
    CHECK_EQ(fetch(head, "/file"), 200);
    CHECK_STR(got, "");
    CHECK_EQ(fetch(none, "/"), 200); /* a list of files, in chunks */
    CHECK(strstr(got, "file"));
    CHECK_EQ(fetch(none, "/none"), 404);
    CHECK_EQ(fetch(none, "/204"), 204);
    CHECK_EQ(fetch(much, "/small"), 413);
    much.expect = true;
    CHECK_EQ(fetch(much, "/small"), 413);
    for (int i = 0; i < 10; i++) /* three requests a connection */
        CHECK_EQ(fetch(post, "/ok"), 200);
    return 0;
}

static int nginx_served(void)
{
    return with_their_server(fetch_from_nginx);
}

static void client_and_nginx(void)
{
    need("nginx", "PATH=$PATH:/usr/sbin nginx -v > /dev/null 2>&1 && python3 -c '' 2> /dev/null");
    /* The kernel chooses the port: a socket that never listens holds it for nginx to share. */
    their_command =
        "PATH=$PATH:/usr/sbin python3 - 2>/dev/null <<'END'\n"
        "import os, socket, subprocess, tempfile, time\n"
        "s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n"
        "s.bind(('127.0.0.1', 0)); port = s.getsockname()[1]\n"
        "c = socket.create_server(('127.0.0.1', 0))\n"
        "with tempfile.TemporaryDirectory() as d:\n"
        "    os.mkdir(d + '/www'); os.chmod(d, 0o755)\n"
        "    open(d + '/www/file', 'w').write('n' * 250000)\n"
        "    open(d + '/conf', 'w').write(f'''\n"
        "daemon off; master_process off; pid {d}/pid; error_log {d}/log;\n"
        "events {{ }}\n"
        "http {{ access_log off; keepalive_requests 3;\n"
        "  client_body_temp_path {d}/a; proxy_temp_path {d}/b; fastcgi_temp_path {d}/c;\n"
        "  uwsgi_temp_path {d}/d; scgi_temp_path {d}/e;\n"
        "  server {{ listen 127.0.0.1:{port} reuseport; root {d}/www; autoindex on;\n"
        "    location = /204 {{ return 204; }}\n"
        "    location = /ok {{ return 200 ok; }}\n"
        "    location = /old {{ keepalive_timeout 0; try_files /file =404; }}\n"
        "    location = /small {{ client_max_body_size 100; proxy_pass http://127.0.0.1:1; }}\n"
        "}} }}''')\n"
        "    n = subprocess.Popen(['nginx', '-c', d + '/conf', '-e', d + '/log'])\n"
        "    while n.poll() is None and socket.socket().connect_ex(('127.0.0.1', port)):\n"
        "        time.sleep(.01)\n"
        "    print(port, c.getsockname()[1], flush=True)\n"
        "    c.accept(); n.terminate(); n.wait()\n"
        "END\n";
    kit_alone(nginx_served);
}

static const struct tap_test tests[] = {
    {"curl and our server", curl},
    {"Python's http.client and our server", python},
    {"Python's websockets and our server", websockets},
    {"npm's ws and our server", npm_ws},
    {"our client and npm's ws", client_and_ws},
    {"our client and Python's websockets", client_and_websockets},
    {"Python's websockets and our server, compressed", deflating_websockets},
    {"npm's ws and our server, compressed", deflating_npm_ws},
    {"our client and npm's ws, compressed", client_and_deflating_ws},
    {"our client and Python's websockets, compressed", client_and_deflating_websockets},
    {"our HTTP client and Python's http.server", client_and_python},
    {"our HTTP client and nginx", client_and_nginx},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

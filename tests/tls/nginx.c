/* nginx.c - against nginx as the server, by streams and beneath protocols. */
/* SPDX-License-Identifier: MIT */
#include <ftw.h>

#include "duo.h"
#include "peer.h"

enum { MUCH = 300000 };

static char folder[64];

static int drop_one(const char *path, const struct stat *found, int kind, struct FTW *where)
{
    (void)found, (void)kind, (void)where;
    return remove(path);
}

static void put(const char *name, const char *data, size_t len)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    REQUIRE(file && fwrite(data, 1, len, file) == len && !fclose(file));
}

static void put_files(unsigned port)
{
    static char much[MUCH], text[2000];
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.40s/xie-nginx-XXXXXX", tmp ? tmp : "/tmp");
    REQUIRE(mkdtemp(folder));
    kit_fill(much, sizeof much, 0);
    put("much", much, sizeof much);
    put("page", "the page\n", 9);
    int len = snprintf(text, sizeof text,
                       "daemon off; worker_processes 1; user root; pid pid;\n" /* if it is */
                       "error_log stderr warn;\n"
                       "events { worker_connections 64; }\n"
                       "http {\n"
                       "  access_log off; client_body_temp_path one; proxy_temp_path two;\n"
                       "  fastcgi_temp_path three; uwsgi_temp_path four; scgi_temp_path five;\n"
                       "  server {\n"
                       "    listen 127.0.0.1:%u ssl; root .;\n"
                       "    ssl_certificate %s; ssl_certificate_key %s;\n"
                       "    ssl_protocols TLSv1.2 TLSv1.3;\n"
                       "  }\n"
                       "}\n",
                       port, cert("good"), cert("good"));
    put("conf", text, (size_t)len);
}

/* It is given the socket, as if it replaced itself: so the kernel chooses the port, and nobody has
 * to wait until it listens. It ends when its shell's input does, which is ours. return the port */
static uint16_t nginx_start(struct peer *peer)
{
    struct xie_listener *listener;
    char port[8], command[300];
    need("nginx -v");
    uint16_t number = listen_here(&listener, port);
    put_files(number);
    int given = fcntl(xie_listener_fd(listener), F_DUPFD, 50); /* is inherited */
    REQUIRE(given >= 0);
    snprintf(
        command, sizeof command,
        "NGINX='%d;' nginx -p %s -c %s/conf -e stderr 2>/dev/null & read end; kill $!; wait $!",
        given, folder, folder);
    const char *const argv[] = {"sh", "-c", command, NULL};
    peer_start(peer, argv);
    close(given);
    xie_listener_close(listener);
    return number;
}

static void nginx_end(struct peer *peer)
{
    CHECK_EQ(peer_end(peer), 0);
    CHECK_EQ(nftw(folder, drop_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Two requests on one connection; the second is its last. */
static const char first[] = "GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char last[] = "GET /much HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

static void expect_head(struct xie_stream *stream)
{
    char *line = NULL;
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 1);
    CHECK_STR(line, "HTTP/1.1 200 OK");
    do
        REQUIRE(xie_stream_read_line(stream, &line, NULL) == 1);
    while (*line);
}

static void ask_by_stream(struct xie_tls_context *context, uint16_t port, struct xie_tls_info *info)
{
    struct xie_stream *stream = NULL;
    static char page[9];
    char byte;
    static char version[8];
    REQUIRE(!xie_tls_connect(context, "127.0.0.1", port, NULL, &stream));
    kit_send(stream, first);
    expect_head(stream);
    CHECK_EQ(xie_stream_read_exactly(stream, page, 9), 9);
    CHECK(!memcmp(page, "the page\n", 9));
    kit_send(stream, last);
    expect_head(stream);
    kit_drain(stream, 0, MUCH);
    CHECK_EQ(xie_stream_read(stream, &byte, 1), 0); /* the end of TLS, in order */
    CHECK_EQ(xie_tls_info(stream, info), 0);
    snprintf(version, sizeof version, "%s", info->version);
    info->version = version;
    xie_stream_close(stream);
}

/* The pages as they come; the heads are searched for their ends. */
struct browser {
    struct told told;
    char *text;
    size_t len;
    bool asked;
};

static void browse(struct note *note, const char *data, size_t len)
{
    struct browser *self = (struct browser *)note; /* its first member's first */
    REQUIRE(self->len + len < MUCH + 4000);
    memcpy(self->text + self->len, data, len);
    self->len += len;
    self->text[self->len] = 0;
    if (self->asked || !strstr(self->text, "the page\n"))
        return;
    self->asked = true;
    self->len = 0;
    CHECK_EQ(xie_transport_write(note->transport, last, sizeof last - 1), 0);
}

static void ask_by_protocol(struct xie_tls_context *context, uint16_t port)
{
    struct browser browser = {.told.note.on_data = browse, .text = malloc(MUCH + 4000)};
    struct told *told = &browser.told;
    REQUIRE(browser.text);
    REQUIRE(!xie_tls_create_connection(context, "127.0.0.1", port, NULL, &telling, &browser,
                                       &told->transport));
    CHECK_EQ(xie_transport_write(told->transport, first, sizeof first - 1), 0);
    kit_end(&told->note);
    CHECK(told->note.ends == 1 && !told->note.error && browser.asked);
    CHECK(told->info.resumed); /* what the stream has left */
    const char *body = strstr(browser.text, "\r\n\r\n");
    REQUIRE(body);
    size_t len = browser.len - (size_t)(body + 4 - browser.text);
    CHECK_EQ(len, MUCH);
    CHECK(kit_same(body + 4, len, 0));
    free(browser.text);
}

IN_TASK(pages_by_streams_and_protocols_in_both_versions)
{
    struct peer peer;
    uint16_t port = nginx_start(&peer);
    for (int version = XIE_TLS_1_2; version <= XIE_TLS_1_3; version++) {
        struct xie_tls_options options = client_options();
        struct xie_tls_info info = {0};
        options.max_version = version;
        struct xie_tls_context *context = context_of(&options);
        ask_by_stream(context, port, &info);
        CHECK(info.verified && !info.resumed);
        CHECK_STR(info.version, version == XIE_TLS_1_2 ? "TLSv1.2" : "TLSv1.3");
        ask_by_protocol(context, port);
        xie_tls_context_unref(context);
    }
    nginx_end(&peer);
    return 0;
}

IN_TASK(a_certificate_of_somebody_unknown_is_refused)
{
    struct xie_tls_options options = {.ca_file = cert("stranger")};
    struct xie_tls_failure failure = {""};
    struct xie_stream *stream = NULL;
    struct told told = {0};
    struct peer peer;
    uint16_t port = nginx_start(&peer);
    struct xie_tls_context *context = context_of(&options);
    CHECK_EQ(xie_tls_connect(context, "127.0.0.1", port, &failure, &stream), XIE_ETLS_CERTIFICATE);
    CHECK_EQ(xie_tls_create_connection(context, "127.0.0.1", port, &failure, &telling, &told, NULL),
             XIE_ETLS_CERTIFICATE);
    CHECK(strstr(failure.text, "127.0.0.1: "));
    xie_tls_context_unref(context);
    nginx_end(&peer);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"pages_by_streams_and_protocols_in_both_versions",
         pages_by_streams_and_protocols_in_both_versions},
        {"a_certificate_of_somebody_unknown_is_refused",
         a_certificate_of_somebody_unknown_is_refused},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}

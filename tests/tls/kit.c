/* kit.c - see kit.h. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

/* OpenSSL counts who uses a session by atomics that are not built for ThreadSanitizer: it sees one
 * thread free what another has read before, and not the count between them. It asks for this. */
XIE_API const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:libcrypto.so\nrace:libssl.so\n";
}

struct xie_tls_options client_options(void)
{
    return (struct xie_tls_options){.ca_file = cert("ca")};
}

struct xie_tls_options server_options(void)
{
    return (struct xie_tls_options){.server = true, .cert_file = cert("good")};
}

struct xie_tls_context *context_of(const struct xie_tls_options *options)
{
    struct xie_tls_context *context = NULL;
    struct xie_tls_failure failure = {""};
    if (xie_tls_context_new(options, &context, &failure))
        tap_failed(__FILE__, __LINE__, "%s", failure.text);
    REQUIRE(context);
    return context;
}

static int serve(void *arg)
{
    struct ends *ends = arg;
    ends->server_error =
        xie_tls_start(ends->server, ends->contexts[1], NULL, &ends->server_failure);
    if (ends->server_error)
        xie_stream_write_eof(ends->server); /* the client need not wait for more */
    return 0;
}

void ends_shake(struct ends *ends, struct xie_stream *raw[2], const char *host)
{
    struct xie_stream *pair[2];
    if (!raw)
        kit_pair(raw = pair);
    ends->client = raw[0];
    ends->server = raw[1];
    struct xie_task *task = xie_spawn(serve, ends);
    ends->client_error =
        xie_tls_start(ends->client, ends->contexts[0], host, &ends->client_failure);
    if (ends->client_error) /* the server hears of it by the alert, or by the end */
        xie_stream_close(ends->client);
    xie_join(task);
    if (ends->client_error)
        ends->client = NULL;
}

void ends_open(struct ends *ends)
{
    struct xie_tls_options client = client_options(), server = server_options();
    if (!ends->contexts[0])
        ends->contexts[0] = context_of(&client);
    if (!ends->contexts[1])
        ends->contexts[1] = context_of(&server);
    ends_shake(ends, NULL, "localhost");
    if (ends->client_error || ends->server_error)
        tap_failed(__FILE__, __LINE__, "%s; %s", ends->client_failure.text,
                   ends->server_failure.text);
    REQUIRE(!ends->client_error && !ends->server_error);
}

void ends_try(struct ends *ends, const struct xie_tls_options *client,
              const struct xie_tls_options *server, const char *host)
{
    struct xie_tls_options default_client = client_options(), default_server = server_options();
    *ends = (struct ends){0};
    ends->contexts[0] = context_of(client ? client : &default_client);
    ends->contexts[1] = context_of(server ? server : &default_server);
    ends_shake(ends, NULL, host);
}

static int close_one(void *stream)
{
    xie_stream_close(stream);
    return 0;
}

void ends_close(struct ends *ends)
{
    struct xie_task *task = xie_spawn(close_one, ends->client);
    xie_stream_close(ends->server);
    xie_join(task);
    xie_tls_context_unref(ends->contexts[0]);
    xie_tls_context_unref(ends->contexts[1]);
}

static int send_all(void *arg)
{
    struct iovec *part = ((void **)arg)[1];
    return (int)xie_stream_write(((void **)arg)[0], part->iov_base, part->iov_len);
}

void check_passes(struct xie_stream *from, struct xie_stream *to, const char *text)
{
    size_t len = strlen(text);
    struct iovec part = {(void *)(uintptr_t)text, len};
    void *arg[] = {from, &part};
    char *got = malloc(len + 1);
    REQUIRE(got);
    struct xie_task *task = xie_spawn(send_all, arg);
    CHECK_EQ(xie_stream_read_exactly(to, got, len), (ssize_t)len);
    got[len] = 0;
    CHECK_STR(got, text);
    CHECK_EQ(xie_join(task), (int)len);
    free(got);
}

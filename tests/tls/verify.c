/* verify.c - whom each end believes: certificates good and bad, contexts and their files. */
/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "kit.h"
#include "tls/layer.h"

/* --- what a client refuses ---------------------------------------------------------- */

/* A client that trusts ca meets a server with this certificate. */
static void client_meets(const char *name, const char *host, int expected, const char *words)
{
    struct ends ends;
    struct xie_tls_options server = server_options();
    server.cert_file = cert(name);
    ends_try(&ends, NULL, &server, host);
    CHECK_EQ(ends.client_error, expected);
    CHECK_EQ(ends.server_error, expected ? XIE_ETLS_REFUSED : 0);
    if (expected) {
        CHECK(strstr(ends.client_failure.text, host));
        if (!strstr(ends.client_failure.text, words))
            CHECK_STR(ends.client_failure.text, words);
    } else
        CHECK_STR(ends.client_failure.text, "");
    ends_close(&ends);
}

IN_TASK(a_good_certificate_is_believed)
{
    client_meets("good", "localhost", 0, "");
    client_meets("good", "localhost.", 0, ""); /* the root's dot is no part of a name here */
    client_meets("good", "127.0.0.1", 0, "");
    client_meets("good", "a.wild.example", 0, "");
    client_meets("good", "A.Wild.EXAMPLE", 0, "");
    return 0;
}

IN_TASK(a_certificate_for_another_host_is_refused)
{
    client_meets("other", "localhost", XIE_ETLS_HOST, "ostname mismatch");
    client_meets("good", "example.org", XIE_ETLS_HOST, "ostname mismatch");
    client_meets("good", "a.b.wild.example", XIE_ETLS_HOST, "ostname mismatch");
    client_meets("good", "wild.example", XIE_ETLS_HOST, "ostname mismatch");
    client_meets("good", "127.0.0.2", XIE_ETLS_HOST, "IP address mismatch");
    client_meets("client", "client", XIE_ETLS_HOST, "ostname mismatch"); /* it has other names */
    return 0;
}

IN_TASK(a_certificate_out_of_its_time_is_refused)
{
    client_meets("expired", "localhost", XIE_ETLS_CERTIFICATE, "certificate has expired");
    client_meets("early", "localhost", XIE_ETLS_CERTIFICATE, "certificate is not yet valid");
    return 0;
}

IN_TASK(a_certificate_by_nobody_we_trust_is_refused)
{
    client_meets("foreign", "localhost", XIE_ETLS_CERTIFICATE, "unable to get local issuer");
    client_meets("self", "localhost", XIE_ETLS_CERTIFICATE, "self-signed certificate");
    return 0;
}

IN_TASK(a_client_may_be_told_not_to_look)
{
    struct ends ends;
    struct xie_tls_options client = {.verify = XIE_TLS_VERIFY_NONE};
    struct xie_tls_options server = server_options();
    struct xie_tls_info info = {0};
    server.cert_file = cert("self");
    ends_try(&ends, &client, &server, NULL); /* nor to name a host */
    CHECK_EQ(ends.client_error, 0);
    CHECK_EQ(xie_tls_info(ends.client, &info), 0);
    CHECK(!info.verified);
    CHECK(!info.host);
    ends_close(&ends);
    return 0;
}

IN_TASK(the_check_of_the_host_alone_may_be_off)
{
    struct ends ends;
    struct xie_tls_options client = client_options(), server = server_options();
    client.no_host_check = true;
    ends_try(&ends, &client, NULL, "example.org");
    CHECK_EQ(ends.client_error, 0);
    ends_close(&ends);
    ends_try(&ends, &client, NULL, NULL);
    CHECK_EQ(ends.client_error, 0);
    ends_close(&ends);
    server.cert_file = cert("foreign");
    ends_try(&ends, &client, &server, "localhost");
    CHECK_EQ(ends.client_error, XIE_ETLS_CERTIFICATE);
    ends_close(&ends);
    return 0;
}

IN_TASK(a_client_that_checks_needs_a_host)
{
    struct xie_stream *pair[2];
    struct xie_tls_options options = client_options();
    struct xie_tls_context *context = context_of(&options);
    kit_pair(pair);
    CHECK_EQ(xie_tls_start(pair[0], context, NULL, NULL), -EINVAL);
    CHECK_EQ(xie_tls_start(pair[0], context, "", NULL), -EINVAL);
    check_passes(pair[0], pair[1], "the stream is as it was");
    xie_tls_context_unref(context);
    kit_close(pair);
    return 0;
}

/* --- what a server refuses ---------------------------------------------------------- */

/* A client with this certificate (NULL: none) meets a server; returns the server's result. What
 * the client hears comes with its first read at the latest. */
static int server_meets(const char *name, enum xie_tls_verify verify, int version)
{
    struct ends ends;
    struct xie_tls_options client = client_options(), server = server_options();
    char byte, subject[64];
    client.cert_file = name ? cert(name) : NULL;
    client.max_version = version;
    server.ca_file = cert("ca");
    server.verify = verify;
    ends_try(&ends, &client, &server, "localhost");
    int error = ends.server_error;
    if (error) {
        if (!ends.client_error)
            ends.client_error = (int)xie_stream_read(ends.client, &byte, 1);
        CHECK_EQ(ends.client_error, XIE_ETLS_REFUSED);
        CHECK(strstr(ends.server_failure.text, "client"));
    } else if (name && verify) {
        /* The client was told whose certificates would do. */
        CHECK_EQ(sk_X509_NAME_num(SSL_get0_peer_CA_list(xie_tls_of(ends.client)->ssl)), 1);
        struct xie_tls_info info = {0};
        CHECK_EQ(xie_tls_info(ends.server, &info), 0);
        CHECK(info.verified);
        CHECK(xie_tls_peer(ends.server, XIE_TLS_SUBJECT, subject, sizeof subject) > 0);
        CHECK_STR(subject, "CN=client");
    }
    ends_close(&ends);
    return error;
}

IN_TASK(a_server_asks_clients_for_certificates_when_told_to)
{
    for (int version = XIE_TLS_1_2; version <= XIE_TLS_1_3; version++) {
        CHECK_EQ(server_meets("client", XIE_TLS_VERIFY_REQUIRED, version), 0);
        CHECK_EQ(server_meets(NULL, XIE_TLS_VERIFY_REQUIRED, version), XIE_ETLS_CERTIFICATE);
        CHECK_EQ(server_meets("foreign", XIE_TLS_VERIFY_REQUIRED, version), XIE_ETLS_CERTIFICATE);
        CHECK_EQ(server_meets("client", XIE_TLS_VERIFY_OPTIONAL, version), 0);
        CHECK_EQ(server_meets(NULL, XIE_TLS_VERIFY_OPTIONAL, version), 0);
        CHECK_EQ(server_meets("foreign", XIE_TLS_VERIFY_OPTIONAL, version), XIE_ETLS_CERTIFICATE);
        CHECK_EQ(server_meets("foreign", XIE_TLS_VERIFY_DEFAULT, version), 0);
    }
    return 0;
}

IN_TASK(a_late_refusal_is_told_in_words)
{
    struct ends ends;
    struct xie_tls_options server = server_options();
    struct xie_tls_info info = {0};
    char byte;
    server.ca_file = cert("ca");
    server.verify = XIE_TLS_VERIFY_REQUIRED;
    ends_try(&ends, NULL, &server, "localhost");
    CHECK_EQ(ends.client_error, 0);
    CHECK_EQ(xie_stream_read(ends.client, &byte, 1), XIE_ETLS_REFUSED);
    CHECK_EQ(xie_stream_read(ends.client, &byte, 1), XIE_ETLS_REFUSED); /* and again */
    CHECK_EQ(xie_stream_write(ends.client, "x", 1), XIE_ETLS_REFUSED);
    CHECK_EQ(xie_tls_info(ends.client, &info), 0);
    CHECK(info.reason && strstr(info.reason, "certificate required"));
    ends_close(&ends);
    return 0;
}

/* --- contexts ----------------------------------------------------------------------- */

static void unusable(struct xie_tls_options options, int expected, const char *words)
{
    struct xie_tls_context *context = NULL;
    struct xie_tls_failure failure = {""};
    CHECK_EQ(xie_tls_context_new(&options, &context, &failure), expected);
    if (!strstr(failure.text, words))
        CHECK_STR(failure.text, words);
    CHECK(!context);
    CHECK_EQ(xie_tls_context_new(&options, &context, NULL), expected);
}

#define OPTIONS(...) ((struct xie_tls_options){__VA_ARGS__})

static void a_file_that_is_not_usable_is_named(void)
{
    unusable(OPTIONS(.ca_file = "/none.pem"), XIE_ETLS_CONFIG,
             "CA file /none.pem: No such file or directory");
    unusable(OPTIONS(.ca_file = cert("broken")), XIE_ETLS_CONFIG, cert("broken"));
    unusable(OPTIONS(.cert_file = "/none.pem"), XIE_ETLS_CONFIG,
             "certificate /none.pem: No such file or directory");
    unusable(OPTIONS(.cert_file = cert("broken")), XIE_ETLS_CONFIG, "certificate ");
    unusable(OPTIONS(.cert_file = cert("good"), .key_file = "/none.pem"), XIE_ETLS_CONFIG,
             "key /none.pem: No such file or directory");
    unusable(OPTIONS(.cert_file = cert("good"), .key_file = cert("other")), XIE_ETLS_CONFIG,
             "key values mismatch");
    unusable(OPTIONS(.keylog_file = "/none/log"), XIE_ETLS_CONFIG, "/none/log");
}

static void a_setting_that_is_not_usable_is_named(void)
{
    unusable(OPTIONS(.ciphers = "NO-SUCH"), XIE_ETLS_CONFIG, "ciphers NO-SUCH");
    unusable(OPTIONS(.ciphersuites = "NO-SUCH"), XIE_ETLS_CONFIG, "ciphersuites NO-SUCH");
    unusable(OPTIONS(.alpn = ""), -EINVAL, "alpn");
    unusable(OPTIONS(.alpn = "a,,b"), -EINVAL, "alpn");
    unusable(OPTIONS(.alpn = "a,,b", .key_password = "secret"), -EINVAL, "alpn");
    unusable(OPTIONS(.server = true), -EINVAL, "cert_file");
    unusable(OPTIONS(.key_file = cert("good")), -EINVAL, "cert_file");
    unusable(OPTIONS(.verify = (enum xie_tls_verify)4), -EINVAL, "verify");
    unusable(OPTIONS(.server = true, .cert_file = cert("good"), .verify = XIE_TLS_VERIFY_REQUIRED),
             -EINVAL, "ca_file");
    unusable(OPTIONS(.min_version = 0x0302), -EINVAL, "version");
    unusable(OPTIONS(.max_version = 0x0305), -EINVAL, "version");
    unusable(OPTIONS(.min_version = XIE_TLS_1_3, .max_version = XIE_TLS_1_2), -EINVAL, "version");
    unusable(OPTIONS(.handshake_ns = -1), -EINVAL, "negative");
    unusable(OPTIONS(.shutdown_ns = -1), -EINVAL, "negative");
}

static void protocols_have_limits(void)
{
    char alpn[600];
    struct xie_tls_context *context = NULL;
    memset(alpn, 'x', sizeof alpn);
    alpn[255] = 0;
    CHECK_EQ(
        xie_tls_context_new(&OPTIONS(.alpn = alpn, .verify = XIE_TLS_VERIFY_NONE), &context, NULL),
        0);
    xie_tls_context_unref(context);
    alpn[255] = 'x';
    alpn[256] = 0;
    unusable(OPTIONS(.alpn = alpn), -EINVAL, "alpn");
    alpn[255] = ',';
    alpn[256] = 'x';
    alpn[511] = 0; /* 255 and 255, each after its length */
    CHECK_EQ(
        xie_tls_context_new(&OPTIONS(.alpn = alpn, .verify = XIE_TLS_VERIFY_NONE), &context, NULL),
        0);
    xie_tls_context_unref(context);
    alpn[511] = ',';
    alpn[513] = 0;
    unusable(OPTIONS(.alpn = alpn), -EINVAL, "alpn");
}

/* On a terminal OpenSSL would ask, and wait for an answer. */
IN_TASK(an_encrypted_key_needs_its_password)
{
    struct ends ends;
    struct xie_tls_options server = server_options();
    server.cert_file = cert("locked");
    unusable(server, XIE_ETLS_CONFIG, "key ");
    server.key_password = "wrong";
    unusable(server, XIE_ETLS_CONFIG, "key ");
    server.key_password = "secret";
    ends_try(&ends, NULL, &server, "localhost");
    CHECK_EQ(ends.client_error, 0);
    CHECK_EQ(xie_tls_context_reload(ends.contexts[1], NULL), 0);
    ends_close(&ends);
    return 0;
}

static void references_are_counted(void)
{
    size_t live = xie_alloc_live();
    struct xie_tls_context *context = context_of(NULL);
    CHECK(xie_tls_context_ref(context) == context);
    xie_tls_context_unref(context);
    CHECK(xie_alloc_live() > live);
    xie_tls_context_unref(context);
    CHECK_EQ(xie_alloc_live(), live);
    xie_tls_context_unref(NULL);
    CHECK(!xie_tls_context_ref(NULL));
}

IN_TASK(secrets_are_logged_where_asked_for)
{
    struct ends ends;
    struct xie_tls_options server = server_options();
    char text[200] = "";
    server.keylog_file = cert("keylog");
    for (int i = 0; i < 2; i++) {
        ends_try(&ends, NULL, &server, "localhost");
        CHECK_EQ(ends.client_error, 0);
        ends_close(&ends);
    }
    FILE *file = fopen(cert("keylog"), "r");
    int lines = 0;
    REQUIRE(file);
    while (fgets(text, sizeof text, file))
        lines += !strncmp(text, "CLIENT_TRAFFIC_SECRET_0 ", 24);
    CHECK_EQ(lines, 2);
    fclose(file);
    unlink(cert("keylog"));
    return 0;
}

/* --- reloading ---------------------------------------------------------------------- */

static void subject_is(struct xie_stream *stream, const char *expected)
{
    char text[100] = "";
    CHECK(xie_tls_peer(stream, XIE_TLS_SUBJECT, text, sizeof text) > 0);
    CHECK_STR(text, expected);
}

IN_TASK(a_reload_is_for_new_connections)
{
    struct ends old, new = {0};
    struct xie_tls_options server = server_options();
    cert_renew("renewed", "the first");
    server.cert_file = cert("renewed");
    ends_try(&old, NULL, &server, "localhost");
    CHECK_EQ(old.client_error, 0);
    subject_is(old.client, "CN=the first");
    cert_renew("renewed", "the second");
    CHECK_EQ(xie_tls_context_reload(old.contexts[1], NULL), 0);
    new.contexts[1] = xie_tls_context_ref(old.contexts[1]);
    ends_open(&new);
    subject_is(new.client, "CN=the second");
    subject_is(old.client, "CN=the first");
    check_passes(old.server, old.client, "goes on");
    ends_close(&old);
    ends_close(&new);
    return 0;
}

IN_TASK(a_reload_that_fails_changes_nothing)
{
    struct ends ends = {0};
    struct xie_tls_options server = server_options();
    struct xie_tls_failure failure = {""};
    cert_renew("renewed", "the first");
    server.cert_file = cert("renewed");
    ends.contexts[1] = context_of(&server);
    REQUIRE(!unlink(cert("renewed")));
    CHECK_EQ(xie_tls_context_reload(ends.contexts[1], &failure), XIE_ETLS_CONFIG);
    CHECK(strstr(failure.text, cert("renewed")));
    CHECK(strstr(failure.text, "No such file"));
    ends_open(&ends);
    subject_is(ends.client, "CN=the first");
    ends_close(&ends);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_good_certificate_is_believed", a_good_certificate_is_believed},
        {"a_certificate_for_another_host_is_refused", a_certificate_for_another_host_is_refused},
        {"a_certificate_out_of_its_time_is_refused", a_certificate_out_of_its_time_is_refused},
        {"a_certificate_by_nobody_we_trust_is_refused",
         a_certificate_by_nobody_we_trust_is_refused},
        {"a_client_may_be_told_not_to_look", a_client_may_be_told_not_to_look},
        {"the_check_of_the_host_alone_may_be_off", the_check_of_the_host_alone_may_be_off},
        {"a_client_that_checks_needs_a_host", a_client_that_checks_needs_a_host},
        {"a_server_asks_clients_for_certificates_when_told_to",
         a_server_asks_clients_for_certificates_when_told_to},
        {"a_late_refusal_is_told_in_words", a_late_refusal_is_told_in_words},
        {"a_file_that_is_not_usable_is_named", a_file_that_is_not_usable_is_named},
        {"a_setting_that_is_not_usable_is_named", a_setting_that_is_not_usable_is_named},
        {"protocols_have_limits", protocols_have_limits},
        {"an_encrypted_key_needs_its_password", an_encrypted_key_needs_its_password},
        {"references_are_counted", references_are_counted},
        {"secrets_are_logged_where_asked_for", secrets_are_logged_where_asked_for},
        {"a_reload_is_for_new_connections", a_reload_is_for_new_connections},
        {"a_reload_that_fails_changes_nothing", a_reload_that_fails_changes_nothing},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}

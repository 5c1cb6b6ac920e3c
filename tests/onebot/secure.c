/* secure.c - a bot that comes by wss:// to a certificate it cannot trust says why. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "tls/kit.h"

/* A server of TLS alone, which is never agreed with. */
static struct xie_listener *listener;
static struct xie_tls_context *theirs;

static int greet(struct xie_stream *stream, void *arg)
{
    (void)arg;
    xie_tls_start(stream, theirs, NULL, NULL);
    return 0;
}

static struct xie_server *server;

static void untrusted(struct rig *rig)
{
    struct xie_tls_options options = server_options();
    struct xie_address address;
    theirs = context_of(&options);
    REQUIRE(!xie_tcp_listen("127.0.0.1", 0, 0, &listener));
    REQUIRE(!xie_listener_address(listener, &address));
    REQUIRE(!xie_server_new(greet, NULL, NULL, &server));
    REQUIRE(!xie_server_add(server, listener));
    snprintf(rig->fake.url, sizeof rig->fake.url, "wss://localhost:%u/?access_token=s3cret",
             xie_address_port(&address));
}

static void script(struct rig *rig)
{
    rig_wait_log(rig, "cannot connect to wss://localhost:");
    rig_wait_log(rig, "/: localhost: "); /* who, and then why */
    CHECK(rig_logged(rig, "certificate"));
    CHECK(!rig_logged(rig, "s3cret"));
    rig_wait_log(rig, "next try in ");
    CHECK(!xie_task_done(rig->bot)); /* it may be mended over there */
    xie_task_cancel(rig->bot);
    while (!xie_task_done(rig->bot))
        REQUIRE(xie_event_wait(&rig->fake.changed) == 0);
    xie_server_free(server);
    xie_tls_context_unref(theirs);
}

static void a_certificate_that_is_not_trusted_is_told_in_words(void)
{
    play(&(struct play){untrusted, NULL, script});
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a certificate that is not trusted is told in words",
         a_certificate_that_is_not_trusted_is_told_in_words},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}

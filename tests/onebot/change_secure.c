/* change_secure.c - certificates that are renewed while a bot runs, by its settings made again. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xie/onebot/config.h>

#include "guest.h"
#include "tls/kit.h"

static struct onebot_bot *handle;
static struct onebot_config *config;
static struct onebot_settings *settings;
static struct xie_tls_context *ours; /* a client's */

static struct onebot_config *read_config(const char *text)
{
    struct onebot_config *made = NULL;
    REQUIRE(!onebot_config_parse("f", text, strlen(text), onebot_settings_keys, NULL, NULL, &made));
    return made;
}

/* The settings' endpoint, on the listener of the rig, which knows its port. */
static void take_endpoint(struct rig *rig, const struct onebot_options *options)
{
    rig->endpoints[0] = options->endpoints[0];
    rig->endpoints[0].listen = NULL;
    rig->endpoints[0].listener = rig->ours;
    rig->endpoints[1] = (struct onebot_endpoint){0};
}

static void listen_secure(struct rig *rig)
{
    char text[512];
    cert_renew("renewed", "the first");
    snprintf(text, sizeof text, "endpoints: [{listen: ':1', token: t, tls: {certificate: %s}}]",
             cert("renewed"));
    struct onebot_options options = {0};
    config = read_config(text);
    REQUIRE(!onebot_settings_open(config, NULL, NULL, &options, &settings));
    rig_listen(rig, (struct onebot_endpoint){0});
    take_endpoint(rig, &options);
    rig->options.handle = &handle;
    struct xie_tls_options client = client_options();
    client.no_host_check = true; /* it comes to a number */
    ours = context_of(&client);
}

static int on_say(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    int error = onebot_reply(event, "secret");
    xie_event_set(&rig->done);
    return error;
}

/* Whom the bot shows who comes now. */
static void check_shown(struct rig *rig, const char *want)
{
    char subject[64];
    struct xie_stream *stream;
    const struct xie_tls_options trusting = client_options();
    struct xie_tls_context *client = context_of(&trusting);
    struct xie_tls_failure failure = {""};
    int error = xie_tls_connect(client, "localhost", rig_port(rig), &failure, &stream);
    CHECK_STR(failure.text, "");
    REQUIRE(error == 0);
    CHECK(xie_tls_peer(stream, XIE_TLS_SUBJECT, subject, sizeof subject) > 0);
    CHECK_STR(subject, want);
    xie_stream_close(stream);
    xie_tls_context_unref(client);
}

static void ask(struct rig *rig, struct guest *guest)
{
    guest_say(guest, FAKE_GROUP, "/go");
    json_t *call = guest_call(guest);
    CHECK(call != NULL);
    guest_answer(guest, call, json_null());
    wait_done(rig);
    xie_event_clear(&rig->done);
}

/* As a program does that is told to. */
static int again(struct rig *rig)
{
    struct onebot_options options = rig->options;
    struct onebot_settings *made = NULL;
    int error = onebot_settings_again(config, settings, NULL, NULL, &options, &made);
    if (error)
        return error;
    take_endpoint(rig, &options);
    options.endpoints = rig->endpoints;
    CHECK_EQ(onebot_change(handle, &options), 0);
    onebot_settings_close(settings);
    settings = made;
    return 0;
}

static void script_renewed(struct rig *rig)
{
    struct guest guest = {0};
    const struct knock knock = {.self_id = "10000", .authorization = "Bearer t", .tls = ours};
    REQUIRE(guest_knock(&guest, rig, &knock, NULL) == 0);
    ask(rig, &guest);
    check_shown(rig, "CN=the first");
    cert_renew("renewed", "the second");
    check_shown(rig, "CN=the first");
    CHECK_EQ(again(rig), 0);
    check_shown(rig, "CN=the second");
    ask(rig, &guest);
    REQUIRE(!unlink(cert("renewed")));
    CHECK_EQ(again(rig), XIE_EFAILED);
    check_shown(rig, "CN=the second");
    ask(rig, &guest);
    CHECK(rig_logged(rig, "settings changed; endpoints: 0 new, 1 as before"));
    CHECK_EQ(rig_count_log(rig, " connected to "), 1);
    guest_leave(&guest);
    /* Who lets go before the bot does takes nothing away from those who come. */
    const struct onebot_endpoint none[] = {{0}};
    struct onebot_options options = rig->options;
    options.endpoints = none;
    CHECK_EQ(onebot_change(handle, &options), 0);
    onebot_settings_close(settings);
    onebot_config_close(config);
    xie_tls_context_unref(ours);
}

static void test_renewed_certificates(void)
{
    play(&(struct play){listen_secure, on_say, script_renewed});
}

/* --- which context is whose --------------------------------------------------------- */

static void heard(void *arg, const char *line)
{
    CHECK(strncmp(line, "f: endpoints[", 13) == 0 && strstr(line, "].tls: "));
    ++*(int *)arg;
}

static int count_complaints(const struct onebot_config *now, const struct onebot_settings *before,
                            struct onebot_options *options, struct onebot_settings **made)
{
    int count = 0;
    int error = onebot_settings_again(now, before, heard, &count, options, made);
    CHECK_EQ(count, error == XIE_EFAILED);
    return error;
}

/* An endpoint that is the same in all has its context again, be there two of them, in whatever
 * order; one that differs in anything has another. */
static void test_contexts(void)
{
    struct onebot_options before = {0}, now = {0}, none = {0};
    struct onebot_settings *old, *new = NULL, *failed = NULL;
    char text[1024];
    const char *a = "{url: 'wss://a/', tls: {ca: %s}}", *b = "{url: 'wss://b/', tls: {ca: %s}}";
    char one[160], two[160];
    snprintf(one, sizeof one, a, cert("ca"));
    snprintf(two, sizeof two, b, cert("ca"));
    snprintf(text, sizeof text, "endpoints: [%s, %s, %s]", one, two, one);
    struct onebot_config *first = read_config(text);
    REQUIRE(!onebot_settings_again(first, NULL, NULL, NULL, &before, &old));
    snprintf(text, sizeof text, "endpoints: [%s, {url: 'ws://c/'}, %s, %s, %s]", two, one, one,
             one);
    struct onebot_config *second = read_config(text);
    CHECK_EQ(count_complaints(second, old, &now, &new), 0);
    CHECK(now.endpoints[0].tls == before.endpoints[1].tls);
    CHECK(now.endpoints[1].tls == NULL);
    CHECK(now.endpoints[2].tls == before.endpoints[0].tls);
    CHECK(now.endpoints[3].tls == before.endpoints[2].tls);
    CHECK(now.endpoints[4].tls && now.endpoints[4].tls != before.endpoints[0].tls &&
          now.endpoints[4].tls != before.endpoints[2].tls);
    onebot_config_close(first);
    snprintf(text, sizeof text, "endpoints: [%s, {url: 'wss://b/', tls: {ca: %s}, token: t}]", one,
             cert("broken"));
    first = read_config(text);
    CHECK_EQ(count_complaints(first, new, &none, &failed), XIE_EFAILED);
    CHECK(!failed && !none.endpoints);
    onebot_settings_close(old); /* the other holds its own */
    onebot_settings_close(new);
    onebot_config_close(first);
    onebot_config_close(second);
}

/* Fewer prefixes than before leave none behind. */
static void test_options_that_were_filled_in_before(void)
{
    struct onebot_options options = {0};
    struct onebot_settings *old, *new;
    struct onebot_config *first = read_config("commands: {prefixes: ['!', '/', '#']}");
    struct onebot_config *second = read_config("commands: {prefixes: ['.']}");
    REQUIRE(!onebot_settings_open(first, NULL, NULL, &options, &old));
    CHECK_STR(options.book.prefixes[2], "#");
    REQUIRE(!onebot_settings_again(second, old, NULL, NULL, &options, &new));
    onebot_settings_close(old);
    CHECK_STR(options.book.prefixes[0], ".");
    CHECK(!options.book.prefixes[1] && !options.book.prefixes[2]);
    onebot_settings_close(new);
    onebot_config_close(first);
    onebot_config_close(second);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"renewed certificates", test_renewed_certificates},
        {"contexts", test_contexts},
        {"options that were filled in before", test_options_that_were_filled_in_before},
        {NULL, NULL},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}

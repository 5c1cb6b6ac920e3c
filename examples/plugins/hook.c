/* hook.c - a web hook: what a machine of yours POSTs is said in a group. For monitors, CI, forms.
 *
 *     body='{"group": 20001, "text": "The build is green."}'
 *     sign=$(printf %s "$body" | openssl dgst -sha256 -hmac "$SECRET" -hex | sed 's/.* //')
 *     curl -H "X-Signature: sha256=$sign" --data "$body" http://127.0.0.1:7070/
 */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot/plugin.h>
#include <xie/web.h>

enum { TEXT = 4000 }; /* bytes of one message */

/* --- what comes in ------------------------------------------------------------------ */

/* Is it signed with our secret, over the body as it came? */
static bool is_signed(struct xie_http *http, const char *secret, const char *body, size_t len)
{
    static const char prefix[] = "sha256=";
    const char *given = xie_http_field(http, "X-Signature");
    unsigned char mac[32];
    char hex[65];
    if (!given || strncmp(given, prefix, strlen(prefix)) != 0 || strlen(given) != 7 + 64)
        return false;
    if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)body, len, mac,
              NULL))
        return false;
    for (size_t i = 0; i < sizeof mac; i++)
        snprintf(hex + 2 * i, 3, "%02x", mac[i]);
    return CRYPTO_memcmp(hex, given + 7, 64) == 0;
}

static bool is_allowed(const json_t *settings, int64_t group)
{
    size_t i;
    json_t *allowed;
    json_array_foreach(json_object_get(settings, "groups"), i, allowed)
    {
        if (json_integer_value(allowed) == group)
            return true;
    }
    return false;
}

static int answer(struct xie_http *http, int status, const char *words)
{
    return xie_http_answer(http, status, "text/plain", words, strlen(words));
}

/* return the status, and the words */
static int deliver(const struct onebot_plugin *plugin, const json_t *order, const char **words)
{
    struct onebot_bot *bot = onebot_plugin_account(plugin, onebot_int(order, "account"));
    int64_t group = onebot_int(order, "group");
    const char *text = onebot_string(order, "text");
    *words = "the body must be {\"group\": NUMBER, \"text\": \"…\"}\n";
    if (!group || !*text || strlen(text) > TEXT)
        return 400;
    *words = "that group is not among those of the settings\n";
    if (!is_allowed(onebot_plugin_settings(plugin), group))
        return 403;
    *words = "the bot is not connected\n";
    int error = bot ? onebot_send(bot, group, 0, NULL, "%s", text) : XIE_ENOTCONNECTED;
    if (error == XIE_ENOTCONNECTED)
        return 503;
    *words = error ? "the bot could not say it\n" : "said\n";
    if (error)
        onebot_plugin_log(plugin, ONEBOT_WARNING, "group %lld: %s", (long long)group,
                          xie_strerror(error));
    return error ? 502 : 200;
}

static int on_post(struct xie_http *http, void *arg)
{
    const json_t *settings = onebot_plugin_settings(arg);
    char *body;
    ssize_t len = xie_http_body(http, &body);
    if (len < 0)
        return (int)len;
    if (strcmp(xie_http_method(http), "POST") != 0)
        return answer(http, 405, "POST it\n");
    if (!is_signed(http, onebot_string(settings, "secret"), body, (size_t)len))
        return answer(http, 401, "X-Signature must be sha256= and the HMAC of the body\n");
    const char *words;
    json_auto_t *order = onebot_decode(body, (size_t)len, 0, NULL);
    int status = deliver(arg, order, &words);
    return answer(http, status, words);
}

/* --- the plugin --------------------------------------------------------------------- */

static const struct onebot_config_key keys[] = {
    {.name = "host", .standard = "127.0.0.1", .help = "where to be POSTed to"},
    {.name = "port",
     .kind = ONEBOT_KEY_NUMBER,
     .least = 1,
     .most = 65535,
     .standard = "7070",
     .help = "and at which port"},
    {.name = "secret",
     .kind = ONEBOT_KEY_SECRET,
     .least = 16,
     .most = 200,
     .help = "whoever knows it may POST; without one nobody may"},
    {.name = "groups",
     .kind = ONEBOT_KEY_NUMBER,
     .shape = ONEBOT_KEY_LIST,
     .least = 1,
     .most = INT64_MAX,
     .help = "where it may speak"},
    {.name = NULL},
};

/* A task for as long as the plugin is loaded: when it is unloaded, the serving is cancelled. The
 * port is free by then, since run begins when the version before has gone. */
static int run(struct onebot_plugin *plugin)
{
    const json_t *settings = onebot_plugin_settings(plugin);
    struct xie_listen_options at = {.host = onebot_string(settings, "host"),
                                    .port = (uint16_t)onebot_int(settings, "port")};
    struct xie_listener *listener;
    if (!*onebot_string(settings, "secret")) {
        onebot_plugin_log(plugin, ONEBOT_INFO, "has no secret in its settings: it does not listen");
        return 0;
    }
    int error = xie_listen(&at, &listener);
    if (error) {
        onebot_plugin_log(plugin, ONEBOT_ERROR, "%s, port %d: %s", at.host, at.port,
                          xie_strerror(error));
        return error;
    }
    error = xie_http_serve(listener, NULL, on_post, plugin);
    xie_listener_close(listener);
    return error;
}

ONEBOT_PLUGIN(.name = "hook", .version = "1.0", .about = "says in a group what is POSTed to it",
              .keys = keys, .run = run);

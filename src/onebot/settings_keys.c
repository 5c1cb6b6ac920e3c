/* settings_keys.c - what the file of a bot may say.
 * Floor 9. The table is all there is to it: the check, the defaults and the file that
 * onebot_config_print writes are made of it. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <xie/onebot/config.h>

/* --- endpoints ---------------------------------------------------------------------- */

static const char *const roles[] = {"universal", "api", "event", NULL};

static const char *wrong_url(const json_t *value)
{
    static const char *const schemes[] = {"ws://", "wss://", "http://", "https://"};
    const char *url = json_string_value(value);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0 && url[strlen(schemes[i])])
            return NULL;
    return "should be ws://HOST[:PORT][/PATH], or begin with wss://, http:// or https://";
}

static const char *wrong_endpoint(const json_t *value)
{
    const json_t *tls = json_object_get(value, "tls");
    bool url = json_object_get(value, "url"), listen = json_object_get(value, "listen");
    if (url == listen)
        return url ? "has both url and listen: make it two endpoints" : "needs url or listen";
    if (listen && json_object_size(tls) && !json_object_get(tls, "certificate"))
        return "needs tls.certificate, to listen";
    return NULL;
}

static const struct onebot_config_key tls_keys[] = {
    {.name = "certificate",
     .help = "own certificate with its chain, a PEM file; to listen: required",
     .least = 1,
     .most = 4096},
    {.name = "key",
     .help = "its key, a PEM file; without it: in the same file",
     .least = 1,
     .most = 4096},
    {.name = "password", .kind = ONEBOT_KEY_SECRET, .help = "of an encrypted key"},
    {.name = "ca",
     .help = "whom to trust, a PEM file; without it: whom the system trusts",
     .least = 1,
     .most = 4096},
    {.name = NULL},
};

static const struct onebot_config_key endpoint_keys[] = {
    {.name = "url",
     .help = "connect there: ws://HOST[:PORT][/PATH], wss://; http://, https:// for "
             "calls alone",
     .wrong = wrong_url},
    {.name = "listen",
     .help = "or listen there: HOST:PORT, [::1]:PORT, or :PORT on every address",
     .least = 1,
     .most = 300},
    {.name = "token", .kind = ONEBOT_KEY_SECRET, .help = "access token, sent or expected"},
    {.name = "secret", .kind = ONEBOT_KEY_SECRET, .help = "signs what comes by HTTP POST"},
    {.name = "role",
     .kind = ONEBOT_KEY_CHOICE,
     .choices = roles,
     .standard = "universal",
     .help = "of a WebSocket that the bot opens"},
    {.name = "self_id",
     .kind = ONEBOT_KEY_NUMBER,
     .least = 1,
     .most = INT64_MAX,
     .help = "the account it belongs to; without it: what its events say"},
    {.name = "tls",
     .kind = ONEBOT_KEY_TABLE,
     .keys = tls_keys,
     .help = "for wss://, https://, or to listen"},
    {.name = NULL},
};

/* --- limits ------------------------------------------------------------------------- */

static const struct onebot_config_key pace_keys[] = {
    {.name = "interval",
     .kind = ONEBOT_KEY_DURATION,
     .most = 365 * 24 * XIE_HOUR,
     .standard = "0s",
     .help = "a turn comes back after this; 0s: as fast as it likes"},
    {.name = "burst",
     .kind = ONEBOT_KEY_NUMBER,
     .least = 1,
     .most = 1000000,
     .standard = "1",
     .help = "turns at most that can be used at once"},
    {.name = NULL},
};

enum { LONGEST_D = 365 }; /* days */

static const struct onebot_config_key limit_keys[] = {
    {.name = "call_timeout",
     .kind = ONEBOT_KEY_DURATION,
     .standard = "30s",
     .help = "for the answer to a call"},
    {.name = "connect_timeout",
     .kind = ONEBOT_KEY_DURATION,
     .standard = "10s",
     .least = XIE_MILLISECOND,
     .most = LONGEST_D * 24 * XIE_HOUR,
     .help = "to connect and shake hands"},
    {.name = "retry_least",
     .kind = ONEBOT_KEY_DURATION,
     .standard = "1s",
     .least = XIE_MILLISECOND,
     .most = LONGEST_D * 24 * XIE_HOUR,
     .help = "before connecting again; doubled each time"},
    {.name = "retry_most",
     .kind = ONEBOT_KEY_DURATION,
     .standard = "1m",
     .least = XIE_MILLISECOND,
     .most = LONGEST_D * 24 * XIE_HOUR,
     .help = "the longest of these pauses"},
    {.name = "ping_interval",
     .kind = ONEBOT_KEY_DURATION,
     .standard = "30s",
     .help = "when the peer is silent"},
    {.name = "grace",
     .kind = ONEBOT_KEY_DURATION,
     .standard = "5s",
     .least = XIE_MILLISECOND,
     .most = LONGEST_D * 24 * XIE_HOUR,
     .help = "for handlers to end when the bot stops"},
    {.name = "handlers",
     .kind = ONEBOT_KEY_NUMBER,
     .standard = "10000",
     .least = 1,
     .most = 10000000,
     .help = "running at once; beyond it events are dropped"},
    {.name = "calls",
     .kind = ONEBOT_KEY_NUMBER,
     .standard = "65536",
     .least = 1,
     .most = 10000000,
     .help = "waiting for an answer"},
    {.name = "accounts",
     .kind = ONEBOT_KEY_NUMBER,
     .standard = "1000",
     .least = 1,
     .most = 1000000,
     .help = "that the program may be"},
    {.name = "message",
     .kind = ONEBOT_KEY_SIZE,
     .standard = "64MiB",
     .least = 1024,
     .most = INT64_C(1) << 30,
     .help = "received; beyond it the connection ends"},
    {.name = NULL},
};

static const char *wrong_limits(const json_t *value)
{
    return onebot_int(value, "retry_least") > onebot_int(value, "retry_most")
               ? "retry_least is longer than retry_most"
               : NULL;
}

/* --- log ---------------------------------------------------------------------------- */

static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
static const char *const forms[] = {"text", "json", NULL};
static const char *const colours[] = {"auto", "never", "always", NULL};

static const struct onebot_config_key log_keys[] = {
    {.name = "level",
     .kind = ONEBOT_KEY_CHOICE,
     .choices = levels,
     .standard = "info",
     .help = "the least that is written"},
    {.name = "names",
     .kind = ONEBOT_KEY_CHOICE,
     .shape = ONEBOT_KEY_MAP,
     .choices = levels,
     .help = "levels of their own, by who says it: weather: debug"},
    {.name = "file",
     .standard = "\"\"",
     .least = 0,
     .most = 4096,
     .help = "appended to, opened again on SIGHUP; \"\": standard error"},
    {.name = "form",
     .kind = ONEBOT_KEY_CHOICE,
     .choices = forms,
     .standard = "text",
     .help = "for people, or a JSON object a line"},
    {.name = "colour",
     .kind = ONEBOT_KEY_CHOICE,
     .choices = colours,
     .standard = "auto",
     .help = "auto: on a terminal, unless NO_COLOR is set"},
    {.name = "same",
     .kind = ONEBOT_KEY_NUMBER,
     .standard = "5",
     .least = 1,
     .most = 1000000,
     .help = "the same line is written so often …"},
    {.name = "window",
     .kind = ONEBOT_KEY_DURATION,
     .standard = "10s",
     .least = XIE_MILLISECOND,
     .most = 24 * XIE_HOUR,
     .help = "… in this time; the others are counted"},
    {.name = NULL},
};

static const char *wrong_names(const json_t *value)
{
    return json_object_size(json_object_get(value, "names")) > ONEBOT_LOGGER_NAMES
               ? "has more than 64 names"
               : NULL;
}

/* --- the rest ----------------------------------------------------------------------- */

static const struct onebot_config_key command_keys[] = {
    {.name = "prefixes",
     .shape = ONEBOT_KEY_LIST,
     .standard = "[\"/\"]",
     .least = 0,
     .most = 16,
     .help = "what a command begins with; \"\": nothing"},
    {.name = NULL},
};

static const char *wrong_commands(const json_t *value)
{
    return json_array_size(json_object_get(value, "prefixes")) > 8 ? "has more than 8 prefixes"
                                                                   : NULL;
}

const struct onebot_config_key onebot_settings_keys[] = {
    {.name = "endpoints",
     .kind = ONEBOT_KEY_TABLE,
     .shape = ONEBOT_KEY_LIST,
     .keys = endpoint_keys,
     .wrong = wrong_endpoint,
     .help = "ways to OneBot 11 implementations, of one account or of many"},
    {.name = "superusers",
     .kind = ONEBOT_KEY_NUMBER,
     .shape = ONEBOT_KEY_LIST,
     .least = 1,
     .most = INT64_MAX,
     .help = "accounts that may do everything"},
    {.name = "commands",
     .kind = ONEBOT_KEY_TABLE,
     .keys = command_keys,
     .wrong = wrong_commands,
     .help = "how commands are written"},
    {.name = "pace",
     .kind = ONEBOT_KEY_TABLE,
     .keys = pace_keys,
     .help = "how fast an account may send"},
    {.name = "group_pace",
     .kind = ONEBOT_KEY_TABLE,
     .keys = pace_keys,
     .help = "the same for each of its groups"},
    {.name = "limits",
     .kind = ONEBOT_KEY_TABLE,
     .keys = limit_keys,
     .wrong = wrong_limits,
     .help = "times and counts"},
    {.name = "log",
     .kind = ONEBOT_KEY_TABLE,
     .keys = log_keys,
     .wrong = wrong_names,
     .help = "what is written, and where"},
    {.name = "store",
     .kind = ONEBOT_KEY_TEXT,
     .least = 1,
     .most = 4000,
     .help = "file of what is remembered; none: nothing is"},
    {.name = "plugin_folder",
     .kind = ONEBOT_KEY_TEXT,
     .least = 1,
     .most = 4000,
     .help = "every *.so in it is a plugin: loaded at the start, and anew when it changes"},
    {.name = "plugins",
     .kind = ONEBOT_KEY_FREE,
     .shape = ONEBOT_KEY_MAP,
     .help = "a section for each plugin, by its name, with keys of its own"},
    {.name = NULL},
};

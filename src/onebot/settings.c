/* settings.c - values of a bot's file, made options of onebot_run.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/config.h"
#include "onebot/settings_tls.h"

struct onebot_settings {
    json_t *values;      /* that the strings below belong to */
    int64_t *superusers; /* ended by 0 */
    size_t count;
    struct onebot_endpoint endpoints[]; /* count of them, and the end */
};

/* A text that is missing is NULL, as options have it. */
static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static enum onebot_role role_of(const char *name)
{
    return strcmp(name, "api") == 0     ? ONEBOT_API
           : strcmp(name, "event") == 0 ? ONEBOT_EVENT
                                        : ONEBOT_UNIVERSAL;
}

/* The context of an endpoint of before that says the same in all; of several that do each is given
 * once, since number `index` of list may not be the first. NULL: none. */
static struct xie_tls_context *context_before(const struct onebot_settings *before,
                                              const json_t *list, size_t index)
{
    const json_t *wanted = json_array_get(list, index);
    const json_t *old = before ? json_object_get(before->values, "endpoints") : NULL;
    size_t earlier = 0;
    for (size_t i = 0; i < index; i++)
        earlier += json_equal(json_array_get(list, i), wanted) != 0;
    for (size_t i = 0; before && i < before->count; i++)
        if (json_equal(json_array_get(old, i), wanted) && !earlier--)
            return before->endpoints[i].tls;
    return NULL;
}

static int fill_endpoint(const json_t *list, const struct onebot_settings *before,
                         struct onebot_complaints *complaints, size_t index,
                         struct onebot_endpoint *endpoint)
{
    const json_t *value = json_array_get(list, index);
    struct xie_tls_context *same = context_before(before, list, index);
    struct onebot_spot outside = {.key = "endpoints"};
    struct onebot_spot item = {.outside = &outside, .index = index};
    struct onebot_spot place = {.outside = &item, .key = "tls"};
    *endpoint = (struct onebot_endpoint){
        .url = text(value, "url"),
        .listen = text(value, "listen"),
        .token = text(value, "token"),
        .secret = text(value, "secret"),
        .role = role_of(text(value, "role")),
        .self_id = onebot_int(value, "self_id"),
    };
    if (same)
        return onebot_settings_tls_again(same, complaints, &place, &endpoint->tls);
    return onebot_settings_tls(json_object_get(value, "tls"), endpoint->listen, complaints, &place,
                               &endpoint->tls);
}

static struct onebot_pace pace_of(const json_t *values, const char *key)
{
    const json_t *pace = json_object_get(values, key);
    return (struct onebot_pace){.interval_ns = onebot_int(pace, "interval"),
                                .burst = (unsigned)onebot_int(pace, "burst")};
}

/* Zero would be the default again: the least there is instead. */
static int64_t at_least_1(int64_t value)
{
    return value > 0 ? value : 1;
}

static void fill_limits(const json_t *values, struct onebot_options *options)
{
    const json_t *limits = json_object_get(values, "limits");
    options->pace = pace_of(values, "pace");
    options->group_pace = pace_of(values, "group_pace");
    options->call_timeout_ns = at_least_1(onebot_int(limits, "call_timeout"));
    options->connect_timeout_ns = onebot_int(limits, "connect_timeout");
    options->retry_least_ns = onebot_int(limits, "retry_least");
    options->retry_most_ns = onebot_int(limits, "retry_most");
    options->ping_interval_ns = at_least_1(onebot_int(limits, "ping_interval"));
    options->grace_ns = onebot_int(limits, "grace");
    options->max_handlers = (size_t)onebot_int(limits, "handlers");
    options->max_calls = (size_t)onebot_int(limits, "calls");
    options->max_accounts = (size_t)onebot_int(limits, "accounts");
    options->max_message = (size_t)onebot_int(limits, "message");
}

/* As many prefixes as the check of the keys lets through. */
static void fill_book(const struct onebot_settings *settings, struct onebot_book *book)
{
    size_t i;
    json_t *prefix, *commands = json_object_get(settings->values, "commands");
    book->superusers = settings->superusers;
    memset(book->prefixes, 0, sizeof book->prefixes);
    json_array_foreach(json_object_get(commands, "prefixes"), i, prefix)
    {
        if (i < ONEBOT_WORDS)
            book->prefixes[i] = json_string_value(prefix);
    }
}

static int64_t *ids_of(const json_t *list)
{
    size_t count = json_array_size(list);
    int64_t *ids = xie_alloc_zero((count + 1) * sizeof *ids);
    for (size_t i = 0; i < count && ids; i++)
        ids[i] = json_integer_value(json_array_get(list, i));
    return ids;
}

int onebot_settings_again(const struct onebot_config *config, const struct onebot_settings *before,
                          onebot_complaint *say, void *arg, struct onebot_options *options,
                          struct onebot_settings **settings)
{
    struct onebot_complaints complaints = {.file = config->name, .say = say, .arg = arg};
    const json_t *list = json_object_get(config->values, "endpoints");
    size_t count = json_array_size(list);
    struct onebot_settings *made =
        xie_alloc_zero(sizeof *made + (count + 1) * sizeof *made->endpoints);
    if (made)
        made->superusers = ids_of(json_object_get(config->values, "superusers"));
    int error = made && made->superusers ? 0 : -ENOMEM;
    for (size_t i = 0; i < count && !error; i++, made->count++)
        error = fill_endpoint(list, before, &complaints, i, &made->endpoints[i]);
    if (error) {
        onebot_settings_close(made);
        return error;
    }
    made->values = json_incref(config->values);
    options->endpoints = made->endpoints;
    fill_limits(made->values, options);
    fill_book(made, &options->book);
    if (json_object_get(made->values, "plugin_folder"))
        options->plugin_folder = onebot_string(made->values, "plugin_folder");
    *settings = made;
    return 0;
}

int onebot_settings_open(const struct onebot_config *config, onebot_complaint *say, void *arg,
                         struct onebot_options *options, struct onebot_settings **settings)
{
    return onebot_settings_again(config, NULL, say, arg, options, settings);
}

void onebot_settings_close(struct onebot_settings *settings)
{
    if (!settings)
        return;
    for (size_t i = 0; i < settings->count; i++)
        onebot_settings_tls_forget(settings->endpoints[i].tls);
    json_decref(settings->values);
    xie_release(settings->superusers);
    xie_release(settings);
}

/* --- the log ------------------------------------------------------------------------ */

static int index_of(const char *const *words, const char *word)
{
    int index = 0;
    while (words[index] && strcmp(words[index], word) != 0)
        index++;
    return index;
}

static enum onebot_level level_of(const char *word)
{
    static const char *const words[] = {"debug", "info", "warning", "error", NULL};
    return (enum onebot_level)(ONEBOT_DEBUG + index_of(words, word));
}

struct onebot_logger_options onebot_settings_log(const json_t *values,
                                                 struct onebot_logger_name *names)
{
    static const char *const colours[] = {"auto", "never", "always", NULL};
    const json_t *log = json_object_get(values, "log");
    json_t *all = json_object_get(log, "names"), *value;
    const char *name;
    size_t count = 0;
    json_object_foreach(all, name, value) if (count < ONEBOT_LOGGER_NAMES) names[count++] =
        (struct onebot_logger_name){name, level_of(json_string_value(value))};
    names[count].name = NULL;
    return (struct onebot_logger_options){
        .path = onebot_string(log, "file"),
        .level = level_of(onebot_string(log, "level")),
        .names = names,
        .json = strcmp(onebot_string(log, "form"), "json") == 0,
        .colour = (enum onebot_colour)index_of(colours, onebot_string(log, "colour")),
        .same = (unsigned)onebot_int(log, "same"),
        .window_ns = onebot_int(log, "window"),
    };
}

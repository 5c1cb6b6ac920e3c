/* plugin_call.c - what plugins, and those who load them, call.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/bot.h"
#include "onebot/journal.h"
#include "onebot/utf8.h"

/* --- for the plugin ----------------------------------------------------------------------- */

struct onebot_plugin *onebot_plugin_current(void)
{
    return xie_local_get(&onebot_plugin_key);
}

struct onebot_plugin *onebot_event_plugin(const struct onebot_event *event)
{
    return XIE_CONTAINER(event, const struct onebot_letter, event)->plugin;
}

const char *onebot_plugin_name(const struct onebot_plugin *plugin)
{
    return plugin->name;
}

struct onebot_bot *onebot_plugin_bot(const struct onebot_plugin *plugin)
{
    return plugin->program->self;
}

struct onebot_bot *onebot_plugin_account(const struct onebot_plugin *plugin, int64_t self_id)
{
    struct onebot_program *program = plugin->program;
    if (self_id)
        return onebot_account(program->self, self_id);
    for (struct xie_link *at = program->bots.next; at != &program->bots; at = at->next) {
        struct onebot_bot *bot = XIE_CONTAINER(at, struct onebot_bot, link);
        if (bot->self_id > 0)
            return bot;
    }
    return NULL;
}

const json_t *onebot_plugin_settings(const struct onebot_plugin *plugin)
{
    return plugin->settings;
}

struct onebot_store *onebot_plugin_store(const struct onebot_plugin *plugin)
{
    return plugin->program->options.store;
}

/* By the logger its name is the plugin's, so that it may have a level of its own. */
void onebot_plugin_log(const struct onebot_plugin *plugin, enum onebot_level level,
                       const char *format, ...)
{
    const struct onebot_log *log = &plugin->program->log;
    char line[ONEBOT_LOG_LINE];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len < 0)
        return;
    onebot_utf8_one_line(line, (size_t)len >= sizeof line);
    if (!log->write || log->write == onebot_logger_line)
        onebot_logger_write(log->write ? log->arg : NULL, level, plugin->name, NULL, "%s", line);
    else
        onebot_log(log, level, "%s: %s", plugin->name, line);
}

/* --- its tasks ------------------------------------------------------------------------------ */

struct errand {
    struct onebot_plugin *plugin;
    xie_task_fn *fn;
    void *arg;
    const char *name;
};

/* A failure is one line, not the end of the others. */
static int run_errand(void *arg)
{
    struct errand errand = *(struct errand *)arg;
    xie_release(arg);
    int result = errand.fn(errand.arg);
    if (result < 0 && !(result == -ECANCELED && errand.plugin->ending))
        onebot_log(&errand.plugin->program->log, ONEBOT_ERROR, "plugin %s: task %s failed: %s",
                   errand.plugin->name, errand.name, xie_strerror(result));
    return 0;
}

int onebot_plugin_spawn_at(struct onebot_plugin *plugin, xie_task_fn *fn, void *arg,
                           const char *name, const char *where)
{
    const struct xie_task_options options = {.stack_size = plugin->program->options.stack_size,
                                             .context = plugin->task};
    if (onebot_journal_binds())
        return -EPERM; /* its calls would be made each time anew, past the steps */
    if (!plugin->group)
        return -ECANCELED;
    struct errand *errand = xie_alloc(sizeof *errand);
    if (!errand)
        return -ENOMEM;
    *errand = (struct errand){plugin, fn, arg, name};
    int error = xie_group_spawn_at(plugin->group, run_errand, errand, &options, name, where);
    if (error)
        xie_release(errand);
    return error;
}

/* --- loading -------------------------------------------------------------------------------- */

/* Between enter and leave. */
static int unload(struct onebot_program *program, const char *name)
{
    struct onebot_plugin *plugin = onebot_plugins_find(program, name);
    int error = plugin ? onebot_plugins_check_free(plugin) : -ENOENT;
    if (!error)
        error = onebot_plugins_leave_alone(plugin);
    return error ? error : onebot_plugins_unload(plugin);
}

static int reload(struct onebot_program *program, const char *name)
{
    struct onebot_plugin *plugin = onebot_plugins_find(program, name);
    return plugin ? onebot_plugins_reload(plugin, NULL) : -ENOENT;
}

static int load(struct onebot_program *program, const char *path)
{
    char *name;
    int error = onebot_plugins_name(program, path, &name);
    if (error)
        return error;
    error = onebot_plugins_load(program, name, NULL, NULL, NULL);
    if (!error)
        onebot_plugins_want(program, name);
    xie_release(name);
    return error;
}

static int scan(struct onebot_program *program, const char *none)
{
    (void)none;
    return onebot_plugins_scan(program);
}

static int call(struct onebot_bot *bot, int (*what)(struct onebot_program *, const char *),
                const char *arg)
{
    struct onebot_program *program = bot->program;
    if (!xie_task_current())
        return -EPERM;
    int result = onebot_plugins_enter(program);
    if (result)
        return result;
    result = what(program, arg);
    onebot_plugins_leave(program);
    return result;
}

int onebot_plugin_load(struct onebot_bot *bot, const char *path)
{
    return call(bot, load, path);
}

int onebot_plugin_unload(struct onebot_bot *bot, const char *name)
{
    return call(bot, unload, name);
}

int onebot_plugin_reload(struct onebot_bot *bot, const char *name)
{
    return call(bot, reload, name);
}

int onebot_plugin_scan(struct onebot_bot *bot)
{
    return call(bot, scan, NULL);
}

static int settings_changed(struct onebot_program *program, const char *none)
{
    (void)none;
    return onebot_plugins_settings_changed(program);
}

int onebot_plugin_settings_changed(struct onebot_bot *bot)
{
    return call(bot, settings_changed, NULL);
}

/* --- for people ----------------------------------------------------------------------------- */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static struct onebot_plugin_info info_of(const struct onebot_plugin *plugin)
{
    const struct onebot_plugin_definition *definition = plugin->definition;
    bool known = definition && *plugin->name; /* of a version that can be read */
    return (struct onebot_plugin_info){.name = plugin->name,
                                       .version = or_empty(known ? definition->version : NULL),
                                       .about = or_empty(known ? definition->about : NULL),
                                       .path = or_empty(plugin->path),
                                       .state = plugin->state,
                                       .running = plugin->group ? plugin->group->count : 0,
                                       .loaded_ns = plugin->loaded_ns};
}

size_t onebot_plugin_list(struct onebot_bot *bot, struct onebot_plugin_info *infos, size_t cap)
{
    struct xie_link *list = &bot->program->plugins.list;
    size_t count = 0;
    for (struct xie_link *at = list->next; at != list; at = at->next, count++)
        if (count < cap)
            infos[count] = info_of(XIE_CONTAINER(at, struct onebot_plugin, link));
    return count;
}

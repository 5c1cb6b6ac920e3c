/* plugin_settings.c - plugins hear of other settings.
 * Floor 9. Those that serve at once; one that is starting, or whose successor is, when that is
 * over: it has read them before. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "onebot/plugin.h"
#include "onebot/program.h"

/* What it has now, if they are others: receives NULL where they are not, or have a mistake, which
 * is said. errors -ENOMEM */
static int read_others(struct onebot_plugin *plugin, json_t **settings)
{
    json_t *read = NULL;
    int error = onebot_plugin_read(plugin, plugin->definition, &read);
    plugin->settings_round = plugin->program->plugins.settings_round;
    *settings = NULL;
    if (!error && !json_equal(read, plugin->settings))
        *settings = json_incref(read);
    json_decref(read);
    return error == XIE_EFAILED ? 0 : error;
}

static void tell(struct onebot_plugin *plugin, json_t *settings)
{
    json_t *old = plugin->settings;
    plugin->settings = settings;
    plugin->definition->changed(plugin);
    json_decref(old);
}

/* return 1 they are others, and it knows; 0 they are not; an error of the reload */
static int tell_settings(struct onebot_plugin *plugin)
{
    json_t *settings;
    int error = read_others(plugin, &settings);
    if (error || !settings)
        return error;
    if (plugin->definition->changed) {
        tell(plugin, settings);
        return 1;
    }
    json_decref(settings);
    error = onebot_plugins_reload(plugin, NULL);
    return error ? error : 1;
}

static struct onebot_plugin *serving_behind(struct onebot_program *program, uint64_t seat)
{
    struct onebot_plugin *next = NULL;
    struct xie_link *list = &program->plugins.list;
    for (struct xie_link *at = list->next; at != list; at = at->next) {
        struct onebot_plugin *plugin = XIE_CONTAINER(at, struct onebot_plugin, link);
        if (plugin->going && !plugin->ending && !plugin->next && plugin->seat > seat &&
            (!next || plugin->seat < next->seat))
            next = plugin;
    }
    return next;
}

int onebot_plugins_settings_changed(struct onebot_program *program)
{
    struct onebot_plugin *plugin;
    uint64_t seat = 0;
    int count = 0;
    if (onebot_plugin_current())
        return -EDEADLK;
    program->plugins.settings_round++;
    onebot_plugins_try_failed(&program->plugins);
    while ((plugin = serving_behind(program, seat))) {
        seat = plugin->seat;
        int told = tell_settings(plugin);
        if (told < 0 && (told == xie_check() || told == XIE_ECLOSED || told == -ENOMEM))
            return told;
        count += told > 0;
    }
    return count;
}

/* --- when it is over ------------------------------------------------------------------------ */

static void say_late(const struct onebot_plugin *plugin, int error)
{
    onebot_log(&plugin->program->log, ONEBOT_ERROR,
               "plugin %s: it has the settings from before: %s", plugin->name, xie_strerror(error));
}

/* A task of the program's: a plugin cannot wait for its own end. */
static int reload(void *arg)
{
    struct onebot_plugin *plugin = arg;
    int error = plugin->gone ? 0 : onebot_plugins_reload(plugin, NULL);
    if (error && error != -EBUSY && error != XIE_ECLOSED)
        say_late(plugin, error);
    onebot_plugin_unref(plugin);
    return 0;
}

static int reload_soon(struct onebot_plugin *plugin)
{
    struct onebot_program *program = plugin->program;
    const struct xie_task_options options = {.name = "plugin settings", .context = program->task};
    onebot_plugin_ref(plugin);
    int error = xie_group_spawn_with(&program->plugins.group, reload, plugin, &options);
    if (error)
        onebot_plugin_unref(plugin);
    return error;
}

void onebot_plugin_catch_up(struct onebot_plugin *plugin)
{
    struct onebot_program *program = plugin->program;
    json_t *settings;
    if (plugin->settings_round == program->plugins.settings_round || plugin->next ||
        program->stopping)
        return;
    int error = read_others(plugin, &settings);
    if (settings && plugin->definition->changed) {
        tell(plugin, settings);
    } else if (settings) {
        json_decref(settings);
        error = reload_soon(plugin);
    }
    if (error)
        say_late(plugin, error);
}

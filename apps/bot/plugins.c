/* plugins.c - /plugin: a superuser lists, loads, unloads and reloads the plugins of the folder. It
 * is one itself, linked in. */
/* SPDX-License-Identifier: MIT */
#include "plugins.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot/plugin.h>

enum { LISTED = 50, PATH_MOST = 4096 };

static struct {
    const char *folder;
    struct onebot_bot *bot; /* NULL: it does not run */
} plugins;

/* --- the command ---------------------------------------------------------------------- */

static int list(struct onebot_event *event)
{
    static const char *const states[] = {"starting", "serving", "ending", "still in memory"};
    struct onebot_plugin_info infos[LISTED];
    struct onebot_message message = {0};
    size_t count = onebot_plugin_list(event->bot, infos, LISTED);
    for (size_t i = 0; i < count && i < LISTED; i++)
        onebot_message_text(&message, "%s%s %s (%s, %zu running)%s%s", i ? "\n" : "", infos[i].name,
                            infos[i].version, states[infos[i].state], infos[i].running,
                            *infos[i].about ? ": " : "", infos[i].about);
    return onebot_reply_message(event, &message);
}

/* A name without a way out of the folder. */
static int load(struct onebot_bot *bot, const char *name)
{
    char path[PATH_MOST];
    if (!*name || strchr(name, '/') || *name == '.')
        return -EINVAL;
    if (snprintf(path, sizeof path, "%s/%s.so", plugins.folder, name) >= (int)sizeof path)
        return -ENAMETOOLONG;
    return onebot_plugin_load(bot, path);
}

static int change(struct onebot_event *event, const char *what, const char *name)
{
    if (strcmp(what, "load") == 0)
        return load(event->bot, name);
    if (strcmp(what, "unload") == 0)
        return onebot_plugin_unload(event->bot, name);
    return onebot_plugin_reload(event->bot, name);
}

static int on_plugin(struct onebot_event *event)
{
    const char *what = onebot_arg(event, "what")->text;
    const char *name = onebot_arg(event, "name")->text;
    if (strcmp(what, "list") == 0)
        return list(event);
    bool known = !strcmp(what, "load") || !strcmp(what, "unload") || !strcmp(what, "reload");
    if (!known || !*name)
        return onebot_reply(event, "/plugin list, or load, unload, reload and its NAME");
    int error = change(event, what, name);
    if (error)
        return onebot_reply(event, "%s: not %sed: %s (the log says more)", name, what,
                            xie_strerror(error));
    return onebot_reply(event, "%s: %sed", name, what);
}

/* --- the plugin ----------------------------------------------------------------------- */

static int start(struct onebot_plugin *plugin)
{
    plugins.bot = onebot_plugin_bot(plugin);
    return 0;
}

static void stop(struct onebot_plugin *plugin)
{
    (void)plugin;
    plugins.bot = NULL;
}

static const struct onebot_argument arguments[] = {
    {.name = "what", .otherwise = "list", .help = "list, load, unload or reload"},
    {.name = "name", .optional = true, .help = "of the plugin; of its file, to load it"},
    {0},
};

static const struct onebot_rule plugin_rules[] = {
    {.command = {"plugin", "插件"},
     .help = "the plugins of this bot",
     .arguments = arguments,
     .permission = {.least_rank = ONEBOT_SUPERUSER},
     .handler = on_plugin},
    {0},
};

ONEBOT_PLUGIN_AS(plugin_of_plugins, .name = "plugin", .version = XIE_VERSION,
                 .about = "the command /plugin", .rules = plugin_rules, .start = start,
                 .stop = stop);

void plugins_use(struct onebot_options *options, const char *folder)
{
    static const struct onebot_plugin_definition *const linked[] = {&plugin_of_plugins, NULL};
    if (folder)
        options->plugin_folder = folder;
    if (!options->plugin_folder)
        return;
    options->plugin_watch = true;
    options->plugins = linked;
    plugins.folder = options->plugin_folder;
}

void plugins_look_again(bool settings)
{
    if (plugins.bot && settings)
        onebot_plugin_settings_changed(plugins.bot);
    if (plugins.bot)
        onebot_plugin_scan(plugins.bot);
}

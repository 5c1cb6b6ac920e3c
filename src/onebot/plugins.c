/* plugins.c - the plugins of a program: loaded, unloaded, loaded anew.
 * Floor 9. Nothing here touches what a plugin is made of: it tells the plugin's task, and waits. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/bot.h"

enum { LIFE_STACK = 256 << 10 }; /* the linker and constructors run on it, and so does start */

void onebot_plugins_init(struct onebot_plugins *plugins)
{
    xie_list_init(&plugins->list);
    xie_list_init(&plugins->apart);
}

struct onebot_plugin *onebot_plugins_find(struct onebot_program *program, const char *name)
{
    struct xie_link *list = &program->plugins.list;
    for (struct xie_link *at = list->next; at != list; at = at->next) {
        struct onebot_plugin *plugin = XIE_CONTAINER(at, struct onebot_plugin, link);
        if (!plugin->gone && !plugin->old && strcmp(plugin->name, name) == 0)
            return plugin;
    }
    return NULL;
}

/* --- loading ---------------------------------------------------------------------------- */

static struct onebot_plugin *plugin_new(struct onebot_program *program, const char *path,
                                        const struct onebot_plugin_definition *definition,
                                        struct onebot_plugin *old)
{
    struct onebot_plugin *plugin = xie_alloc_zero(sizeof *plugin);
    char *copy = path && plugin ? xie_copy_string(path) : NULL;
    if (!plugin || (path && !copy)) {
        xie_release(plugin);
        return NULL;
    }
    plugin->program = program;
    plugin->refs = 2; /* its task's, and the caller's */
    plugin->path = copy;
    plugin->definition = definition;
    plugin->slot = -1;
    plugin->old = old;
    return plugin;
}

static int spawn(struct onebot_plugin *plugin)
{
    struct onebot_program *program = plugin->program;
    const struct xie_task_options options = {
        .name = "plugin", .stack_size = LIFE_STACK, .context = program->task};
    int error = xie_group_spawn_with(&program->plugins.group, onebot_plugin_live, plugin, &options);
    if (error) {
        onebot_plugin_unref(plugin);
        return error;
    }
    xie_list_push(&program->plugins.list, &plugin->link);
    program->plugins.count++;
    if (plugin->old)
        plugin->old->next = plugin;
    return 0;
}

/* It may have been settled in the moment that the wait was interrupted. */
static int wait_settled(struct onebot_plugin *plugin)
{
    int error = 0;
    while (!plugin->settled && !error)
        error = onebot_plugin_wait(plugin);
    if (plugin->settled)
        return plugin->result;
    if (!plugin->in_force)
        onebot_plugin_end(plugin);
    return error;
}

int onebot_plugins_load(struct onebot_program *program, const char *path,
                        const struct onebot_plugin_definition *definition,
                        struct onebot_plugin *old, bool *sound)
{
    struct onebot_plugin *plugin;
    if (!program->plugins.open || program->stopping)
        return XIE_ECLOSED;
    if (program->plugins.count >= ONEBOT_PLUGIN_MOST) {
        onebot_log(&program->log, ONEBOT_ERROR, "plugin %s: there are %d already",
                   path ? path : definition->name, ONEBOT_PLUGIN_MOST);
        return XIE_ELIMIT;
    }
    plugin = plugin_new(program, path, definition, old);
    if (!plugin)
        return -ENOMEM;
    int error = spawn(plugin);
    if (!error)
        error = wait_settled(plugin);
    if (sound)
        *sound = plugin->opened;
    onebot_plugin_unref(plugin);
    return error;
}

/* --- unloading -------------------------------------------------------------------------- */

int onebot_plugins_check_free(const struct onebot_plugin *plugin)
{
    if (plugin == onebot_plugin_current())
        return -EDEADLK;
    return plugin->state != ONEBOT_PLUGIN_SERVING || plugin->ending || plugin->next ||
                   !plugin->going
               ? -EBUSY
               : 0;
}

static int wait_gone(struct onebot_plugin *plugin)
{
    int error = 0;
    while (!plugin->gone && !error)
        error = onebot_plugin_wait(plugin);
    return plugin->gone ? 0 : error;
}

int onebot_plugins_unload(struct onebot_plugin *plugin)
{
    int error = onebot_plugins_check_free(plugin);
    if (error)
        return error;
    onebot_plugin_ref(plugin);
    onebot_plugin_end(plugin);
    error = wait_gone(plugin);
    onebot_plugin_unref(plugin);
    return error;
}

int onebot_plugins_reload(struct onebot_plugin *plugin, bool *sound)
{
    int error = onebot_plugins_check_free(plugin);
    if (error)
        return error;
    onebot_plugin_ref(plugin);
    error = onebot_plugins_load(plugin->program, plugin->path,
                                plugin->path ? NULL : plugin->definition, plugin, sound);
    onebot_plugin_unref(plugin);
    return error;
}

/* --- with the program ------------------------------------------------------------------- */

void onebot_plugins_open(struct onebot_program *program)
{
    xie_group_open(&program->plugins.group);
    program->plugins.open = true;
}

int onebot_plugins_start(struct onebot_program *program)
{
    const struct onebot_plugin_definition *const *at = program->options.plugins;
    int error = 0;
    for (; at && *at && !error && !program->stopping; at++) {
        bool sound = false;
        error = onebot_plugins_load(program, NULL, *at, NULL, &sound);
        if (sound && error != -ENOMEM)
            error = 0; /* said */
    }
    if (!error && program->options.plugin_folder && !program->stopping)
        error = onebot_plugins_scan(program);
    if (program->stopping)
        return 0;
    return error == -ENOMEM || error == -EINVAL || error == -EEXIST ? error : 0;
}

void onebot_plugins_hurry(struct onebot_program *program)
{
    struct xie_link *list = &program->plugins.list;
    for (struct xie_link *at = list->next; at != list; at = at->next) {
        struct onebot_plugin *plugin = XIE_CONTAINER(at, struct onebot_plugin, link);
        if (plugin->state == ONEBOT_PLUGIN_STARTING)
            onebot_plugin_end(plugin);
    }
}

/* The last that is still there; NULL: none. */
static struct onebot_plugin *last_of(struct onebot_program *program)
{
    struct xie_link *list = &program->plugins.list;
    for (struct xie_link *at = list->prev; at != list; at = at->prev) {
        struct onebot_plugin *plugin = XIE_CONTAINER(at, struct onebot_plugin, link);
        if (!plugin->gone)
            return plugin;
    }
    return NULL;
}

static void let_all_go(struct onebot_program *program)
{
    struct xie_link *list = &program->plugins.list;
    program->plugins.closing = true;
    for (struct xie_link *at = list->next; at != list; at = at->next)
        onebot_plugin_pulse(XIE_CONTAINER(at, struct onebot_plugin, link));
}

int onebot_plugins_enter(struct onebot_program *program)
{
    if (!program->plugins.open || program->stopping)
        return XIE_ECLOSED;
    program->plugins.callers++;
    return 0;
}

void onebot_plugins_leave(struct onebot_program *program)
{
    program->plugins.callers--;
    xie_event_set(&program->plugins.left);
    xie_event_clear(&program->plugins.left);
}

void onebot_plugins_stop(struct onebot_program *program)
{
    struct onebot_plugin *plugin;
    program->plugins.open = false;
    while ((plugin = last_of(program))) {
        onebot_plugin_ref(plugin);
        onebot_plugin_end(plugin);
        wait_gone(plugin);
        onebot_plugin_unref(plugin);
    }
    let_all_go(program);
    while (program->plugins.callers) /* nothing is left for them to wait for */
        xie_event_wait(&program->plugins.left);
    xie_group_close(&program->plugins.group);
}

/* plugin_open.c - what a plugin is: found, and checked before anything changes.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/plugin.h"
#include "onebot/program.h"

/* --- complaints ----------------------------------------------------------------------- */

static int refuse(struct onebot_plugin *plugin, int error, const char *what, const char *which)
{
    plugin->said = true;
    onebot_log(&plugin->program->log, ONEBOT_ERROR, "plugin %s: %s%s", onebot_plugin_label(plugin),
               what, which);
    return error;
}

static void complain(void *arg, const char *line)
{
    refuse(arg, 0, line, "");
}

/* --- the definition ------------------------------------------------------------------- */

static bool is_ours(const struct onebot_plugin_definition *found)
{
    static const struct onebot_plugin_definition ours = {ONEBOT_PLUGIN_HEAD, .name = ""};
    return found->abi == ours.abi && found->size == ours.size &&
           memcmp(&found->sizes, &ours.sizes, sizeof ours.sizes) == 0;
}

/* Of another version nothing behind its first two fields is known. */
static int check_version(struct onebot_plugin *plugin, const struct onebot_plugin_definition *found)
{
    if (is_ours(found))
        return 0;
    plugin->said = true;
    onebot_log(&plugin->program->log, ONEBOT_ERROR,
               "plugin %s: it was built for another version (interface %u of %u bytes, here %d of "
               "%zu): build it again",
               onebot_plugin_label(plugin), found->abi, found->size, ONEBOT_PLUGIN_ABI,
               sizeof *found);
    return -EINVAL;
}

static bool is_name(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t len = name ? strnlen(name, ONEBOT_PLUGIN_NAME + 1) : 0;
    return len && len <= ONEBOT_PLUGIN_NAME && strspn(name, letters) == len;
}

/* One more of its name, that is not on its way out of memory; NULL: none. */
static const struct onebot_plugin *other_of(const struct onebot_plugin *plugin)
{
    const struct xie_link *list = &plugin->program->plugins.list;
    for (struct xie_link *at = list->next; at != list; at = at->next) {
        const struct onebot_plugin *other = XIE_CONTAINER(at, struct onebot_plugin, link);
        if (other != plugin && !other->gone && strcmp(other->name, plugin->name) == 0)
            return other;
    }
    return NULL;
}

static int check_name(struct onebot_plugin *plugin, const char *name)
{
    if (!is_name(name))
        return refuse(plugin, -EINVAL, "its name is none: a-z A-Z 0-9 _ - are to be had", "");
    if (plugin->old) {
        strcpy(plugin->name, plugin->old->name);
        return strcmp(plugin->name, name) == 0
                   ? 0
                   : refuse(plugin, -EINVAL, "its file is another plugin now: ", name);
    }
    strcpy(plugin->name, name);
    const struct onebot_plugin *other = other_of(plugin);
    if (!other)
        return 0;
    bool serves = other->state == ONEBOT_PLUGIN_SERVING && !other->ending;
    return refuse(plugin, serves ? -EEXIST : -EBUSY,
                  serves ? "one of this name is loaded already"
                         : "one of this name is being loaded or unloaded",
                  "");
}

static int find_definition(struct onebot_plugin *plugin)
{
    const struct onebot_plugin_definition *found = plugin->definition;
    char why[ONEBOT_WORDING];
    if (plugin->path) {
        plugin->definition = NULL;
        int error = onebot_object_open(plugin->path, &plugin->object, why);
        if (error)
            return refuse(plugin, error, why, "");
        found = plugin->object->definition;
    }
    if (!found)
        return refuse(plugin, -EINVAL, "it has no definition: ONEBOT_PLUGIN(…) is missing", "");
    int error = check_version(plugin, found);
    if (!error)
        error = check_name(plugin, found->name);
    if (!error)
        plugin->definition = found;
    return error;
}

/* --- what it declares ----------------------------------------------------------------- */

/* Where there are no settings, out of an empty file. */
static int read_defaults(struct onebot_plugin *plugin, const struct onebot_config_key *keys,
                         json_t **settings)
{
    struct onebot_config *config = NULL;
    int error = onebot_config_parse(plugin->name, "", 0, keys, complain, plugin, &config);
    if (!error)
        *settings = json_incref(onebot_config_values(config));
    onebot_config_close(config);
    return error;
}

int onebot_plugin_read(struct onebot_plugin *plugin,
                       const struct onebot_plugin_definition *definition, json_t **settings)
{
    static const struct onebot_config_key none[] = {{.name = NULL}};
    const struct onebot_config *config = plugin->program->options.config;
    const struct onebot_config_key *keys = definition->keys ? definition->keys : none;
    char section[sizeof "plugins." + ONEBOT_PLUGIN_NAME];
    if (!config)
        return read_defaults(plugin, keys, settings);
    snprintf(section, sizeof section, "plugins.%s", plugin->name);
    return onebot_config_section(config, section, keys, complain, plugin, settings);
}

static int add_jobs(struct onebot_plugin *plugin)
{
    const struct onebot_options *options = &plugin->program->options;
    const struct onebot_job *job = plugin->definition->jobs;
    char why[ONEBOT_WORDING] = "", text[2 * ONEBOT_WORDING];
    if (!job || !job->fn)
        return 0;
    int error = onebot_schedule_new(
        &(struct onebot_schedule_options){
            .stack_size = options->stack_size, .log = options->log, .log_arg = options->log_arg},
        &plugin->schedule);
    for (; job->fn && !error; job++) {
        error = onebot_schedule_add(plugin->schedule, job, NULL, why);
        snprintf(text, sizeof text, "job %s: %s", job->name ? job->name : "job", why);
    }
    return error && *why ? refuse(plugin, error, text, "") : error;
}

static int check_declared(struct onebot_plugin *plugin)
{
    struct onebot_program *program = plugin->program;
    const struct onebot_plugin_definition *definition = plugin->definition;
    plugin->seat = plugin->old ? plugin->old->seat : onebot_rules_seat(&program->rules);
    int error = onebot_rule_set_make(&plugin->rules, definition->rules, plugin, plugin->seat,
                                     &program->log);
    if (error == -EINVAL)
        refuse(plugin, error, "its rules are not sound", "");
    if (!error)
        error = add_jobs(plugin);
    plugin->opened = !error;
    plugin->settings_round = program->plugins.settings_round;
    return error ? error : onebot_plugin_read(plugin, definition, &plugin->settings);
}

int onebot_plugin_open(struct onebot_plugin *plugin)
{
    if (plugin->path) /* before it is read: what changes later is noticed */
        onebot_mark_of(plugin->path, &plugin->mark);
    int error = find_definition(plugin);
    if (!error)
        error = check_declared(plugin);
    if (!error)
        onebot_crash_enter(plugin);
    return error;
}

void onebot_plugin_close(struct onebot_plugin *plugin)
{
    onebot_schedule_free(plugin->schedule);
    onebot_rule_set_free(&plugin->rules);
    json_decref(plugin->settings);
    plugin->schedule = NULL;
    plugin->settings = NULL;
    plugin->definition = NULL;
}

/* plugin.c - a plugin's life: opened, started, in force, ended.
 * Floor 9. One task from its first moment to its last. */
/* SPDX-License-Identifier: MIT */
#include "onebot/plugin.h"

#include <errno.h>

#include "base/memory.h"
#include "onebot/keep.h"
#include "onebot/program.h"
#include "onebot/walk.h"

/* How soon it is seen that the answer to a call has come. */
static const int64_t LOOK_NS = XIE_MILLISECOND;

const struct xie_local_key onebot_plugin_key = {.name = "onebot plugin"};

void onebot_plugin_ref(struct onebot_plugin *plugin)
{
    plugin->refs++;
}

void onebot_plugin_unref(struct onebot_plugin *plugin)
{
    if (--plugin->refs)
        return;
    xie_release(plugin->path);
    xie_release(plugin);
}

const char *onebot_plugin_label(const struct onebot_plugin *plugin)
{
    if (*plugin->name)
        return plugin->name;
    return plugin->path ? plugin->path : "?";
}

/* --- changes -------------------------------------------------------------------------- */

void onebot_plugin_pulse(struct onebot_plugin *plugin)
{
    xie_event_set(&plugin->change);
    xie_event_clear(&plugin->change);
}

int onebot_plugin_wait(struct onebot_plugin *plugin)
{
    return xie_event_wait(&plugin->change);
}

void onebot_plugin_end(struct onebot_plugin *plugin)
{
    if (plugin->ending)
        return;
    plugin->ending = true;
    if (plugin->scope)
        xie_scope_cancel(plugin->scope);
    onebot_plugin_pulse(plugin);
}

static void settle(struct onebot_plugin *plugin, int result)
{
    if (plugin->settled)
        return;
    plugin->settled = true;
    plugin->result = result;
    onebot_plugin_pulse(plugin);
}

/* --- starting --------------------------------------------------------------------------- */

/* A step that may be given up. */
static int interruptible(struct onebot_plugin *plugin, int (*step)(struct onebot_plugin *plugin))
{
    struct xie_scope scope;
    xie_scope_open(&scope, XIE_NEVER);
    plugin->scope = &scope;
    if (plugin->ending)
        xie_scope_cancel(&scope);
    int error = step(plugin);
    plugin->scope = NULL;
    xie_scope_close(&scope);
    return error;
}

static int start(struct onebot_plugin *plugin)
{
    int64_t most_ns = plugin->program->options.plugin_start_ns;
    int result = 0;
    bool late = false;
    if (plugin->definition->start)
        XIE_TIMEOUT(most_ns) {
            result = plugin->definition->start(plugin);
            late = xie_check() == -ETIMEDOUT;
        }
    plugin->said |= result < 0;
    if (result < 0)
        onebot_log(&plugin->program->log, ONEBOT_ERROR, "plugin %s: its start failed: %s%s",
                   plugin->name, xie_strerror(result),
                   late && result == -ETIMEDOUT ? " (plugin_start_ns)" : "");
    return result < 0 ? result : 0;
}

static int run_jobs(void *arg)
{
    struct onebot_plugin *plugin = arg;
    if (!xie_event_wait(&plugin->go))
        onebot_schedule_run(plugin->schedule);
    return 0;
}

static int run_main(void *arg)
{
    struct onebot_plugin *plugin = arg;
    if (xie_event_wait(&plugin->go))
        return 0;
    int result = plugin->definition->run(plugin);
    if (result < 0 && !(plugin->ending && result == -ECANCELED))
        onebot_log(&plugin->program->log, ONEBOT_ERROR, "plugin %s: run failed: %s", plugin->name,
                   xie_strerror(result));
    return 0;
}

/* They wait until it goes: when that comes, nothing can fail any more. */
static int spawn_parts(struct onebot_plugin *plugin)
{
    struct xie_task_options options = {.stack_size = plugin->program->options.stack_size};
    int error = 0;
    if (plugin->schedule)
        error = xie_group_spawn(plugin->group, run_jobs, plugin);
    options.name = "run";
    if (plugin->definition->run && !error)
        error = xie_group_spawn_with(plugin->group, run_main, plugin, &options);
    return error;
}

/* --- in force --------------------------------------------------------------------------- */

/* Behind conversations that are kept, as it came behind them; without what leads into the plugin.
 * return false: it is to go its way now */
static bool wait_behind_kept(struct onebot_letter *letter)
{
    struct onebot_letter *copy = NULL;
    if (letter->event.bot->hold.on && !letter->passed_on)
        copy = onebot_letter_copy(letter);
    if (!copy)
        return false;
    copy->place.order--; /* as onebot_walk_return */
    bool held = onebot_keep_holds(copy);
    onebot_letter_free(held ? letter : copy);
    return held;
}

/* Letters that waited there. At the end of the program nobody waits for anything. */
static void let_walk(struct onebot_program *program, struct xie_link *letters)
{
    while (!xie_list_empty(letters)) {
        struct onebot_letter *letter = XIE_CONTAINER(letters->next, struct onebot_letter, link);
        xie_list_remove(&letter->link);
        if (program->stopping)
            onebot_letter_free(letter);
        else if (!wait_behind_kept(letter))
            onebot_walk_return(letter);
    }
}

static void leave_force(struct onebot_plugin *plugin, struct xie_link *letters)
{
    if (plugin->in_force)
        onebot_rules_leave(&plugin->program->rules, &plugin->rules, letters);
    plugin->in_force = false;
}

/* At once: between the old rules and the new ones no event finds neither or both. */
static void take_over(struct onebot_plugin *plugin)
{
    struct onebot_program *program = plugin->program;
    struct xie_link letters;
    xie_list_init(&letters);
    if (plugin->old)
        leave_force(plugin->old, &letters);
    onebot_rules_enter(&program->rules, &plugin->rules);
    plugin->in_force = true;
    plugin->state = ONEBOT_PLUGIN_SERVING;
    plugin->loaded_ns = xie_now();
    if (plugin->old) {
        onebot_plugin_end(plugin->old);
        onebot_journals_freeze(program, plugin->old); /* its answers wait from now on */
    }
    let_walk(program, &letters);
}

static void serve(struct onebot_plugin *plugin)
{
    bool again = plugin->old != NULL;
    take_over(plugin);
    while (plugin->old && !plugin->ending)
        onebot_plugin_wait(plugin);
    if (!plugin->ending) {
        const char *version = plugin->definition->version;
        onebot_log(&plugin->program->log, ONEBOT_INFO, "plugin %s%s%s: %s", plugin->name,
                   version && *version ? " " : "", version ? version : "",
                   again ? "reloaded" : "loaded");
        plugin->going = true;
        xie_event_set(&plugin->go);
        onebot_keep_wake_all(plugin->program);
    }
    settle(plugin, plugin->ending && !plugin->going ? -ECANCELED : 0);
    while (!plugin->ending) {
        onebot_plugin_catch_up(plugin);
        if (!plugin->ending)
            onebot_plugin_wait(plugin);
    }
}

/* --- ending ----------------------------------------------------------------------------- */

/* Conversations that are kept end at once, but for those that wait for the answer to a call: it
 * comes within the grace, or is taken for unknown. Looked for: nobody tells of it. When the program
 * ends they have had it. */
static void end_kept(struct onebot_plugin *plugin)
{
    struct onebot_program *program = plugin->program;
    onebot_journals_freeze(program, plugin);
    XIE_TIMEOUT(program->options.grace_ns) {
        while (onebot_journals_in_flight(program, plugin) && !program->hurried)
            if (xie_sleep(LOOK_NS))
                break;
    }
}

static void end(struct onebot_plugin *plugin)
{
    struct xie_link letters;
    xie_list_init(&letters);
    plugin->ending = true;
    plugin->state = ONEBOT_PLUGIN_ENDING;
    leave_force(plugin, &letters);
    end_kept(plugin);
    xie_group_cancel(plugin->group);
    let_walk(plugin->program, &letters);
    onebot_plugin_wait_all(plugin);
}

static void stop(struct onebot_plugin *plugin)
{
    if (plugin->definition->stop)
        XIE_SHIELD
            plugin->definition->stop(plugin);
}

/* Those who come in its place, and those who wait for its end. */
static void leave(struct onebot_plugin *plugin)
{
    plugin->gone = true;
    plugin->state = ONEBOT_PLUGIN_ENDED;
    if (plugin->next) {
        plugin->next->old = NULL;
        onebot_plugin_pulse(plugin->next);
    }
    if (plugin->old) {
        plugin->old->next = NULL;
        onebot_plugin_pulse(plugin->old);
    }
    plugin->next = plugin->old = NULL;
    onebot_plugin_pulse(plugin);
}

static int begin(struct onebot_plugin *plugin)
{
    int error = spawn_parts(plugin);
    return error ? error : interruptible(plugin, start);
}

/* What it was told meanwhile wins: it has started in vain. */
static int check_wanted(const struct onebot_plugin *plugin)
{
    if (plugin->program->stopping)
        return XIE_ECLOSED;
    return plugin->ending ? -ECANCELED : 0;
}

static int live_in_group(struct onebot_plugin *plugin)
{
    bool started = false;
    int error = 0;
    XIE_GROUP(group) {
        plugin->group = &group;
        error = begin(plugin);
        started = !error;
        if (!error)
            error = check_wanted(plugin);
        if (!error)
            serve(plugin);
        end(plugin);
        plugin->group = NULL;
    }
    if (started)
        stop(plugin);
    return error;
}

int onebot_plugin_live(void *arg)
{
    struct onebot_plugin *plugin = arg;
    struct onebot_program *program = plugin->program;
    int error = xie_local_set(&onebot_plugin_key, plugin);
    plugin->task = xie_task_current();
    if (!error)
        error = interruptible(plugin, onebot_plugin_open);
    if (!error)
        error = live_in_group(plugin);
    onebot_plugin_close(plugin);
    leave(plugin);
    if (!error)
        onebot_plugins_try_taken(&program->plugins);
    if (!error)
        onebot_log(&program->log, ONEBOT_INFO, "plugin %s: unloaded", plugin->name);
    else if (!plugin->said)
        onebot_log(&program->log, ONEBOT_ERROR, "plugin %s: not loaded: %s",
                   onebot_plugin_label(plugin), xie_strerror(error));
    settle(plugin, error);
    onebot_plugin_let_go(plugin);
    xie_list_remove(&plugin->link);
    program->plugins.count--;
    onebot_plugin_pulse(plugin);
    onebot_plugin_unref(plugin);
    return 0;
}

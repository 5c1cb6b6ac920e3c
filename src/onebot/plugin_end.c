/* plugin_end.c - nothing of a plugin may run when it has ended, nothing lead into it when its
 * object leaves memory. Floor 9. Looked for again and again: what it may have left behind tells
 * nobody of its end. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "onebot/plugin.h"
#include "onebot/program.h"
#include "proto/reach.h"
#include "task/reach.h"

static const int64_t PATIENCE_NS = 5 * XIE_SECOND; /* before those who do not end are named */
static const int64_t PAUSE_MOST_NS = 100 * XIE_MILLISECOND; /* between two looks */

enum { NAMED = 5, WORDS = 512 };

/* What is left of one. */
struct rest {
    struct onebot_plugin *plugin;
    size_t tasks;   /* found */
    size_t members; /* of its group; found mostly */
    struct xie_reach reach;
    char names[WORDS]; /* of the first tasks */
};

/* --- looking ---------------------------------------------------------------------------- */

/* Its own, by what they have inherited; those of an object also by what they are made of, since a
 * callback has nothing to inherit. Tasks of the library that serve many inherit nothing. */
static bool is_of(const struct onebot_plugin *plugin, const struct xie_task *task)
{
    if (task == plugin->task)
        return false;
    return xie_task_local(task, &onebot_plugin_key) == plugin ||
           (plugin->object && xie_task_reaches(task, &plugin->object->span));
}

static void add_name(struct rest *rest, const struct xie_task *task)
{
    size_t len = strlen(rest->names);
    if (rest->tasks++ < NAMED)
        snprintf(rest->names + len, sizeof rest->names - len, "%s%s (%s)", len ? ", " : "",
                 xie_task_name(task), xie_task_where(task));
}

static void look_at_tasks(struct rest *rest)
{
    struct xie_task *task = NULL;
    rest->tasks = 0;
    *rest->names = 0;
    while ((task = xie_task_next(task)))
        if (is_of(rest->plugin, task)) {
            xie_task_cancel(task); /* it may stand outside of the group */
            add_name(rest, task);
        }
}

static void look(struct rest *rest)
{
    static const struct xie_span nowhere;
    const struct onebot_object *object = rest->plugin->object;
    look_at_tasks(rest);
    rest->members = rest->plugin->group ? rest->plugin->group->count : 0;
    xie_reach_look(object ? &object->span : &nowhere, &rest->reach);
}

static bool runs(const struct rest *rest)
{
    return rest->tasks || rest->members || rest->reach.jobs || rest->reach.calls;
}

static bool is_reached(const struct rest *rest)
{
    return runs(rest) || rest->reach.ended || rest->reach.transports || rest->reach.signals ||
           rest->reach.handlers;
}

/* --- saying ----------------------------------------------------------------------------- */

static void add_count(char *words, size_t cap, size_t count, const char *what)
{
    size_t len = strlen(words);
    if (count)
        snprintf(words + len, cap - len, "%s%zu %s", len ? ", " : "", count, what);
}

static void describe(const struct rest *rest, char *words, size_t cap)
{
    const struct xie_reach *reach = &rest->reach;
    *words = 0;
    add_count(words, cap, rest->tasks, rest->tasks == 1 ? "task: " : "tasks: ");
    if (rest->tasks)
        snprintf(words + strlen(words), cap - strlen(words), "%s%s", rest->names,
                 rest->tasks > NAMED ? ", …" : "");
    add_count(words, cap, reach->jobs, "given to threads");
    add_count(words, cap, reach->calls, "called from threads");
    add_count(words, cap, reach->ended, "ended, whose handle nobody gave back");
    add_count(words, cap, reach->transports, "by transports");
    add_count(words, cap, reach->signals, "by signals");
    add_count(words, cap, reach->handlers, "by the loop's handler of exceptions");
}

static void tell(const struct rest *rest, const char *what)
{
    char words[WORDS + 256];
    describe(rest, words, sizeof words);
    onebot_log(&rest->plugin->program->log, ONEBOT_WARNING, "plugin %s: %s: %s",
               onebot_plugin_label(rest->plugin), what, words);
}

/* --- waiting ---------------------------------------------------------------------------- */

/* Until then: at once, after others ran, then less and less often. */
static int64_t longer(int64_t pause_ns)
{
    int64_t next = pause_ns ? 2 * pause_ns : XIE_MILLISECOND / 4;
    return next < PAUSE_MOST_NS ? next : PAUSE_MOST_NS;
}

void onebot_plugin_wait_all(struct onebot_plugin *plugin)
{
    struct rest rest = {.plugin = plugin};
    int64_t pause_ns = 0, told = xie_now();
    XIE_SHIELD {
        for (look(&rest); runs(&rest); look(&rest)) {
            xie_sleep(pause_ns);
            pause_ns = longer(pause_ns);
            if (xie_now() - told < PATIENCE_NS)
                continue;
            tell(&rest, "waiting for what does not end");
            told = xie_now();
        }
    }
}

static void close_object(struct onebot_plugin *plugin)
{
    onebot_crash_leave(plugin);
    if (!onebot_object_close(plugin->object))
        onebot_log(&plugin->program->log, ONEBOT_INFO,
                   "plugin %s: the system keeps it in memory (it is marked so, or has symbols of "
                   "C++ that are there once)",
                   onebot_plugin_label(plugin));
    plugin->object = NULL;
}

/* It was opened, but no plugin came of it: the same, since its constructors ran. */
void onebot_plugin_let_go(struct onebot_plugin *plugin)
{
    struct rest rest = {.plugin = plugin};
    const bool *closing = &plugin->program->plugins.closing;
    int64_t pause_ns = 0;
    if (!plugin->object) {
        onebot_crash_leave(plugin);
        return;
    }
    XIE_SHIELD {
        look(&rest);
        if (is_reached(&rest))
            tell(&rest, "it stays in memory, since something leads into it");
        for (; is_reached(&rest) && !*closing; look(&rest)) {
            XIE_TIMEOUT(pause_ns)
                onebot_plugin_wait(plugin);
            pause_ns = longer(pause_ns);
        }
    }
    if (!is_reached(&rest)) {
        close_object(plugin);
        return;
    }
    onebot_object_keep(plugin->object);
    plugin->object = NULL;
}

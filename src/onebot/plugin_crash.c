/* plugin_crash.c - whose fault it was that the process dies by a signal.
 * Floor 9. A table for all programs of the process, read by a signal's handler: nothing in it is
 * ever moved, and a name is whole before it can be seen. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "coro/crash.h"
#include "onebot/plugin.h"
#include "task/reach.h"

enum { SLOTS = 1024, STACK_WORDS = 2048 };

struct slot {
    uintptr_t start, end; /* atomic; where its object lies */
    int taken;            /* atomic: 0 free, 1 being filled in, 2 valid */
    char name[ONEBOT_PLUGIN_NAME + 1];
};

static struct slot slots[SLOTS];

void onebot_crash_leave(struct onebot_plugin *plugin)
{
    if (plugin->slot >= 0)
        __atomic_store_n(&slots[plugin->slot].taken, 0, __ATOMIC_RELEASE);
    plugin->slot = -1;
}

/* --- in the handler ----------------------------------------------------------------------- */

/* Whose code, or data, lies there; NULL: no plugin's. */
static const char *owner_of(uintptr_t address)
{
    for (int i = 0; i < SLOTS; i++) {
        const struct slot *slot = &slots[i];
        if (__atomic_load_n(&slot->taken, __ATOMIC_ACQUIRE) == 2 &&
            address >= __atomic_load_n(&slot->start, __ATOMIC_RELAXED) &&
            address < __atomic_load_n(&slot->end, __ATOMIC_RELAXED))
            return slot->name;
    }
    return NULL;
}

/* The innermost that the stack would return into; what it holds may be old. */
static const char *caller_of(const struct xie_crash *crash)
{
    static uintptr_t words[STACK_WORDS]; /* one crash is told, whatever else happens */
    size_t count = xie_crash_stack(crash, words, STACK_WORDS);
    const char *name = NULL;
    for (size_t i = 0; i < count && !name; i++)
        name = owner_of(words[i]);
    return name;
}

static void tell(struct xie_crash *crash)
{
    const struct xie_task *task = xie_task_current();
    const struct onebot_plugin *plugin = xie_task_local(task, &onebot_plugin_key);
    const char *here = owner_of((uintptr_t)crash->pc);
    const char *caller = here ? NULL : caller_of(crash);
    if (task)
        xie_crash_say(crash, "in task '%s' (spawned at %s)%s%s", xie_task_name(task),
                      xie_task_where(task), plugin ? " of plugin " : "",
                      plugin ? plugin->name : "");
    else
        xie_crash_say(crash, "in no task: a callback, or another thread");
    if (here)
        xie_crash_say(crash, "in the code of plugin %s", here);
    else if (caller)
        xie_crash_say(crash, "called, it seems, by plugin %s", caller);
    else if (!plugin)
        xie_crash_say(crash, "not by a plugin, as far as can be seen");
}

/* --- entering ----------------------------------------------------------------------------- */

static int take_slot(void)
{
    for (int i = 0; i < SLOTS; i++) {
        int none = 0;
        if (__atomic_compare_exchange_n(&slots[i].taken, &none, 1, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return i;
    }
    return -1;
}

/* Without a slot it is named by its tasks alone. */
void onebot_crash_enter(struct onebot_plugin *plugin)
{
    const struct xie_span *span = plugin->object ? &plugin->object->span : NULL;
    xie_crash_watch(tell);
    plugin->slot = take_slot();
    if (plugin->slot < 0)
        return;
    struct slot *slot = &slots[plugin->slot];
    strcpy(slot->name, plugin->name);
    __atomic_store_n(&slot->start, span ? span->start : 0, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->end, span ? span->end : 0, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->taken, 2, __ATOMIC_RELEASE);
}

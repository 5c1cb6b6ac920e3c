/* plugin_watch.c - the folder of plugins, watched.
 * Floor 9. The watch is opened anew before each look at the folder: what happens from then on is
 * seen by it, what happened before by the look, and a folder that has come in place of another is
 * found by its path. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/inotify.h>
#include <xie/watch.h>

#include "onebot/plugin.h"
#include "onebot/program.h"

static const int64_t SETTLE_NS = 200 * XIE_MILLISECOND; /* without a change: who writes is done */
static const int64_t PAUSE_MOST_NS = 5 * XIE_SECOND;    /* before it is tried again */

enum {
    INSIDE = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVE | IN_DELETE,
    ITSELF = IN_MOVE_SELF | IN_DELETE_SELF
};

static int open_watch(const char *folder, struct xie_watch **watch)
{
    int error = xie_watch_open(watch);
    if (error)
        return error;
    error = xie_watch_add(*watch, folder, INSIDE | ITSELF);
    if (error >= 0)
        return 0;
    xie_watch_close(*watch);
    *watch = NULL;
    return error;
}

/* Something has happened: until nothing does for a while. lost receives whether the folder is
 * another, or none. errors of the scopes around */
static int wait_change(struct xie_watch *watch, bool *lost)
{
    struct xie_watch_event event;
    int error = xie_watch_next(watch, &event);
    while (!error) {
        *lost |= (event.what & (ITSELF | IN_IGNORED | IN_UNMOUNT)) && !*event.name;
        XIE_TIMEOUT(SETTLE_NS)
            error = xie_watch_next(watch, &event);
        if (error == -ETIMEDOUT && !xie_check())
            return 0;
    }
    return error;
}

static int longer(int64_t *pause_ns)
{
    int error = xie_sleep(*pause_ns);
    *pause_ns = *pause_ns < PAUSE_MOST_NS / 2 ? *pause_ns * 2 : PAUSE_MOST_NS;
    return error;
}

/* Until nothing stands in its way: another look at the folder, or a plugin that is changing. */
static void scan(struct onebot_program *program)
{
    int64_t pause_ns = SETTLE_NS;
    while ((onebot_plugins_scan(program) == -EBUSY || program->plugins.missed) &&
           !longer(&pause_ns))
        continue;
}

/* Until there is a folder. errors of the scopes around */
static int open_sometime(const struct onebot_program *program, struct xie_watch **watch)
{
    const char *folder = program->options.plugin_folder;
    int64_t pause_ns = SETTLE_NS;
    int error = open_watch(folder, watch), stopped = 0;
    if (error)
        onebot_log(&program->log, ONEBOT_ERROR,
                   "plugin_folder %s is not watched: %s; it is tried again and again", folder,
                   xie_strerror(error));
    while (error && !(stopped = longer(&pause_ns)))
        error = open_watch(folder, watch);
    return stopped;
}

/* errors of the scopes around */
static int watch_once(struct onebot_program *program)
{
    const char *folder = program->options.plugin_folder;
    struct xie_watch *watch = NULL;
    bool lost = false;
    int error = open_sometime(program, &watch);
    if (error)
        return error;
    scan(program);
    error = wait_change(watch, &lost);
    xie_watch_close(watch);
    if (error && !xie_check()) {
        onebot_log(&program->log, ONEBOT_ERROR, "plugin_folder %s: watching it failed: %s", folder,
                   xie_strerror(error));
        return xie_sleep(PAUSE_MOST_NS);
    }
    if (lost && !error)
        onebot_log(&program->log, ONEBOT_WARNING,
                   "plugin_folder %s was moved or removed: it is watched anew", folder);
    return error;
}

int onebot_plugins_watch(void *arg)
{
    while (!watch_once(arg))
        continue;
    return 0;
}

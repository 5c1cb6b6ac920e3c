/* plugin_scan.c - the folder of plugins: what has come, changed or gone.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <xie/thread.h>
#include <xie/watch.h>

#include "base/memory.h"
#include "onebot/plugin.h"
#include "onebot/program.h"

static const int64_t SETTLE_NS = 200 * XIE_MILLISECOND; /* without a change: who writes is done */

int onebot_mark_of(const char *path, struct onebot_mark *mark)
{
    struct stat status;
    if (stat(path, &status))
        return -errno;
    *mark = (struct onebot_mark){.device = status.st_dev,
                                 .inode = status.st_ino,
                                 .size = status.st_size,
                                 .changed_ns =
                                     status.st_mtim.tv_sec * XIE_SECOND + status.st_mtim.tv_nsec};
    return 0;
}

static bool mark_same(const struct onebot_mark *a, const struct onebot_mark *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed_ns == b->changed_ns;
}

/* --- the listing, by a thread ----------------------------------------------------------- */

struct found {
    char *path;
    struct onebot_mark mark;
};

struct listing {
    const char *folder;
    struct found *list; /* by name */
    size_t count, cap;
};

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct found *)a)->path, ((const struct found *)b)->path);
}

static bool is_object(const char *name)
{
    size_t len = strlen(name);
    return len > 3 && *name != '.' && strcmp(name + len - 3, ".so") == 0;
}

static char *join(const char *folder, const char *name)
{
    size_t len = strlen(folder), cap = len + strlen(name) + 2;
    char *path = xie_alloc(cap);
    if (path)
        snprintf(path, cap, "%s%s%s", folder, len && folder[len - 1] == '/' ? "" : "/", name);
    return path;
}

static int add(struct listing *listing, const char *name)
{
    if (listing->count == listing->cap) {
        size_t cap = listing->cap ? listing->cap * 2 : 16;
        struct found *list = xie_resize(listing->list, cap * sizeof *list);
        if (!list)
            return -ENOMEM;
        listing->list = list;
        listing->cap = cap;
    }
    struct found *found = &listing->list[listing->count];
    found->path = join(listing->folder, name);
    if (!found->path)
        return -ENOMEM;
    listing->count++;
    if (!onebot_mark_of(found->path, &found->mark))
        return 0;
    xie_release(listing->list[--listing->count].path); /* it has just gone */
    return 0;
}

static int read_folder(void *arg)
{
    struct listing *listing = arg;
    struct dirent *entry;
    int error = 0;
    DIR *folder = opendir(listing->folder);
    if (!folder)
        return -errno;
    while (!error && (entry = readdir(folder)))
        if (is_object(entry->d_name))
            error = add(listing, entry->d_name);
    closedir(folder);
    if (listing->count)
        qsort(listing->list, listing->count, sizeof *listing->list, by_path);
    return error;
}

static void listing_free(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        xie_release(listing->list[i].path);
    xie_release(listing->list);
}

static bool is_listed(const struct listing *listing, const char *path)
{
    for (size_t i = 0; i < listing->count; i++)
        if (strcmp(listing->list[i].path, path) == 0)
            return true;
    return false;
}

/* --- what could not be loaded ------------------------------------------------------------- */

/* A file that is not tried again as long as it is the same. */
struct failed {
    struct xie_link link;
    struct onebot_mark mark;
    char path[];
};

static struct failed *find_failed(struct onebot_plugins *plugins, const char *path)
{
    for (struct xie_link *at = plugins->failed.next; at != &plugins->failed; at = at->next) {
        struct failed *failed = XIE_CONTAINER(at, struct failed, link);
        if (strcmp(failed->path, path) == 0)
            return failed;
    }
    return NULL;
}

static void forget(struct failed *failed)
{
    if (failed)
        xie_list_remove(&failed->link);
    xie_release(failed);
}

void onebot_plugins_forget_failed(struct onebot_plugins *plugins)
{
    while (!xie_list_empty(&plugins->failed))
        forget(XIE_CONTAINER(plugins->failed.next, struct failed, link));
}

/* Without memory it is tried again the next time. */
static void remember_failed(struct onebot_plugins *plugins, const struct found *found)
{
    struct failed *failed = xie_alloc_zero(sizeof *failed + strlen(found->path) + 1);
    if (!failed)
        return;
    failed->mark = found->mark;
    strcpy(failed->path, found->path);
    xie_list_push(&plugins->failed, &failed->link);
}

/* --- one after another -------------------------------------------------------------------- */

static bool from_folder(const struct onebot_plugin *plugin, const char *folder)
{
    size_t len = strlen(folder);
    if (!plugin->path || strncmp(plugin->path, folder, len) != 0)
        return false;
    const char *rest = plugin->path + len;
    rest += *rest == '/';
    return !strchr(rest, '/');
}

static struct onebot_plugin *find_path(struct onebot_program *program, const char *path)
{
    struct xie_link *list = &program->plugins.list;
    for (struct xie_link *at = list->next; at != list; at = at->next) {
        struct onebot_plugin *plugin = XIE_CONTAINER(at, struct onebot_plugin, link);
        if (!plugin->gone && !plugin->old && plugin->path && strcmp(plugin->path, path) == 0)
            return plugin;
    }
    return NULL;
}

/* Those of a wait end the scan; others are the plugin's own. */
static bool ends_scan(int error)
{
    return error && (error == xie_check() || error == XIE_ECLOSED);
}

/* return 1 done; 0 there was nothing to do, or it failed, which is said; an error ends the scan */
static int try_found(struct onebot_program *program, const struct found *found)
{
    struct onebot_plugin *plugin = find_path(program, found->path);
    struct failed *failed = find_failed(&program->plugins, found->path);
    if ((plugin && mark_same(&plugin->mark, &found->mark)) ||
        (failed && mark_same(&failed->mark, &found->mark)))
        return 0;
    int error = plugin ? onebot_plugins_reload(plugin)
                       : onebot_plugins_load(program, found->path, NULL, NULL, NULL);
    if (ends_scan(error))
        return error;
    forget(find_failed(&program->plugins, found->path));
    if (error && error != -EBUSY && error != -ENOMEM)
        remember_failed(&program->plugins, found);
    return !error;
}

/* The first of the folder that has no file any more, and may be unloaded. */
static struct onebot_plugin *find_orphan(struct onebot_program *program,
                                         const struct listing *listing)
{
    struct xie_link *list = &program->plugins.list;
    for (struct xie_link *at = list->next; at != list; at = at->next) {
        struct onebot_plugin *plugin = XIE_CONTAINER(at, struct onebot_plugin, link);
        if (plugin->going && !plugin->ending && !plugin->next &&
            from_folder(plugin, listing->folder) && !is_listed(listing, plugin->path))
            return plugin;
    }
    return NULL;
}

static int compare(struct onebot_program *program, const struct listing *listing)
{
    struct onebot_plugin *plugin;
    int done = 0, one = 0;
    while (one >= 0 && (plugin = find_orphan(program, listing))) {
        one = onebot_plugins_unload(plugin);
        done += !one;
    }
    for (size_t i = 0; i < listing->count && one >= 0; i++) {
        one = try_found(program, &listing->list[i]);
        done += one > 0;
    }
    return one < 0 ? one : done;
}

int onebot_plugins_scan(struct onebot_program *program)
{
    struct onebot_plugins *plugins = &program->plugins;
    struct onebot_plugin *self = onebot_plugin_current();
    struct listing listing = {.folder = program->options.plugin_folder};
    if (!listing.folder)
        return -EINVAL;
    if (self && from_folder(self, listing.folder))
        return -EDEADLK;
    if (plugins->scanning)
        return -EBUSY;
    plugins->scanning = true;
    int result = xie_to_thread(read_folder, &listing, NULL);
    if (result < 0 && !xie_check())
        onebot_log(&program->log, ONEBOT_ERROR, "plugin_folder %s: %s", listing.folder,
                   xie_strerror(result));
    if (result >= 0)
        result = compare(program, &listing);
    listing_free(&listing);
    plugins->scanning = false;
    return result;
}

/* --- watching ----------------------------------------------------------------------------- */

static int open_watch(const char *folder, struct xie_watch **watch)
{
    int error = xie_watch_open(watch);
    if (error)
        return error;
    error = xie_watch_add(*watch, folder,
                          IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVE | IN_DELETE);
    return error < 0 ? error : 0;
}

/* Something has happened: until nothing does for a while. */
static int wait_change(struct xie_watch *watch)
{
    struct xie_watch_event event;
    int error = xie_watch_next(watch, &event);
    while (!error) {
        XIE_TIMEOUT(SETTLE_NS)
            error = xie_watch_next(watch, &event);
        if (error == -ETIMEDOUT && !xie_check())
            return 0;
    }
    return error;
}

int onebot_plugins_watch(void *arg)
{
    struct onebot_program *program = arg;
    const char *folder = program->options.plugin_folder;
    struct xie_watch *watch = NULL;
    int error = open_watch(folder, &watch);
    while (!error && !(error = wait_change(watch)))
        onebot_plugins_scan(program);
    if (!xie_check())
        onebot_log(&program->log, ONEBOT_ERROR, "plugin_folder %s is not watched: %s", folder,
                   xie_strerror(error));
    xie_watch_close(watch);
    return 0;
}

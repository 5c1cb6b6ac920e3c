/* plugin_scan.c - the folder of plugins: what has come, changed or gone.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xie/thread.h>

#include "base/memory.h"
#include "onebot/plugin.h"
#include "onebot/program.h"

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

/* --- what is left alone -------------------------------------------------------------------- */

/* A file that is not loaded as long as it is the same: that failed, or a call unloaded it. */
struct apart {
    struct xie_link link;
    struct onebot_mark mark;
    int why; /* what loading it came to; UNLOADED */
    char path[];
};

enum { UNLOADED = 0 };

static struct apart *find_apart(struct onebot_plugins *plugins, const char *path)
{
    for (struct xie_link *at = plugins->apart.next; at != &plugins->apart; at = at->next) {
        struct apart *apart = XIE_CONTAINER(at, struct apart, link);
        if (strcmp(apart->path, path) == 0)
            return apart;
    }
    return NULL;
}

static void forget(struct apart *apart)
{
    if (apart)
        xie_list_remove(&apart->link);
    xie_release(apart);
}

static int set_apart(struct onebot_plugins *plugins, const char *path,
                     const struct onebot_mark *mark, int why)
{
    struct apart *apart = xie_alloc_zero(sizeof *apart + strlen(path) + 1);
    if (!apart)
        return -ENOMEM;
    forget(find_apart(plugins, path));
    apart->mark = *mark;
    apart->why = why;
    strcpy(apart->path, path);
    xie_list_push(&plugins->apart, &apart->link);
    return 0;
}

void onebot_plugins_forget(struct onebot_plugins *plugins)
{
    while (!xie_list_empty(&plugins->apart))
        forget(XIE_CONTAINER(plugins->apart.next, struct apart, link));
}

static void forget_if(struct onebot_plugins *plugins, bool (*is)(int why))
{
    struct xie_link *next, *list = &plugins->apart;
    for (struct xie_link *at = list->next; at != list; at = next) {
        struct apart *apart = XIE_CONTAINER(at, struct apart, link);
        next = at->next;
        if (is(apart->why))
            forget(apart);
    }
}

static bool is_failure(int why)
{
    return why != UNLOADED;
}

static bool is_taken(int why)
{
    return why == -EEXIST;
}

void onebot_plugins_try_failed(struct onebot_plugins *plugins)
{
    forget_if(plugins, is_failure);
}

void onebot_plugins_try_taken(struct onebot_plugins *plugins)
{
    forget_if(plugins, is_taken);
}

/* May it go better the next time, though the file is the same? */
static bool is_passing(int error)
{
    return error == XIE_ELIMIT || error == -EAGAIN || error == -EMFILE || error == -ENFILE ||
           error == -ENOMEM || error == -ETIMEDOUT;
}

/* --- whose file is in the folder ------------------------------------------------------------ */

static bool from_folder(const struct onebot_plugin *plugin, const char *folder)
{
    size_t len = strlen(folder);
    if (!plugin->path || strncmp(plugin->path, folder, len) != 0)
        return false;
    const char *rest = plugin->path + len;
    if (len && folder[len - 1] != '/' && *rest++ != '/')
        return false;
    return !strchr(rest, '/');
}

/* A path has many names. */
int onebot_plugins_name(struct onebot_program *program, const char *path, char **name)
{
    const char *folder = program->options.plugin_folder, *slash = strrchr(path, '/');
    struct onebot_mark given = {0}, here = {0};
    char *joined = folder ? join(folder, slash ? slash + 1 : path) : NULL;
    if (folder && !joined)
        return -ENOMEM;
    if (joined && !onebot_mark_of(path, &given) && !onebot_mark_of(joined, &here) &&
        mark_same(&given, &here)) {
        *name = joined;
        return 0;
    }
    xie_release(joined);
    *name = xie_copy_string(path);
    return *name ? 0 : -ENOMEM;
}

/* As it stands now: what was loaded may be older. */
int onebot_plugins_leave_alone(struct onebot_plugin *plugin)
{
    struct onebot_program *program = plugin->program;
    const char *folder = program->options.plugin_folder;
    struct onebot_mark mark;
    if (!folder || !from_folder(plugin, folder) || onebot_mark_of(plugin->path, &mark))
        return 0;
    return set_apart(&program->plugins, plugin->path, &mark, UNLOADED);
}

void onebot_plugins_want(struct onebot_program *program, const char *path)
{
    forget(find_apart(&program->plugins, path));
}

/* --- one after another -------------------------------------------------------------------- */

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

/* As onebot_plugins_load. */
static int load_found(struct onebot_program *program, const struct found *found, bool *sound)
{
    struct onebot_plugin *plugin = find_path(program, found->path);
    return plugin ? onebot_plugins_reload(plugin, sound)
                  : onebot_plugins_load(program, found->path, NULL, NULL, sound);
}

/* return 1 done; 0 there was nothing to do, or it failed, which is said; an error ends the scan */
static int try_found(struct onebot_program *program, const struct found *found)
{
    struct onebot_plugins *plugins = &program->plugins;
    const struct onebot_plugin *plugin = find_path(program, found->path);
    const struct apart *apart = find_apart(plugins, found->path);
    bool sound = false;
    if ((plugin && mark_same(&plugin->mark, &found->mark)) ||
        (apart && mark_same(&apart->mark, &found->mark)))
        return 0;
    int error = load_found(program, found, &sound);
    if (ends_scan(error))
        return error;
    forget(find_apart(plugins, found->path));
    if (error == -EBUSY && !sound) /* not by its start */
        plugins->missed = true;
    else if (error && !is_passing(error))
        set_apart(plugins, found->path, &found->mark,
                  error); /* without memory: it is tried again */
    return !error;
}

/* The first of the folder that has no file any more, and may be unloaded. */
static struct onebot_plugin *find_orphan(struct onebot_program *program,
                                         const struct listing *listing)
{
    struct xie_link *list = &program->plugins.list;
    for (struct xie_link *at = list->next; at != list; at = at->next) {
        struct onebot_plugin *plugin = XIE_CONTAINER(at, struct onebot_plugin, link);
        if (plugin->ending || plugin->gone || !from_folder(plugin, listing->folder) ||
            is_listed(listing, plugin->path))
            continue;
        if (plugin->going && !plugin->next)
            return plugin;
        program->plugins.missed = true;
    }
    return NULL;
}

/* What is no more there is another when it comes back. */
static void forget_absent(struct onebot_plugins *plugins, const struct listing *listing)
{
    struct xie_link *next, *list = &plugins->apart;
    for (struct xie_link *at = list->next; at != list; at = next) {
        struct apart *apart = XIE_CONTAINER(at, struct apart, link);
        next = at->next;
        if (!is_listed(listing, apart->path))
            forget(apart);
    }
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
    forget_absent(&program->plugins, listing);
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
    plugins->missed = false;
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

/* plugin.h - inside a plugin, and a program's table of them.
 * Floor 9. Each has a task for its whole life, which opens it, starts it, puts its rules into
 * force, and waits until it is told to end it; whoever loads or unloads only tells that task. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_PLUGIN_INSIDE_H
#define XIE_ONEBOT_PLUGIN_INSIDE_H

#include <xie.h>
#include <xie/onebot/plugin.h>

#include "onebot/object.h"
#include "onebot/rules.h"

struct onebot_program;

/* What tells one content of a file from another. */
struct onebot_mark {
    uint64_t device, inode;
    int64_t size, changed_ns;
};

struct onebot_plugin {
    struct xie_link link; /* of its program's */
    struct onebot_program *program;
    unsigned refs; /* its task's, and of each that waits for it */

    const struct onebot_plugin_definition *definition; /* NULL: not known yet, or gone */
    struct onebot_object *object;                      /* NULL: linked in, or not open */
    char *path;                                        /* NULL: linked in */
    struct onebot_mark mark;                           /* of the file, when it was read */
    char name[ONEBOT_PLUGIN_NAME + 1];                 /* "": not known yet */

    enum onebot_plugin_state state;
    bool opened;   /* its definition was found sound */
    bool in_force; /* its rules are */
    bool ending;   /* it is to end, as soon as it can */
    bool said;     /* the log says why it cannot be loaded */
    bool settled;  /* result is what loading it came to */
    bool gone;     /* nothing of it runs any more */
    int result;
    struct onebot_plugin *old;  /* in whose place it comes, until that is gone; NULL: none */
    struct onebot_plugin *next; /* that comes in its place; NULL: none */
    struct xie_event change;    /* pulsed when one of the above has changed */

    struct xie_task *task;   /* of its life: whose values the others inherit */
    struct xie_scope *scope; /* around opening and starting; NULL: neither */
    struct xie_group *group; /* what runs of it; NULL: not yet, or no more */
    bool going;              /* jobs and `run` may begin */
    struct xie_event go;

    uint64_t seat;
    struct onebot_rule_set rules;
    struct onebot_schedule *schedule; /* NULL: it has no jobs */
    json_t *settings;
    uint64_t settings_round; /* of the program's, when they were read */
    int64_t loaded_ns;
    int slot; /* of plugin_crash.c; -1: none */
};

/* What a program has of them. */
struct onebot_plugins {
    struct xie_link list; /* in the order of loading */
    size_t count;
    struct xie_group group; /* of their lives */
    bool open;              /* the group is */
    bool closing;           /* the program is about to end */
    bool scanning;
    bool missed;             /* the last scan did not do all: a plugin was changing */
    uint64_t settings_round; /* one more with each change of the settings */
    size_t callers;          /* within one of the public calls: the program does not end before */
    struct xie_event left;   /* pulsed when one has left */
    struct xie_link apart;   /* files of the folder that are not loaded; see plugin_scan.c */
};

extern const struct xie_local_key onebot_plugin_key;

/* --- plugin.c: one -------------------------------------------------------------------- */

/* What the log calls it: its name, or its path as long as that is not known. */
const char *onebot_plugin_label(const struct onebot_plugin *plugin);
/* Say that something has changed. */
void onebot_plugin_pulse(struct onebot_plugin *plugin);
/* Wait for the next change. errors of the scopes around */
int onebot_plugin_wait(struct onebot_plugin *plugin);
void onebot_plugin_ref(struct onebot_plugin *plugin);
void onebot_plugin_unref(struct onebot_plugin *plugin);
/* Have it end, however far it has come. Idempotent. */
void onebot_plugin_end(struct onebot_plugin *plugin);
/* A task: its life. arg: the plugin, which has its path or its definition, and old. */
int onebot_plugin_live(void *arg);

/* --- plugin_open.c: what it is, checked ------------------------------------------------- */

/* Open it and check all that it declares; the log says what is wrong. errors as
 * onebot_plugin_load */
int onebot_plugin_open(struct onebot_plugin *plugin);
/* Give back what that has made, but for the object. */
void onebot_plugin_close(struct onebot_plugin *plugin);
/* Its section of the settings, owned. errors XIE_EFAILED (said) -ENOMEM */
int onebot_plugin_read(struct onebot_plugin *plugin,
                       const struct onebot_plugin_definition *definition, json_t **settings);

/* --- plugin_settings.c: other ones while it runs ------------------------------------------- */

/* As onebot_plugin_settings_changed. */
int onebot_plugins_settings_changed(struct onebot_program *program);
/* It serves, and nobody comes in its place: have it hear of settings that have changed before. By
 * its own task; does not wait. */
void onebot_plugin_catch_up(struct onebot_plugin *plugin);

/* --- plugin_end.c: nothing of it may run, nothing lead into it ---------------------------- */

/* Cancel all that runs of it, and wait for it; whatever the scopes say. */
void onebot_plugin_wait_all(struct onebot_plugin *plugin);
/* Its object leaves memory as soon as that is safe, at the latest when the program ends, or never:
 * waits. */
void onebot_plugin_let_go(struct onebot_plugin *plugin);

/* --- plugin_crash.c: for the report of a crash -------------------------------------------- */

void onebot_crash_enter(struct onebot_plugin *plugin);
void onebot_crash_leave(struct onebot_plugin *plugin);

/* --- plugins.c, plugin_scan.c, plugin_watch.c: of a program -------------------------------- */

void onebot_plugins_init(struct onebot_plugins *plugins);
/* From now on, until the stop, there may be some. In the task that stops them. */
void onebot_plugins_open(struct onebot_program *program);
/* Load what the options name. errors -EINVAL -ENOMEM; what else fails is said */
int onebot_plugins_start(struct onebot_program *program);
/* End those that are starting: the program stops. */
void onebot_plugins_hurry(struct onebot_program *program);
/* End all of them, the last first, and wait. */
void onebot_plugins_stop(struct onebot_program *program);
/* Load one; path, or definition where it is NULL; old may be NULL. Waits until it serves. sound
 * (may be NULL) receives whether all that it declares is. */
int onebot_plugins_load(struct onebot_program *program, const char *path,
                        const struct onebot_plugin_definition *definition,
                        struct onebot_plugin *old, bool *sound);
/* May this task have it end? errors -EDEADLK -EBUSY */
int onebot_plugins_check_free(const struct onebot_plugin *plugin);
/* End one that serves, and wait. */
int onebot_plugins_unload(struct onebot_plugin *plugin);
/* Anew. sound as of a load. */
int onebot_plugins_reload(struct onebot_plugin *plugin, bool *sound);
/* The one that serves, or is about to, under this name; not one that starts in another's place.
 * NULL: none. */
struct onebot_plugin *onebot_plugins_find(struct onebot_program *program, const char *name);
/* Around each public call, which may come from a task that the program does not know. errors
 * XIE_ECLOSED */
int onebot_plugins_enter(struct onebot_program *program);
void onebot_plugins_leave(struct onebot_program *program);
/* The folder, once. errors as onebot_plugin_scan */
int onebot_plugins_scan(struct onebot_program *program);
/* The next scan tries those again that failed, or only those whose name was taken. */
void onebot_plugins_try_failed(struct onebot_plugins *plugins);
void onebot_plugins_try_taken(struct onebot_plugins *plugins);
/* It is about to be unloaded by a call: no scan loads its file as long as that is the same. errors
 * -ENOMEM */
int onebot_plugins_leave_alone(struct onebot_plugin *plugin);
/* Its file was loaded by a call. */
void onebot_plugins_want(struct onebot_program *program, const char *path);
/* The name by which the scan knows a file, if it does; else the path as it is. name receives it,
 * owned. errors -ENOMEM */
int onebot_plugins_name(struct onebot_program *program, const char *path, char **name);
/* Free what is remembered of files. */
void onebot_plugins_forget(struct onebot_plugins *plugins);
/* plugin_watch.c, a task: have the folder looked through when something in it has changed. arg:
 * the program */
int onebot_plugins_watch(void *arg);
/* The mark of a file now. return 0; -errno */
int onebot_mark_of(const char *path, struct onebot_mark *mark);

#endif

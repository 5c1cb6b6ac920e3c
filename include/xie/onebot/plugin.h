/* plugin.h - parts of a bot that come and go while it runs: from shared objects, or linked in.
 * Floor 9, library xie-onebot. Each has its rules, jobs, settings and tasks; they end before it
 * does. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_PLUGIN_H
#define XIE_ONEBOT_PLUGIN_H

#include <xie/onebot.h>
#include <xie/onebot/config.h>
#include <xie/onebot/schedule.h>
#include <xie/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- writing one -------------------------------------------------------------------- */

enum {
    ONEBOT_PLUGIN_ABI = 1,    /* changes with the meaning of what a plugin and the library share */
    ONEBOT_PLUGIN_NAME = 48,  /* the longest name [bytes] */
    ONEBOT_PLUGIN_MOST = 200, /* of one program, those that are ending included */
    ONEBOT_PLUGIN_FILE = 256 << 20 /* the largest shared object [bytes] */
};

/* One that is loaded; opaque, good until its `stop` has returned. */
struct onebot_plugin;

/* What it was built with. */
struct onebot_plugin_sizes {
    unsigned event, rule, argument, job, run, key; /* of each struct [bytes] */
};

/**
 * What a plugin is. All of it is constant, and borrowed while it is loaded. Zero is the default of
 * each field but the name.
 *
 *     static const struct onebot_rule rules[] = {{.command = {"weather"}, .handler = on_weather},
 *                                                {0}};
 *     ONEBOT_PLUGIN(.name = "weather", .version = "1.2", .rules = rules);
 */
struct onebot_plugin_definition {
    /* Filled in by ONEBOT_PLUGIN. */
    unsigned abi, size;
    struct onebot_plugin_sizes sizes;

    const char *name;    /* a-z A-Z 0-9 _ - */
    const char *version; /* for people */
    const char *about;   /* one line for people */

    const struct onebot_rule *rules; /* ended by one without a handler; with those of the program
                                        and of other plugins they stand in the order of priority,
                                        of equal ones in that of loading, behind the program's */
    const struct onebot_job *jobs;   /* ended by fn NULL; they begin with `run` */
    const struct onebot_config_key *keys; /* of its section "plugins.NAME" of the settings */

    /* Prepare: before the rules are asked for the first time. A task of the plugin: may wait, for
     * plugin_start_ns of the options at most, and spawn. At the start of the bot it runs before the
     * bot connects. return >= 0; an error: the plugin is not loaded, and stop is not called */
    int (*start)(struct onebot_plugin *plugin);
    /* A task for the plugin's whole life, until it is cancelled or returns; an error is one line in
     * the log. After a reload it begins when the old one has gone. */
    int (*run)(struct onebot_plugin *plugin);
    /* Give back what start has made: when nothing of the plugin runs any more. May wait; no scope
     * ends its waits. */
    void (*stop)(struct onebot_plugin *plugin);
    /* Its settings are others now: onebot_plugin_settings gives them. May not wait. NULL: it is
     * reloaded then. */
    void (*changed)(struct onebot_plugin *plugin);
};

#define ONEBOT_PLUGIN_HEAD                                                     \
    .abi = ONEBOT_PLUGIN_ABI, .size = sizeof(struct onebot_plugin_definition), \
    .sizes = {sizeof(struct onebot_event),    sizeof(struct onebot_rule),      \
              sizeof(struct onebot_argument), sizeof(struct onebot_job),       \
              sizeof(struct onebot_run_info), sizeof(struct onebot_config_key)}

#ifdef __cplusplus
#define ONEBOT_PLUGIN_EXTERN_ extern "C"
#else
#define ONEBOT_PLUGIN_EXTERN_
#endif

/* The name that a shared object exports its definition by. */
#define ONEBOT_PLUGIN_SYMBOL "onebot_plugin_export"

/* Define the plugin of a shared object, once in it. Built by
 *
 *     cc -shared -fPIC -o weather.so weather.c $(pkg-config --cflags xie-onebot)
 *
 * without the libraries: it takes those of the program that loads it. */
#define ONEBOT_PLUGIN(...) ONEBOT_PLUGIN_AS(onebot_plugin_export, __VA_ARGS__)

/* The same by another name: of one that is linked in, for `plugins` of the options. */
#define ONEBOT_PLUGIN_AS(symbol, ...)                                                  \
    ONEBOT_PLUGIN_EXTERN_ XIE_API extern const struct onebot_plugin_definition symbol; \
    const struct onebot_plugin_definition symbol = {ONEBOT_PLUGIN_HEAD, __VA_ARGS__}

/* --- for the plugin ----------------------------------------------------------------- */

/* Whose the running task is: that of a handler, a job, `start`, `run`, or of what they spawned in
 * whatever way. NULL: the program's, or outside a task. cost a look through the task's values */
XIE_API struct onebot_plugin *onebot_plugin_current(void);
/* Whose rule the event started; NULL: the program's own. */
XIE_API struct onebot_plugin *onebot_event_plugin(const struct onebot_event *event);

/* Borrowed while it is loaded. */
XIE_API const char *onebot_plugin_name(const struct onebot_plugin *plugin);

/**
 * The bot itself, for the functions here, onebot_account and onebot_stop: there from the start on,
 * whether it is connected or not. It is no account: calls by it return XIE_ENOTCONNECTED.
 */
XIE_API struct onebot_bot *onebot_plugin_bot(const struct onebot_plugin *plugin);
/* An account of the bot, by its number; 0: the first that was heard of. NULL: there is none yet.
 * For jobs and `run`, which have no event. */
XIE_API struct onebot_bot *onebot_plugin_account(const struct onebot_plugin *plugin,
                                                 int64_t self_id);

/* Its section of the settings as an object, the defaults filled in. Borrowed until they change (see
 * `changed`) or the plugin ends; json_incref keeps it for longer. */
XIE_API const json_t *onebot_plugin_settings(const struct onebot_plugin *plugin);
/* What the bot remembers; NULL: its options have no store. It is shared by all: give the keys of a
 * plugin names of its own. */
XIE_API struct onebot_store *onebot_plugin_store(const struct onebot_plugin *plugin);

/* A line of the log, with the plugin's name before it. As the log itself, it does not wait. */
XIE_API void onebot_plugin_log(const struct onebot_plugin *plugin, enum onebot_level level,
                               const char *format, ...) __attribute__((format(printf, 3, 4)));

/**
 * Start fn(arg) as a task of the plugin: cancelled and waited for when the plugin ends.
 *
 * return  0
 * errors  -ENOMEM; -ECANCELED the plugin is ending: nothing was started; -EPERM by a kept handler
 *         (see onebot_keep), or a task that it has spawned: whenever the handler runs anew, the
 *         task would do it all once more. Then it is said before onebot_keep, too
 * note    where it fails one line of the log names it; it changes nothing else
 */
#define onebot_plugin_spawn(plugin, fn, arg) \
    onebot_plugin_spawn_at((plugin), (fn), (arg), #fn, XIE_HERE)
XIE_API int onebot_plugin_spawn_at(struct onebot_plugin *plugin, xie_task_fn *fn, void *arg,
                                   const char *name, const char *where);

/* --- loading, while the bot runs ---------------------------------------------------- */

/**
 * Load a shared object.
 *
 * path    copied; a reload reads it again. A file of the plugin_folder is known by its name there,
 *         however the path is written, and scans see to it from then on
 * return  0 its rules are in force, its jobs and `run` have begun
 * errors  -EEXIST one of its name is loaded; -EBUSY one of its name is being loaded or unloaded;
 *         -ENOEXEC it is no shared object, or cannot be loaded; -EINVAL it has no definition, is
 *         built for another version, or its name, rules, jobs are not sound; XIE_EFAILED its
 *         settings are not; XIE_ELIMIT ONEBOT_PLUGIN_MOST, or larger than ONEBOT_PLUGIN_FILE;
 *         -ETIMEDOUT its start takes too long; what its start returned; those of xie_file_load;
 *         -ENOMEM; -ECANCELED -ETIMEDOUT of the scopes around; XIE_ECLOSED the bot stops; -EPERM
 *         outside a task. The log says which, and why; nothing has changed
 * note    what runs is a private copy: writing over the file, or deleting it, does no harm. It is
 *         read by xie_file_load; its constructors run on the loop's thread. Paths relative to the
 *         object ($ORIGIN) do not work
 * source  dlopen(3), with RTLD_NOW and RTLD_LOCAL
 */
XIE_API int onebot_plugin_load(struct onebot_bot *bot, const char *path);

/**
 * Unload: from now on its rules see nothing, and its jobs do not begin. Its handlers (whatever
 * they wait for: calls, answers, turns), jobs and tasks are cancelled and waited for, those by
 * xie_spawn included. Of a shared object so are jobs that it gave to threads, and its xie_call are
 * taken back: those are known by where their code lies. One that is linked in sees to its own, in
 * `stop`, but for jobs that a task of it waits for. Then `stop` is called.
 *
 * return  0 it has ended. Scans leave its file alone as long as that is the same and there; a load
 *         ends that
 * errors  -ENOENT there is none; -EBUSY it is being loaded, reloaded or unloaded; -EDEADLK by a
 *         task of the plugin itself; -ENOMEM nothing has changed; -ECANCELED -ETIMEDOUT of the
 *         scopes around: it goes on without its caller
 * note    who does not end within 5 seconds is named in the log, again and again
 * note    a shared object leaves memory when nothing can reach it any more. Where something still
 *         can (a transport without a task, a signal's handler, a handle of a task that nobody gave
 *         back), it stays, and the log says so. Not seen: pthreads of its own, and functions of its
 *         that another plugin has kept: `stop` has to see to those
 * note    events that wait for their turn there go on to the rules below. Of a rule with `pass`,
 *         these have seen them: they are dropped, and the log says so
 */
XIE_API int onebot_plugin_unload(struct onebot_bot *bot, const char *name);

/**
 * Load it anew, from the path it came from; one that is linked in is started anew. The new one
 * is opened, checked and started while the old one serves. Then, at once, the rules of the new one
 * are in force in place of the old ones. The old one ends as by an unload; then the new one's jobs
 * and `run` begin.
 *
 * return  0 all of that
 * errors  -ENOENT, -EBUSY, -EDEADLK as of an unload; -EINVAL it has another name now; and those of
 *         a load: the old one is as it was. -ECANCELED -ETIMEDOUT of the scopes around: it is as it
 *         was, or the change goes on without its caller
 * note    events that wait for their turn, and what is passed on, go on at the same place in the
 *         new rules; nobody sees one twice. Cool-downs begin anew. Kept conversations
 *         (<xie/onebot/keep.h>) go on in the new one; one that waits for the answer to a call has
 *         the program's grace to get it
 * note    for a while there are both: what only one can have (a port, a lock of a file) belongs
 *         into run, which begins when the old one has gone, not into start
 */
XIE_API int onebot_plugin_reload(struct onebot_bot *bot, const char *name);

/**
 * Look through the plugin_folder of the options: what is new is loaded, what has changed (in size,
 * time or inode) since it was loaded, failed or was unloaded by a call is loaded anew, what came
 * from a file that is no more there is unloaded.
 *
 * return  how many of these were done
 * errors  -EDEADLK by a task of a plugin that came from the folder; -EBUSY it is being looked
 *         through; -EINVAL there is no folder; those of opendir(3); -ECANCELED -ETIMEDOUT -ENOMEM;
 *         XIE_ECLOSED. What fails with a single plugin is said in the log
 * note    what has failed is tried again though its file is the same: after
 *         onebot_plugin_settings_changed; where its name was taken, when a plugin has ended; where
 *         something was short (XIE_ELIMIT -EAGAIN -EMFILE -ENFILE -ENOMEM -ETIMEDOUT) or the plugin
 *         was changing just then, by the next scan
 * note    with plugin_watch this is done by itself, when the folder has not changed for 200 ms, and
 *         again as long as plugins were changing. A folder that is moved, removed or not there is
 *         looked for again, every 5 seconds or more often, and the log says so
 */
XIE_API int onebot_plugin_scan(struct onebot_bot *bot);

/* The settings of the options have been read again (onebot_config_reload): plugins whose section is
 * another one now are told by `changed`, or reloaded. A section with a mistake is said, and the old
 * one stays in force. One that is starting, or being loaded anew, hears of it when that is over,
 * and is not counted. What has failed to load is tried again by the next scan. return how many it
 * was another for; errors -EDEADLK by a task of a plugin; -ECANCELED -ETIMEDOUT -ENOMEM
 * XIE_ECLOSED */
XIE_API int onebot_plugin_settings_changed(struct onebot_bot *bot);

enum onebot_plugin_state {
    ONEBOT_PLUGIN_STARTING, /* its rules are not in force yet */
    ONEBOT_PLUGIN_SERVING,
    ONEBOT_PLUGIN_ENDING, /* it waits for what it runs */
    ONEBOT_PLUGIN_ENDED   /* it has, but the shared object stays in memory for now */
};

/* One, for people. Strings are never NULL. */
struct onebot_plugin_info {
    const char *name, *version, *about; /* name "": not known yet, or it has none */
    const char *path;                   /* "": linked in */
    enum onebot_plugin_state state;
    size_t running;    /* tasks: handlers, jobs, others */
    int64_t loaded_ns; /* when its rules came into force, of xie_now(); 0: not yet */
};

/* Those there are, in the order of loading. infos receives up to cap of them, good until the task
 * waits. return how many there are */
XIE_API size_t onebot_plugin_list(struct onebot_bot *bot, struct onebot_plugin_info *infos,
                                  size_t cap);

#ifdef __cplusplus
}
#endif
#endif

/* config.h - one file of settings, declared by a table of its keys.
 * Floor 9, library xie-onebot. The file is YAML; every complaint names file, line and key. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_CONFIG_H
#define XIE_ONEBOT_CONFIG_H

#include <stdio.h>

#include <xie/onebot.h>
#include <xie/onebot/logger.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- declaring ---------------------------------------------------------------------- */

/* What a value is, and as what JSON it is given to the program. */
enum onebot_key_kind {
    ONEBOT_KEY_TEXT,   /* a string, quoted or not; least..most of its length [bytes] */
    ONEBOT_KEY_SECRET, /* the same; "$NAME" is the environment's NAME, "$$…" begins with one "$".
                      Never shown */
    ONEBOT_KEY_NUMBER, /* an integer, least..most */
    ONEBOT_KEY_DURATION, /* "250ms" "10s" "5m" "2h" "1d", or "never"; an integer [ns]; "never" is
                        XIE_NEVER, and only where most is 0 */
    ONEBOT_KEY_SIZE,     /* "64MiB", also B, KiB, GiB, or no unit; an integer [bytes] */
    ONEBOT_KEY_FLAG,     /* true false yes no on off */
    ONEBOT_KEY_CHOICE,   /* one of choices; a string */
    ONEBOT_KEY_TABLE,    /* keys of its own; an object */
    ONEBOT_KEY_FREE /* whatever stands there: unquoted true, false, null and numbers are that */
};

/* How many of it. */
enum onebot_key_shape {
    ONEBOT_KEY_ONE,
    ONEBOT_KEY_LIST, /* an array, empty when there is none */
    ONEBOT_KEY_MAP   /* an object, whose names are free, empty when there are none */
};

/* A key that may stand in the file; tables of them end with name NULL. Zero is the default of
 * each field. Borrowed as long as the configuration is open. */
struct onebot_config_key {
    const char *name;
    enum onebot_key_kind kind;
    enum onebot_key_shape shape;
    bool required;
    const char *help;           /* for people; lines are divided by "\n" */
    const char *standard;       /* the default as it would be written in the file; NULL: the key is
                                   absent from the values (a table has its own keys' defaults) */
    int64_t least, most;        /* the range, both included; both 0: any */
    const char *const *choices; /* ended by NULL */
    const struct onebot_config_key *keys; /* of a table */
    /* What is wrong with a value that is of its kind and in its range; NULL: nothing. May not
     * wait. Of a list or a map: asked for each value. */
    const char *(*wrong)(const json_t *value);
};

/* --- reading ------------------------------------------------------------------------ */

/* Limits of a file; beyond each it is refused, with a complaint. */
enum {
    ONEBOT_CONFIG_SIZE = 1 << 20, /* of the file [bytes] */
    ONEBOT_CONFIG_NODES = 5000,   /* values in it */
    ONEBOT_CONFIG_DEPTH = 16,     /* of lists and maps in each other */
    ONEBOT_CONFIG_COMPLAINTS = 50 /* told one by one; then their number */
};

/* A configuration that was read; opaque. */
struct onebot_config;

/* Receives a complaint: one line, "bot.yml:12: endpoints[0].tokne: unknown key; did you mean
 * \"token\"?", safe to show. May not wait. */
typedef void onebot_complaint(void *arg, const char *line);

/**
 * Read a file, check it, and fill in the defaults.
 *
 * path    of a regular file; copied
 * keys    what may stand there
 * say     receives every complaint, not the first one alone; NULL: nobody hears
 * config  receives the configuration, owned; untouched on error
 * errors  XIE_EFAILED there were complaints; those of xie_file_load, complained about too;
 *         -ENOMEM; -EPERM outside a task
 * note    YAML without anchors, aliases, tags and second documents: one value is written in one
 *         way. What a value is, its key decides, so that `name: no` is the text "no". A key that
 *         comes twice is a complaint. A list or table without value (`plugins:`) is an empty one
 * cost    an allocation or two for each value
 */
XIE_API int onebot_config_open(const char *path, const struct onebot_config_key *keys,
                               onebot_complaint *say, void *arg, struct onebot_config **config);

/* The same from memory, also outside a task; name stands for the file in complaints. It cannot
 * be reloaded. */
XIE_API int onebot_config_parse(const char *name, const char *text, size_t len,
                                const struct onebot_config_key *keys, onebot_complaint *say,
                                void *arg, struct onebot_config **config);

/* The values: an object with the declared keys. Borrowed until close or reload; json_incref
 * keeps it for longer. */
XIE_API json_t *onebot_config_values(const struct onebot_config *config);

/**
 * Check a part that was declared free, by keys of its own: a plugin's section.
 *
 * section  where: "plugins.weather"; may be missing in the file, it is an empty one then
 * values   receives the object with defaults filled in, owned; untouched on error
 * errors   XIE_EFAILED there were complaints, with file and line as ever; -ENOMEM
 */
XIE_API int onebot_config_section(const struct onebot_config *config, const char *section,
                                  const struct onebot_config_key *keys, onebot_complaint *say,
                                  void *arg, json_t **values);

/* NULL is allowed. */
XIE_API void onebot_config_close(struct onebot_config *config);

/* Write a file of the defaults, with comments made of the declarations: it can be read again, once
 * what is required has been filled in. return 0; errors -EIO */
XIE_API int onebot_config_print(const struct onebot_config_key *keys, FILE *file);

/* --- reading again ------------------------------------------------------------------ */

/* A value differs: "log.level"; a list is told as a whole. Both are borrowed for the call; NULL: it
 * was, or is, absent. May not wait. */
typedef void onebot_changed(void *arg, const char *key, const json_t *old, const json_t *now);

/**
 * Read the file again, and tell what is different now.
 *
 * changed  called for each difference, when the new values are in force; may be NULL
 * return   how many there were
 * errors   as onebot_config_open; then the old values stay in force; -EINVAL it came from memory
 */
XIE_API int onebot_config_reload(struct onebot_config *config, onebot_complaint *say,
                                 onebot_changed *changed, void *arg);

/* What a task does on SIGHUP. */
struct onebot_config_watch {
    struct onebot_config *config; /* NULL: there is none, only hangup is called */
    onebot_complaint *say;
    onebot_changed *changed;
    void (*hangup)(void *arg, int result); /* behind each: of onebot_config_reload, or 0. May be
                                              NULL, may wait */
    void *arg;                             /* of the three */
};

/**
 * A task: reload on each SIGHUP, until cancelled.
 *
 * watch   struct onebot_config_watch, borrowed until it returns
 * return  never 0
 * errors  -ECANCELED -ETIMEDOUT of the scopes around; -EBUSY somebody else catches SIGHUP; those
 *         of xie_signals_open
 * note    signals that come while the file is read count once, and it is read again
 */
XIE_API int onebot_config_watch(void *watch);

/* --- the bot's own ------------------------------------------------------------------ */

/* What a bot's file may say: endpoints, limits, pace, log, commands, superusers, plugins. */
XIE_API extern const struct onebot_config_key onebot_settings_keys[];

/* Options made from values; opaque. */
struct onebot_settings;

/**
 * Make what onebot_run needs from a configuration of onebot_settings_keys.
 *
 * options   filled in: endpoints, limits, superusers and prefixes of the book, plugin_folder where
 *           it is given; other fields are left alone. It borrows from settings
 * settings  receives what has to stay until onebot_run has returned, owned; untouched on error,
 *           as options are
 * errors    XIE_EFAILED TLS files cannot be used: said; -EPROTONOSUPPORT they are named, and TLS
 *           is not built in: said; -ENOMEM
 * note      the settings keep the values of now, whatever is reloaded later
 */
XIE_API int onebot_settings_open(const struct onebot_config *config, onebot_complaint *say,
                                 void *arg, struct onebot_options *options,
                                 struct onebot_settings **settings);
/**
 * Make it again, of what the configuration says now, for onebot_change. An endpoint that is the
 * same in all keeps its TLS context, and with it its connections; the context's files are loaded
 * again, for those that are made from now on: certificates are renewed.
 *
 * before   what is in force; left as it is, to be closed once onebot_change has returned. NULL:
 *          nothing, and this is onebot_settings_open
 * errors   as onebot_settings_open; XIE_EFAILED also when files cannot be loaded any more: what
 *          had been loaded of these stays in use. Others may have been loaded all the same
 * cost     reads those files, blocking the thread for as long as that takes
 */
XIE_API int onebot_settings_again(const struct onebot_config *config,
                                  const struct onebot_settings *before, onebot_complaint *say,
                                  void *arg, struct onebot_options *options,
                                  struct onebot_settings **settings);
/* NULL is allowed. */
XIE_API void onebot_settings_close(struct onebot_settings *settings);

/* What the log section says, borrowed from values; at most ONEBOT_LOGGER_NAMES names. names
 * receives them, ended by name NULL [ONEBOT_LOGGER_NAMES + 1]. */
XIE_API struct onebot_logger_options onebot_settings_log(const json_t *values,
                                                         struct onebot_logger_name *names);

#ifdef __cplusplus
}
#endif
#endif

/* logger.h - lines of the log: levels, names, fields, for people or for programs.
 * Floor 9, library xie-onebot. Needs no task; any thread may write. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_LOGGER_H
#define XIE_ONEBOT_LOGGER_H

#include <xie/onebot.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where lines go, and which; opaque. Everywhere NULL is the logger of all programs: stderr, for
 * people, from ONEBOT_INFO on. */
struct onebot_logger;

enum {
    ONEBOT_LOGGER_LINE = 4096, /* the longest line [bytes]; cut off at a character's end */
    ONEBOT_LOGGER_NAMES = 64,  /* names with a level of their own */
    ONEBOT_LOGGER_SAME = 64    /* different lines whose repetitions are counted at a time */
};

/* A name's own level: of the name, and of those below it ("weather" for "weather.http"). */
struct onebot_logger_name {
    const char *name;
    enum onebot_level level;
};

/* Colour by level. */
enum onebot_colour {
    ONEBOT_COLOUR_AUTO, /* on a terminal, unless NO_COLOR is in the environment, not empty */
    ONEBOT_COLOUR_NEVER,
    ONEBOT_COLOUR_ALWAYS
};

/* Zero is the default of each. Copied. */
struct onebot_logger_options {
    const char *path;                       /* appended to; NULL or "": stderr */
    enum onebot_level level;                /* the least that is written */
    const struct onebot_logger_name *names; /* ended by name NULL; the longest that fits counts */
    bool json;                              /* a JSON object a line, with time in UTC */
    enum onebot_colour colour;              /* not with json */
    unsigned same;     /* the same line (level, name and text) is written so often … */
    int64_t window_ns; /* … in this time, the others are counted; 5 in 10 s */
};

/**
 * Open a logger.
 *
 * errors  those of open(2) for the path; -ENOMEM; -EINVAL too many names
 * cost    one allocation for all, and the system's for the file
 */
XIE_API int onebot_logger_open(const struct onebot_logger_options *options,
                               struct onebot_logger **logger);
/* What was held back is told as a number; then the file is closed. NULL is allowed. */
XIE_API void onebot_logger_close(struct onebot_logger *logger);

/* Other options from now on. errors as open; then everything is as it was. -EINVAL logger NULL */
XIE_API int onebot_logger_change(struct onebot_logger *logger,
                                 const struct onebot_logger_options *options);
/* Open the path again, for who has moved the file away. return 0, also for stderr; errors of
 * open(2): lines go where they went */
XIE_API int onebot_logger_reopen(struct onebot_logger *logger);

/* Would it be written? */
XIE_API bool onebot_logger_wants(const struct onebot_logger *logger, enum onebot_level level,
                                 const char *name);

/* A field of a line. */
struct onebot_log_field {
    const char *key;  /* NULL ends the fields */
    const char *text; /* NULL: the number */
    int64_t number;
};

static inline struct onebot_log_field onebot_log_text(const char *key, const char *text)
{
    struct onebot_log_field field = {key, text ? text : "", 0};
    return field;
}

static inline struct onebot_log_field onebot_log_number(const char *key, int64_t number)
{
    struct onebot_log_field field = {key, NULL, number};
    return field;
}

/* Fields in place (C only): ONEBOT_FIELDS(onebot_log_number("user", id), …). */
#define ONEBOT_FIELDS(...) ((const struct onebot_log_field[]){__VA_ARGS__, {NULL, NULL, 0}})

/**
 * Write a line.
 *
 * name    who says it: a plugin; NULL or "": nobody in particular
 * fields  ended by key NULL; NULL: none
 * format  of the message, as printf
 * note    nothing in it breaks the line or steers a terminal: control characters and bytes that
 *         are no UTF-8 become "?" (in JSON U+FFFD and escapes). A line that does not fit is cut
 * note    it does not wait: where a pipe or a terminal takes no more, or a disk is full, the line
 *         is lost, and the number of the lost is told by the next that is not. A disk's file is
 *         written to as write(2) does it
 * note    errno stays as it is
 * cost    two system calls; none when the level is too low
 */
XIE_API void onebot_logger_write(struct onebot_logger *logger, enum onebot_level level,
                                 const char *name, const struct onebot_log_field *fields,
                                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* For the options of onebot_run: `.log = onebot_logger_line, .log_arg = logger`. */
XIE_API void onebot_logger_line(void *logger, enum onebot_level level, const char *line);

#ifdef __cplusplus
}
#endif
#endif

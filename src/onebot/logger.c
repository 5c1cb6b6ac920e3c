/* logger.c - which lines are written, and where to.
 * Floor 9. Everything of a logger is under its lock, its buffers included: writing a line takes
 * little of a task's stack. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/memory.h"
#include "onebot/logger.h"

enum { SAME = 5, WINDOW_S = 10 };

/* Options, copied: one allocation with all that they name. */
struct setup {
    struct onebot_logger_options options;
    struct onebot_logger_name names[]; /* ended by name NULL; the strings stand behind */
};

struct onebot_logger {
    pthread_mutex_t lock;
    struct setup *setup;
    int fd;
    enum { UNKNOWN, PLAIN, COLOURED } colour;
    uint64_t lost; /* lines that could not be written */
    bool torn;     /* the last one was written in part */
    struct onebot_log_line line;
    char message[2048];
    struct onebot_same same[ONEBOT_LOGGER_SAME];
};

static struct setup standard_setup = {
    .options = {.same = SAME, .window_ns = WINDOW_S * XIE_SECOND, .path = ""}};
static struct onebot_logger standard = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .setup = &standard_setup, .fd = STDERR_FILENO};

static struct onebot_logger *or_standard(struct onebot_logger *logger)
{
    return logger ? logger : &standard;
}

/* --- options ------------------------------------------------------------------------ */

static size_t count_names(const struct onebot_logger_options *options, size_t *bytes)
{
    size_t count = 0;
    *bytes = 0;
    for (; options->names && options->names[count].name && count <= ONEBOT_LOGGER_NAMES; count++)
        *bytes += strlen(options->names[count].name) + 1;
    return count;
}

static const char *copy(char **to, const char *text)
{
    size_t size = strlen(text) + 1;
    char *start = memcpy(*to, text, size);
    *to += size;
    return start;
}

static int make_setup(const struct onebot_logger_options *options, struct setup **setup)
{
    size_t bytes, count = count_names(options, &bytes);
    const char *path = options->path ? options->path : "";
    if (count > ONEBOT_LOGGER_NAMES)
        return -EINVAL;
    size_t table = (count + 1) * sizeof *(*setup)->names;
    struct setup *made = xie_alloc_zero(sizeof *made + table + bytes + strlen(path) + 1);
    if (!made)
        return -ENOMEM;
    char *to = (char *)made->names + table;
    made->options = *options;
    made->options.path = copy(&to, path);
    made->options.names = made->names;
    for (size_t i = 0; i < count; i++)
        made->names[i] =
            (struct onebot_logger_name){copy(&to, options->names[i].name), options->names[i].level};
    if (!options->same)
        made->options.same = SAME;
    if (options->window_ns <= 0)
        made->options.window_ns = WINDOW_S * XIE_SECOND;
    *setup = made;
    return 0;
}

/* Non-blocking: a pipe that nobody reads holds nobody up. */
static int open_path(const char *path)
{
    int fd = xie_fault_check(XIE_FAULT_SYSCALL);
    if (!*path)
        return STDERR_FILENO;
    while (!fd) {
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
        if (fd >= 0)
            return fd;
        fd = errno == EINTR ? 0 : -errno;
    }
    return fd;
}

static void close_own(const struct onebot_logger *logger)
{
    if (*logger->setup->options.path)
        close(logger->fd);
}

static bool is_coloured(struct onebot_logger *logger)
{
    const struct onebot_logger_options *options = &logger->setup->options;
    const char *no_colour = getenv("NO_COLOR");
    if (options->colour != ONEBOT_COLOUR_AUTO)
        return options->colour == ONEBOT_COLOUR_ALWAYS;
    if (logger->colour == UNKNOWN)
        logger->colour = !(no_colour && *no_colour) && isatty(logger->fd) ? COLOURED : PLAIN;
    return logger->colour == COLOURED;
}

static size_t length_if_of(const char *own, const char *name)
{
    size_t len = strlen(own);
    return strncmp(own, name, len) == 0 && (!name[len] || name[len] == '.') ? len + 1 : 0;
}

static bool wants(const struct onebot_logger *logger, enum onebot_level level, const char *name)
{
    enum onebot_level least = logger->setup->options.level;
    size_t best = 0;
    const struct onebot_logger_name *at = logger->setup->options.names;
    for (; at && name && at->name; at++) {
        size_t len = length_if_of(at->name, name);
        if (len > best) {
            best = len;
            least = at->level;
        }
    }
    return level >= least;
}

/* --- writing ------------------------------------------------------------------------ */

/* What takes a page without waiting: a pipe has one free then, and a line is no longer. */
static bool is_ready(int fd)
{
    struct pollfd look = {.fd = fd, .events = POLLOUT};
    return poll(&look, 1, 0) == 1 && look.revents == POLLOUT;
}

static ssize_t write_once(int fd, const char *text, size_t len)
{
    ssize_t done;
    if (!is_ready(fd))
        return -1;
    do
        done = write(fd, text, len);
    while (done < 0 && errno == EINTR);
    return done;
}

static bool write_all(struct onebot_logger *logger, const char *text, size_t len)
{
    if (logger->torn && write_once(logger->fd, "\n", 1) == 1)
        logger->torn = false;
    if (logger->torn)
        return false;
    while (len) {
        ssize_t done = write_once(logger->fd, text, len);
        if (done <= 0)
            return false;
        text += done;
        len -= (size_t)done;
        logger->torn = len > 0;
    }
    return true;
}

static void write_record(struct onebot_logger *logger, const struct onebot_record *record)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t ns = now.tv_sec * XIE_SECOND + now.tv_nsec;
    if (logger->setup->options.json)
        onebot_log_json(&logger->line, record, ns);
    else
        onebot_log_people(&logger->line, record, ns, is_coloured(logger));
    if (!write_all(logger, logger->line.text, logger->line.len))
        logger->lost++;
}

/* Before the next line that may be written. */
static void tell_lost(struct onebot_logger *logger)
{
    char text[64];
    uint64_t lost = logger->lost;
    if (!lost || !is_ready(logger->fd))
        return;
    snprintf(text, sizeof text, "%llu line%s lost here", (unsigned long long)lost,
             lost == 1 ? " was" : "s were");
    logger->lost = 0;
    write_record(logger, &(struct onebot_record){ONEBOT_WARNING, "", text, NULL});
    if (logger->lost)
        logger->lost = lost;
}

/* --- repetitions -------------------------------------------------------------------- */

static void tell_same(struct onebot_logger *logger, struct onebot_same *same)
{
    char text[ONEBOT_SAME_TEXT + 40];
    uint64_t more =
        same->count > logger->setup->options.same ? same->count - logger->setup->options.same : 0;
    same->count = 0;
    if (!more)
        return;
    snprintf(text, sizeof text, "%llu more time%s: %s", (unsigned long long)more,
             more == 1 ? "" : "s", same->text);
    write_record(logger, &(struct onebot_record){same->level, same->name, text, NULL});
}

/* The time of each place that is over. Linear: 64 of them. */
static void end_windows(struct onebot_logger *logger, int64_t now)
{
    for (size_t i = 0; i < ONEBOT_LOGGER_SAME; i++)
        if (logger->same[i].count &&
            now - logger->same[i].since >= logger->setup->options.window_ns)
            tell_same(logger, &logger->same[i]);
}

static void tell_all(struct onebot_logger *logger)
{
    for (size_t i = 0; i < ONEBOT_LOGGER_SAME; i++)
        tell_same(logger, &logger->same[i]);
}

/* Is it one that has come too often? */
static bool is_held_back(struct onebot_logger *logger, const struct onebot_record *record)
{
    int64_t now = xie_now();
    end_windows(logger, now);
    struct onebot_same *same = onebot_same_place(logger->same, record);
    if (onebot_same_is(same, record))
        return ++same->count > logger->setup->options.same;
    tell_same(logger, same);
    onebot_same_begin(same, record, now);
    return false;
}

/* --- the calls ---------------------------------------------------------------------- */

bool onebot_logger_wants(const struct onebot_logger *logger, enum onebot_level level,
                         const char *name)
{
    struct onebot_logger *self = or_standard((struct onebot_logger *)logger);
    pthread_mutex_lock(&self->lock);
    bool wanted = wants(self, level, name);
    pthread_mutex_unlock(&self->lock);
    return wanted;
}

void onebot_logger_write(struct onebot_logger *logger, enum onebot_level level, const char *name,
                         const struct onebot_log_field *fields, const char *format, ...)
{
    int error = errno;
    va_list args;
    struct onebot_logger *self = or_standard(logger);
    struct onebot_record record = {level, name ? name : "", self->message, fields};
    pthread_mutex_lock(&self->lock);
    if (wants(self, level, record.name)) {
        va_start(args, format);
        if (vsnprintf(self->message, sizeof self->message, format, args) < 0)
            self->message[0] = 0;
        va_end(args);
        onebot_log_trim(self->message, sizeof self->message);
        tell_lost(self);
        if (!is_held_back(self, &record))
            write_record(self, &record);
    }
    pthread_mutex_unlock(&self->lock);
    errno = error;
}

void onebot_logger_line(void *logger, enum onebot_level level, const char *line)
{
    onebot_logger_write(logger, level, NULL, NULL, "%s", line);
}

int onebot_logger_open(const struct onebot_logger_options *options, struct onebot_logger **logger)
{
    struct onebot_logger *made = xie_alloc_zero(sizeof *made);
    int error = made ? make_setup(options, &made->setup) : -ENOMEM;
    if (!error)
        error = made->fd = open_path(made->setup->options.path);
    if (error < 0) {
        if (made)
            xie_release(made->setup);
        xie_release(made);
        return error;
    }
    pthread_mutex_init(&made->lock, NULL);
    *logger = made;
    return 0;
}

void onebot_logger_close(struct onebot_logger *logger)
{
    if (!logger)
        return;
    tell_lost(logger);
    tell_all(logger);
    close_own(logger);
    pthread_mutex_destroy(&logger->lock);
    xie_release(logger->setup);
    xie_release(logger);
}

/* To another file, and other options; what was held back stands in the old one. */
static void turn_to(struct onebot_logger *logger, struct setup *setup, int fd)
{
    tell_lost(logger);
    tell_all(logger);
    close_own(logger);
    logger->fd = fd;
    logger->torn = false;
    logger->colour = UNKNOWN;
    if (setup) {
        xie_release(logger->setup);
        logger->setup = setup;
    }
}

int onebot_logger_change(struct onebot_logger *logger, const struct onebot_logger_options *options)
{
    struct setup *setup;
    if (!logger)
        return -EINVAL;
    int error = make_setup(options, &setup);
    if (error)
        return error;
    int fd = open_path(setup->options.path);
    if (fd < 0) {
        xie_release(setup);
        return fd;
    }
    pthread_mutex_lock(&logger->lock);
    turn_to(logger, setup, fd);
    pthread_mutex_unlock(&logger->lock);
    return 0;
}

int onebot_logger_reopen(struct onebot_logger *logger)
{
    struct onebot_logger *self = or_standard(logger);
    pthread_mutex_lock(&self->lock);
    int fd = open_path(self->setup->options.path);
    if (fd >= 0)
        turn_to(self, NULL, fd);
    pthread_mutex_unlock(&self->lock);
    return fd < 0 ? fd : 0;
}

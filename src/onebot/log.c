/* log.c - one line of the log, on stderr unless the program takes it.
 * Floor 9. One write per line, so that lines of several processes do not mix. */
/* SPDX-License-Identifier: MIT */
#include "onebot/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "onebot/utf8.h"

static const char *const level_names[] = {
    [ONEBOT_INFO] = "info", [ONEBOT_WARNING] = "warning", [ONEBOT_ERROR] = "error"};

static void write_stderr(enum onebot_level level, const char *line)
{
    char text[ONEBOT_LOG_LINE + 64];
    struct timeval now;
    struct tm local;
    gettimeofday(&now, NULL);
    localtime_r(&now.tv_sec, &local);
    size_t len = strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    len += snprintf(text + len, sizeof text - len, ".%03d %-7s %s\n", (int)(now.tv_usec / 1000),
                    level_names[level], line);
    if (write(STDERR_FILENO, text, len) < 0)
        return; /* nobody listens: there is no better place to say so */
}

void onebot_log(const struct onebot_log *log, enum onebot_level level, const char *format, ...)
{
    char line[ONEBOT_LOG_LINE];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len < 0)
        return;
    onebot_utf8_one_line(line, (size_t)len >= sizeof line);
    if (log->write)
        log->write(log->arg, level, line);
    else
        write_stderr(level, line);
}

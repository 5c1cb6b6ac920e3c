/* log.c - one line of the framework's log: to the program, or to the logger of all programs.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/log.h"

#include <stdarg.h>
#include <stdio.h>

#include <xie/onebot/logger.h>

#include "onebot/utf8.h"

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
        onebot_logger_line(NULL, level, line);
}

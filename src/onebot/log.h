/* log.h - one line of the log, safe to show.
 * Floor 9. What came from outside cannot break a line or steer a terminal. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_LOG_H
#define XIE_ONEBOT_LOG_H

#include <xie/onebot.h>

/* The longest line [bytes]; the rest is cut off at a character's end. */
enum { ONEBOT_LOG_LINE = 1024 };

/* Where lines go; zero: stderr. */
struct onebot_log {
    void (*write)(void *arg, enum onebot_level level, const char *line);
    void *arg;
};

__attribute__((format(printf, 3, 4))) void
onebot_log(const struct onebot_log *log, enum onebot_level level, const char *format, ...);

#endif

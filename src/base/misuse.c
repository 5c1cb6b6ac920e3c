/* misuse.c - one line on stderr by one write(2), from anywhere, signal handlers included.
 * Floor 0. Its own formatter: stdio takes locks, memory and kilobytes of stack. */
/* SPDX-License-Identifier: MIT */
#include "base/misuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *(*xie_misuse_who)(void);

/* A longer line is cut. Small: tasks may have 16 KiB of stack. */
enum { LINE_CAP = 512, NAME_ROOM = 80, DIGITS_CAP = 24 };

struct line {
    size_t len, cap;
    char *text;
};

static void put_bytes(struct line *line, const char *bytes, size_t len)
{
    size_t room = line->cap - line->len;
    if (len > room)
        len = room;
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
}

static void put_text(struct line *line, const char *text)
{
    put_bytes(line, text, strlen(text));
}

static void put_number(struct line *line, uint64_t value, unsigned base, bool negative)
{
    char digits[DIGITS_CAP];
    size_t at = sizeof(digits);
    do
        digits[--at] = "0123456789abcdef"[value % base];
    while (value /= base);
    if (negative)
        digits[--at] = '-';
    put_bytes(line, digits + at, sizeof(digits) - at);
}

/* One conversion. *format stands behind the '%'; leaves it at the conversion's letter. */
static void put_conversion(struct line *line, const char **format, va_list *args)
{
    int precision = -1;
    unsigned longs = 0;
    if (!strncmp(*format, ".*", 2)) {
        precision = va_arg(*args, int);
        *format += 2;
    }
    for (; **format == 'l' || **format == 'z'; ++*format)
        longs++; /* long, long long and size_t are one width on every 64-bit system */
    switch (**format) {
    case 's': {
        const char *text = va_arg(*args, const char *);
        text = text ? text : "(null)";
        put_bytes(line, text, precision < 0 ? strlen(text) : strnlen(text, (size_t)precision));
        return;
    }
    case 'd': {
        int64_t value = longs ? va_arg(*args, int64_t) : va_arg(*args, int);
        put_number(line, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0);
        return;
    }
    case 'u':
    case 'x':
        put_number(line, longs ? va_arg(*args, uint64_t) : va_arg(*args, unsigned),
                   **format == 'u' ? 10 : 16, false);
        return;
    case 'c':
        put_bytes(line, &(char){(char)va_arg(*args, int)}, 1);
        return;
    case 'p':
        put_text(line, "0x");
        put_number(line, (uint64_t)(uintptr_t)va_arg(*args, void *), 16, false);
        return;
    default: /* '%', and what the header does not promise: as it stands */
        put_bytes(line, *format, **format ? 1 : 0);
    }
}

static void put_format(struct line *line, const char *format, va_list *args)
{
    for (; *format; format++) {
        if (*format != '%') {
            put_bytes(line, format, 1);
            continue;
        }
        format++;
        put_conversion(line, &format, args);
        if (!*format)
            return;
    }
}

/* Its last byte is free. */
static void write_line(struct line *line)
{
    line->text[line->len++] = '\n';
    int saved = errno;
    while (write(STDERR_FILENO, line->text, line->len) < 0 && errno == EINTR)
        ;
    errno = saved;
}

size_t xie_format(char *text, size_t cap, const char *format, va_list args)
{
    struct line line = {.cap = cap - 1, .text = text};
    va_list own; /* a va_list that is an argument cannot be pointed at */
    va_copy(own, args);
    put_format(&line, format, &own);
    va_end(own);
    text[line.len] = 0;
    return line.len;
}

void xie_report(const char *format, ...)
{
    char text[LINE_CAP];
    struct line line = {.cap = LINE_CAP - 1, .text = text};
    va_list args;
    put_text(&line, "xie: ");
    va_start(args, format);
    put_format(&line, format, &args);
    va_end(args);
    write_line(&line);
}

void xie_misuse(const char *format, ...)
{
    char text[LINE_CAP];
    struct line line = {.cap = LINE_CAP - NAME_ROOM, .text = text};
    va_list args;
    put_text(&line, "xie: misuse: ");
    va_start(args, format);
    put_format(&line, format, &args);
    va_end(args);
    const char *name = xie_misuse_who ? xie_misuse_who() : NULL;
    if (name) {
        line.cap = LINE_CAP - 2;
        put_text(&line, " [task ");
        put_text(&line, name);
        line.cap = LINE_CAP - 1;
        put_text(&line, "]");
    }
    write_line(&line);
    abort();
}

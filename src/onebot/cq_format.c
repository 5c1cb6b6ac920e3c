/* cq_format.c - a printf whose template is in CQ form and whose arguments are only text.
 * Floor 9. Each conversion is done by the C library alone, and escaped for where it stands. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/cq.h"
#include "onebot/message.h"

enum { SPEC = 64 };

struct template
{
    struct onebot_buffer to;
    bool in_code; /* between "[CQ:" and "]" */
    int error;
    char spec[SPEC]; /* the conversion at hand, its stars replaced */
    size_t spec_len;
};

/* --- pieces ------------------------------------------------------------------------- */

/* Only what the template itself says in one piece begins a code: its other brackets are text, or
 * "[%s]" would make a code of whatever is called "CQ:at,qq=all". */
static const char *add_literal(struct template *t, const char *format)
{
    if (!t->in_code && strncmp(format, "[CQ:", 4) == 0) {
        onebot_buffer_add(&t->to, format, 4);
        t->in_code = true;
        return format + 4;
    }
    if (!t->in_code && (*format == '[' || *format == ']'))
        onebot_cq_escape(&t->to, format, 1, false);
    else
        onebot_buffer_add(&t->to, format, 1);
    if (*format == ']')
        t->in_code = false;
    return format + 1;
}

static void add_argument(struct template *t, const char *text, size_t len)
{
    onebot_cq_escape(&t->to, text, len, t->in_code);
}

/* return 0; errors -EINVAL -ENOMEM */
static int convert(struct template *t, ...)
{
    va_list args, again;
    va_start(args, t);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, t->spec, args);
    char *text = len < 0 ? NULL : xie_alloc((size_t)len + 1);
    if (text) {
        vsnprintf(text, (size_t)len + 1, t->spec, again);
        add_argument(t, text, (size_t)len);
    }
    va_end(again);
    va_end(args);
    xie_release(text);
    if (len < 0)
        return -EINVAL;
    return text ? 0 : -ENOMEM;
}

/* --- conversions -------------------------------------------------------------------- */

enum length { LENGTH_INT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_MAX, LENGTH_SIZE, LENGTH_DOUBLE };

static void add_spec(struct template *t, const char *text, size_t len)
{
    if (t->spec_len + len >= SPEC) {
        t->error = -EINVAL;
        return;
    }
    memcpy(t->spec + t->spec_len, text, len);
    t->spec_len += len;
    t->spec[t->spec_len] = 0;
}

/* A width or a precision given as an argument; a negative precision is none. */
static void add_star(struct template *t, int value)
{
    char text[16];
    if (value < 0 && t->spec[t->spec_len - 1] == '.')
        t->spec[--t->spec_len] = 0;
    else
        add_spec(t, text, (size_t)snprintf(text, sizeof text, "%d", value));
}

/* Flags, width, precision. */
static const char *read_layout(struct template *t, const char *format, va_list *args)
{
    for (; *format && strchr("-+ #0'I*.123456789", *format); format++)
        if (*format == '*')
            add_star(t, va_arg(*args, int));
        else
            add_spec(t, format, 1);
    return format;
}

static const char *read_length(struct template *t, const char *format, enum length *length)
{
    static const struct {
        const char *text;
        enum length length;
    } lengths[] = {{"hh", LENGTH_INT}, {"h", LENGTH_INT},    {"ll", LENGTH_LONG_LONG},
                   {"l", LENGTH_LONG}, {"j", LENGTH_MAX},    {"z", LENGTH_SIZE},
                   {"t", LENGTH_SIZE}, {"L", LENGTH_DOUBLE}, {"q", LENGTH_LONG_LONG}};
    *length = LENGTH_INT;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t len = strlen(lengths[i].text);
        if (strncmp(format, lengths[i].text, len) != 0)
            continue;
        *length = lengths[i].length;
        add_spec(t, format, len);
        return format + len;
    }
    return format;
}

static int convert_integer(struct template *t, enum length length, va_list *args)
{
    if (length == LENGTH_LONG)
        return convert(t, va_arg(*args, long));
    if (length == LENGTH_LONG_LONG)
        return convert(t, va_arg(*args, long long));
    if (length == LENGTH_MAX)
        return convert(t, va_arg(*args, intmax_t));
    if (length == LENGTH_SIZE)
        return convert(t, va_arg(*args, size_t));
    return convert(t, va_arg(*args, int));
}

static int convert_one(struct template *t, char kind, enum length length, va_list *args)
{
    if (strchr("diouxX", kind))
        return convert_integer(t, length, args);
    if (strchr("eEfFgGaA", kind) && length == LENGTH_DOUBLE)
        return convert(t, va_arg(*args, long double));
    if (strchr("eEfFgGaA", kind))
        return convert(t, va_arg(*args, double));
    if (kind == 'c' && length == LENGTH_INT)
        return convert(t, va_arg(*args, int));
    if (kind == 's' && length == LENGTH_INT)
        return convert(t, va_arg(*args, const char *));
    if (kind == 'p')
        return convert(t, va_arg(*args, void *));
    return -EINVAL;
}

/* format stands behind the '%'. */
static const char *read_conversion(struct template *t, const char *format, va_list *args)
{
    enum length length;
    t->spec_len = 0;
    add_spec(t, "%", 1);
    format = read_layout(t, format, args);
    format = read_length(t, format, &length);
    if (!*format) {
        t->error = -EINVAL;
        return format;
    }
    add_spec(t, format, 1);
    if (!t->error)
        t->error = convert_one(t, *format, length, args);
    return format + 1;
}

void onebot_message_cq(struct onebot_message *message, const char *format, ...)
{
    struct template t = {.to = {0}};
    va_list args;
    if (message->error)
        return;
    va_start(args, format);
    while (*format && !t.error) {
        bool conversion = *format == '%' && format[1] != '%';
        if (conversion)
            format = read_conversion(&t, format + 1, &args);
        else
            format = add_literal(&t, format + (*format == '%'));
    }
    va_end(args);
    if (t.error || t.to.failed)
        onebot_message_fail(message, t.error ? t.error : -ENOMEM);
    else
        onebot_message_parse(message, t.to.text, t.to.len);
    onebot_buffer_clear(&t.to);
}

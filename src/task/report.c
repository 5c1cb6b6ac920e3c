/* report.c - what went wrong with nobody there to be told: to the loop's handler, or to stderr.
 * Floor 3. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>

#include "base/misuse.h"
#include "task/wait.h"

enum { XIE_LINE_CAP = 512 }; /* small: tasks may have 16 KiB of stack */

int xie_loop_set_exception_handler(xie_exception_handler *handler, void *arg)
{
    struct xie_loop *loop = xie_loop_current();
    if (!loop)
        return -EPERM;
    loop->handler = handler;
    loop->handler_arg = arg;
    return 0;
}

/* As a callback: a call that waits is refused, for who runs now may be a task at its end. */
static bool handle(const struct xie_exception_context *context)
{
    struct xie_loop *loop = xie_loop_current();
    if (!loop || !loop->handler)
        return false;
    struct xie_task *self = loop->current;
    loop->current = NULL;
    loop->handler(context, loop->handler_arg);
    loop->current = self;
    return true;
}

void xie_loop_call_exception_handler(const struct xie_exception_context *context)
{
    if (handle(context))
        return;
    bool task = context->task;
    xie_report("%s%s%s%s%s%s%s%s", context->message, task ? " (task '" : "",
               task ? context->task : "", task ? "', spawned at " : "",
               task ? (context->where ? context->where : "?") : "", task ? ")" : "",
               context->error ? ": " : "", context->error ? xie_strerror(context->error) : "");
}

void xie_tell(const char *name, const char *where, int error, const char *format, ...)
{
    char text[XIE_LINE_CAP];
    struct xie_exception_context context = {
        .message = text, .task = name, .where = where, .error = error};
    va_list args;
    va_start(args, format);
    xie_format(text, sizeof text, format, args);
    va_end(args);
    if (!handle(&context))
        xie_report("%s", text);
}

void xie_task_report(const char *name, const char *where, int error)
{
    xie_tell(name, where, error, "task '%s' (spawned at %s) failed, and nobody took its error: %s",
             name, where, xie_strerror(error));
}

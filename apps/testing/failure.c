/* failure.c - why a test fails, and the story so far.
 * Kit, second floor. The first failure counts: what comes after it follows from it. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

enum { KIT_GRAPH = 64 * 1024 }; /* of what the tasks wait for; the rest is cut [bytes] */

void kit_line_release(void *line)
{
    free(((struct kit_line *)line)->text);
}

bool kit_no_memory(struct onebot_test *t)
{
    t->failed = t->no_memory = true;
    if (t->script)
        xie_scope_cancel(t->script);
    return false;
}

static void add_line(struct onebot_test *t, struct kit_list *list, const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    struct kit_line *line = text ? kit_list_add(list, sizeof *line) : NULL;
    if (!line) {
        free(text);
        kit_no_memory(t);
        return;
    }
    line->when = xie_now() - t->began;
    line->text = text;
}

bool kit_fail(struct onebot_test *t, const char *format, ...)
{
    va_list args;
    if (t->failed)
        return false;
    va_start(args, format);
    add_line(t, &t->report, format, args);
    va_end(args);
    t->failed = true;
    if (t->script)
        xie_scope_cancel(t->script);
    return false;
}

void kit_tell(struct onebot_test *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_line(t, &t->report, format, args);
    va_end(args);
}

void kit_story(struct onebot_test *t, const char *format, ...)
{
    va_list args;
    if (t->failed)
        return; /* what comes behind a failure explains nothing */
    va_start(args, format);
    add_line(t, &t->story, format, args);
    va_end(args);
    if (t->story.count > ONEBOT_TEST_STORY)
        kit_list_drop(&t->story, kit_line_release);
}

/* The QQ's own tasks and the kit's are of no interest: "task 2 'kit_serve' (spawned …". */
static bool is_ours(const char *line)
{
    static const char *const names[] = {
        "kit_",          "main'",      "outbox_run'",     "watch_end'",
        "seat_restart'", "send_late'", "wait_for_others'"};
    const char *name = strchr(line, '\'');
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++) {
        if (strncmp(name + 1, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

void kit_tell_tasks(struct onebot_test *t)
{
    char *text = malloc(KIT_GRAPH), *rest = text, *line;
    if (!text) {
        kit_no_memory(t);
        return;
    }
    xie_format_call_graph(NULL, text, KIT_GRAPH);
    kit_tell(t, "what each task waits for:");
    while ((line = strsep(&rest, "\n"))) {
        if (*line && !is_ours(line))
            kit_tell(t, "  %s", line + strspn(line, " "));
    }
    free(text);
}

/* --- printing ----------------------------------------------------------------------- */

/* With what would break the line replaced. */
static void print_text(const char *before, const char *text)
{
    fputs(before, stdout);
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\n#     ", stdout);
        else
            putchar((unsigned char)*text < ' ' || *text == 127 ? '?' : *text);
    }
    putchar('\n');
}

void kit_print_story(const struct onebot_test *t)
{
    printf("# what happened, in seconds from the test's beginning:\n");
    for (const struct kit_item *at = t->story.first; at; at = at->next) {
        const struct kit_line *line = (const struct kit_line *)at;
        printf("# %9.3f ", (double)line->when / (double)XIE_SECOND);
        print_text(" ", line->text);
    }
}

void kit_print_failure(const struct onebot_test *t)
{
    if (t->no_memory)
        printf("# %s:%d: out of memory\n", t->file, t->line);
    for (const struct kit_item *at = t->report.first; at; at = at->next) {
        if (at == t->report.first)
            printf("# %s:%d: ", t->file, t->line);
        print_text(at == t->report.first ? "" : "#   ", ((const struct kit_line *)at)->text);
    }
    kit_print_story(t);
    printf("# again: %s --backend %s --seed %llu %s\n", t->program, t->backend,
           (unsigned long long)t->seed, t->one->name);
}

/* --- waiting ------------------------------------------------------------------------ */

void kit_pulse(struct onebot_test *t)
{
    xie_event_set(&t->change);
    xie_event_clear(&t->change);
}

bool kit_wait(struct onebot_test *t, int64_t until)
{
    int result = -ETIMEDOUT;
    if (t->failed || xie_now() >= until)
        return false;
    XIE_TIMEOUT_AT(until) {
        result = xie_event_wait(&t->change);
    }
    return result == 0 && !t->failed;
}

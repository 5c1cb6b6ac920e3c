/* graph.c - who waits for whom: captured, as text, printed.
 * Floor 3. Walks along the waits as they stand; nothing is kept for it while tasks run. */
/* SPDX-License-Identifier: MIT */
#include <xie/debug.h>

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/misuse.h"
#include "task/wait.h"

enum { XIE_GRAPH_LINE = 512, XIE_INDENT_MOST = 40 };

/* --- walking ------------------------------------------------------------------------ */

static struct xie_task *task_at(const struct xie_link *link)
{
    return XIE_CONTAINER(link, struct xie_task, link);
}

/* The next task that `at` waits for. */
static struct xie_task *next_below(struct xie_task *at)
{
    return at->wait ? xie_wait_next(at->wait, &at->cursor) : NULL;
}

/* Those that wait for a task stand in a list: because is its first, cursor the next of each. It is
 * made for one walk, and taken apart by it. */
static struct xie_task *next_above(struct xie_task *at)
{
    struct xie_task *next = at->because;
    if (next)
        at->because = (struct xie_task *)next->cursor;
    return next;
}

static void reach(struct xie_task *task, struct xie_task *from, uint64_t number)
{
    task->search = number;
    task->from = from;
    task->because = NULL;
    task->cursor = 0;
    task->stuck = false; /* it does not lead to the task in question, as far as is known */
}

static void stand_above(struct xie_task *at, struct xie_task *next)
{
    at->stuck = true;
    at->cursor = (uintptr_t)next->because;
    next->because = at;
}

/* Follow the waits from start on until one leads to the task in question. */
static void find_above(struct xie_task *start, uint64_t number)
{
    struct xie_task *at = start, *next;
    reach(at, NULL, number);
    while (at) {
        next = at->stuck ? NULL : next_below(at);
        if (next && next->search != number) {
            reach(next, at, number);
            at = next;
            continue;
        }
        struct xie_task *known = next ? next : at, *waits = next ? at : at->from;
        at = waits;
        if (waits && known->stuck)
            stand_above(waits, known);
    }
}

/* Find all that wait for task, directly or not, each in one list. Looks at each wait once. */
static void list_above(struct xie_task *task)
{
    uint64_t number = ++task->loop->searches;
    struct xie_link *end = &task->loop->tasks;
    reach(task, NULL, number);
    task->stuck = true;
    for (struct xie_link *link = end->prev; link != end; link = link->prev)
        if (task_at(link)->search != number)
            find_above(task_at(link), number);
}

struct walk {
    struct xie_task *(*next)(struct xie_task *at);
    void (*see)(struct walk *walk, struct xie_task *task, int depth);
    void *out;
    uint64_t number; /* of this walk; each task that was seen carries it */
};

static void visit(const struct walk *walk, struct xie_task *task, struct xie_task *from)
{
    task->search = walk->number;
    task->from = from;
    task->cursor = 0;
}

/* See all that root leads to, in the order of a tree, each task once. */
static void walk_from(struct walk *walk, struct xie_task *root)
{
    struct xie_task *at = root;
    int depth = 0;
    visit(walk, root, NULL);
    while (at) {
        struct xie_task *next = walk->next(at);
        if (!next) {
            at = at->from;
            depth--;
        } else if (next->search != walk->number) {
            visit(walk, next, at);
            at = next;
            walk->see(walk, at, ++depth);
        }
    }
}

/* --- capturing ---------------------------------------------------------------------- */

struct capture {
    struct xie_call_graph_entry *entries;
    size_t cap, count;
};

static void capture_task(struct capture *capture, struct xie_task *task, int depth)
{
    if (capture->count++ < capture->cap)
        capture->entries[capture->count - 1] =
            (struct xie_call_graph_entry){.task = task,
                                          .depth = depth,
                                          .what = task->wait ? task->wait->what : NULL,
                                          .since = task->wait ? task->since : 0};
}

static void capture_below(struct walk *walk, struct xie_task *task, int depth)
{
    capture_task(walk->out, task, depth);
}

static void capture_above(struct walk *walk, struct xie_task *task, int depth)
{
    capture_task(walk->out, task, -depth);
}

size_t xie_capture_call_graph(struct xie_task *task, struct xie_call_graph_entry *entries,
                              size_t cap)
{
    struct capture capture = {entries, cap, 0};
    struct walk below = {next_below, capture_below, &capture, ++task->loop->searches};
    struct walk above = {next_above, capture_above, &capture, ++task->loop->searches};
    capture_task(&capture, task, 0);
    walk_from(&below, task);
    list_above(task);
    walk_from(&above, task);
    return capture.count;
}

/* --- as text ------------------------------------------------------------------------ */

/* A line that is being written; what does not fit is cut. */
struct line {
    size_t len;
    char text[XIE_GRAPH_LINE];
};

static __attribute__((format(printf, 2, 3))) void put(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line->len += xie_format(line->text + line->len, sizeof line->text - line->len, format, args);
    va_end(args);
}

static void put_wait(struct line *line, const struct xie_task *task)
{
    uintptr_t cursor = 0;
    size_t more = 0;
    const struct xie_task *first = xie_wait_next(task->wait, &cursor);
    put(line, " waits in %s", task->wait->what);
    if (first)
        put(line, " for task %llu '%s'", (unsigned long long)first->id, first->name);
    while (first && xie_wait_next(task->wait, &cursor))
        more++;
    if (more)
        put(line, " and %zu more", more);
    if (task->since)
        put(line, ", for %lld ms", (long long)((xie_now() - task->since) / XIE_MILLISECOND));
}

/* Where the text goes: a buffer, or a descriptor. */
struct sink {
    char *text;
    size_t cap, len;
    int fd;
};

static void sink_line(struct sink *sink, struct line *line)
{
    if (line->len == sizeof line->text - 1)
        line->len--;
    line->text[line->len++] = '\n';
    if (sink->len < sink->cap) {
        size_t room = sink->cap - sink->len - 1;
        size_t len = line->len < room ? line->len : room;
        memcpy(sink->text + sink->len, line->text, len);
        sink->text[sink->len + len] = 0;
    }
    sink->len += line->len;
    for (size_t at = 0; sink->fd >= 0 && at < line->len;) {
        ssize_t written = write(sink->fd, line->text + at, line->len - at);
        if (written < 0 && errno != EINTR)
            return;
        at += written > 0 ? (size_t)written : 0;
    }
}

static void put_task(struct walk *walk, struct xie_task *task, int depth)
{
    static const char spaces[] = "                                        ";
    struct line line = {.len = 0};
    put(&line, "%.*stask %llu '%s' (spawned at %s)",
        depth < XIE_INDENT_MOST / 2 ? depth * 2 : XIE_INDENT_MOST, spaces,
        (unsigned long long)task->id, task->name, task->where);
    if (task->wait)
        put_wait(&line, task);
    else
        put(&line, task == task->loop->current ? " runs" : " is ready");
    if (task->base.effective)
        put(&line, " (cancelled)");
    sink_line(walk->out, &line);
}

static void put_one(struct sink *sink, struct xie_task *task)
{
    struct walk below = {next_below, put_task, sink, ++task->loop->searches};
    struct walk above = {next_above, put_task, sink, ++task->loop->searches};
    struct line heading = {.len = 0};
    put_task(&below, task, 0);
    walk_from(&below, task);
    list_above(task);
    if (task->because) {
        put(&heading, "awaited by:");
        sink_line(sink, &heading);
    }
    walk_from(&above, task);
}

/* Each below the first that waits for it: so first those that nobody waits for, then what is
 * left, if some wait in a circle. */
static void put_all(struct sink *sink, struct xie_loop *loop)
{
    uint64_t awaited = ++loop->searches, seen = ++loop->searches;
    struct walk below = {next_below, put_task, sink, seen};
    struct xie_link *link, *end = &loop->tasks;
    for (link = end->next; link != end; link = link->next) {
        struct xie_task *task = task_at(link), *other;
        task->cursor = 0;
        while ((other = next_below(task)) != NULL)
            other->search = awaited;
    }
    for (int round = 0; round < 2; round++)
        for (link = end->next; link != end; link = link->next) {
            struct xie_task *task = task_at(link);
            if (task->search == seen || (task->search == awaited && !round))
                continue;
            put_task(&below, task, 0);
            walk_from(&below, task);
        }
}

static void put_graph(struct sink *sink, struct xie_task *task)
{
    struct xie_loop *loop = xie_loop_current();
    if (task)
        put_one(sink, task);
    else if (loop)
        put_all(sink, loop);
}

size_t xie_format_call_graph(struct xie_task *task, char *text, size_t cap)
{
    struct sink sink = {.text = text, .cap = cap, .fd = -1};
    if (cap)
        text[0] = 0;
    put_graph(&sink, task);
    return sink.len;
}

void xie_print_call_graph(struct xie_task *task, int fd)
{
    struct sink sink = {.fd = fd};
    put_graph(&sink, task);
}

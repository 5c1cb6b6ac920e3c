/* circle.c - would a task, by waiting, wait for itself?
 * Floor 3. A walk along who waits for whom, asked before each wait that is for tasks: so no
 * circle ever closes, and those that are found go through the one who asks. */
/* SPDX-License-Identifier: MIT */
#include "base/misuse.h"
#include "task/wait.h"

/* Steps of a walk: it is made at each wait, and a group may have a million members. */
enum { XIE_CIRCLE_MOST = 1000 };

struct xie_task *xie_wait_next(const struct xie_wait *wait, uintptr_t *cursor)
{
    if (wait->blockers)
        return wait->blockers->next(wait->blockers, cursor);
    return wait->blocker && !(*cursor)++ ? *wait->blocker : NULL;
}

/* One walk. Each task that was visited carries the walk's number in `search`, and how far those
 * it waits for were gone through in `cursor`. It is stuck when it cannot go on before self does,
 * because of one of those, or of all where any would do. */
struct walk {
    struct xie_task *self;
    const struct xie_wait *wait; /* the one self is about to begin */
    uint64_t number;
};

static void visit(const struct walk *walk, struct xie_task *task, struct xie_task *from)
{
    task->search = walk->number;
    task->stuck = false;
    task->from = from;
    task->because = NULL;
    task->cursor = 0;
}

static const struct xie_wait *wait_of(const struct walk *walk, const struct xie_task *task)
{
    return task == walk->self ? walk->wait : task->wait;
}

/* Must it be visited, to know whether it is stuck? One that runs or is ready is not. */
static bool unknown(const struct walk *walk, const struct xie_task *task)
{
    return task && task != walk->self && task->search != walk->number && task->wait;
}

/* Of one that `at` waits for it is known whether it is stuck (NULL: there are no more). return
 * true: so it is known of `at` */
static bool settles(const struct walk *walk, struct xie_task *at, struct xie_task *next)
{
    const struct xie_wait *wait = wait_of(walk, at);
    bool any = wait->blockers && wait->blockers->any;
    if (!next) {
        at->stuck = any && at->because && !wait->blockers->open;
        return true;
    }
    bool leads = next == walk->self || (next->search == walk->number && next->stuck);
    if (leads)
        at->because = next;
    at->stuck = leads && !any;
    return leads != any; /* else the others decide */
}

static bool leads_back(const struct walk *walk)
{
    struct xie_task *at = walk->self;
    visit(walk, at, NULL);
    for (int steps = 0; steps < XIE_CIRCLE_MOST; steps++) {
        struct xie_task *next = xie_wait_next(wait_of(walk, at), &at->cursor);
        if (unknown(walk, next)) {
            visit(walk, next, at);
            at = next;
            continue;
        }
        while (settles(walk, at, next)) {
            if (at == walk->self)
                return at->stuck;
            next = at;
            at = at->from;
        }
    }
    return false;
}

static void name_circle(const struct walk *walk)
{
    const struct xie_task *self = walk->self, *task = self->because;
    xie_tell(self->name, self->where, XIE_EDEADLOCK,
             "deadlock: task '%s' (spawned at %s) would wait for", self->name, self->where);
    for (; task != self; task = task->because)
        xie_tell(task->name, task->where, XIE_EDEADLOCK,
                 "  task '%s' (spawned at %s), which waits in %s for", task->name, task->where,
                 task->wait->what);
    xie_tell(self->name, self->where, XIE_EDEADLOCK, "  task '%s' itself", self->name);
}

static bool find(struct xie_task *self, const struct xie_wait *wait)
{
    struct walk walk = {.self = self, .wait = wait, .number = ++self->loop->searches};
    if (!leads_back(&walk))
        return false;
    name_circle(&walk);
    return true;
}

bool xie_wait_circle_at_length(struct xie_task *self, struct xie_task *const *from)
{
    struct xie_wait wait = {.blocker = from};
    return find(self, &wait);
}

bool xie_wait_circle_for(struct xie_task *self, const struct xie_blockers *blockers)
{
    struct xie_wait wait = {.blockers = blockers};
    return find(self, &wait);
}

/* --- when it is too late --------------------------------------------------------------
 * Some waits are not asked before they begin: who is notified waits for the condition's lock, and a
 * select may end by another of its cases. */

enum { XIE_CIRCLES_MOST = 8 /* named at a time */ };

/* The last task of a path (by `from`) waits for one that stands on it. */
static void report_circle(struct xie_task *first, struct xie_task *last)
{
    const struct xie_task *task = first;
    last->because = first;
    for (struct xie_task *at = last; at != first; at = at->from)
        at->from->because = at;
    do {
        xie_report("%s task '%s' (spawned at %s) waits in %s for",
                   task == first ? "a circle:" : " ", task->name, task->where, task->wait->what);
        task = task->because;
    } while (task != first);
    xie_report("  task '%s' itself", first->name);
}

/* Follow the waits from start on. A task is `stuck` while it stands on the path. */
static int report_from(struct xie_task *start, uint64_t number, int left)
{
    const struct walk walk = {.number = number};
    struct xie_task *at = start;
    visit(&walk, at, NULL);
    at->stuck = true;
    while (at && left) {
        struct xie_task *next = at->wait ? xie_wait_next(at->wait, &at->cursor) : NULL;
        if (!next) {
            at->stuck = false;
            at = at->from;
        } else if (next->search != number) {
            visit(&walk, next, at);
            next->stuck = true;
            at = next;
        } else if (next->stuck) {
            report_circle(next, at);
            left--;
        }
    }
    return left;
}

void xie_circles_report(struct xie_loop *loop)
{
    uint64_t number = ++loop->searches;
    int left = XIE_CIRCLES_MOST;
    for (struct xie_link *link = loop->tasks.next; link != &loop->tasks && left;
         link = link->next) {
        struct xie_task *task = XIE_CONTAINER(link, struct xie_task, link);
        if (task->search != number)
            left = report_from(task, number, left);
    }
}

/* change.c - other settings for a program that runs: checked as a whole, then in force.
 * Floor 9. What can fail or be interrupted comes first and touches nothing; the switch that follows
 * does neither. */
/* SPDX-License-Identifier: MIT */
#include "onebot/change.h"

#include <errno.h>

#include "onebot/ways.h"

/* One change, in its task's frame. */
struct change {
    struct onebot_program *program;
    struct onebot_options options; /* that will be in force */
    struct xie_link fresh, gone;   /* ways */
    size_t kept;                   /* ways that are neither */
};

static struct onebot_way *way_at(struct xie_link *link)
{
    return XIE_CONTAINER(link, struct onebot_way, link);
}

/* --- beside the start and the end --------------------------------------------------- */

void onebot_changes_init(struct onebot_program *program)
{
    xie_lock_try(&program->changes.lock); /* nobody else can have it */
    program->changes.starting = true;
}

void onebot_changes_allow(struct onebot_program *program)
{
    if (program->changes.starting)
        xie_lock_give(&program->changes.lock);
    program->changes.starting = false;
}

void onebot_changes_stop(struct onebot_program *program)
{
    if (program->changes.scope)
        xie_scope_cancel(program->changes.scope);
}

void onebot_changes_end(struct onebot_program *program)
{
    program->stopping = true; /* also when it never ran */
    onebot_changes_allow(program);
    XIE_SHIELD {
        while (program->changes.count)
            xie_event_wait(&program->changes.none);
    }
}

/* --- what will be in force ---------------------------------------------------------- */

/* What a program can be given anew; the rest stays. */
static void choose(struct onebot_options *to, const struct onebot_options *from)
{
    to->url = from->url;
    to->token = from->token;
    to->endpoints = from->endpoints;
    to->tls = from->tls;
    to->call_timeout_ns = from->call_timeout_ns;
    to->pace = from->pace;
    to->group_pace = from->group_pace;
    to->connect_timeout_ns = from->connect_timeout_ns;
    to->retry_least_ns = from->retry_least_ns;
    to->retry_most_ns = from->retry_most_ns;
    to->ping_interval_ns = from->ping_interval_ns;
    to->grace_ns = from->grace_ns;
    to->max_handlers = from->max_handlers;
    to->max_calls = from->max_calls;
    to->max_accounts = from->max_accounts;
    to->max_message = from->max_message;
    to->stack_size = from->stack_size;
    onebot_options_fill_in(to);
}

static void set_limits(struct onebot_program *program, const struct onebot_options *old)
{
    const struct onebot_options *now = &program->options;
    for (struct xie_link *at = program->bots.next; at != &program->bots; at = at->next) {
        struct onebot_bot *bot = XIE_CONTAINER(at, struct onebot_bot, link);
        bot->calls.limit = now->max_calls;
        onebot_paces_change(&bot->paces, old, now);
    }
}

/* --- before: what can fail ---------------------------------------------------------- */

/* Until here others run; a stop of the program interrupts it. */
static int open_ways(struct change *change)
{
    struct onebot_program *program = change->program;
    struct xie_scope scope;
    xie_scope_open(&scope, XIE_NEVER);
    program->changes.scope = &scope;
    int error = onebot_ways_open(program, &change->fresh);
    program->changes.scope = NULL;
    xie_scope_close(&scope);
    return program->stopping ? XIE_ECLOSED : error;
}

/* From here to the switch nobody else runs, unless it fails. */
static int start_ways(struct change *change)
{
    struct onebot_program *program = change->program;
    const struct onebot_options old = program->options;
    program->options = change->options;
    int error = onebot_ways_start(program, &change->fresh);
    if (error)
        program->options = old;
    else
        set_limits(program, &old);
    return error;
}

/* --- the switch --------------------------------------------------------------------- */

/* The ports that one way hands on to the next are never closed. */
static void end_ways(struct change *change)
{
    struct onebot_program *program = change->program;
    for (struct xie_link *at = program->ways.next, *next; at != &program->ways; at = next) {
        struct onebot_way *way = way_at(at);
        next = at->next;
        change->kept += way->stays;
        if (way->stays)
            continue;
        onebot_log(&program->log, ONEBOT_INFO, "%s is no endpoint any more", way->name);
        xie_list_remove(at);
        xie_list_push(&change->gone, at);
        onebot_way_stop(way);
    }
    for (struct xie_link *at = change->gone.next; at != &change->gone; at = at->next) {
        struct onebot_way *way = way_at(at);
        xie_event_wait(&way->ended);
        if (way->heir) {
            way->heir->listener = way->listener;
            way->listener = NULL;
        }
    }
    onebot_ways_free(&change->gone);
}

static size_t length(const struct xie_link *list)
{
    size_t count = 0;
    for (const struct xie_link *at = list->next; at != list; at = at->next)
        count++;
    return count;
}

static void switch_over(struct change *change)
{
    struct onebot_program *program = change->program;
    size_t fresh = length(&change->fresh);
    end_ways(change);
    onebot_log(&program->log, ONEBOT_INFO, "settings changed; endpoints: %zu new, %zu as before",
               fresh, change->kept);
    onebot_ways_begin(program, &change->fresh);
}

/* --- a change ----------------------------------------------------------------------- */

static int change_all(struct onebot_program *program, const struct onebot_options *options)
{
    struct change change = {.program = program, .options = program->options};
    int error = program->stopping ? XIE_ECLOSED : 0;
    xie_list_init(&change.fresh);
    xie_list_init(&change.gone);
    choose(&change.options, options);
    if (!error)
        error = onebot_ways_make(program, &change.options, &change.fresh);
    if (!error)
        error = open_ways(&change);
    if (!error)
        error = start_ways(&change);
    if (error) {
        onebot_ways_free(&change.fresh);
        return error;
    }
    onebot_rules_set_book(&program->rules, &options->book);
    XIE_SHIELD {
        switch_over(&change);
    }
    return 0;
}

int onebot_change(struct onebot_bot *bot, const struct onebot_options *options)
{
    if (!xie_task_current())
        return -EPERM;
    struct onebot_program *program = bot->program;
    struct onebot_changes *changes = &program->changes;
    if (changes->starting && onebot_plugin_current()) /* the start may wait for it */
        return -EBUSY;
    if (!changes->count++)
        xie_event_clear(&changes->none);
    int error = xie_lock_take(&changes->lock);
    if (!error) {
        error = change_all(program, options);
        xie_lock_give(&changes->lock);
    } else if (program->stopping) {
        error = XIE_ECLOSED;
    }
    if (!--changes->count)
        xie_event_set(&changes->none);
    return error;
}

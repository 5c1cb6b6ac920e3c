/* bot.c - the accounts of a program, and whether their calls can be sent.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/bot.h"

#include <errno.h>

#include "base/memory.h"
#include "onebot/keep.h"

/* Linear: looked for once for each connection, or event by HTTP POST. count: accounts there
 * are. */
static struct onebot_bot *find(const struct onebot_program *program, int64_t self_id, size_t *count)
{
    *count = 0;
    for (struct xie_link *at = program->bots.next; at != &program->bots; at = at->next) {
        struct onebot_bot *bot = XIE_CONTAINER(at, struct onebot_bot, link);
        if (bot->self_id == self_id)
            return bot;
        *count += bot->self_id > 0;
    }
    return NULL;
}

struct onebot_bot *onebot_bot_new(struct onebot_program *program, int64_t self_id)
{
    struct onebot_bot *bot = xie_alloc_zero(sizeof *bot);
    if (!bot)
        return NULL;
    bot->program = program;
    bot->self_id = self_id;
    onebot_calls_init(&bot->calls, program->options.max_calls);
    onebot_paces_init(&bot->paces);
    xie_list_init(&bot->hold.letters);
    xie_list_push(&program->bots, &bot->link);
    if (program->stopping)
        xie_event_set(&bot->online_change);
    return bot;
}

void onebot_bot_free(struct onebot_bot *bot)
{
    xie_list_remove(&bot->link);
    onebot_paces_fini(&bot->paces);
    xie_release(bot);
}

void onebot_bots_free(struct onebot_program *program)
{
    while (!xie_list_empty(&program->bots))
        onebot_bot_free(XIE_CONTAINER(program->bots.next, struct onebot_bot, link));
}

int onebot_bot_of(struct onebot_program *program, int64_t self_id, struct onebot_bot **bot)
{
    size_t count;
    struct onebot_bot *found = find(program, self_id, &count);
    if (!found && count >= program->options.max_accounts)
        return XIE_ELIMIT;
    if (!found)
        found = onebot_bot_new(program, self_id);
    if (!found)
        return -ENOMEM;
    *bot = found;
    return 0;
}

/* --- seats -------------------------------------------------------------------------- */

void onebot_seat_take(struct onebot_seat *seat)
{
    onebot_calls_open(&seat->bot->calls, &seat->sender);
    xie_event_set(&seat->bot->online_change);
    onebot_keep_wake(seat->bot);
}

void onebot_seat_leave(struct onebot_seat *seat)
{
    struct onebot_bot *bot = seat->bot;
    size_t failed = onebot_calls_close(&bot->calls, &seat->sender);
    if (!onebot_calls_are_open(&bot->calls) && !bot->program->stopping)
        xie_event_clear(&bot->online_change);
    if (failed)
        onebot_log(&bot->program->log, ONEBOT_WARNING, "%zu call%s failed with the connection",
                   failed, failed == 1 ? "" : "s");
}

static void move(struct onebot_seat *seat, struct onebot_bot *bot)
{
    bool sends = seat->sender.calls != NULL;
    onebot_seat_leave(seat);
    seat->bot = bot;
    if (sends)
        onebot_seat_take(seat);
}

/* The first to be heard of keeps the bot it has, and those who know it. */
int onebot_seat_settle(struct onebot_seat *seat, int64_t self_id)
{
    struct onebot_program *program = seat->bot->program;
    size_t count;
    if (seat->settled || self_id <= 0)
        return 0;
    struct onebot_bot *bot = find(program, self_id, &count);
    if (!bot && !seat->bot->self_id && count < program->options.max_accounts) {
        seat->bot->self_id = self_id;
        bot = seat->bot;
    }
    int error = bot ? 0 : onebot_bot_of(program, self_id, &bot);
    if (error)
        return error;
    if (bot != seat->bot)
        move(seat, bot);
    seat->settled = true;
    onebot_keep_wake(seat->bot);
    return 0;
}

/* --- for handlers ------------------------------------------------------------------- */

int64_t onebot_self_id(const struct onebot_bot *bot)
{
    return bot->self_id > 0 ? bot->self_id : 0;
}

struct onebot_bot *onebot_account(struct onebot_bot *bot, int64_t self_id)
{
    size_t count;
    return self_id > 0 ? find(bot->program, self_id, &count) : NULL;
}

int onebot_wait_connected(struct onebot_bot *bot)
{
    int error = xie_check();
    if (error)
        return xie_sleep(0); /* the same, after others ran */
    while (!onebot_calls_are_open(&bot->calls) && !error) {
        if (bot->program->stopping)
            return XIE_ECLOSED;
        error = xie_event_wait(&bot->online_change);
    }
    return error;
}

const struct onebot_command *onebot_commands(const struct onebot_bot *bot)
{
    return bot->program->options.commands;
}

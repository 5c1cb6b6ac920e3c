/* keep.h - conversations that survive a restart, where their handler asks for it.
 * Floor 9, library xie-onebot; a part of <xie/onebot.h>. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_KEEP_H
#define XIE_ONEBOT_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include <xie/error.h>
#include <xie/onebot/result.h>
#include <xie/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A stack of C cannot be stored. So what a kept handler gets to know is written down in the
 * store, step by step: what its calls returned, what it was answered, how long it was to sleep.
 * When the program has started again, and the account is there, the handler runs anew, from its
 * beginning and with its own event. The steps that are written down return at once what they
 * returned then: nothing is called, sent or asked a second time. Behind the last of them it goes on
 * as ever.
 *
 * Rules for such a handler:
 *
 * - onebot_keep comes before its first call or question.
 * - Until then and between its steps it does the same each time. What may be another value the next
 *   time (the time, a random number, a counter, what a file or the store says) goes through
 *   onebot_keep_value before a step depends on it.
 * - What it changes by itself (a file, the store, a counter of the program) it changes again each
 *   time, unless onebot_keep_once says that it may.
 * - Only its own task calls and asks: tasks that it spawns get -EPERM, and it spawns none of its
 *   plugin's (onebot_plugin_spawn returns -EPERM).
 * - Its waits of other kinds begin anew: xie_sleep sleeps from its beginning, XIE_TIMEOUT counts
 *   from its beginning. Only onebot_keep_sleep, and a question that was waiting, know when they
 *   were to end. */

struct onebot_event;

/* Limits of one kept conversation. */
enum {
    ONEBOT_KEEP_STEPS = 900,     /* beyond it a step returns XIE_ELIMIT, and is not made */
    ONEBOT_KEEP_STEP = 1000000,  /* what one step returns, or the event [bytes of JSON] … */
    ONEBOT_KEEP_BYTES = 4000000, /* … and all of them: beyond it XIE_ELIMIT in its place; so what
                                    is nested deeper than ONEBOT_JSON_DEPTH - 2 */
    ONEBOT_KEEP_TRIES = 5,       /* starts of the program in which its handler ran anew and came no
                                    further: then it is dropped, since it may be what ends the
                                    program */
    ONEBOT_KEEP_HELD = 1000,     /* events that wait while an account's conversations are taken up,
                                    for a second at most since the last was, and while their plugin
                                    is loaded anew, for the grace and a second */
    ONEBOT_KEEP_NAME = 400       /* the name of its rule [bytes] */
};

/* How conversations are kept; zero is the default of each. A part of struct onebot_options. */
struct onebot_keep_options {
    size_t most;      /* at the same time; 10000; beyond it onebot_keep returns XIE_ELIMIT */
    int64_t age_ns;   /* an older one is dropped, and the log says so; 30 days; XIE_NEVER: never */
    const char *told; /* said where a conversation ends because its handler was changed meanwhile;
                         "": the library's own words; NULL: nothing */
};

/**
 * Keep this conversation from here on:
 *
 *     int on_order(struct onebot_event *event)
 *     {
 *         onebot_keep(event);
 *         struct onebot_answer size = onebot_ask(event, "Which size?");
 *         …
 *
 * event   the handler's own, of its own task
 * return  0; also when it is kept already, and when the handler runs anew. Then, until the
 *         handler returns, these are steps: each call (also by the typed actions), each question
 *         and each time it is asked again, onebot_keep_sleep, onebot_keep_value, onebot_keep_once
 * errors  -ENOTSUP the bot has no store (.store of its options); -EINVAL another task's or
 *         another's event, or something was called or asked before; XIE_ELIMIT as many are kept
 *         already as may be, or the name or event is too long; -ECANCELED its plugin is unloaded or
 *         loaded anew just now; those of onebot_store_apply.
 *         The conversation is not kept then, and goes on as ever: whether that matters is the
 *         handler's to say
 * note    its end, with success or not, ends the keeping. A handler that is cancelled because the
 *         bot stops is kept: at once, without waiting for its grace; one that waits for the answer
 *         to a call gets it first, within the grace. One in whose place a later one runs
 *         (ONEBOT_REPLACE) is not
 * note    a call that was begun, and whose outcome is not written down when the program ends,
 *         returns XIE_EUNKNOWN in the next run: it may have happened, and is not made again. A
 *         question that was sent, or may have been, waits on, as long as the scopes around it had
 *         left then. Messages that come while the program does not run are lost, and so are those
 *         that are kept for the next question (see onebot_ask) when it ends
 * note    it is taken up when the account's calls can be sent again, and it is known whose they are
 *         (by self_id of the endpoint, or the first event). Until its steps are gone over, events
 *         of the account wait: an answer is not missed; so do those that come by a connection of
 *         their own before calls can be sent, for a second. Where max_handlers run already, it
 *         waits for the next connection. Of a rule that runs one at a time it has its turn again
 *         before those that waited behind it; where another has the turn, it waits until that is
 *         free
 * note    it is taken up by its rule's name; of several rules of a table that have one name, by
 *         which of them it was. A rule of the program that is not there any more, or any rule that
 *         does not match the event any more, ends it, and the log says so; a plugin, or a rule of
 *         a plugin, that is not there is waited for
 * note    a handler that does anything else than what is written down ends it: another step,
 *         another action, other parameters. The log names the handler, the step, and what differs
 * note    one program at a time for an account: two with the same store would both take it up
 * cost    a write to the store; then one for each step that is sent or asked or slept, since what
 *         it returned is written with the beginning of the next where that follows at once. Nothing
 *         for other handlers
 * source  durable execution: Temporal, Azure Durable Functions
 */
XIE_API int onebot_keep(struct onebot_event *event);

/**
 * Sleep until a time of day: in a kept handler the end does not move when the program starts
 * again, and what is past ends at once. In others it is a sleep by the time of day.
 *
 * ns      from now; XIE_NEVER: until the scopes around end it
 * return  0
 * errors  -ECANCELED -ETIMEDOUT; in a kept handler those of onebot_store_apply, XIE_ELIMIT, -EPERM
 * note    a clock that is set, or a machine that slept, is noticed within 30 s
 */
XIE_API int onebot_keep_sleep(struct onebot_event *event, int64_t ns);

/**
 * A value that stays: what it is now, or what it was when this step was first made.
 *
 *     json_auto_t *pick = onebot_keep_value(event, "I", (json_int_t)(xie_now() % 6)).data;
 *
 * format  as json_pack, of any kind; in a handler that is not kept it is just packed
 * errors  -EINVAL the format is none; -ENOMEM XIE_ELIMIT -ECANCELED -EPERM
 * cost    no write of its own where a step follows at once
 */
XIE_API struct onebot_result onebot_keep_value(struct onebot_event *event, const char *format, ...)
    __attribute__((warn_unused_result));

/**
 * May something be done that must not be done twice, and is no call?
 *
 *     if (onebot_keep_once(event, "pay") == 1)
 *         onebot_store_add(store, &purse, -price, NULL);
 *
 * name    of it; compared when the handler runs anew
 * return  1 now; 0 not again: it was said before, and it may have been done. In a handler that is
 *         not kept always 1
 * errors  those of onebot_store_apply; XIE_ELIMIT -ENOMEM -ECANCELED -ETIMEDOUT -EPERM
 * cost    a write to the store
 */
XIE_API int onebot_keep_once(struct onebot_event *event, const char *name);

#ifdef __cplusplus
}
#endif
#endif

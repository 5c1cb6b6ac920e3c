/* keep.h - conversations that are kept: begun, taken up again, dropped.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_KEEP_INNER_H
#define XIE_ONEBOT_KEEP_INNER_H

#include "onebot/journal.h"

/* --- keep_call.c: steps of calls and questions -------------------------------------- */

/* As onebot_call_json, as a step of the talk. */
struct onebot_result onebot_keep_call(struct onebot_talk *talk, struct onebot_bot *bot,
                                      const char *action, json_t *params);

/* A question, or the same once more; on the asker's stack. */
struct onebot_keep_question {
    const struct onebot_person *to, *whose;
    const char *text; /* NULL: nothing is said */
    int64_t due;      /* out, when it was begun: how long it waits on, of xie_now() */
    bool over;        /* out, when it is done: the time of the scopes around was over */
};

/* Begin one. return as onebot_journal_begin, LIVE too where nothing is kept; DONE: *letter, owned,
 * is the answer, or the error it came to */
int onebot_keep_ask(struct onebot_talk *talk, struct onebot_keep_question *question,
                    struct onebot_letter **letter);
/* It has come to this: an error, or the letter (borrowed). over: as above. return the error;
 * another one when it cannot be written down: then the letter counts for nothing */
int onebot_keep_heard(struct onebot_talk *talk, int error, bool over,
                      const struct onebot_letter *letter);
/* What is said or called in between is part of it (1), or no more (-1). */
void onebot_keep_pause(struct onebot_talk *talk, int by);

/* A fact that is found out by calls: it is a step, they are none. return DONE, and *value what was
 * found, LIVE find it out, or an error; then what was found, 0 or its error */
int onebot_keep_find(const char *what, int64_t *value);
int onebot_keep_found(int error, int64_t value);

/* --- keep_rule.c: which rule a handler runs for ------------------------------------- */

/* The name of a talk's rule, to be stored. return 0; -EINVAL it runs for none; XIE_ELIMIT */
int onebot_keep_name(const struct onebot_talk *talk, char name[ONEBOT_KEEP_NAME]);
/**
 * Start the handler of the journal's name for a letter.
 *
 * return  0: both were taken over
 * errors  -ENOENT there is no such rule, but it may come with its plugin; -ESRCH it cannot come
 *         in this run of the program; -EBUSY another has its turn; -EINVAL it is not for this
 *         event; -ENOMEM
 */
int onebot_keep_start(struct onebot_letter *letter, struct onebot_journal *journal);

/* --- resume.c ----------------------------------------------------------------------- */

void onebot_kept_init(struct onebot_kept *kept);
void onebot_kept_fini(struct onebot_kept *kept);
/* Find what the store has. errors those of onebot_store_list; -ENOMEM */
int onebot_keep_load(struct onebot_program *program);
/* The account is there, or other rules are: take up what waits for it. Starts a task. */
void onebot_keep_wake(struct onebot_bot *bot);
/* For each account. */
void onebot_keep_wake_all(struct onebot_program *program);
/* Conversations of the account end, to be taken up soon: its events wait until then, for the grace
 * and a second at most. */
void onebot_keep_hold(struct onebot_bot *bot);
/* A turn is free: those that wait for one are woken. */
void onebot_keep_turn(struct onebot_program *program);
/* An event comes: is it held back, and taken over? */
bool onebot_keep_holds(struct onebot_letter *letter);
bool onebot_keep_is_old(const struct onebot_program *program, int64_t began_ns);
/* A journal's handler has ended, or could not start: what is frozen waits. */
void onebot_keep_ended(const struct onebot_journal *journal);
/* Say that the conversation ends because its handler has changed. */
void onebot_keep_tell(struct onebot_talk *talk);

#endif

/* journal.h - the steps of a kept handler: gone over, begun, finished.
 * Floor 9. Knows talks; what lies in the store is record.c's. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_JOURNAL_H
#define XIE_ONEBOT_JOURNAL_H

#include "onebot/talk.h"

struct onebot_record;

/* Of one handler; lives as long as tasks that it has spawned. */
struct onebot_journal {
    struct xie_link link; /* among those of its program that run */
    struct onebot_program *program;
    struct onebot_bot *bot;
    struct onebot_talk *talk; /* NULL: it has ended */
    struct onebot_record *record;
    char *name;       /* of the rule, as it is stored; owned */
    int64_t began_ns; /* since 1970 */
    json_t *steps;    /* an array: of the runs before; NULL: it is new */
    json_t *now;      /* the step that was begun last */
    size_t at;        /* number of the next one */
    size_t bytes;     /* of all that is written down */
    unsigned paused;  /* calls are part of a step, and no steps themselves */
    bool bound;       /* to its task, which gives it back */
    bool open;        /* the handler has come to onebot_keep */
    bool live;        /* behind the last step that was written down */
    bool held;        /* and counted in its account's hold until then */
    bool frozen;      /* to be gone on with another time: no more steps now */
    bool diverged;    /* it does not do what it did */
    bool in_flight;   /* a call was begun, and its answer is waited for */
    bool unsent;      /* the last call was not sent */
    bool saving;      /* a task is on its way to save */
    bool tried;       /* it was counted that the handler runs anew, in this run of the program */
};

/* What a step is; borrowed. */
struct onebot_deed {
    const char *kind; /* "call" "question" "sleep" "value" "once" */
    const char *what; /* the action, or "" */
    uint64_t hash;    /* of its parameters */
    int64_t due_ns;   /* since 1970; XIE_NEVER: none */
    bool lazy;        /* its beginning need not be written down */
};

enum onebot_recall {
    ONEBOT_RECALL_LIVE, /* it is made for the first time: then to be finished or forgotten */
    ONEBOT_RECALL_DONE, /* it was made: *found is the step, "r" in it what it came to */
    ONEBOT_RECALL_BEGUN /* it was begun: *found is the step. May be finished */
};

/**
 * Begin a step of a kept handler, whose task runs.
 *
 * found   receives the step, borrowed until the next is begun
 * errors  the step is not made: -ECANCELED it is frozen, or does something else than before;
 *         XIE_ELIMIT; the scopes' around; those of the store; -ENOMEM
 */
int onebot_journal_begin(struct onebot_talk *talk, const struct onebot_deed *deed, json_t **found);
/* What it came to, an object, taken over (NULL: no memory). return 0; XIE_ELIMIT it is too long,
 * and was written down as that error; -ENOMEM */
int onebot_journal_finish(struct onebot_talk *talk, json_t *result);
/* It has not been made, and is the next one again. */
void onebot_journal_forget(struct onebot_talk *talk);
/* The same for one that has ended by this error because the journal is frozen. return false:
 * finish it. unmade: nothing of it has left */
bool onebot_journal_leave(struct onebot_talk *talk, int error, bool unmade);
/* Write it down soon: unless a step follows at once, that is, or its end. */
void onebot_journal_save_soon(struct onebot_journal *journal);

/* Shall a call or question of the running task be a step? 1, and *talk; 0 it is none; -EPERM it is
 * of a task that a kept handler has spawned. Notes that its handler has called. */
int onebot_journal_watches(struct onebot_talk **talk);

/* Is the running task a kept handler's, or one that such a handler has spawned? */
bool onebot_journal_binds(void);

/* A call of the running task was begun, or has ended; sent: the implementation may have it. */
void onebot_journal_flies(void);
void onebot_journal_lands(bool sent);

/* --- beginning and end -------------------------------------------------------------- */

/* A new one, of a handler that runs or is to run; record and steps are taken over, also on
 * failure. NULL without memory. */
struct onebot_journal *onebot_journal_new(struct onebot_bot *bot, const char *name,
                                          struct onebot_record *record, json_t *steps);
/* One that no handler has. NULL is allowed. */
void onebot_journal_free(struct onebot_journal *journal);
/* The running task has it from now on: a handler's task calls it first, whether it has one or
 * not. It is counted then that the handler runs anew; after an error it waits for another time.
 * errors -ENOMEM; those of the store, which have been said */
int onebot_journal_bind(struct onebot_talk *talk);
/* Its handler could not start: it waits for another time. NULL is allowed. */
void onebot_journal_wait(struct onebot_journal *journal);
/* The talk has none any more. */
void onebot_journal_part(struct onebot_talk *talk);
/* Its steps were gone over, or it has ended. */
void onebot_journal_go_live(struct onebot_journal *journal);
/* The handler is not to go on in this run of the program: cancel it, once no answer to a call is
 * on its way. */
void onebot_journal_freeze(struct onebot_journal *journal);
/* The same when its program, or its plugin, ends already: one that has just begun to be kept. */
void onebot_journal_look(struct onebot_journal *journal);
/* All that run of a program, or of one of its plugins (NULL: all), whose accounts' events wait if
 * another comes in its place. return how many have no call on its way */
size_t onebot_journals_freeze(struct onebot_program *program, const struct onebot_plugin *plugin);
/* How many of a plugin's have one. */
size_t onebot_journals_in_flight(const struct onebot_program *program,
                                 const struct onebot_plugin *plugin);
/* The handler has returned: delete what was kept, or leave it for another time. */
void onebot_journal_end(struct onebot_talk *talk);
/* Its handler's end is no failure: it goes on another time, or that has been said. */
bool onebot_journal_excuses(const struct onebot_talk *talk);

#endif

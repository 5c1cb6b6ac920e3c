/* program.h - a program of bots that runs: what the accounts share.
 * Floor 9. Made by run.c; each part below is worked by one other file. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_PROGRAM_H
#define XIE_ONEBOT_PROGRAM_H

#include <xie.h>
#include <xie/onebot.h>

#include "onebot/change.h"
#include "onebot/kept.h"
#include "onebot/log.h"
#include "onebot/mail.h"
#include "onebot/plugin.h"
#include "onebot/rules.h"

struct onebot_program {
    struct onebot_options options; /* with the defaults filled in */
    char *folder;                  /* owned: plugin_folder of the options; NULL: none */
    struct onebot_log log;
    struct onebot_mail mail;
    struct onebot_rules rules;
    struct onebot_kept kept;
    struct xie_link bots; /* every account met so far, the oldest first */
    struct xie_link ways; /* as the options have them: see ways.h */
    struct onebot_changes changes;
    uint64_t last_source; /* number of a connection; never used twice */

    struct xie_task *task;     /* of onebot_run */
    struct xie_group *service; /* the ways' tasks, once it runs */
    struct onebot_plugins plugins;
    struct onebot_bot *self; /* no account: for plugins, and the handle of the options */

    struct xie_group handlers; /* of the program's own rules */
    size_t running;            /* handlers that have not ended */
    bool full;                 /* max_handlers was reached and said */

    bool stopping;
    bool hurried;                 /* nobody is waited for any longer */
    struct xie_event stop;        /* set: stopping */
    struct xie_event stop_change; /* set: no handler runs any more, or hurried */
    int result;                   /* of onebot_run */
};

/* run.c: stop, as onebot_stop does; result: of onebot_run, 0: nothing to say. */
void onebot_program_stop(struct onebot_program *program, int result);

/* run.c: the default of each that is 0, and what is too large for a sum. */
void onebot_options_fill_in(struct onebot_options *options);

#endif

/* bot.h - a bot that runs: what the files of this floor share.
 * Floor 9. Made by run.c; each part below is worked by one other file. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_BOT_H
#define XIE_ONEBOT_BOT_H

#include <xie.h>
#include <xie/onebot.h>

#include "onebot/calls.h"
#include "onebot/log.h"
#include "onebot/mail.h"
#include "onebot/recent.h"

struct onebot_bot {
    struct onebot_options options; /* with the defaults filled in */
    struct onebot_log log;
    struct onebot_calls calls;
    struct onebot_mail mail;
    struct onebot_recent recent;

    bool online;
    struct xie_event online_change; /* set: online, or stopping */
    int64_t heartbeat_ns;           /* announced on this connection; 0: none */

    struct xie_group handlers;
    size_t running; /* handlers that have not ended */
    bool full;      /* max_handlers was reached and said */

    bool stopping, hurried;
    struct xie_event stop;        /* set: stopping */
    struct xie_event stop_change; /* set: no handler runs any more, or hurried */
    int result;                   /* of onebot_run */
};

/* call.c: as onebot_call; takes params over. */
struct onebot_result onebot_call_json(struct onebot_bot *bot, const char *action, json_t *params);

/* send.c: text, borrowed, to a place. temporary_group: the group that a private talk goes
 * through, 0: none. */
int onebot_send_text(struct onebot_bot *bot, const struct onebot_person *to,
                     int64_t temporary_group, const char *text, int64_t *message_id);

#endif

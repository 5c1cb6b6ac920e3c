/* talk.h - one handler that runs: its event, and what it heard meanwhile.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_TALK_H
#define XIE_ONEBOT_TALK_H

#include "onebot/mail.h"

struct onebot_talk {
    struct onebot_bot *bot;
    onebot_handler *handler;
    const char *name; /* for the log: the command's, or "on_event" */
    struct onebot_letter *letter;
    struct onebot_mailbox box;
    struct xie_link answers; /* letters that its questions got; freed at its end */
};

#endif

/* commands.h - what the bot can do; each handler is a file of its own. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BOT_COMMANDS_H
#define XIE_BOT_COMMANDS_H

#include <xie/onebot.h>

onebot_handler on_whoami, on_quiz, on_both, on_remind;

/* All of them. */
extern const struct onebot_rule rules[];

onebot_handler on_greet; /* events that no rule is for */

#endif

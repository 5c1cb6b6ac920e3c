/* rules.c - the bot's commands: their names, their arguments, who gets in whose way. */
/* SPDX-License-Identifier: MIT */
#include <xie.h>

#include "commands.h"

static const struct onebot_argument remind[] = {
    {.name = "time", .type = ONEBOT_DURATION, .least = XIE_SECOND, .most = 24 * XIE_HOUR},
    {.name = "text", .type = ONEBOT_REST, .least = 1, .most = 500},
    {0},
};

const struct onebot_rule rules[] = {
    {.command = {"whoami", "我是谁"}, .help = "who you are here", .handler = on_whoami},
    {.command = {"quiz", "问答"},
     .help = "a question; you have 30 seconds",
     .turns = {.busy = ONEBOT_REJECT, .per = ONEBOT_PER_MEMBER},
     .handler = on_quiz},
    {.command = {"both"}, .help = "two calls at the same time", .handler = on_both},
    {.command = {"remind", "提醒"},
     .help = "say the text later",
     .arguments = remind,
     .handler = on_remind},
    {.command = {"help", "帮助"}, .help = "this list", .handler = onebot_help},
    {0},
};

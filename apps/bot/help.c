/* help.c - /help: the table of commands, as a message. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "commands.h"

int on_help(struct onebot_event *event)
{
    char text[2048] = "";
    size_t len = 0;
    const struct onebot_command *command = onebot_commands(event->bot);
    for (; command->name && len < sizeof text; command++)
        len += snprintf(text + len, sizeof text - len, "%s/%s - %s", len ? "\n" : "", command->name,
                        command->help);
    return onebot_reply(event, "%s", text);
}

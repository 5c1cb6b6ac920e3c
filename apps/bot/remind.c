/* remind.c - /remind SECONDS TEXT: a handler may sleep for hours; it costs a few kilobytes. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <xie.h>

#include "commands.h"

enum { LONGEST_S = 24 * 60 * 60, LONGEST_TEXT = 500 };

/* The seconds at the start of args, 1..LONGEST_S, and the text after; 0 when there are none. */
static long parse(const char *args, const char **text)
{
    char *end;
    if (*args < '0' || *args > '9')
        return 0;
    long seconds = strtol(args, &end, 10);
    size_t gap = strspn(end, " \t\r\n");
    *text = end + gap;
    if (!gap || !**text || strlen(*text) > LONGEST_TEXT)
        return 0;
    return seconds <= LONGEST_S ? seconds : 0;
}

/* "Not connected" means that nothing was sent, so saying it again cannot say it twice. */
static int deliver(struct onebot_event *event, const char *text)
{
    int error;
    while ((error = onebot_reply(event, "Reminder: %s", text)) == XIE_ENOTCONNECTED) {
        error = onebot_wait_connected(event->bot);
        if (error)
            return error;
    }
    return error;
}

int on_remind(struct onebot_event *event)
{
    const char *text;
    long seconds = parse(event->args, &text);
    if (!seconds)
        return onebot_reply(event,
                            "Write /remind SECONDS TEXT, with 1 to %d seconds and a text of at "
                            "most %d bytes.",
                            LONGEST_S, LONGEST_TEXT);
    int error = onebot_reply(event, "In %ld s, then.", seconds);
    if (!error)
        error = xie_sleep(seconds * XIE_SECOND);
    return error ? error : deliver(event, text);
}

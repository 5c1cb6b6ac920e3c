/* remind.c - /remind SECONDS TEXT: a handler may sleep for hours; it costs a few kilobytes. Where
 * there is a store, it sleeps on when the program starts again. */
/* SPDX-License-Identifier: MIT */
#include <xie.h>

#include "commands.h"

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
    int64_t delay_ns = onebot_arg(event, "time")->integer;
    onebot_keep(event); /* without a store it is not kept, and works all the same */
    int error = onebot_reply(event, "In %lld s, then.", (long long)(delay_ns / XIE_SECOND));
    if (!error || error == XIE_EUNKNOWN) /* whether that was heard does not matter */
        error = onebot_keep_sleep(event, delay_ns);
    return error ? error : deliver(event, onebot_arg(event, "text")->text);
}

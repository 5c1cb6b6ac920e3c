/* frame.h - what a frame from the implementation is: an answer to a call, or an event.
 * Floor 9. Nothing here waits. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_FRAME_H
#define XIE_ONEBOT_FRAME_H

#include "onebot/link.h"

enum onebot_kind {
    ONEBOT_IS_JUNK,  /* nothing we know; said in the log */
    ONEBOT_IS_EVENT, /* by post_type */
    ONEBOT_IS_ANSWER /* to a call, by its echo */
};

/**
 * Deal with a frame that was received.
 *
 * return  an enum onebot_kind
 * errors  XIE_EAUTH it says that the token is refused; link->retcode is set; of an event, said in
 *         the log: -EPROTO it is another account's than the connection's; XIE_ELIMIT, -ENOMEM its
 *         account cannot be taken
 */
int onebot_frame(struct onebot_link *link, const char *text, size_t len);

#endif

/* post.h - events sent to a bot by HTTP POST, and the quick operations it answers with.
 * Gateway, ninth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_POST_H
#define GATEWAY_POST_H

#include "gateway.h"

/* One URL that events go to. */
struct post {
    struct gateway *gateway;
    int64_t account_id; /* an open account when it begins */
    const char *url;
    const char *secret; /* signs the body; NULL: nothing does */
};

/* A task, until cancelled: arg is the post. An event that cannot be delivered is lost, and said:
 * it is not sent again. source OneBot 11, communication/http-post */
int post_run(void *arg);

#endif

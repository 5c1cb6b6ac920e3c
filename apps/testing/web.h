/* web.h - what the bot fetches by HTTP: pages of the test's, and who asked for them.
 * Kit, fourth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef KIT_WEB_H
#define KIT_WEB_H

#include "kit.h"

/* Its task has ended. Names of hosts are as they were before the test. */
void kit_web_close(struct onebot_test *t);
void kit_page_release(void *page);
void kit_fetch_release(void *fetch);

#endif

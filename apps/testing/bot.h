/* bot.h - the bot's program: started, waited for, stopped.
 * Kit, fourth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef KIT_BOT_H
#define KIT_BOT_H

#include "kit.h"

/* Have it run and be connected. false: the test has failed */
bool kit_bot_ready(struct onebot_test *t);
/* The same before somebody does something: behind something that was heard, after a tenth of
 * settle_ns, since the answer to the call that said it is still under way to the bot. */
bool kit_bot_meets(struct onebot_test *t);
/* Let it do what it is at, for settle_ns. false: the test has failed */
bool kit_bot_settle(struct onebot_test *t);
/* Have it end, as a signal does. return when it has; one that does not end ends the process, with
 * what it waits for. */
void kit_bot_stop(struct onebot_test *t);

/* A line of its log, or of a report by the library. */
void kit_bot_log(void *t, enum onebot_level level, const char *line);
void kit_bot_report(const struct xie_exception_context *context, void *t);
/* Errors that nobody expected: the test fails. */
void kit_bot_judge(struct onebot_test *t);
void kit_log_release(void *log);

#endif

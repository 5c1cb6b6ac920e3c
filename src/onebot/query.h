/* query.h - what a question takes for an answer.
 * Floor 9. Knows messages and values; knows nothing of waiting. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_QUERY_H
#define XIE_ONEBOT_QUERY_H

#include "onebot/event.h"
#include "onebot/note.h"

/**
 * Read a message as the query asks.
 *
 * letter  whose view is made
 * words   receives what to tell who answered otherwise
 * return  1 read; 0 not
 * note    the value's text is borrowed from the letter
 */
int onebot_query_read(const struct onebot_query *query, struct onebot_letter *letter,
                      struct onebot_value *value, struct onebot_note *words);

/* The question with its choices below; takes text over. NULL without memory; released by
 * xie_release. */
char *onebot_query_text(const struct onebot_query *query, char *text);

#endif

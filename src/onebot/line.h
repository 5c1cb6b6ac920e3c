/* line.h - a message as one line: its words, who is called in it, what it replies to.
 * Floor 9. Reads both forms of a message; knows nothing of rules. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_LINE_H
#define XIE_ONEBOT_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { ONEBOT_NUMBER = 24 }; /* bytes that hold any account's number, or "all" */

struct onebot_line {
    char *text;       /* owned: the text segments, with each @ where it stood (see split.h) */
    int64_t reply_to; /* the message it replies to; 0: none */
};

/* return 0; -ENOMEM. text is released by xie_release. */
int onebot_line_read(const json_t *message, struct onebot_line *line);

/* Is self among those called? "all" calls nobody by name. */
bool onebot_line_calls(const char *line, int64_t self);

/* The first @ of line that is not self's, as it is written; false: there is none. */
bool onebot_line_at(const char *line, int64_t self, char number[ONEBOT_NUMBER]);

/* line behind the spaces and the @ that it begins with. */
const char *onebot_line_body(const char *line);

/* text behind the nickname it begins with and what separates it; NULL: it does not. names: of a
 * book. */
const char *onebot_line_behind_name(const char *text, const char *const *names);

#endif

/* args.h - the arguments of a command: what it declares, against what was written.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_ARGS_H
#define XIE_ONEBOT_ARGS_H

#include <xie/onebot.h>

#include "onebot/note.h"

/* What a command got: one allocation, the values and their texts. Zero is "none". */
struct onebot_args {
    const struct onebot_argument *list;
    struct onebot_value *values;
};

/* Is the declaration sound? NULL, or what is wrong with it, in English. */
const char *onebot_args_check(const struct onebot_argument *list);

/**
 * Read a line as declared.
 *
 * line    the words behind the command, each @ in it (see split.h)
 * args    receives the values; released by onebot_args_free
 * why     receives what to tell the person
 * return  1 read; 0 the person made a mistake; -ENOMEM
 */
int onebot_args_read(const struct onebot_argument *list, const char *line, struct onebot_args *args,
                     struct onebot_note *why);
void onebot_args_free(struct onebot_args *args);

/* " <time> [text…]" */
void onebot_args_usage(struct onebot_note *note, const struct onebot_argument *list);

#endif

/* value.h - what a person wrote, read as a number, a duration, a person, …
 * Floor 9. Pure functions of the text. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_VALUE_H
#define XIE_ONEBOT_VALUE_H

#include <xie/onebot.h>

#include "onebot/note.h"
#include "onebot/split.h"

/* Read a word as its declaration says; text is borrowed by the value. false: it is none, or out
 * of its range; value is untouched. */
bool onebot_value_read(const struct onebot_argument *as, const struct onebot_word *word,
                       struct onebot_value *value);

/* What it would have to be: "a whole number from 1 to 5". */
void onebot_value_describe(struct onebot_note *note, const struct onebot_argument *as);

#endif

/* note.h - words for people, in the language of the book, bounded.
 * Floor 9. What does not fit is cut at a character's end. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_NOTE_H
#define XIE_ONEBOT_NOTE_H

#include <xie/onebot.h>

enum { ONEBOT_NOTE = 1024 };

/* A text being written into the caller's bytes. Zero length is "". */
struct onebot_note {
    char *text;
    size_t cap, len;
    enum onebot_language language;
};

void onebot_note_add(struct onebot_note *note, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The English or the Chinese one, as the language is. */
const char *onebot_note_pick(const struct onebot_note *note, const char *english,
                             const char *chinese);
/* Somebody else's text, in quotes, shortened when it is long. */
void onebot_note_quote(struct onebot_note *note, const char *text);
/* "1 min 30 s", "1 分 30 秒": up to two units, rounded up to whole seconds when longer than one. */
void onebot_note_duration(struct onebot_note *note, int64_t duration_ns);
/* A template with "{}" replaced by a duration. */
void onebot_note_template(struct onebot_note *note, const char *text, int64_t duration_ns);

#endif

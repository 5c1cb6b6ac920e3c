/* logger.h - the parts of a logger: a line being made, and lines that come again and again.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_LOGGER_INSIDE_H
#define XIE_ONEBOT_LOGGER_INSIDE_H

#include <xie/onebot/logger.h>

/* --- logger_text.c: text ------------------------------------------------------------ */

/* A line being made: the end of its text is kept free for what closes it. */
struct onebot_log_line {
    size_t len;
    bool cut; /* something did not fit */
    char text[ONEBOT_LOGGER_LINE];
};

/* What a line says. */
struct onebot_record {
    enum onebot_level level;
    const char *name, *message; /* not NULL */
    const struct onebot_log_field *fields;
};

/* A text that fills its memory may have been cut inside a character, which goes then. */
void onebot_log_trim(char *text, size_t cap);
const char *onebot_level_name(enum onebot_level level);
/* For people, with its newline; JSON, the same. now: CLOCK_REALTIME [ns]. */
void onebot_log_people(struct onebot_log_line *line, const struct onebot_record *record,
                       int64_t now, bool colour);
void onebot_log_json(struct onebot_log_line *line, const struct onebot_record *record, int64_t now);

/* --- logger_same.c: repetitions ----------------------------------------------------- */

enum { ONEBOT_SAME_NAME = 48, ONEBOT_SAME_TEXT = 160 };

/* A line that was written, and how often since. */
struct onebot_same {
    uint64_t hash; /* of the whole line */
    int64_t since; /* xie_now */
    uint64_t count;
    enum onebot_level level;
    char name[ONEBOT_SAME_NAME], text[ONEBOT_SAME_TEXT]; /* their beginnings */
};

/* Where it is counted: the place of its hash, which somebody else may have. */
struct onebot_same *onebot_same_place(struct onebot_same *table,
                                      const struct onebot_record *record);
/* Is it the line of this place? */
bool onebot_same_is(const struct onebot_same *same, const struct onebot_record *record);
void onebot_same_begin(struct onebot_same *same, const struct onebot_record *record, int64_t now);

#endif

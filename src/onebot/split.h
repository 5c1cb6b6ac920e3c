/* split.h - a line that a person wrote, word by word.
 * Floor 9. Knows the quotes and spaces of Chinese and Latin keyboards, and where somebody was
 * called by @. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_SPLIT_H
#define XIE_ONEBOT_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

/* An @ in a line: OPEN, the account's number (or "all"), CLOSE. JSON strings are UTF-8, in which
 * neither byte occurs: nobody can write one. */
enum { ONEBOT_AT_OPEN = 0xFF, ONEBOT_AT_CLOSE = 0xFE };

/* Bytes of the space at text, 0 when there is none: ASCII's, U+00A0, U+3000. */
size_t onebot_space(const char *text);
/* text behind the spaces it begins with. */
const char *onebot_skip_spaces(const char *text);
/* Its length without the spaces it ends with. */
size_t onebot_trimmed_len(const char *text);
/* Bytes of the @ at text, 0 when there is none. */
size_t onebot_at(const char *text);

/* One word. */
struct onebot_word {
    char *text;  /* without quotes and escapes, ended by 0; of an @ what stands in it */
    bool quoted; /* it stood in quotes */
    bool at;     /* it is an @ */
};

enum onebot_split { ONEBOT_SPLIT_END, ONEBOT_SPLIT_WORD, ONEBOT_SPLIT_OPEN };

/**
 * Take the next word off a line.
 *
 * line   moved behind it
 * to     where its text is put, moved behind that. All words of a line together need
 *        strlen(line) + 1 bytes
 * return WORD; END there is none; OPEN its quote is not closed: word is what is there
 * note   a quote opens at a word's beginning, and the word ends where it closes: "…" '…' “…” ‘…’
 *        「…」 『…』 ＂…＂; either of “ and ” opens, either closes. A backslash makes a quote, a
 *        space or a backslash after it a plain character; before others it is one itself
 */
enum onebot_split onebot_split_next(const char **line, char **to, struct onebot_word *word);

/* The rest of a line as it is, without the spaces around, each @ as "@NUMBER " in it; put and
 * moved as above. */
char *onebot_split_rest(const char *line, char **to);

#endif

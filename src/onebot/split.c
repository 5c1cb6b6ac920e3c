/* split.c - a line that a person wrote, word by word.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/split.h"

#include <string.h>

#include "onebot/utf8.h"

/* Which quote closes which. The two of a Chinese keyboard come out of one key in turn, and the
 * turn is often wrong: so either opens, and either closes. */
static const char *const quotes[][3] = {{"\"", "\"", "\""}, {"'", "'", "'"},    {"“", "”", "“"},
                                        {"”", "”", "“"},    {"‘", "’", "‘"},    {"’", "’", "‘"},
                                        {"「", "」", "」"}, {"『", "』", "』"}, {"＂", "＂", "＂"}};
enum { QUOTES = sizeof quotes / sizeof *quotes };

static const char *const spaces[] = {" ", "\t", "\n", "\r", "\v", "\f", "\xC2\xA0", "\u3000"};

static size_t begins(const char *text, const char *with)
{
    size_t len = strlen(with);
    return strncmp(text, with, len) == 0 ? len : 0;
}

size_t onebot_space(const char *text)
{
    size_t len = 0;
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces && !len; i++)
        len = begins(text, spaces[i]);
    return len;
}

const char *onebot_skip_spaces(const char *text)
{
    for (size_t len; (len = onebot_space(text));)
        text += len;
    return text;
}

size_t onebot_trimmed_len(const char *text)
{
    size_t end = 0;
    for (size_t at = 0, len; text[at]; at += len ? len : 1) {
        len = onebot_space(text + at);
        if (!len)
            end = at + 1;
    }
    return end;
}

size_t onebot_at(const char *text)
{
    if ((unsigned char)*text != ONEBOT_AT_OPEN)
        return 0;
    const char *close = strchr(text, ONEBOT_AT_CLOSE);
    return close ? (size_t)(close - text) + 1 : 0;
}

/* Bytes of the quote at text, opening or closing; 0 when there is none. */
static size_t quote(const char *text)
{
    size_t len = 0;
    for (size_t i = 0; i < QUOTES && !len; i++) {
        len = begins(text, quotes[i][0]);
        len = len ? len : begins(text, quotes[i][1]);
    }
    return len;
}

/* Bytes of what closes the quote that text begins with. */
static size_t closes(const char *const pair[3], const char *text)
{
    size_t len = begins(text, pair[1]);
    return len ? len : begins(text, pair[2]);
}

/* Bytes of the character that the backslash at text makes plain; 0: it is one itself. */
static size_t escaped(const char *text)
{
    if (*text != '\\')
        return 0;
    size_t len = onebot_space(text + 1);
    return len ? len : text[1] == '\\' ? 1 : quote(text + 1);
}

static void put(char **to, const char *text, size_t len)
{
    memmove(*to, text, len);
    *to += len;
}

/* One character, escaped or not; an @ in quotes as "@NUMBER". */
static const char *put_one(char **to, const char *text)
{
    size_t len = escaped(text);
    text += len > 0;
    if (!len && (len = onebot_at(text))) {
        put(to, "@", 1);
        put(to, text + 1, len - 2);
        return text + len;
    }
    if (!len)
        len = onebot_utf8_char(text);
    len = len ? len : 1;
    put(to, text, len);
    return text + len;
}

static enum onebot_split split_quoted(const char **line, char **to, const char *const pair[3])
{
    const char *text = *line;
    size_t len = 0;
    while (*text && !(len = closes(pair, text)))
        text = put_one(to, text);
    *line = text + len;
    return len ? ONEBOT_SPLIT_WORD : ONEBOT_SPLIT_OPEN;
}

static void split_bare(const char **line, char **to)
{
    const char *text = *line;
    while (*text && !onebot_space(text) && !onebot_at(text))
        text = put_one(to, text);
    *line = text;
}

enum onebot_split onebot_split_next(const char **line, char **to, struct onebot_word *word)
{
    enum onebot_split found = ONEBOT_SPLIT_WORD;
    const char *text = onebot_skip_spaces(*line);
    *word = (struct onebot_word){.text = *to, .at = onebot_at(text) > 0};
    *line = text;
    if (!*text)
        return ONEBOT_SPLIT_END;
    size_t which = 0;
    while (which < QUOTES && !begins(text, quotes[which][0]))
        which++;
    if (word->at) {
        size_t len = onebot_at(text);
        put(to, text + 1, len - 2);
        *line = text + len;
    } else if (which < QUOTES) {
        word->quoted = true;
        *line = text + strlen(quotes[which][0]);
        found = split_quoted(line, to, quotes[which]);
    } else {
        split_bare(line, to);
    }
    *(*to)++ = 0;
    return found;
}

char *onebot_split_rest(const char *line, char **to)
{
    char *rest = *to;
    line = onebot_skip_spaces(line);
    const char *end = line + onebot_trimmed_len(line);
    while (line < end) {
        size_t len = onebot_at(line);
        if (!len) {
            put(to, line++, 1);
            continue;
        }
        put(to, "@", 1);
        put(to, line + 1, len - 2);
        line += len;
        if (line < end && !onebot_space(line))
            put(to, " ", 1);
    }
    *(*to)++ = 0;
    return rest;
}

/* line.c - a message as one line: its words, who is called in it, what it replies to.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie/onebot.h>

#include "base/memory.h"
#include "onebot/cq.h"
#include "onebot/split.h"

/* The line being made; there is room for all of it. */
struct maker {
    char *to;
    int64_t reply_to;
};

static void add_text(struct maker *maker, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i])
            *maker->to++ = text[i];
}

/* who: a number or "all"; what is neither calls nobody. */
static void add_at(struct maker *maker, const char *who)
{
    char number[ONEBOT_NUMBER];
    int64_t account = strtoll(who, NULL, 10);
    if (account <= 0 && strcmp(who, "all") != 0)
        return;
    int len = account > 0 ? snprintf(number, sizeof number, "%lld", (long long)account)
                          : snprintf(number, sizeof number, "all");
    *maker->to++ = (char)ONEBOT_AT_OPEN;
    add_text(maker, number, (size_t)len);
    *maker->to++ = (char)ONEBOT_AT_CLOSE;
}

/* --- the array form ----------------------------------------------------------------- */

static void add_segment(struct maker *maker, const json_t *segment)
{
    const char *type = onebot_string(segment, "type");
    const json_t *data = json_object_get(segment, "data");
    const json_t *text = json_object_get(data, "text");
    char number[ONEBOT_NUMBER];
    if (strcmp(type, "text") == 0 && json_is_string(text)) {
        add_text(maker, json_string_value(text), json_string_length(text));
    } else if (strcmp(type, "reply") == 0) {
        maker->reply_to = onebot_int(data, "id");
    } else if (strcmp(type, "at") == 0) {
        snprintf(number, sizeof number, "%lld", (long long)onebot_int(data, "qq"));
        add_at(maker, strcmp(onebot_string(data, "qq"), "all") == 0 ? "all" : number);
    }
}

static size_t segment_bytes(const json_t *segment)
{
    const json_t *text = json_object_get(json_object_get(segment, "data"), "text");
    return json_string_length(text) + ONEBOT_NUMBER + 2;
}

/* --- the string form ---------------------------------------------------------------- */

/* The value of key in a code's parameters "a=b,c=d"; NULL: it has none. */
static const char *code_value(const char *code, size_t len, const char *key,
                              char value[ONEBOT_NUMBER])
{
    size_t key_len = strlen(key);
    for (const char *end = code + len; code < end; code++) {
        const char *comma = memchr(code, ',', (size_t)(end - code));
        size_t item = (size_t)((comma ? comma : end) - code);
        if (item > key_len && item < key_len + ONEBOT_NUMBER && code[key_len] == '=' &&
            memcmp(code, key, key_len) == 0) {
            size_t value_len = item - key_len - 1;
            memcpy(value, code + key_len + 1, value_len);
            value[value_len] = 0;
            return value;
        }
        code += item;
    }
    return NULL;
}

static bool is_code(const char *code, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    return len > name_len && memcmp(code, name, name_len) == 0 && code[name_len] == ',';
}

/* What stands between "[CQ:" and "]". */
static void add_code(struct maker *maker, const char *code, size_t len)
{
    char value[ONEBOT_NUMBER];
    if (is_code(code, len, "at") && code_value(code + 3, len - 3, "qq", value))
        add_at(maker, value);
    else if (is_code(code, len, "reply") && code_value(code + 6, len - 6, "id", value))
        maker->reply_to = strtoll(value, NULL, 10);
}

/* Of text between codes. */
static void add_escaped(struct maker *maker, const char *text, size_t len)
{
    char *start = maker->to;
    add_text(maker, text, len);
    maker->to = start + onebot_cq_unescape(start, (size_t)(maker->to - start), false);
}

static void add_string(struct maker *maker, const char *text, size_t len)
{
    struct onebot_cq_reader reader = {.text = text, .end = text + len};
    struct onebot_cq_piece piece;
    while (onebot_cq_next(&reader, &piece))
        if (piece.code)
            add_code(maker, piece.text, piece.len);
        else
            add_escaped(maker, piece.text, piece.len);
}

/* --- a line ------------------------------------------------------------------------- */

int onebot_line_read(const json_t *message, struct onebot_line *line)
{
    /* An @ of the string form is longer as a code than as a mark: "[CQ:at,qq=" is ten bytes. */
    size_t most = json_string_length(message) + segment_bytes(message) + 1;
    for (size_t i = 0; i < json_array_size(message); i++)
        most += segment_bytes(json_array_get(message, i));
    char *text = xie_alloc(most);
    if (!text)
        return -ENOMEM;
    struct maker maker = {.to = text};
    if (json_is_string(message))
        add_string(&maker, json_string_value(message), json_string_length(message));
    add_segment(&maker, message);
    for (size_t i = 0; i < json_array_size(message); i++)
        add_segment(&maker, json_array_get(message, i));
    *maker.to = 0;
    *line = (struct onebot_line){.text = text, .reply_to = maker.reply_to};
    return 0;
}

bool onebot_line_calls(const char *line, int64_t self)
{
    while ((line = strchr(line, ONEBOT_AT_OPEN))) {
        if (strtoll(++line, NULL, 10) == self)
            return self != 0;
    }
    return false;
}

bool onebot_line_at(const char *line, int64_t self, char number[ONEBOT_NUMBER])
{
    while ((line = strchr(line, ONEBOT_AT_OPEN))) {
        size_t len = onebot_at(line);
        if (len && len - 2 < ONEBOT_NUMBER && strtoll(line + 1, NULL, 10) != self) {
            memcpy(number, line + 1, len - 2);
            number[len - 2] = 0;
            return true;
        }
        line++;
    }
    return false;
}

const char *onebot_line_body(const char *line)
{
    for (size_t len; (len = onebot_space(line)) || (len = onebot_at(line));)
        line += len;
    return line;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

const char *onebot_line_behind_name(const char *text, const char *const *names)
{
    static const char *const marks[] = {",", "，", ":", "：", "、", "!", "！"};
    for (size_t i = 0; i < ONEBOT_WORDS && names[i]; i++) {
        size_t len = strlen(names[i]);
        /* A name of Latin letters is no name inside a longer word. */
        if (!len || strncmp(text, names[i], len) != 0 ||
            (is_letter(names[i][len - 1]) && is_letter(text[len])))
            continue;
        text = onebot_skip_spaces(text + len);
        for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
            if (strncmp(text, marks[m], strlen(marks[m])) == 0)
                return onebot_skip_spaces(text + strlen(marks[m]));
        return text;
    }
    return NULL;
}

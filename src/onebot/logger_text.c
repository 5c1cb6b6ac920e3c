/* logger_text.c - a line of the log as text, for people or as JSON.
 * Floor 9. Whatever it is given, the result is one line of UTF-8. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "onebot/logger.h"
#include "onebot/utf8.h"

/* Kept free at the end: quotes, brackets, the note that something was cut, the newline. */
enum { RESERVE = 64, FULL = ONEBOT_LOGGER_LINE - RESERVE };

void onebot_log_trim(char *text, size_t cap)
{
    size_t len = strlen(text), back = 1;
    if (len + 1 < cap)
        return;
    while (back < 4 && back < len && ((unsigned char)text[len - back] & 0xC0) == 0x80)
        back++;
    if (back <= len && onebot_utf8_char(text + len - back) != back)
        text[len - back] = 0;
}

const char *onebot_level_name(enum onebot_level level)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    unsigned index = (unsigned)((int)level + 1);
    return index < 4 ? names[index] : "error";
}

/* --- pieces ------------------------------------------------------------------------- */

/* What closes a line: there is room. */
static void close_with(struct onebot_log_line *line, const char *text)
{
    size_t len = strlen(text);
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static bool put_bytes(struct onebot_log_line *line, const char *bytes, size_t len)
{
    if (line->cut || line->len + len > FULL) {
        line->cut = true;
        return false;
    }
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
    return true;
}

static void put(struct onebot_log_line *line, const char *text)
{
    put_bytes(line, text, strlen(text));
}

/* Is the character at text, of step bytes, one that steers? */
static bool steers(const char *text, size_t step)
{
    unsigned char first = (unsigned char)text[0], second = step > 1 ? (unsigned char)text[1] : 0;
    return first < 0x20 || first == 0x7F || (first == 0xC2 && second < 0xA0);
}

static bool is_bare(const char *text)
{
    return *text && !text[strcspn(text, " \"=\\")];
}

/* For people; in quotes where it would not be read as one word. */
static void put_shown(struct onebot_log_line *line, const char *text, bool quoted)
{
    for (size_t step; *text && !line->cut; text += step ? step : 1) {
        step = onebot_utf8_char(text);
        if (!step || steers(text, step))
            put(line, "?");
        else if (quoted && (*text == '"' || *text == '\\'))
            put_bytes(line, (const char[]){'\\', *text}, 2);
        else
            put_bytes(line, text, step);
    }
}

static void put_escape(struct onebot_log_line *line, unsigned code)
{
    char escape[8];
    snprintf(escape, sizeof escape, "\\u%04x", code & 0xFFFF);
    put(line, escape);
}

/* The inside of a string of JSON. */
static void put_json_text(struct onebot_log_line *line, const char *text)
{
    for (size_t step; *text && !line->cut; text += step ? step : 1) {
        step = onebot_utf8_char(text);
        if (!step)
            put(line, "\xEF\xBF\xBD");
        else if (steers(text, step))
            put_escape(line, (unsigned char)text[step - 1]);
        else if (*text == '"' || *text == '\\')
            put_bytes(line, (const char[]){'\\', *text}, 2);
        else
            put_bytes(line, text, step);
    }
}

static void put_number(struct onebot_log_line *line, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    put(line, text);
}

/* --- for people --------------------------------------------------------------------- */

static void put_time(struct onebot_log_line *line, int64_t now, bool utc)
{
    char text[48], whole[40];
    struct tm parts;
    time_t seconds = (time_t)(now / XIE_SECOND);
    if (utc)
        gmtime_r(&seconds, &parts);
    else
        localtime_r(&seconds, &parts);
    strftime(whole, sizeof whole, utc ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &parts);
    snprintf(text, sizeof text, "%s.%03d%s", whole, (int)(now % XIE_SECOND / XIE_MILLISECOND),
             utc ? "Z" : "");
    put(line, text);
}

static const char *colour_of(enum onebot_level level)
{
    return level >= ONEBOT_ERROR     ? "\033[31m"
           : level == ONEBOT_WARNING ? "\033[33m"
           : level == ONEBOT_INFO    ? "\033[32m"
                                     : "\033[2m";
}

static void put_level(struct onebot_log_line *line, enum onebot_level level, bool colour)
{
    char text[16];
    snprintf(text, sizeof text, " %-7s ", onebot_level_name(level));
    put(line, colour ? colour_of(level) : "");
    put(line, text);
    put(line, colour ? "\033[0m" : "");
}

void onebot_log_people(struct onebot_log_line *line, const struct onebot_record *record,
                       int64_t now, bool colour)
{
    line->len = 0;
    line->cut = false;
    put_time(line, now, false);
    put_level(line, record->level, colour);
    if (*record->name) {
        put_shown(line, record->name, false);
        put(line, ": ");
    }
    put_shown(line, record->message, false);
    const struct onebot_log_field *at = record->fields;
    for (; at && at->key && !line->cut; at++) {
        bool quoted = at->text && !is_bare(at->text);
        put(line, " ");
        put_shown(line, at->key, false);
        put(line, quoted ? "=\"" : "=");
        if (at->text)
            put_shown(line, at->text, quoted);
        else
            put_number(line, at->number);
        put(line, quoted ? "\"" : "");
    }
    close_with(line, line->cut ? "...\n" : "\n");
}

/* --- JSON --------------------------------------------------------------------------- */

/* A member whose string may be cut, its quotes never. */
static void put_member(struct onebot_log_line *line, const char *key, const char *text)
{
    put(line, ",\"");
    put(line, key);
    put(line, "\":\"");
    put_json_text(line, text);
    close_with(line, "\"");
}

/* A key is whole or not there: the line is put back to where it was before it. */
static void put_field(struct onebot_log_line *line, const struct onebot_log_field *field,
                      bool first)
{
    size_t before = line->len;
    put(line, first ? "\"" : ",\"");
    put_json_text(line, field->key);
    put(line, field->text ? "\":\"" : "\":");
    if (!field->text)
        put_number(line, field->number);
    if (line->cut) {
        line->len = before;
        return;
    }
    if (field->text) {
        put_json_text(line, field->text);
        close_with(line, "\"");
    }
}

void onebot_log_json(struct onebot_log_line *line, const struct onebot_record *record, int64_t now)
{
    line->len = 0;
    line->cut = false;
    put(line, "{\"time\":\"");
    put_time(line, now, true);
    put(line, "\",\"level\":\"");
    put(line, onebot_level_name(record->level));
    put(line, "\"");
    if (*record->name)
        put_member(line, "name", record->name);
    if (!line->cut)
        put_member(line, "message", record->message);
    const struct onebot_log_field *at = record->fields;
    if (at && at->key && !line->cut) {
        put(line, ",\"fields\":{");
        bool open = !line->cut;
        for (; at->key && !line->cut; at++)
            put_field(line, at, at == record->fields);
        if (open)
            close_with(line, "}");
    }
    close_with(line, line->cut ? ",\"cut\":true}\n" : "}\n");
}

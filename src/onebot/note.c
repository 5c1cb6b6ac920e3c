/* note.c - words for people, in the language of the book, bounded.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/note.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "onebot/utf8.h"

enum { QUOTED = 60 }; /* bytes of somebody's text that are shown */

/* The longest beginning of text, up to len bytes, that cuts no character. */
static size_t whole(const char *text, size_t len)
{
    size_t end = 0;
    for (size_t step; end < len && text[end]; end += step) {
        step = onebot_utf8_char(text + end);
        step = step ? step : 1;
        if (end + step > len)
            break;
    }
    return end;
}

void onebot_note_add(struct onebot_note *note, const char *format, ...)
{
    size_t room = note->cap - note->len;
    char *at = note->text + note->len;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(at, room, format, args);
    va_end(args);
    if (len < 0)
        return;
    if ((size_t)len < room) {
        note->len += (size_t)len;
        return;
    }
    /* Cut: the last bytes may be the beginning of a character. */
    size_t end = 0;
    for (size_t step; at[end] && (step = onebot_utf8_char(at + end)); end += step)
        continue;
    at[end] = 0;
    note->len += end;
    note->cap = note->len + 1; /* and nothing more comes */
}

const char *onebot_note_pick(const struct onebot_note *note, const char *english,
                             const char *chinese)
{
    return note->language == ONEBOT_ENGLISH ? english : chinese;
}

void onebot_note_quote(struct onebot_note *note, const char *text)
{
    size_t len = strlen(text), shown = whole(text, QUOTED);
    onebot_note_add(note, onebot_note_pick(note, "\"%.*s%s\"", "“%.*s%s”"), (int)shown, text,
                    shown < len ? "…" : "");
}

void onebot_note_duration(struct onebot_note *note, int64_t duration_ns)
{
    static const struct {
        int64_t ns;
        const char *english, *chinese;
    } units[] = {{24 * XIE_HOUR, "d", "天"},
                 {XIE_HOUR, "h", "小时"},
                 {XIE_MINUTE, "min", "分"},
                 {XIE_SECOND, "s", "秒"},
                 {XIE_MILLISECOND, "ms", "毫秒"}};
    enum { UNITS = sizeof units / sizeof *units };
    int64_t rest = duration_ns;
    unsigned told = 0;
    if (rest > XIE_SECOND && rest < XIE_NEVER - XIE_SECOND && rest % XIE_SECOND)
        rest += XIE_SECOND - rest % XIE_SECOND;
    for (size_t i = 0; i < UNITS && told < 2; i++) {
        if (rest < units[i].ns && !(i == UNITS - 1 && !told))
            continue;
        onebot_note_add(note, "%s%lld %s", told ? " " : "", (long long)(rest / units[i].ns),
                        onebot_note_pick(note, units[i].english, units[i].chinese));
        rest %= units[i].ns;
        told++;
    }
}

void onebot_note_template(struct onebot_note *note, const char *text, int64_t duration_ns)
{
    const char *mark;
    while ((mark = strstr(text, "{}"))) {
        onebot_note_add(note, "%.*s", (int)(mark - text), text);
        onebot_note_duration(note, duration_ns);
        text = mark + 2;
    }
    onebot_note_add(note, "%s", text);
}

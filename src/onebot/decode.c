/* decode.c - JSON that comes from outside, bounded in depth.
 * Floor 9. jansson recurses up to 2048 deep, which a task's stack does not hold. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <xie/onebot.h>

/* Counts brackets outside of strings; what is no JSON at all is left to the decoder. */
static bool too_deep(const char *text, size_t len)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '[' || text[i] == '{') && ++depth > ONEBOT_JSON_DEPTH)
            return true;
        else if (!quoted && (text[i] == ']' || text[i] == '}'))
            depth--;
    }
    return false;
}

json_t *onebot_decode(const char *text, size_t len, size_t flags, json_error_t *why)
{
    if (!too_deep(text, len))
        return json_loadb(text, len, flags, why);
    *why = (json_error_t){.line = 1, .column = 1};
    snprintf(why->text, sizeof why->text, "nested deeper than %d", ONEBOT_JSON_DEPTH);
    return NULL;
}

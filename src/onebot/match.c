/* match.c - does a rule match an event, and what does it find in it?
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "onebot/bot.h"
#include "onebot/line.h"
#include "onebot/split.h"

/* --- a message as rules see it ------------------------------------------------------ */

static char *copy_of(const char *text, size_t len)
{
    char *copy = xie_alloc(len + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = 0;
    return copy;
}

static const char *behind_name(const struct onebot_book *book, const char *text, bool *named)
{
    const char *behind = onebot_line_behind_name(text, book->nicknames);
    *named |= behind != NULL;
    return behind ? behind : text;
}

int onebot_view_make(const struct onebot_book *book, struct onebot_letter *letter)
{
    struct onebot_view *view = &letter->view;
    const struct onebot_event *event = &letter->event;
    struct onebot_line line;
    bool named = false;
    if (view->line)
        return 0;
    if (onebot_line_read(json_object_get(letter->json, "message"), &line))
        return -ENOMEM;
    const char *text = behind_name(book, onebot_skip_spaces(event->text), &named);
    view->text = copy_of(text, onebot_trimmed_len(text));
    if (!view->text) {
        xie_release(line.text);
        return -ENOMEM;
    }
    view->line = line.text;
    view->body = onebot_line_body(behind_name(book, onebot_line_body(line.text), &named));
    view->to_me = named || strcmp(event->detail_type, "private") == 0 ||
                  onebot_line_calls(line.text, event->self_id) ||
                  (event->self_id && onebot_int(event->raw, "target_id") == event->self_id) ||
                  (event->bot && onebot_own_has(&event->bot->own, line.reply_to));
    return 0;
}

/* --- the kind of event -------------------------------------------------------------- */

/* Does the next part of the path, if there is one, name this? Moves behind it. */
static bool part_is(const char **path, const char *name)
{
    size_t len = strcspn(*path, "/");
    if (!**path)
        return true;
    if (strlen(name) != len || memcmp(*path, name, len) != 0)
        return false;
    *path += len;
    *path += **path == '/';
    return true;
}

static bool is_event(const struct onebot_rule *rule, const struct onebot_event *event)
{
    const char *path = rule->event && *rule->event ? rule->event : "message";
    if (strcmp(event->post_type, "message") == 0 && !onebot_event_is_message(event))
        return false;
    return part_is(&path, event->post_type) && part_is(&path, event->detail_type) &&
           part_is(&path, event->sub_type);
}

/* --- words -------------------------------------------------------------------------- */

static bool same(const char *a, const char *b, size_t len, bool any_case)
{
    return (any_case ? strncasecmp(a, b, len) : strncmp(a, b, len)) == 0;
}

/* Where word stands in text; NULL: nowhere. */
static const char *find_word(const char *text, const char *word, bool any_case)
{
    return any_case ? strcasestr(text, word) : strstr(text, word);
}

static bool match_full(const struct onebot_rule *rule, const char *text)
{
    for (size_t i = 0; i < ONEBOT_WORDS && rule->full[i]; i++)
        if (same(text, rule->full[i], strlen(rule->full[i]) + 1, rule->any_case))
            return true;
    return !rule->full[0];
}

static bool match_prefix(const struct onebot_rule *rule, struct onebot_hit *hit)
{
    for (size_t i = 0; i < ONEBOT_WORDS && rule->prefix[i]; i++) {
        size_t len = strlen(rule->prefix[i]);
        if (!same(hit->start, rule->prefix[i], len, rule->any_case))
            continue;
        hit->start = onebot_skip_spaces(hit->start + len);
        return true;
    }
    return !rule->prefix[0];
}

/* Of what a prefix has left. */
static bool match_suffix(const struct onebot_rule *rule, struct onebot_hit *hit)
{
    for (size_t i = 0; i < ONEBOT_WORDS && rule->suffix[i]; i++) {
        size_t len = strlen(rule->suffix[i]);
        if ((size_t)(hit->end - hit->start) < len ||
            !same(hit->end - len, rule->suffix[i], len, rule->any_case))
            continue;
        hit->end -= len;
        return true;
    }
    return !rule->suffix[0];
}

static bool match_keyword(const struct onebot_rule *rule, const char *text)
{
    for (size_t i = 0; i < ONEBOT_WORDS && rule->keyword[i]; i++)
        if (find_word(text, rule->keyword[i], rule->any_case))
            return true;
    return !rule->keyword[0];
}

/* Of two names of which one begins the other, the whole word decides. */
static bool match_name(const struct onebot_rule *rule, const char *line, struct onebot_hit *hit)
{
    for (size_t i = 0; i < ONEBOT_WORDS && rule->command[i]; i++) {
        size_t len = strlen(rule->command[i]);
        const char *rest = line + len;
        if (!same(line, rule->command[i], len, rule->any_case) ||
            (*rest && !onebot_space(rest) && !onebot_at(rest)))
            continue;
        hit->command = rule->command[i];
        hit->rest = rest;
        return true;
    }
    return false;
}

static bool match_command(const struct onebot_book *book, const struct onebot_rule *rule,
                          const char *line, struct onebot_hit *hit)
{
    if (!rule->command[0])
        return true;
    for (size_t i = 0; i < ONEBOT_WORDS && book->prefixes[i]; i++) {
        size_t len = strlen(book->prefixes[i]);
        if (strncmp(line, book->prefixes[i], len) == 0 && match_name(rule, line + len, hit))
            return true;
    }
    return false;
}

/* --- a rule ------------------------------------------------------------------------- */

static int match_regex(struct onebot_rule_entry *entry, const char *text,
                       const struct onebot_log *log, struct onebot_hit *hit)
{
    if (!entry->regex)
        return 1;
    int found = onebot_regex_search(entry->regex, text, &hit->match);
    if (found != XIE_ELIMIT)
        return found;
    if (!entry->stuck)
        onebot_log(log, ONEBOT_WARNING, "rule %s: its expression takes more than %d steps",
                   entry->name, ONEBOT_REGEX_STEPS);
    entry->stuck = true;
    return 0;
}

int onebot_rule_match(struct onebot_rules *rules, struct onebot_rule_entry *entry,
                      struct onebot_letter *letter, const struct onebot_log *log,
                      struct onebot_hit *hit)
{
    const struct onebot_rule *rule = entry->rule;
    const struct onebot_view *view = &letter->view;
    *hit = (struct onebot_hit){.command = ""};
    if (!is_event(rule, &letter->event))
        return 0;
    if (onebot_view_make(&rules->book, letter))
        return -ENOMEM;
    hit->text = hit->start = view->text;
    hit->end = view->text + strlen(view->text);
    if ((rule->at_me && !view->to_me) || !match_command(&rules->book, rule, view->body, hit) ||
        !match_full(rule, view->text) || !match_prefix(rule, hit) || !match_suffix(rule, hit) ||
        !match_keyword(rule, view->text))
        return 0;
    return match_regex(entry, view->text, log, hit);
}

/* --- what it found ------------------------------------------------------------------ */

/* One allocation: the pointers, then the texts. */
static int read_captures(const struct onebot_hit *hit, struct onebot_found *found)
{
    size_t bytes = 0, count = hit->match->count;
    for (size_t i = 0; i < count; i++)
        bytes += hit->match->group[i].start <= hit->match->group[i].end
                     ? hit->match->group[i].end - hit->match->group[i].start + 1
                     : 0;
    found->captures = xie_alloc_zero(count * sizeof *found->captures + bytes);
    if (!found->captures)
        return -ENOMEM;
    char *to = (char *)(found->captures + count);
    for (size_t i = 0; i < count; i++) {
        size_t start = hit->match->group[i].start, end = hit->match->group[i].end;
        if (start > end || end == (size_t)-1)
            continue;
        found->captures[i] = to;
        to = mempcpy(to, hit->text + start, end - start);
        *to++ = 0;
    }
    found->capture_count = count;
    return 0;
}

static int read_rest(const struct onebot_hit *hit, struct onebot_found *found)
{
    if (!*hit->command) {
        found->rest = copy_of(hit->start, (size_t)(hit->end - hit->start));
        if (found->rest)
            found->rest[onebot_trimmed_len(found->rest)] = 0;
        return found->rest ? 0 : -ENOMEM;
    }
    char *to = found->rest = xie_alloc(strlen(hit->rest) + 1);
    if (to)
        onebot_split_rest(hit->rest, &to);
    return to ? 0 : -ENOMEM;
}

static void add_usage(const struct onebot_rules *rules, const struct onebot_rule *rule,
                      const struct onebot_hit *hit, struct onebot_note *why)
{
    onebot_note_add(why, "\n%s%s%s", onebot_note_pick(why, "Usage: ", "用法："),
                    rules->book.prefixes[0], hit->command);
    onebot_args_usage(why, rule->arguments);
}

int onebot_hit_read(const struct onebot_rules *rules, const struct onebot_rule *rule,
                    const struct onebot_hit *hit, struct onebot_found *found,
                    struct onebot_note *why)
{
    *found = (struct onebot_found){0};
    int error = read_rest(hit, found), good = 1;
    if (!error && hit->match)
        error = read_captures(hit, found);
    if (!error && rule->arguments)
        good = onebot_args_read(rule->arguments, hit->rest, &found->args, why);
    if (!good)
        add_usage(rules, rule, hit, why);
    if (error || good <= 0)
        onebot_found_free(found);
    return error ? error : good;
}

/* rules.c - the rules of a program, checked, made ready and sorted.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void onebot_rules_init(struct onebot_rules *rules, const struct onebot_book *book)
{
    memset(rules, 0, sizeof *rules);
    rules->book.rules = book->rules;
    onebot_cool_init(&rules->cool, 0);
    onebot_turns_init(&rules->turns, 0);
    onebot_rules_set_book(rules, book);
}

void onebot_rules_set_book(struct onebot_rules *rules, const struct onebot_book *book)
{
    const struct onebot_rule *own = rules->book.rules;
    rules->book = *book;
    rules->book.rules = own;
    if (!rules->book.prefixes[0])
        rules->book.prefixes[0] = "/";
    rules->cool.limit = book->max_cooling ? book->max_cooling : 65536;
    rules->turns.limit = book->max_waiting ? book->max_waiting : 10000;
}

void onebot_rules_fini(struct onebot_rules *rules)
{
    onebot_cool_fini(&rules->cool);
    for (size_t i = 0; i < rules->count; i++)
        onebot_regex_free(rules->list[i].regex);
    xie_release(rules->list);
    rules->list = NULL;
    rules->count = 0;
}

const char *onebot_rule_command(const struct onebot_rule *rule)
{
    return rule->command[0] ? rule->command[0] : "";
}

/* --- checking ----------------------------------------------------------------------- */

static const char *name_of(const struct onebot_rule *rule)
{
    const char *const names[] = {rule->name,      rule->command[0], rule->full[0], rule->prefix[0],
                                 rule->suffix[0], rule->keyword[0], rule->regex,   rule->event};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] && *names[i])
            return names[i];
    return "message";
}

/* An empty word would match everything, or nothing: neither was meant. */
static bool has_empty_word(const struct onebot_rule *rule)
{
    const char *const *lists[] = {rule->command, rule->full, rule->prefix, rule->suffix,
                                  rule->keyword};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (size_t w = 0; w < ONEBOT_WORDS && lists[i][w]; w++)
            if (!*lists[i][w])
                return true;
    return false;
}

static bool command_has_space(const struct onebot_rule *rule)
{
    for (size_t w = 0; w < ONEBOT_WORDS && rule->command[w]; w++)
        if (rule->command[w][strcspn(rule->command[w], " \t\r\n")])
            return true;
    return false;
}

static const char *unsound(const struct onebot_rule *rule)
{
    if (has_empty_word(rule))
        return "one of its words is empty";
    if (command_has_space(rule))
        return "a command's name has a space in it";
    if (rule->arguments && !rule->command[0])
        return "it has arguments, but is no command";
    if (rule->cooldown.every_ns < 0)
        return "it cools down in less than no time";
    return rule->arguments ? onebot_args_check(rule->arguments) : NULL;
}

static int load_one(struct onebot_rule_entry *entry, const struct onebot_log *log)
{
    char text[ONEBOT_REGEX_WHY] = "";
    const char *why = unsound(entry->rule);
    int error = why ? -EINVAL : 0;
    if (!why && entry->rule->regex) {
        error = onebot_regex_new(entry->rule->regex, entry->rule->any_case, &entry->regex, text);
        why = text;
    }
    if (error == -EINVAL)
        onebot_log(log, ONEBOT_ERROR, "rule %s: %s", entry->name, why);
    return error;
}

/* --- sorting ------------------------------------------------------------------------ */

static int priority_of(const struct onebot_rule_entry *entry)
{
    return entry->kind == ONEBOT_QUESTIONS  ? ONEBOT_ASKED
           : entry->kind == ONEBOT_COMMANDS ? 0
                                            : entry->rule->priority;
}

/* Behind those of its priority that stand already; the questions before them. By insertion:
 * hundreds of rules, once. */
static void insert(struct onebot_rules *rules, const struct onebot_rule_entry *entry)
{
    size_t at = rules->count++;
    int priority = priority_of(entry) + (entry->kind == ONEBOT_QUESTIONS);
    for (; at && priority_of(&rules->list[at - 1]) < priority; at--)
        rules->list[at] = rules->list[at - 1];
    rules->list[at] = *entry;
}

static void sort(struct onebot_rules *rules)
{
    const struct onebot_rule *rule = rules->book.rules;
    for (; rule && rule->handler; rule++)
        insert(rules, &(struct onebot_rule_entry){.rule = rule, .name = name_of(rule)});
    insert(rules, &(struct onebot_rule_entry){.kind = ONEBOT_QUESTIONS, .name = "questions"});
    insert(rules, &(struct onebot_rule_entry){.kind = ONEBOT_COMMANDS, .name = "commands"});
}

int onebot_rules_load(struct onebot_rules *rules, const struct onebot_log *log)
{
    size_t room = 2;
    int error = 0;
    while (rules->book.rules && rules->book.rules[room - 2].handler)
        room++;
    rules->list = xie_alloc_zero(room * sizeof *rules->list);
    if (!rules->list)
        return -ENOMEM;
    sort(rules);
    for (size_t i = 0; i < rules->count && !error; i++) {
        xie_list_init(&rules->list[i].cooling); /* where it stays */
        if (rules->list[i].kind == ONEBOT_QUESTIONS)
            rules->questions = i;
        if (rules->list[i].kind == ONEBOT_RULE)
            error = load_one(&rules->list[i], log);
    }
    return error;
}

/* rules.c - the rules of a program, checked, made ready, and in order while they come and go.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/rules.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/memory.h"

void onebot_rules_init(struct onebot_rules *rules, const struct onebot_book *book)
{
    memset(rules, 0, sizeof *rules);
    rules->book.rules = book->rules;
    xie_list_init(&rules->list);
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

/* --- a table ------------------------------------------------------------------------ */

enum { SEAT_BITS = 24 }; /* rules of one table: 16 million */

static uint64_t rank_of(int priority)
{
    return (uint64_t)((int64_t)INT_MAX - priority) + 1;
}

uint64_t onebot_rules_seat(struct onebot_rules *rules)
{
    return ++rules->last_seat;
}

int onebot_rule_set_make(struct onebot_rule_set *set, const struct onebot_rule *rules,
                         struct onebot_plugin *plugin, uint64_t seat, const struct onebot_log *log)
{
    size_t count = 0;
    int error = 0;
    *set = (struct onebot_rule_set){.rules = rules};
    while (rules && rules[count].handler)
        count++;
    if (count >> SEAT_BITS)
        return XIE_ELIMIT;
    set->entries = count ? xie_alloc_zero(count * sizeof *set->entries) : NULL;
    if (count && !set->entries)
        return -ENOMEM;
    for (size_t i = 0; i < count && !error; i++) {
        struct onebot_rule_entry *entry = &set->entries[set->count++];
        entry->place = (struct onebot_position){rank_of(rules[i].priority), seat << SEAT_BITS | i};
        entry->rule = &rules[i];
        entry->plugin = plugin;
        entry->name = name_of(entry->rule);
        xie_list_init(&entry->link);
        xie_list_init(&entry->cooling); /* where it stays */
        error = load_one(entry, log);
    }
    return error;
}

void onebot_rule_set_free(struct onebot_rule_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        onebot_regex_free(set->entries[i].regex);
    xie_release(set->entries);
    *set = (struct onebot_rule_set){0};
}

/* --- in force ----------------------------------------------------------------------- */

/* From the end: a table's rules mostly come in their order. */
static void insert(struct onebot_rules *rules, struct onebot_rule_entry *entry)
{
    struct xie_link *before = rules->list.prev;
    while (before != &rules->list &&
           onebot_position_before(&entry->place,
                                  &XIE_CONTAINER(before, struct onebot_rule_entry, link)->place))
        before = before->prev;
    xie_list_push(before->next, &entry->link);
}

void onebot_rules_enter(struct onebot_rules *rules, struct onebot_rule_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        insert(rules, &set->entries[i]);
}

void onebot_rules_leave(struct onebot_rules *rules, struct onebot_rule_set *set,
                        struct xie_link *released)
{
    for (size_t i = 0; i < set->count; i++) {
        xie_list_remove(&set->entries[i].link);
        onebot_cool_forget(&rules->cool, &set->entries[i].cooling);
    }
    onebot_turns_release(&rules->turns, set->rules, set->count, released);
}

struct onebot_rule_entry *onebot_rules_behind(const struct onebot_rules *rules,
                                              const struct onebot_position *place)
{
    struct onebot_rule_entry *entry = onebot_rules_first(rules);
    while (entry && !onebot_position_before(place, &entry->place))
        entry = onebot_rules_next(rules, entry);
    return entry;
}

/* The questions before the rules of their priority, the plain table of commands behind. */
int onebot_rules_load(struct onebot_rules *rules, const struct onebot_log *log)
{
    rules->questions = (struct onebot_rule_entry){
        .kind = ONEBOT_QUESTIONS, .name = "questions", .place = {rank_of(ONEBOT_ASKED), 0}};
    rules->commands = (struct onebot_rule_entry){
        .kind = ONEBOT_COMMANDS, .name = "commands", .place = {rank_of(0), UINT64_MAX}};
    int error =
        onebot_rule_set_make(&rules->own, rules->book.rules, NULL, onebot_rules_seat(rules), log);
    if (error)
        return error;
    insert(rules, &rules->questions);
    insert(rules, &rules->commands);
    onebot_rules_enter(rules, &rules->own);
    return 0;
}

void onebot_rules_fini(struct onebot_rules *rules)
{
    onebot_cool_fini(&rules->cool);
    onebot_rule_set_free(&rules->own);
}

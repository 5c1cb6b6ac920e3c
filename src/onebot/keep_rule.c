/* keep_rule.c - which rule a kept handler runs for, by a name that outlives the program.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onebot/keep.h"

static const char rule_prefix[] = "rule/", plugin_prefix[] = "plugin/",
                  command_prefix[] = "command/", any_event[] = "event";

/* --- the name of one that runs ------------------------------------------------------ */

static int write_name(char name[ONEBOT_KEEP_NAME], const char *prefix, const char *text)
{
    int len = snprintf(name, ONEBOT_KEEP_NAME, "%s%s", prefix, text);
    return len < ONEBOT_KEEP_NAME ? 0 : XIE_ELIMIT;
}

/* The table that a rule is from, in force or not. */
static const struct onebot_rule_set *set_of(const struct onebot_program *program,
                                            const struct onebot_plugin *plugin)
{
    return plugin ? &plugin->rules : &program->rules.own;
}

/* Which one it is of those in the table that have its name, from 1. */
static size_t ordinal_of(const struct onebot_rule_set *set, const struct onebot_rule_entry *entry)
{
    size_t ordinal = 1;
    for (const struct onebot_rule_entry *at = set->entries; at < entry; at++)
        ordinal += strcmp(at->name, entry->name) == 0;
    return ordinal;
}

/* "rule/RULE", "plugin/PLUGIN/RULE": a plugin's name has no slash in it. The second of a name is
 * "RULE#2"; where a name has such a mark itself, the first is "RULE#1". */
static int write_rule(char name[ONEBOT_KEEP_NAME], const struct onebot_rule_set *set,
                      const struct onebot_rule_entry *entry)
{
    const struct onebot_plugin *plugin = entry->plugin;
    size_t ordinal = ordinal_of(set, entry);
    char mark[24] = "";
    if (ordinal > 1 || strchr(entry->name, '#'))
        snprintf(mark, sizeof mark, "#%zu", ordinal);
    int len = snprintf(name, ONEBOT_KEEP_NAME, "%s%s%s%s%s", plugin ? plugin_prefix : rule_prefix,
                       plugin ? plugin->name : "", plugin ? "/" : "", entry->name, mark);
    return len < ONEBOT_KEEP_NAME ? 0 : XIE_ELIMIT;
}

/* The entry that its letter has come to; several may have one name, and one handler. */
static const struct onebot_rule_entry *entry_of(const struct onebot_rule_set *set,
                                                const struct onebot_talk *talk)
{
    const struct onebot_position *place = &talk->letter->place;
    for (size_t i = 0; i < set->count; i++) {
        const struct onebot_rule_entry *entry = &set->entries[i];
        if (entry->place.rank == place->rank && entry->place.order == place->order)
            return entry->name == talk->name ? entry : NULL;
    }
    return NULL;
}

int onebot_keep_name(const struct onebot_talk *talk, char name[ONEBOT_KEEP_NAME])
{
    const struct onebot_program *program = talk->bot->program;
    const struct onebot_rule_set *set = set_of(program, talk->plugin);
    const struct onebot_command *command = program->options.commands;
    const struct onebot_rule_entry *entry = talk->handler ? entry_of(set, talk) : NULL;
    if (entry)
        return write_rule(name, set, entry);
    for (; command->name; command++)
        if (command->name == talk->name && command->handler == talk->handler)
            return write_name(name, command_prefix, command->name);
    if (talk->handler && talk->handler == program->options.on_event)
        return write_name(name, any_event, "");
    return -EINVAL;
}

/* --- the handler of a name ---------------------------------------------------------- */

static const char *behind(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(name, prefix, len) == 0 ? name + len : NULL;
}

/* What the rule finds in the event, as when it came. return 1; 0 it is not for it; -ENOMEM */
static int find_again(struct onebot_program *program, struct onebot_rule_entry *entry,
                      struct onebot_letter *letter)
{
    char text[ONEBOT_NOTE] = "";
    struct onebot_note why = {.text = text, .cap = sizeof text};
    struct onebot_hit hit;
    struct onebot_found found;
    int good = onebot_rule_match(&program->rules, entry, letter, &program->log, &hit);
    if (good > 0)
        good = onebot_hit_read(&program->rules, entry->rule, &hit, &found, &why);
    if (good > 0)
        onebot_letter_set_found(letter, &found);
    return good;
}

/* errors -EBUSY -ENOMEM */
static int take_turn(struct onebot_program *program, const struct onebot_rule *rule,
                     struct onebot_letter *letter, struct onebot_turn **turn)
{
    struct onebot_key key = onebot_key_of(rule, rule->turns.per, &letter->person);
    *turn = NULL;
    if (rule->turns.busy == ONEBOT_TOGETHER)
        return 0;
    if (onebot_turns_taken(&program->rules.turns, &key))
        return -EBUSY;
    int entered = onebot_turns_enter(&program->rules.turns, &key, letter, turn);
    return entered < 0 ? entered : 0;
}

static int start_rule(struct onebot_rule_entry *entry, struct onebot_letter *letter,
                      struct onebot_journal *journal)
{
    const struct onebot_rule *rule = entry->rule;
    struct onebot_turn *turn;
    letter->event.command = onebot_rule_command(rule);
    letter->event.arg = rule->arg;
    letter->handler_name = entry->name;
    letter->plugin = entry->plugin;
    int error = take_turn(journal->program, rule, letter, &turn);
    if (!error)
        onebot_talk_start(letter, &(struct onebot_start){.handler = rule->handler,
                                                         .name = entry->name,
                                                         .plugin = entry->plugin,
                                                         .turn = turn,
                                                         .journal = journal});
    return error;
}

/* The table that is in force of the plugin whose name is the first len bytes of `plugin`; NULL:
 * none is. */
static const struct onebot_rule_set *find_set(const struct onebot_rules *rules, const char *plugin,
                                              size_t len)
{
    const struct onebot_rule_entry *entry = onebot_rules_first(rules);
    for (; entry; entry = onebot_rules_next(rules, entry))
        if (entry->plugin && strlen(entry->plugin->name) == len &&
            memcmp(entry->plugin->name, plugin, len) == 0)
            return &entry->plugin->rules;
    return NULL;
}

/* The length of a rule's name, and which of that name it is. */
static size_t split_name(const char *name, size_t *ordinal)
{
    const char *mark = strrchr(name, '#');
    *ordinal = 1;
    if (!mark || !mark[1] || mark[1 + strspn(mark + 1, "0123456789")])
        return strlen(name);
    *ordinal = strtoul(mark + 1, NULL, 10);
    return (size_t)(mark - name);
}

static struct onebot_rule_entry *find_rule(const struct onebot_rule_set *set, const char *name)
{
    size_t ordinal, len = split_name(name, &ordinal);
    for (size_t i = 0; i < set->count; i++) {
        struct onebot_rule_entry *entry = &set->entries[i];
        if (strlen(entry->name) == len && memcmp(entry->name, name, len) == 0 && !--ordinal)
            return entry;
    }
    return NULL;
}

/* plugin: whose, with the rule's name behind a slash; NULL: the program's */
static int start_named_rule(const char *plugin, const char *name, struct onebot_letter *letter,
                            struct onebot_journal *journal)
{
    struct onebot_rules *rules = &journal->program->rules;
    size_t len = plugin ? strcspn(plugin, "/") : 0;
    const struct onebot_rule_set *set = plugin ? find_set(rules, plugin, len) : &rules->own;
    if (plugin)
        name = plugin + len + (plugin[len] == '/');
    struct onebot_rule_entry *entry = set ? find_rule(set, name) : NULL;
    if (!entry)
        return plugin ? -ENOENT : -ESRCH;
    int found = find_again(journal->program, entry, letter);
    if (found <= 0)
        return found ? found : -EINVAL;
    return start_rule(entry, letter, journal);
}

static int start_command(const char *name, struct onebot_letter *letter,
                         struct onebot_journal *journal)
{
    const struct onebot_command *command = NULL;
    int found = onebot_letter_command(letter, journal->program->options.commands, &command);
    if (found < 0)
        return found;
    if (!found || strcmp(command->name, name) != 0)
        return -EINVAL;
    onebot_talk_start(letter, &(struct onebot_start){.handler = command->handler,
                                                     .name = command->name,
                                                     .journal = journal});
    return 0;
}

static bool has_command(const struct onebot_program *program, const char *name)
{
    const struct onebot_command *command = program->options.commands;
    while (command->name && strcmp(command->name, name) != 0)
        command++;
    return command->name != NULL;
}

int onebot_keep_start(struct onebot_letter *letter, struct onebot_journal *journal)
{
    const struct onebot_options *options = &journal->program->options;
    const char *rule = behind(journal->name, rule_prefix);
    const char *command = behind(journal->name, command_prefix);
    const char *plugin = behind(journal->name, plugin_prefix);
    if (rule || plugin)
        return start_named_rule(plugin, rule, letter, journal);
    if (command && has_command(journal->program, command))
        return start_command(command, letter, journal);
    if (command || strcmp(journal->name, any_event) != 0 || !options->on_event)
        return -ESRCH;
    letter->event.arg = options->arg;
    onebot_talk_start(letter, &(struct onebot_start){.handler = options->on_event,
                                                     .name = "on_event",
                                                     .journal = journal});
    return 0;
}

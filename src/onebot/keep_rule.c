/* keep_rule.c - which rule a kept handler runs for, by a name that outlives the program.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
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

/* "plugin/PLUGIN/RULE": a plugin's name has no slash in it. */
static int write_rule(char name[ONEBOT_KEEP_NAME], const struct onebot_rule_entry *entry)
{
    if (!entry->plugin)
        return write_name(name, rule_prefix, entry->name);
    int len = snprintf(name, ONEBOT_KEEP_NAME, "%s%s/%s", plugin_prefix, entry->plugin->name,
                       entry->name);
    return len < ONEBOT_KEEP_NAME ? 0 : XIE_ELIMIT;
}

int onebot_keep_name(const struct onebot_talk *talk, char name[ONEBOT_KEEP_NAME])
{
    const struct onebot_program *program = talk->bot->program;
    const struct onebot_rules *rules = &program->rules;
    const struct onebot_command *command = program->options.commands;
    const struct onebot_rule_entry *entry = onebot_rules_first(rules);
    for (; entry; entry = onebot_rules_next(rules, entry))
        if (entry->kind == ONEBOT_RULE && entry->plugin == talk->plugin &&
            entry->name == talk->name && entry->rule->handler == talk->handler)
            return write_rule(name, entry);
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

/* Is it the rule of this name, of the plugin whose name is the first len bytes of `plugin`? */
static bool is_named(const struct onebot_rule_entry *entry, const char *plugin, size_t len,
                     const char *name)
{
    if (entry->kind != ONEBOT_RULE || strcmp(entry->name, name) != 0)
        return false;
    if (!plugin || !entry->plugin)
        return !plugin && !entry->plugin;
    return strlen(entry->plugin->name) == len && memcmp(entry->plugin->name, plugin, len) == 0;
}

/* Of several rules of one name the first that matches. plugin: whose, with the rule's name behind
 * a slash; NULL: the program's */
static int start_named_rule(const char *plugin, const char *name, struct onebot_letter *letter,
                            struct onebot_journal *journal)
{
    struct onebot_rules *rules = &journal->program->rules;
    struct onebot_rule_entry *entry = onebot_rules_first(rules);
    size_t len = plugin ? strcspn(plugin, "/") : 0;
    int error = -ENOENT;
    if (plugin)
        name = plugin + len + (plugin[len] == '/');
    for (; entry; entry = onebot_rules_next(rules, entry)) {
        if (!is_named(entry, plugin, len, name))
            continue;
        int found = find_again(journal->program, entry, letter);
        if (found)
            return found < 0 ? found : start_rule(entry, letter, journal);
        error = -EINVAL;
    }
    return error;
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
        return -ENOENT;
    letter->event.arg = options->arg;
    onebot_talk_start(letter, &(struct onebot_start){.handler = options->on_event,
                                                     .name = "on_event",
                                                     .journal = journal});
    return 0;
}

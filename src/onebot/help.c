/* help.c - what a command finds in its event, and the commands in words.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/misuse.h"
#include "onebot/bot.h"
#include "onebot/split.h"
#include "onebot/value.h"

/* --- what was found ----------------------------------------------------------------- */

static const struct onebot_found *found_of(const struct onebot_event *event)
{
    return &XIE_CONTAINER(event, const struct onebot_letter, event)->found;
}

const struct onebot_value *onebot_arg(const struct onebot_event *event, const char *name)
{
    const struct onebot_args *args = &found_of(event)->args;
    for (size_t i = 0; args->list && args->list[i].name; i++)
        if (strcmp(args->list[i].name, name) == 0)
            return &args->values[i];
    xie_misuse("onebot_arg: the rule declares no argument %s", name);
}

const char *onebot_capture(const struct onebot_event *event, size_t n)
{
    const struct onebot_found *found = found_of(event);
    return n < found->capture_count ? found->captures[n] : NULL;
}

/* --- in words ----------------------------------------------------------------------- */

/* An answer of "help" being written. */
struct helper {
    const struct onebot_event *event;
    const struct onebot_program *program;
    struct onebot_note note;
};

static bool may(const struct helper *helper, const struct onebot_rule *rule)
{
    return onebot_permit(&helper->program->rules.book, helper->event, &rule->permission);
}

static void add_line(struct helper *helper, const char *prefix, const char *name,
                     const struct onebot_argument *arguments, const char *help)
{
    struct onebot_note *note = &helper->note;
    onebot_note_add(note, "%s%s%s", note->len ? "\n" : "", prefix, name);
    if (arguments)
        onebot_args_usage(note, arguments);
    if (help && *help)
        onebot_note_add(note, " - %s", help);
}

static void list_commands(struct helper *helper)
{
    const struct onebot_rules *rules = &helper->program->rules;
    const struct onebot_command *command = helper->program->options.commands;
    const struct onebot_rule_entry *entry = onebot_rules_first(rules);
    for (; entry; entry = onebot_rules_next(rules, entry)) {
        const struct onebot_rule *rule = entry->rule;
        if (rule && rule->command[0] && rule->help && may(helper, rule))
            add_line(helper, rules->book.prefixes[0], rule->command[0], rule->arguments,
                     rule->help);
    }
    for (; command->name; command++)
        add_line(helper, "/", command->name, NULL, command->help);
}

static void add_argument(struct onebot_note *note, const struct onebot_argument *argument)
{
    onebot_note_add(note, "\n  %s%s", argument->name, onebot_note_pick(note, ": ", "："));
    onebot_value_describe(note, argument);
    if (argument->otherwise)
        onebot_note_add(note, "%s%s", onebot_note_pick(note, ", otherwise ", "，默认 "),
                        argument->otherwise);
    else if (argument->optional)
        onebot_note_add(note, "%s", onebot_note_pick(note, ", may be left out", "，可省略"));
    if (argument->help)
        onebot_note_add(note, "%s%s", onebot_note_pick(note, " - ", " - "), argument->help);
}

static void explain_rule(struct helper *helper, const struct onebot_rule *rule)
{
    struct onebot_note *note = &helper->note;
    add_line(helper, helper->program->rules.book.prefixes[0], rule->command[0], rule->arguments,
             rule->help);
    for (const struct onebot_argument *argument = rule->arguments; argument && argument->name;
         argument++)
        add_argument(note, argument);
    for (size_t i = 1; i < ONEBOT_WORDS && rule->command[i]; i++)
        onebot_note_add(note, "%s%s", i > 1 ? " " : onebot_note_pick(note, "\nalso: ", "\n别名："),
                        rule->command[i]);
}

static bool has_name(const struct onebot_rule *rule, const char *name)
{
    for (size_t i = 0; i < ONEBOT_WORDS && rule->command[i]; i++)
        if (strcmp(rule->command[i], name) == 0)
            return true;
    return false;
}

/* name: with the prefix or without. */
static const char *without_prefix(const struct onebot_book *book, const char *name)
{
    for (size_t i = 0; i < ONEBOT_WORDS && book->prefixes[i]; i++) {
        size_t len = strlen(book->prefixes[i]);
        if (len && strncmp(name, book->prefixes[i], len) == 0)
            return name + len;
    }
    return name;
}

static void explain(struct helper *helper, const char *name)
{
    const struct onebot_rules *rules = &helper->program->rules;
    const struct onebot_command *command = helper->program->options.commands;
    const char *bare = without_prefix(&rules->book, name);
    const struct onebot_rule_entry *entry = onebot_rules_first(rules);
    for (; entry; entry = onebot_rules_next(rules, entry)) {
        const struct onebot_rule *rule = entry->rule;
        if (rule && has_name(rule, bare) && may(helper, rule)) {
            explain_rule(helper, rule);
            return;
        }
    }
    for (; command->name; command++)
        if (strcmp(command->name, bare) == 0) {
            add_line(helper, "/", command->name, NULL, command->help);
            return;
        }
    onebot_note_add(&helper->note, "%s",
                    onebot_note_pick(&helper->note, "There is no command ", "没有这个命令："));
    onebot_note_quote(&helper->note, name);
}

int onebot_help(struct onebot_event *event)
{
    char text[ONEBOT_HELP_TEXT] = "";
    const struct onebot_program *program = event->bot->program;
    struct helper helper = {
        .event = event,
        .program = program,
        .note = {.text = text, .cap = sizeof text, .language = program->rules.book.language}};
    const char *name = onebot_skip_spaces(event->args);
    if (*name)
        explain(&helper, name);
    else
        list_commands(&helper);
    return onebot_reply(event, "%s", text);
}

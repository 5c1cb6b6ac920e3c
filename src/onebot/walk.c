/* walk.c - an event's way from rule to rule.
 * Floor 9. In the order of priorities: the questions that are open and the plain table of commands
 * have their places in it. */
/* SPDX-License-Identifier: MIT */
#include "onebot/walk.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/talk.h"

enum { DURATION = 64 }; /* bytes of the longest time left in words */

/* --- saying ------------------------------------------------------------------------- */

/* Reply by a task of its own, for a rule that does not run; takes the letter over, and the words,
 * which are NULL when there was no memory for them. */
static void say_own(struct onebot_letter *letter, const struct onebot_rule_entry *entry,
                    char *words)
{
    if (words)
        onebot_talk_start(
            letter,
            &(struct onebot_start){.words = words, .name = entry->name, .plugin = entry->plugin});
    else
        onebot_letter_drop(letter, xie_strerror(-ENOMEM));
}

static void say(struct onebot_letter *letter, const struct onebot_rule_entry *entry,
                const char *words)
{
    say_own(letter, entry, xie_copy_string(words));
}

/* As they were given, or the library's own when they are "". */
static const char *words_or(const struct onebot_letter *letter, const char *words,
                            const char *english, const char *chinese)
{
    struct onebot_note note = {.language = letter->event.bot->program->rules.book.language};
    return *words ? words : onebot_note_pick(&note, english, chinese);
}

/* words with wait_ns in place of each "{}"; NULL without memory. */
static char *with_time(const struct onebot_letter *letter, const char *words, int64_t wait_ns)
{
    size_t cap = strlen(words) + 1;
    for (const char *mark = words; (mark = strstr(mark, "{}")); mark += 2)
        cap += DURATION;
    struct onebot_note note = {.text = xie_alloc_zero(cap),
                               .cap = cap,
                               .language = letter->event.bot->program->rules.book.language};
    if (note.text)
        onebot_note_template(&note, words, wait_ns);
    return note.text;
}

/* --- one rule, which matches -------------------------------------------------------- */

/* What is known when a rule takes an event. */
struct taking {
    struct onebot_rules *rules;
    struct onebot_rule_entry *entry;
    struct onebot_letter *letter;
    bool counted; /* as a use, for its cool-down */
};

static void start(const struct taking *taking, struct onebot_turn *turn)
{
    onebot_talk_start(taking->letter,
                      &(struct onebot_start){.handler = taking->entry->rule->handler,
                                             .name = taking->entry->name,
                                             .plugin = taking->entry->plugin,
                                             .turn = turn});
}

static void reject(const struct taking *taking)
{
    const struct onebot_rule *rule = taking->entry->rule;
    if (taking->counted) {
        struct onebot_key key = onebot_key_of(rule, rule->cooldown.per, &taking->letter->person);
        onebot_cool_unuse(&taking->rules->cool, &key);
    }
    if (rule->turns.told)
        say(taking->letter, taking->entry,
            words_or(taking->letter, rule->turns.told, "One at a time: the one before still runs.",
                     "上一个还没有结束，请等一等。"));
    else
        onebot_letter_free(taking->letter);
}

static void enter(const struct taking *taking)
{
    const struct onebot_rule *rule = taking->entry->rule;
    struct onebot_turn *turn = NULL;
    struct onebot_key key = onebot_key_of(rule, rule->turns.per, &taking->letter->person);
    int entry = ONEBOT_ENTRY_RUN;
    if (rule->turns.busy != ONEBOT_TOGETHER)
        entry = onebot_turns_enter(&taking->rules->turns, &key, taking->letter, &turn);
    if (entry < 0)
        onebot_letter_drop(taking->letter, xie_strerror(entry));
    else if (entry == ONEBOT_ENTRY_RUN)
        start(taking, turn);
    else if (entry == ONEBOT_ENTRY_REJECTED)
        reject(taking);
    else if (entry == ONEBOT_ENTRY_REPLACE && turn->talk)
        onebot_talk_replace(turn->talk);
}

/* That it is too early. */
static void say_wait(const struct taking *taking, int64_t wait_ns)
{
    const char *words = words_or(taking->letter, taking->entry->rule->cooldown.told,
                                 "Too often; again in {}.", "太频繁了，请等 {}。");
    say_own(taking->letter, taking->entry, with_time(taking->letter, words, wait_ns));
}

static void cool_and_enter(struct taking *taking)
{
    const struct onebot_rule *rule = taking->entry->rule;
    struct onebot_key key = onebot_key_of(rule, rule->cooldown.per, &taking->letter->person);
    int64_t wait_ns = 0;
    if (rule->cooldown.every_ns)
        wait_ns = onebot_cool_use(&taking->rules->cool, &taking->entry->cooling, &key, xie_now());
    taking->counted = rule->cooldown.every_ns && !wait_ns;
    if (wait_ns < 0)
        onebot_letter_drop(taking->letter, xie_strerror((int)wait_ns));
    else if (!wait_ns)
        enter(taking);
    else if (rule->cooldown.told)
        say_wait(taking, wait_ns);
    else
        onebot_letter_free(taking->letter);
}

/* The letter is this rule's own. */
static void take(struct taking *taking, const struct onebot_hit *hit)
{
    char text[ONEBOT_NOTE] = "";
    struct onebot_note why = {
        .text = text, .cap = sizeof text, .language = taking->rules->book.language};
    struct onebot_letter *letter = taking->letter;
    const struct onebot_rule *rule = taking->entry->rule;
    struct onebot_found found;
    int good = onebot_hit_read(taking->rules, rule, hit, &found, &why);
    if (good < 0) {
        onebot_letter_drop(letter, xie_strerror(good));
        return;
    }
    letter->event.command = onebot_rule_command(rule);
    letter->event.arg = rule->arg;
    letter->handler_name = taking->entry->name;
    letter->plugin = taking->entry->plugin;
    if (!good) {
        say(letter, taking->entry, text);
        return;
    }
    onebot_letter_set_found(letter, &found);
    cool_and_enter(taking);
}

/* --- from rule to rule -------------------------------------------------------------- */

/* The letter as this rule's own: itself, or when those below see it too a copy. */
static struct onebot_letter *own_letter(const struct onebot_rule *rule,
                                        struct onebot_letter *letter)
{
    struct onebot_letter *own = rule->pass ? onebot_letter_copy(letter) : letter;
    if (own)
        own->passed_on = rule->pass || letter->passed_on;
    return own;
}

/* A rule that matches. return false: it may not be used, and nobody is told. */
static bool matched(struct onebot_rules *rules, struct onebot_rule_entry *entry,
                    struct onebot_letter *letter, const struct onebot_hit *hit)
{
    const struct onebot_permission *permission = &entry->rule->permission;
    bool may = onebot_permit(&rules->book, &letter->event, permission);
    if (!may && !permission->refusal)
        return false;
    struct onebot_letter *own = own_letter(entry->rule, letter);
    if (!own) {
        onebot_log(&letter->event.bot->program->log, ONEBOT_ERROR, "rule %s: %s", entry->name,
                   xie_strerror(-ENOMEM));
        return true;
    }
    if (may)
        take(&(struct taking){.rules = rules, .entry = entry, .letter = own}, hit);
    else
        say(own, entry, words_or(own, permission->refusal, "You may not do that.", "你没有权限。"));
    return true;
}

/* return true: the letter is gone, or its way ends */
static bool try_rule(struct onebot_program *program, struct onebot_rule_entry *entry,
                     struct onebot_letter *letter)
{
    struct onebot_hit hit;
    int found = onebot_rule_match(&program->rules, entry, letter, &program->log, &hit);
    if (found < 0) {
        onebot_letter_drop(letter, xie_strerror(found));
        return true;
    }
    return found && matched(&program->rules, entry, letter, &hit) && !entry->rule->pass;
}

static bool try_commands(struct onebot_program *program, struct onebot_letter *letter)
{
    const struct onebot_command *command;
    int found = 0;
    if (onebot_event_is_message(&letter->event))
        found = onebot_letter_command(letter, program->options.commands, &command);
    if (found < 0)
        onebot_letter_drop(letter, xie_strerror(found));
    else if (found)
        onebot_talk_start(
            letter, &(struct onebot_start){.handler = command->handler, .name = command->name});
    return found != 0;
}

/* Between questions the commands work as ever, and nothing else does. */
static bool is_its_turn(const struct onebot_rule_entry *entry, const struct onebot_letter *letter,
                        bool listening)
{
    bool command = entry->kind == ONEBOT_COMMANDS || entry->rule->command[0];
    return command ? !letter->commanded : !listening;
}

static bool try_entry(struct onebot_program *program, struct onebot_rule_entry *entry,
                      struct onebot_letter *letter, bool listening)
{
    if (!is_its_turn(entry, letter, listening))
        return false;
    if (entry->kind == ONEBOT_COMMANDS)
        return try_commands(program, letter);
    return try_rule(program, entry, letter);
}

static void end_walk(struct onebot_program *program, struct onebot_letter *letter, bool listening)
{
    letter->commanded = true;
    if (listening && onebot_mail_keep(&program->mail, letter))
        return;
    if (!program->options.on_event) {
        onebot_letter_free(letter);
        return;
    }
    letter->event.arg = program->options.arg;
    letter->passed_on = true;
    onebot_talk_start(
        letter, &(struct onebot_start){.handler = program->options.on_event, .name = "on_event"});
}

/* What stands behind the questions, and behind the letter's place. */
static void walk_behind(struct onebot_program *program, struct onebot_letter *letter)
{
    struct onebot_rules *rules = &program->rules;
    bool listening = !letter->passed && onebot_event_is_message(&letter->event) &&
                     onebot_mail_listens(&program->mail, letter);
    struct onebot_rule_entry *entry = onebot_rules_behind(rules, &letter->place);
    for (; entry; entry = onebot_rules_next(rules, entry)) {
        letter->place = entry->place;
        if (try_entry(program, entry, letter, listening))
            return;
    }
    end_walk(program, letter, listening);
}

/* What stands before them. return false: the letter goes on */
static bool walk_before(struct onebot_program *program, struct onebot_letter *letter)
{
    struct onebot_rules *rules = &program->rules;
    struct onebot_rule_entry *entry = onebot_rules_behind(rules, &letter->place);
    for (; entry && entry->kind != ONEBOT_QUESTIONS; entry = onebot_rules_next(rules, entry)) {
        letter->place = entry->place;
        if (try_rule(program, entry, letter))
            return true;
    }
    letter->place = rules->questions.place;
    return !letter->passed && onebot_event_is_message(&letter->event) &&
           onebot_mail_answer(&program->mail, letter);
}

void onebot_walk(struct onebot_letter *letter)
{
    struct onebot_program *program = letter->event.bot->program;
    if (onebot_position_before(&letter->place, &program->rules.questions.place) &&
        walk_before(program, letter))
        return;
    walk_behind(program, letter);
}

void onebot_walk_again(struct onebot_letter *letter)
{
    struct onebot_program *program = letter->event.bot->program;
    letter->place = program->rules.questions.place;
    walk_behind(program, letter);
}

/* The rule that stands at a place now; NULL: none. */
static struct onebot_rule_entry *rule_at(const struct onebot_rules *rules,
                                         const struct onebot_position *place)
{
    struct onebot_position before = *place;
    before.order--;
    struct onebot_rule_entry *entry = onebot_rules_behind(rules, &before);
    return entry && entry->kind == ONEBOT_RULE && !onebot_position_before(place, &entry->place)
               ? entry
               : NULL;
}

/* Those below have it already: for the one rule alone; takes the letter over. */
static void offer(struct onebot_program *program, struct onebot_letter *letter)
{
    struct onebot_rule_entry *entry = rule_at(&program->rules, &letter->place);
    letter->passed_on = true;
    if (!entry)
        onebot_letter_drop(letter, "its rule went before its turn");
    else if (!try_rule(program, entry, letter))
        onebot_letter_free(letter);
}

void onebot_walk_return(struct onebot_letter *letter)
{
    struct onebot_letter *copy = onebot_letter_copy(letter);
    bool passed_on = letter->passed_on;
    if (!copy) {
        onebot_letter_drop(letter, xie_strerror(-ENOMEM));
        return;
    }
    onebot_letter_free(letter);
    if (passed_on) {
        offer(copy->event.bot->program, copy);
        return;
    }
    copy->place.order--; /* so that a rule that has come there is asked */
    onebot_walk(copy);
}

/* --- for handlers ------------------------------------------------------------------- */

/* The copy's way begins behind the rule that the handler belongs to. */
int onebot_pass_on(struct onebot_event *event)
{
    struct onebot_letter *letter = onebot_letter_of(event);
    if (letter->passed_on)
        return 0;
    struct onebot_letter *copy = onebot_letter_copy(letter);
    if (!copy)
        return -ENOMEM;
    letter->passed_on = true;
    copy->passed = true;
    onebot_walk(copy);
    return 0;
}

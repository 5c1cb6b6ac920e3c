/* args.c - the arguments of a command: what it declares, against what was written.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/args.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/split.h"
#include "onebot/value.h"

static bool may_lack(const struct onebot_argument *argument)
{
    return argument->optional || argument->otherwise;
}

static size_t count(const struct onebot_argument *list)
{
    size_t n = 0;
    while (list[n].name)
        n++;
    return n;
}

/* Borrows the declaration's text, which is not written to. */
static bool read_otherwise(const struct onebot_argument *argument, struct onebot_value *value)
{
    struct onebot_word word = {.text = (char *)(uintptr_t)argument->otherwise};
    if (!argument->otherwise) {
        *value = (struct onebot_value){.text = ""};
        return true;
    }
    return onebot_value_read(argument, &word, value);
}

const char *onebot_args_check(const struct onebot_argument *list)
{
    struct onebot_value value;
    if (count(list) > ONEBOT_ARGUMENTS)
        return "it has more than ONEBOT_ARGUMENTS arguments";
    for (; list->name; list++) {
        if (list->type > ONEBOT_REST)
            return "an argument has no type";
        if (list->type == ONEBOT_REST && list[1].name)
            return "an argument stands behind the rest of the line";
        if (may_lack(list) && list[1].name && !may_lack(list + 1))
            return "an argument that must be given stands behind one that need not";
        if (!read_otherwise(list, &value))
            return "what an argument is otherwise is not what it may be";
    }
    return NULL;
}

/* --- reading ------------------------------------------------------------------------ */

/* Where the reading stands. */
struct reader {
    const char *line;
    char *to;
    struct onebot_note *why;
};

static bool say_lacking(struct reader *reader, const struct onebot_argument *argument)
{
    onebot_note_add(reader->why, "%s%s%s", onebot_note_pick(reader->why, "Missing: ", "缺少 "),
                    argument->name, onebot_note_pick(reader->why, ", ", "："));
    onebot_value_describe(reader->why, argument);
    return false;
}

static bool say_wrong(struct reader *reader, const struct onebot_argument *argument,
                      const struct onebot_word *word)
{
    onebot_note_add(reader->why, "%s: ", argument->name);
    onebot_note_quote(reader->why, word->text);
    onebot_note_add(reader->why, "%s", onebot_note_pick(reader->why, " is not ", "不是"));
    onebot_value_describe(reader->why, argument);
    return false;
}

static bool say_open(struct reader *reader, const struct onebot_word *word)
{
    onebot_note_add(reader->why, "%s",
                    onebot_note_pick(reader->why, "The quote is not closed: ", "引号没有结束："));
    onebot_note_quote(reader->why, word->text);
    return false;
}

static bool read_one(struct reader *reader, const struct onebot_argument *argument,
                     struct onebot_value *value)
{
    struct onebot_word word = {0};
    enum onebot_split found;
    if (argument->type == ONEBOT_REST) {
        word.text = onebot_split_rest(reader->line, &reader->to);
        reader->line = "";
        found = *word.text ? ONEBOT_SPLIT_WORD : ONEBOT_SPLIT_END;
    } else {
        found = onebot_split_next(&reader->line, &reader->to, &word);
    }
    if (found == ONEBOT_SPLIT_OPEN)
        return say_open(reader, &word);
    if (found == ONEBOT_SPLIT_END)
        return may_lack(argument) ? read_otherwise(argument, value) : say_lacking(reader, argument);
    return onebot_value_read(argument, &word, value) || say_wrong(reader, argument, &word);
}

static bool read_end(struct reader *reader)
{
    if (!*onebot_skip_spaces(reader->line))
        return true;
    char *more = onebot_split_rest(reader->line, &reader->to);
    onebot_note_add(reader->why, "%s", onebot_note_pick(reader->why, "Too much: ", "多了："));
    onebot_note_quote(reader->why, more);
    return false;
}

int onebot_args_read(const struct onebot_argument *list, const char *line, struct onebot_args *args,
                     struct onebot_note *why)
{
    size_t n = count(list);
    /* The words take one byte more than the line; a rest that is empty, another. */
    struct onebot_value *values = xie_alloc_zero((n + 1) * sizeof *values + strlen(line) + 2);
    if (!values)
        return -ENOMEM;
    struct reader reader = {.line = line, .to = (char *)(values + n + 1), .why = why};
    bool good = true;
    for (size_t i = 0; i < n && good; i++)
        good = read_one(&reader, &list[i], &values[i]);
    if (good && read_end(&reader)) {
        *args = (struct onebot_args){.list = list, .values = values};
        return 1;
    }
    xie_release(values);
    return 0;
}

void onebot_args_free(struct onebot_args *args)
{
    xie_release(args->values);
    *args = (struct onebot_args){0};
}

void onebot_args_usage(struct onebot_note *note, const struct onebot_argument *list)
{
    for (; list->name; list++)
        onebot_note_add(note, may_lack(list) ? " [%s%s]" : " <%s%s>", list->name,
                        list->type == ONEBOT_REST ? "…" : "");
}

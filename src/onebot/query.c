/* query.c - what a question takes for an answer.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/query.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "onebot/line.h"
#include "onebot/split.h"
#include "onebot/value.h"

static size_t count_choices(const struct onebot_query *query)
{
    size_t count = 0;
    while (query->choices && count < ONEBOT_CHOICES && query->choices[count])
        count++;
    return count;
}

/* --- choices ------------------------------------------------------------------------ */

char *onebot_query_text(const struct onebot_query *query, char *text)
{
    size_t count = count_choices(query), cap = strlen(text) + 1;
    for (size_t i = 0; i < count; i++)
        cap += strlen(query->choices[i]) + sizeof "\n64. ";
    if (!count)
        return text;
    char *listed = xie_alloc(cap);
    struct onebot_note note = {.text = listed, .cap = cap};
    if (listed) {
        onebot_note_add(&note, "%s", text);
        for (size_t i = 0; i < count; i++)
            onebot_note_add(&note, "\n%zu. %s", i + 1, query->choices[i]);
    }
    xie_release(text);
    return listed;
}

/* By its words first: a choice may itself be a number. */
static int read_choice(const struct onebot_query *query, char *text, struct onebot_value *value,
                       struct onebot_note *words)
{
    size_t count = count_choices(query);
    struct onebot_argument number = {.type = ONEBOT_INTEGER, .least = 1, .most = (int64_t)count};
    *value = (struct onebot_value){.given = true, .text = text};
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(query->choices[i], text) == 0) {
            value->integer = (int64_t)i;
            return 1;
        }
    if (onebot_value_read(&number, &(struct onebot_word){.text = text}, value)) {
        value->integer--;
        return 1;
    }
    onebot_note_quote(words, text);
    onebot_note_add(words,
                    onebot_note_pick(words, " is none of them; a number from 1 to %zu will do.",
                                     "不在其中，回答 1 到 %zu 也可以。"),
                    count);
    return 0;
}

/* --- values ------------------------------------------------------------------------- */

static void explain(struct onebot_note *words, const struct onebot_argument *as, const char *text)
{
    onebot_note_quote(words, text);
    onebot_note_add(words, "%s", onebot_note_pick(words, " is not ", "不是"));
    onebot_value_describe(words, as);
    onebot_note_add(words, "%s", onebot_note_pick(words, ".", "。"));
}

/* The whole text is the value; in its line there may be somebody's @. */
static int read_value(const struct onebot_query *query, struct onebot_letter *letter,
                      struct onebot_value *value, struct onebot_note *words)
{
    const struct onebot_argument as = {.type = query->type,
                                       .least = query->least,
                                       .most = query->most,
                                       .least_real = query->least_real,
                                       .most_real = query->most_real};
    struct onebot_word word = {.text = letter->view.text};
    char number[ONEBOT_NUMBER];
    if (query->type == ONEBOT_PERSON)
        word.at = onebot_line_at(letter->view.line, letter->event.self_id, number);
    if (word.at)
        word.text = number;
    if (!onebot_value_read(&as, &word, value)) {
        explain(words, &as, letter->view.text);
        return 0;
    }
    value->text = letter->view.text;
    return 1;
}

int onebot_query_read(const struct onebot_query *query, struct onebot_letter *letter,
                      struct onebot_value *value, struct onebot_note *words)
{
    if (query->choices)
        return read_choice(query, letter->view.text, value, words);
    return read_value(query, letter, value, words);
}

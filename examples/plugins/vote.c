/* vote.c - /vote Where to? | the lake | the hills: everybody says a number, the last one counts.
 * One vote at a time in each group; a handler that asks anybody until its time is over. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot/plugin.h>

enum { CHOICES = 9, VOTERS = 3000, TEXT = 600 };

static int64_t lasts_ns;

/* One vote, in its handler's heap: it is larger than a stack likes. */
struct vote {
    char text[TEXT + 1];
    const char *title, *choices[CHOICES];
    size_t count; /* of choices */
    struct {
        int64_t person;
        int choice;
    } voters[VOTERS];
    size_t voted;
};

static char *trim(char *text)
{
    text += strspn(text, " \t\n");
    for (size_t len = strlen(text); len && strchr(" \t\n", text[len - 1]); len--)
        text[len - 1] = '\0';
    return text;
}

/* "title | choice | choice": cuts the text up in place. NULL: good; else what is wrong. */
static const char *read_vote(struct vote *vote)
{
    char *rest = vote->text, *part = strsep(&rest, "|");
    vote->title = trim(part);
    if (!*vote->title)
        return "What is the question?";
    while ((part = strsep(&rest, "|"))) {
        part = trim(part);
        if (!*part)
            return "One of the choices is empty.";
        if (vote->count == CHOICES)
            return "These are more than nine choices.";
        vote->choices[vote->count++] = part;
    }
    return vote->count < 2 ? "Give two choices at least, after a | each." : NULL;
}

/* --- counting ----------------------------------------------------------------------- */

/* Is it a choice's number, and nothing else? Other messages go where they had gone. */
static bool is_number(const struct onebot_event *message, void *arg)
{
    const struct vote *vote = arg;
    return message->text[0] >= '1' && message->text[0] < '1' + (int)vote->count &&
           !message->text[1];
}

/* return true: they had voted already, and have changed their mind */
static bool count_vote(struct vote *vote, int64_t person, int choice)
{
    for (size_t i = 0; i < vote->voted; i++)
        if (vote->voters[i].person == person) {
            vote->voters[i].choice = choice;
            return true;
        }
    if (vote->voted < VOTERS) {
        vote->voters[vote->voted].person = person;
        vote->voters[vote->voted++].choice = choice;
    }
    return false;
}

static int say_result(struct onebot_event *event, const struct vote *vote)
{
    struct onebot_message message = {0};
    onebot_message_text(&message, "%s", vote->title);
    for (size_t c = 0; c < vote->count; c++) {
        size_t votes = 0;
        for (size_t i = 0; i < vote->voted; i++)
            votes += vote->voters[i].choice == (int)c;
        onebot_message_text(&message, "\n%s: %zu", vote->choices[c], votes);
    }
    return onebot_reply_message(event, &message);
}

/* --- the handler -------------------------------------------------------------------- */

/* The question, its choices and its time, as one text. */
static void write_opening(const struct vote *vote, char *out, size_t cap)
{
    size_t len = (size_t)snprintf(out, cap, "%s", vote->title);
    for (size_t c = 0; c < vote->count; c++)
        len += (size_t)snprintf(out + len, cap - len, "\n%zu. %s", c + 1, vote->choices[c]);
    snprintf(out + len, cap - len, "\nSay a number, within %lld s.",
             (long long)(lasts_ns / XIE_SECOND));
}

/* The opening is the first question, so that no vote comes before somebody listens; the others are
 * not said, they only listen on. */
static int collect(struct onebot_event *event, struct vote *vote)
{
    char opening[TEXT + CHOICES * 4 + 100];
    const struct onebot_query query = {
        .anybody = true, .filter = is_number, .arg = vote, .type = ONEBOT_REST};
    struct onebot_answer answer = {0};
    write_opening(vote, opening, sizeof opening);
    XIE_TIMEOUT(lasts_ns) {
        answer = onebot_ask_for(event, &query, "%s", opening);
        while (!answer.error) {
            count_vote(vote, answer.event->user_id, answer.text[0] - '1');
            answer = onebot_ask_for(event, &query, NULL);
        }
    }
    return answer.error == -ETIMEDOUT ? 0 : answer.error;
}

static int on_vote(struct onebot_event *event)
{
    struct vote *vote = calloc(1, sizeof *vote);
    if (!vote)
        return -ENOMEM;
    snprintf(vote->text, sizeof vote->text, "%s", onebot_arg(event, "question")->text);
    const char *wrong = read_vote(vote);
    int error = wrong ? onebot_reply(event, "%s", wrong) : collect(event, vote);
    if (!error && !wrong)
        error = say_result(event, vote);
    free(vote);
    return error;
}

static bool in_group(const struct onebot_event *event)
{
    return event->group_id != 0;
}

static const struct onebot_argument question[] = {
    {.name = "question",
     .type = ONEBOT_REST,
     .help = "and the choices: Where to? | the lake | the hills",
     .least = 1,
     .most = TEXT / 4},
    {0},
};

static const struct onebot_rule rules[] = {
    {.command = {"vote", "投票"},
     .help = "let the group decide",
     .arguments = question,
     .permission = {.predicate = in_group, .refusal = "Only in a group."},
     .turns = {.busy = ONEBOT_REJECT, .per = ONEBOT_PER_GROUP, .told = "One vote at a time."},
     .handler = on_vote},
    {0},
};

static const struct onebot_config_key keys[] = {
    {.name = "lasts",
     .kind = ONEBOT_KEY_DURATION,
     .least = XIE_SECOND,
     .most = 24 * XIE_HOUR,
     .standard = "5m",
     .help = "how long a vote is open"},
    {.name = NULL},
};

static int start(struct onebot_plugin *plugin)
{
    lasts_ns = onebot_int(onebot_plugin_settings(plugin), "lasts");
    return 0;
}

ONEBOT_PLUGIN(.name = "vote", .version = "1.0", .about = "lets a group decide", .rules = rules,
              .keys = keys, .start = start);

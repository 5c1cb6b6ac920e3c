/* faq.c - answers that a group has taught its bot: /learn, /forget, /known; then just ask.
 * What is kept: a text per question, in the group's place of the store. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot/plugin.h>
#include <xie/onebot/store.h>

enum { QUESTION = 200, LIST = 20 }; /* bytes of a question; questions in one list */

/* How many bytes of marks that mean nothing stand at the end; 0: none. */
static size_t mark_at_end(const char *text, size_t len)
{
    static const char *const marks[] = {" ", "?", "!", ".", "？", "！", "。"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t mark = strlen(marks[i]);
        if (len >= mark && memcmp(text + len - mark, marks[i], mark) == 0)
            return mark;
    }
    return 0;
}

/* The key of a question: small letters, single spaces, no marks at its end. false: none is left,
 * or it is too long to have been learned. */
static bool key_of(const char *text, char key[QUESTION + 1])
{
    size_t len = 0;
    for (; *text; text++) {
        char c = (char)tolower((unsigned char)*text);
        bool space = isspace((unsigned char)c);
        if (space && (!len || key[len - 1] == ' '))
            continue;
        if (len == QUESTION)
            return false;
        key[len++] = space ? ' ' : c;
    }
    for (size_t mark; (mark = mark_at_end(key, len)); len -= mark)
        continue;
    key[len] = '\0';
    return len > 0;
}

static struct onebot_key place(const struct onebot_event *event, const char *name)
{
    return (struct onebot_key){"faq", name, .group_id = event->group_id};
}

static int on_learn(struct onebot_event *event)
{
    struct onebot_store *store = onebot_plugin_store(onebot_event_plugin(event));
    char key[QUESTION + 1];
    if (!key_of(onebot_arg(event, "question")->text, key))
        return onebot_reply(event, "That is no question, or too long a one.");
    struct onebot_key at = place(event, key);
    int error = onebot_store_set(store, &at, "s", onebot_arg(event, "answer")->text);
    return error ? error : onebot_reply(event, "I know now: %s", key);
}

static int on_forget(struct onebot_event *event)
{
    struct onebot_store *store = onebot_plugin_store(onebot_event_plugin(event));
    char key[QUESTION + 1];
    if (!key_of(onebot_arg(event, "question")->text, key))
        return onebot_reply(event, "I did not know that.");
    struct onebot_key at = place(event, key);
    int there = onebot_store_delete(store, &at);
    if (there < 0)
        return there;
    return onebot_reply(event, there ? "Forgotten: %s" : "I did not know: %s", key);
}

/* A page of questions; `after` is the last one of the page before. */
static int on_known(struct onebot_event *event)
{
    struct onebot_store *store = onebot_plugin_store(onebot_event_plugin(event));
    struct onebot_key all = place(event, "");
    const char *after = onebot_arg(event, "after")->text, *question, *last = "";
    json_t *answer;
    struct onebot_stored page = onebot_store_list(store, &all, *after ? after : NULL, LIST);
    if (page.error)
        return page.error;
    struct onebot_message message = {0};
    onebot_message_text(&message, json_object_size(page.value) ? "I know:" : "Nothing (more).");
    json_object_foreach(page.value, question, answer)
    {
        onebot_message_text(&message, "\n%s", question);
        last = question;
    }
    if (json_object_size(page.value) == LIST)
        onebot_message_text(&message, "\n… /known \"%s\" tells the next ones", last);
    json_decref(page.value);
    return onebot_reply_message(event, &message);
}

/* Every message that nothing else took: one look into the store, then it goes on. */
static int on_text(struct onebot_event *event)
{
    struct onebot_store *store = onebot_plugin_store(onebot_event_plugin(event));
    char key[QUESTION + 1];
    if (!key_of(event->text, key))
        return onebot_pass_on(event);
    struct onebot_key at = place(event, key);
    struct onebot_stored answer = onebot_store_get(store, &at);
    if (answer.error == -ENOENT)
        return onebot_pass_on(event);
    int error =
        answer.error ? answer.error : onebot_reply(event, "%s", json_string_value(answer.value));
    json_decref(answer.value);
    return error;
}

/* A superuser is an admin everywhere, in private too: what is taught there nobody would hear. */
static bool in_group(const struct onebot_event *event)
{
    return event->group_id != 0;
}

static const char admins_only[] = "That is for the admins of a group, in it.";

static const struct onebot_argument learn[] = {
    {.name = "question", .help = "in quotes when it has spaces", .least = 1, .most = QUESTION},
    {.name = "answer", .type = ONEBOT_REST, .least = 1, .most = 2000},
    {0},
};
static const struct onebot_argument forget[] = {
    {.name = "question", .type = ONEBOT_REST, .least = 1, .most = QUESTION}, {0}};
static const struct onebot_argument known[] = {
    {.name = "after", .help = "the last one you have seen", .optional = true}, {0}};

static const struct onebot_rule rules[] = {
    {.command = {"learn", "学习"},
     .help = "teach me an answer",
     .arguments = learn,
     .permission = {.least_rank = ONEBOT_ADMIN, .predicate = in_group, .refusal = admins_only},
     .handler = on_learn},
    {.command = {"forget", "忘记"},
     .help = "have me forget it",
     .arguments = forget,
     .permission = {.least_rank = ONEBOT_ADMIN, .predicate = in_group, .refusal = admins_only},
     .handler = on_forget},
    {.command = {"known", "词条"},
     .help = "what I have been taught",
     .arguments = known,
     .permission = {.predicate = in_group, .refusal = "Only in a group."},
     .handler = on_known},
    {.name = "faq", .priority = -100, .permission = {.predicate = in_group}, .handler = on_text},
    {0},
};

static int start(struct onebot_plugin *plugin)
{
    if (onebot_plugin_store(plugin))
        return 0;
    onebot_plugin_log(plugin, ONEBOT_ERROR, "needs a store, to remember what it is taught");
    return -EINVAL;
}

ONEBOT_PLUGIN(.name = "faq", .version = "1.0", .about = "answers that a group has taught its bot",
              .rules = rules, .start = start);

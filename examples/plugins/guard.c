/* guard.c - keeps a group in order: recalls what is forbidden, mutes who floods, lets in who knows
 * the answer to the group's question. The bot has to be an admin there. */
/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for strcasestr */
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot/plugin.h>

/* Persons that are watched at a time; the one who has been silent the longest is forgotten. */
enum { WATCHED = 1024, DAY = 24 * 60 * 60 };

struct watched {
    int64_t group_id, user_id; /* 0: free */
    int64_t since, last;       /* of the window, of what they did last: xie_now() */
    int64_t messages;          /* in the window */
    int64_t muted;             /* times before: each is twice as long as the one before */
};

static struct watched watched[WATCHED];
static const json_t *settings;

/* The place of who sent it, made if there is none. */
static struct watched *watch(const struct onebot_event *event)
{
    struct watched *oldest = &watched[0];
    for (size_t i = 0; i < WATCHED; i++) {
        struct watched *at = &watched[i];
        if (at->group_id == event->group_id && at->user_id == event->user_id)
            return at;
        if (at->last < oldest->last)
            oldest = at;
    }
    *oldest = (struct watched){.group_id = event->group_id, .user_id = event->user_id};
    return oldest;
}

/* --- flood and words ---------------------------------------------------------------- */

static bool floods(struct watched *who)
{
    who->last = xie_now();
    if (who->last - who->since >= onebot_int(settings, "window")) {
        who->since = who->last;
        who->messages = 0;
    }
    return ++who->messages > onebot_int(settings, "messages");
}

static const char *forbidden_word(const char *text)
{
    size_t i;
    json_t *word;
    json_array_foreach(json_object_get(settings, "words"), i, word)
    {
        if (strcasestr(text, json_string_value(word)))
            return json_string_value(word);
    }
    return NULL;
}

static int mute(struct onebot_event *event, struct watched *who)
{
    int64_t seconds = onebot_int(settings, "mute") / XIE_SECOND;
    for (int64_t i = 0; i < who->muted && seconds < DAY; i++)
        seconds *= 2;
    seconds = seconds < DAY ? seconds : DAY;
    who->muted++;
    who->messages = 0;
    struct onebot_result result =
        onebot_set_group_ban(event->bot, event->group_id, event->user_id, seconds);
    int error = result.error;
    onebot_result_free(&result);
    if (error)
        return error;
    return onebot_reply(event, "%s is silent for %lld s.", event->sender.name, (long long)seconds);
}

/* Does this message offend? Admins and owners may say what they like. Asked once for each message,
 * before it goes anywhere else: whoever is well behaved costs no task. */
static bool offends(const struct onebot_event *event)
{
    if (!event->group_id ||
        onebot_permitted(event, &(struct onebot_permission){.least_rank = ONEBOT_ADMIN}))
        return false;
    bool flood = floods(watch(event));
    return flood || forbidden_word(event->text);
}

static int recall(struct onebot_event *event, const char *word)
{
    struct onebot_result gone = onebot_delete_msg(event->bot, event->message_id);
    int error = gone.error;
    onebot_result_free(&gone);
    if (!error)
        onebot_plugin_log(onebot_event_plugin(event), ONEBOT_INFO,
                          "recalled, for \"%s\", of %lld in %lld", word, (long long)event->user_id,
                          (long long)event->group_id);
    return error;
}

/* Who it is by is looked up after the wait: meanwhile their place may have become another's. */
static int on_offence(struct onebot_event *event)
{
    const char *word = forbidden_word(event->text);
    int error = word ? recall(event, word) : 0;
    if (error)
        return error;
    struct watched *who = watch(event);
    return who->messages > onebot_int(settings, "messages") ? mute(event, who) : 0;
}

/* --- who asks to come in ------------------------------------------------------------ */

/* Who does not know the answer is left to the group's admins. */
static int on_request(struct onebot_event *event)
{
    const struct onebot_request_detail *request = &onebot_event_detail(event)->request;
    const char *answer = onebot_string(settings, "answer");
    if (!*answer || !strcasestr(request->comment, answer))
        return onebot_pass_on(event);
    struct onebot_result let_in = onebot_approve(event, NULL);
    int error = let_in.error;
    onebot_result_free(&let_in);
    return error;
}

/* --- rules and settings ------------------------------------------------------------- */

/* Above the questions: what is forbidden is no answer to one either. */
static const struct onebot_rule rules[] = {
    {.name = "guard",
     .priority = ONEBOT_ASKED + 100,
     .permission = {.predicate = offends},
     .handler = on_offence},
    {.name = "gate", .event = "request/group/add", .handler = on_request},
    {0},
};

static const struct onebot_config_key keys[] = {
    {.name = "words", .shape = ONEBOT_KEY_LIST, .least = 1, .most = 100, .help = "not to be said"},
    {.name = "messages",
     .kind = ONEBOT_KEY_NUMBER,
     .least = 1,
     .most = 1000,
     .standard = "8",
     .help = "that a person may send in one window"},
    {.name = "window",
     .kind = ONEBOT_KEY_DURATION,
     .least = XIE_SECOND,
     .most = XIE_HOUR,
     .standard = "10s",
     .help = "how long it is"},
    {.name = "mute",
     .kind = ONEBOT_KEY_DURATION,
     .least = XIE_MINUTE,
     .most = 24 * XIE_HOUR,
     .standard = "1m",
     .help = "for who floods; each time twice as long, up to a day"},
    {.name = "answer",
     .standard = "\"\"",
     .help = "who asks to join with these words is let in; \"\": nobody is"},
    {.name = NULL},
};

static int start(struct onebot_plugin *plugin)
{
    settings = onebot_plugin_settings(plugin);
    memset(watched, 0, sizeof watched);
    return 0;
}

ONEBOT_PLUGIN(.name = "guard", .version = "1.0", .about = "keeps a group in order", .rules = rules,
              .keys = keys, .start = start);

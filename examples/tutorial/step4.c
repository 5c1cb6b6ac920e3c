/* step4.c - memory: a habit for each person, and how often it was done. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <xie.h>
#include <xie/onebot.h>
#include <xie/onebot/store.h>

static struct onebot_store *store;

static int on_habit(struct onebot_event *event)
{
    struct onebot_key name = {"habit", "name", .user_id = event->user_id};
    struct onebot_answer habit = {.error = -ETIMEDOUT};
    XIE_TIMEOUT(30 * XIE_SECOND)
        habit = onebot_ask(event, "What do you want to do each day?");
    if (habit.error == -ETIMEDOUT)
        return onebot_reply(event, "Come back when you know.");
    if (habit.error)
        return habit.error;
    int error = onebot_store_set(store, &name, "s", habit.text);
    return error ? error : onebot_reply(event, "\"%s\" it is. Say /done each day.", habit.text);
}

static int on_done(struct onebot_event *event)
{
    struct onebot_key name = {"habit", "name", .user_id = event->user_id};
    struct onebot_key times = {"habit", "times", .user_id = event->user_id};
    int64_t count;
    struct onebot_stored habit = onebot_store_get(store, &name);
    if (habit.error == -ENOENT)
        return onebot_reply(event, "You have none: say /habit first.");
    int error = habit.error ? habit.error : onebot_store_add(store, &times, 1, &count);
    if (!error)
        error = onebot_reply(event, "\"%s\": day %lld.", json_string_value(habit.value),
                             (long long)count);
    json_decref(habit.value);
    return error;
}

static const struct onebot_rule rules[] = {
    {.command = {"habit", "习惯"}, .help = "choose a habit", .handler = on_habit},
    {.command = {"done", "打卡"}, .help = "it is done", .handler = on_done},
    {.command = {"help", "帮助"}, .help = "this list", .handler = onebot_help},
    {0},
};

static int start(void *url)
{
    struct onebot_options options = {
        .url = url,
        .token = getenv("XIE_TOKEN"),
        .book = {.rules = rules, .language = ONEBOT_ENGLISH},
    };
    int error = onebot_store_open("habit.db", NULL, &store);
    if (!error)
        error = onebot_run(&options);
    onebot_store_close(store);
    return error;
}

int main(int argc, char **argv)
{
    int error = xie_run(start, argc > 1 ? argv[1] : "ws://127.0.0.1:6700");
    if (error)
        fprintf(stderr, "%s: %s\n", argv[0], xie_strerror(error));
    return error != 0;
}

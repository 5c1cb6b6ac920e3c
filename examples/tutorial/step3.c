/* step3.c - a conversation: two questions, half a minute for both. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <xie.h>
#include <xie/onebot.h>

static const struct onebot_query yes_or_no = {.type = ONEBOT_BOOL};

static int on_habit(struct onebot_event *event)
{
    struct onebot_answer habit = {.error = -ETIMEDOUT}, sure = {.error = -ETIMEDOUT};
    XIE_TIMEOUT(30 * XIE_SECOND) {
        habit = onebot_ask(event, "What do you want to do each day?");
        if (!habit.error)
            sure = onebot_ask_for(event, &yes_or_no, "\"%s\" - are you sure?", habit.text);
    }
    if (habit.error == -ETIMEDOUT || sure.error == -ETIMEDOUT)
        return onebot_reply(event, "Come back when you know.");
    if (habit.error || sure.error)
        return habit.error ? habit.error : sure.error;
    if (!sure.value.integer)
        return onebot_reply(event, "Never mind.");
    return onebot_reply(event, "\"%s\" it is.", habit.text);
}

static const struct onebot_rule rules[] = {
    {.command = {"habit", "习惯"}, .help = "choose a habit", .handler = on_habit},
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
    return onebot_run(&options);
}

int main(int argc, char **argv)
{
    int error = xie_run(start, argc > 1 ? argv[1] : "ws://127.0.0.1:6700");
    if (error)
        fprintf(stderr, "%s: %s\n", argv[0], xie_strerror(error));
    return error != 0;
}

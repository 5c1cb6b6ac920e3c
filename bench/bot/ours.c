/* ours.c - a bot with a command that answers, and one that asks and waits. argument: URL */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <xie.h>
#include <xie/onebot.h>

static int on_ping(struct onebot_event *event)
{
    return onebot_reply(event, "pong");
}

static int on_talk(struct onebot_event *event)
{
    struct onebot_answer answer = onebot_ask(event, "What is your name?");
    return answer.error ? answer.error : onebot_reply(event, "Hello, %s.", answer.text);
}

static const struct onebot_rule rules[] = {
    {.command = {"ping"}, .help = "answers", .handler = on_ping},
    {.command = {"talk"}, .help = "asks", .handler = on_talk},
    {0},
};

static int start(void *url)
{
    return onebot_run(&(struct onebot_options){.url = url, .book = {.rules = rules}});
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s URL\n", argv[0]);
        return 2;
    }
    return xie_run(start, argv[1]) < 0;
}

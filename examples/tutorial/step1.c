/* step1.c - a bot that says hello. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <xie.h>
#include <xie/onebot.h>

static int on_hello(struct onebot_event *event)
{
    return onebot_reply(event, "Hello, %s!", event->sender.name);
}

static const struct onebot_rule rules[] = {
    {.command = {"hello", "你好"}, .help = "says hello", .handler = on_hello},
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

/* step2.c - an argument, and a call whose value is there on the next line. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <xie.h>
#include <xie/onebot.h>

static const struct onebot_argument who[] = {
    {.name = "person", .type = ONEBOT_PERSON, .help = "whose name and age"},
    {0},
};

static int on_who(struct onebot_event *event)
{
    int64_t user_id = onebot_arg(event, "person")->integer;
    struct onebot_result person =
        onebot_call(event->bot, "get_stranger_info", "{s:I}", "user_id", user_id);
    if (person.error)
        return onebot_reply(event, "I cannot tell: %s", person.wording);
    int error =
        onebot_reply(event, "That is %s, %lld years old.", onebot_string(person.data, "nickname"),
                     (long long)onebot_int(person.data, "age"));
    json_decref(person.data);
    return error;
}

static const struct onebot_rule rules[] = {
    {.command = {"who", "谁"}, .help = "who is it", .arguments = who, .handler = on_who},
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

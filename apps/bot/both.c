/* both.c - /both: two calls at the same time, as two tasks of one group. */
/* SPDX-License-Identifier: MIT */
#include <xie.h>

#include "commands.h"

/* What one of the two tasks is given, and what it brings back. */
struct errand {
    struct onebot_bot *bot;
    const char *action;
    struct onebot_result result;
};

static int run_errand(void *arg)
{
    struct errand *errand = arg;
    errand->result = onebot_call(errand->bot, errand->action, NULL);
    return 0; /* the result tells, and must not cancel the other one */
}

static int answer(struct onebot_event *event, const struct errand *me, const struct errand *friends,
                  int64_t took_ns)
{
    if (me->result.error || friends->result.error)
        return onebot_reply(event, "That did not work: %s%s%s", me->result.wording,
                            *me->result.wording && *friends->result.wording ? "; " : "",
                            friends->result.wording);
    return onebot_reply(event, "I am %s, and I have %zu friends. Both calls took %.1f ms together.",
                        onebot_string(me->result.data, "nickname"),
                        json_array_size(friends->result.data),
                        (double)took_ns / (double)XIE_MILLISECOND);
}

int on_both(struct onebot_event *event)
{
    struct errand me = {.bot = event->bot, .action = "get_login_info"};
    struct errand friends = {.bot = event->bot, .action = "get_friend_list"};
    int64_t start = xie_now();
    int error = 0;

    XIE_GROUP(both) {
        error = xie_group_spawn(&both, run_errand, &me);
        if (!error)
            error = xie_group_spawn(&both, run_errand, &friends);
    }
    if (!error)
        error = answer(event, &me, &friends, xie_now() - start);
    json_decref(me.result.data);
    json_decref(friends.result.data);
    return error;
}

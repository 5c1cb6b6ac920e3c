/* habit.c - a habit for each person, and how often it was done. */
/* SPDX-License-Identifier: MIT */
#include "bot.h"

#include <errno.h>
#include <xie.h>

int on_habit(struct onebot_event *event)
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

int on_done(struct onebot_event *event)
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

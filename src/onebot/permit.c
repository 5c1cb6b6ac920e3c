/* permit.c - who may.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "onebot/bot.h"

static bool listed(const int64_t *list, int64_t id)
{
    for (; list && *list; list++)
        if (*list == id)
            return true;
    return false;
}

/* The sender's role is what the implementation says with each message of a group. */
static enum onebot_rank rank_of(const struct onebot_book *book, const struct onebot_event *event)
{
    if (event->user_id && listed(book->superusers, event->user_id))
        return ONEBOT_SUPERUSER;
    if (event->group_id && strcmp(event->sender.role, "owner") == 0)
        return ONEBOT_OWNER;
    if (event->group_id && strcmp(event->sender.role, "admin") == 0)
        return ONEBOT_ADMIN;
    return ONEBOT_ANYBODY;
}

bool onebot_permit(const struct onebot_book *book, const struct onebot_event *event,
                   const struct onebot_permission *permission)
{
    if (event->group_id && listed(permission->deny_groups, event->group_id))
        return false;
    if (event->user_id && listed(permission->deny_persons, event->user_id))
        return false;
    if (permission->allow_groups && !listed(permission->allow_groups, event->group_id))
        return false;
    if (permission->allow_persons && !listed(permission->allow_persons, event->user_id))
        return false;
    return rank_of(book, event) >= permission->least_rank &&
           (!permission->predicate || permission->predicate(event));
}

bool onebot_permitted(const struct onebot_event *event, const struct onebot_permission *permission)
{
    return onebot_permit(&event->bot->program->rules.book, event, permission);
}

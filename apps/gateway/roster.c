/* roster.c - the accounts that bots are: found, opened and closed while others talk.
 * Gateway, fourth floor. */
/* SPDX-License-Identifier: MIT */
#include "roster.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "event.h"
#include "parse.h"
#include "scene.h"

struct seat *roster_seat(struct gateway *gateway, int64_t user_id)
{
    const struct account *account = world_account(&gateway->world, user_id);
    return account ? &gateway->seats[account - gateway->world.accounts] : NULL;
}

const char *roster_token(const struct gateway *gateway, const struct seat *seat)
{
    return seat->token ? seat->token : gateway->token;
}

const char *roster_door(const struct door *door, const char *path, int64_t *account_id)
{
    char number[24];
    size_t len = *path == '/' ? strcspn(path + 1, "/") : 0;
    *account_id = door->account_id ? door->account_id : WORLD_BOT;
    if (door->account_id || !len || len >= sizeof number || !isdigit((unsigned char)path[1]))
        return path;
    memcpy(number, path + 1, len);
    number[len] = 0;
    return parse_number(number, account_id) ? path + 1 + len : path;
}

/* By the owner of each group. Without memory nobody is told. */
static void come_in(struct gateway *gateway, int64_t user_id)
{
    for (size_t i = 0; i < gateway->world.group_count; i++) {
        struct group *group = &gateway->world.groups[i];
        if (!group->count || world_member(group, user_id))
            continue;
        int64_t by = group->members[0].user_id;
        world_join(group, user_id, clock_now());
        event_emit(gateway, event_new("notice", "group_increase", "invite", "{s:I, s:I, s:I}",
                                      "group_id", (json_int_t)group->group_id, "operator_id",
                                      (json_int_t)by, "user_id", (json_int_t)user_id));
    }
}

int roster_open(struct gateway *gateway, int64_t user_id, const char *nickname, bool joins)
{
    bool new = !world_person(&gateway->world, user_id);
    int result = world_open_account(&gateway->world, user_id, nickname);
    if (result < 0)
        return result;
    struct seat *seat = roster_seat(gateway, user_id);
    if (new &&joins)
        come_in(gateway, user_id);
    xie_event_set(&seat->opened);
    xie_event_clear(&seat->opened);
    scene_tell(gateway);
    return 0;
}

int roster_close(struct gateway *gateway, int64_t user_id)
{
    struct account *account = world_account(&gateway->world, user_id);
    if (!account)
        return -ENOENT;
    if (user_id == WORLD_BOT)
        return -EPERM;
    world_close_account(account);
    roster_end_connections(&gateway->seats[account - gateway->world.accounts]);
    scene_tell(gateway);
    return 0;
}

int roster_wait(struct gateway *gateway, int64_t user_id, struct seat *seat)
{
    int result = 0;
    while (result == 0 && !roster_seat(gateway, user_id)) /* it may be closed again before we run */
        result = xie_event_wait(&seat->opened);
    return result;
}

struct watch {
    struct seat *seat;
    struct xie_group *group;
};

static int watch_end(void *arg)
{
    struct watch watch = *(struct watch *)arg;
    free(arg);
    int result = xie_event_wait(&watch.seat->ended);
    if (result == 0)
        xie_group_cancel(watch.group);
    return result;
}

int roster_watch(struct seat *seat, struct xie_group *group)
{
    struct watch *watch = malloc(sizeof *watch);
    if (!watch)
        return -ENOMEM;
    *watch = (struct watch){seat, group};
    int result = xie_group_spawn(group, watch_end, watch);
    if (result < 0)
        free(watch);
    return result;
}

void roster_end_connections(struct seat *seat)
{
    xie_event_set(&seat->ended);
    xie_event_clear(&seat->ended);
}

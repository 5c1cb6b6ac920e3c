/* account.c - actions about a bot's own account, and what it may and can do.
 * Gateway, sixth floor. */
/* SPDX-License-Identifier: MIT */
#include "account.h"

#include <stdio.h>
#include <string.h>

#include <xie.h>

#include "clock.h"
#include "roster.h"

/* meson gives it; for a compiler run by hand: */
#ifndef GATEWAY_VERSION
#define GATEWAY_VERSION "0"
#endif

enum { CSRF_TOKEN = 1234567, RESTART_DELAY_MOST_MS = 600000 };

json_t *account_status(struct call *call)
{
    (void)call;
    return json_pack("{s:b, s:b}", "online", 1, "good", 1);
}

json_t *account_version(struct call *call)
{
    (void)call;
    return json_pack("{s:s, s:s, s:s}", "app_name", "xie-gateway", "app_version", GATEWAY_VERSION,
                     "protocol_version", "v11");
}

/* Images and the rest may be sent, but nothing is fetched or played. */
json_t *account_can_send(struct call *call)
{
    (void)call;
    return json_pack("{s:b}", "yes", 1);
}

json_t *account_like(struct call *call)
{
    int64_t user_id, times = 1, today = clock_now() / (24 * 3600);
    if (!call_id(call, "user_id", &user_id) ||
        !call_number(call, "times", 1, ACCOUNT_LIKES, &times))
        return NULL;
    struct tie *tie = call_tie(call, user_id);
    if (!tie)
        return NULL;
    int given = tie->likes.day == today ? tie->likes.count : 0;
    if (given + times > ACCOUNT_LIKES)
        return call_fail(call, RETCODE_REFUSED, "user %lld got %d likes today; %d are allowed",
                         (long long)user_id, given, ACCOUNT_LIKES);
    tie->likes.day = today;
    tie->likes.count = given + (int)times;
    return json_null();
}

json_t *account_cookies(struct call *call)
{
    char cookies[64];
    snprintf(cookies, sizeof cookies, "uin=o%lld; skey=@simulated", (long long)call->self);
    return json_pack("{s:s}", "cookies", cookies);
}

json_t *account_csrf_token(struct call *call)
{
    (void)call;
    return json_pack("{s:i}", "token", CSRF_TOKEN);
}

json_t *account_credentials(struct call *call)
{
    json_t *data = account_cookies(call);
    if (json_object_set_new(data, "csrf_token", json_integer(CSRF_TOKEN)) == 0)
        return data;
    json_decref(data);
    return NULL;
}

/* There is none. */
json_t *account_clean_cache(struct call *call)
{
    (void)call;
    return json_null();
}

/* --- restarting --------------------------------------------------------------------- */

static int seat_restart(void *arg)
{
    struct seat *seat = arg;
    int result = xie_sleep(seat->restart_ms * XIE_MILLISECOND);
    seat->restarting = false;
    if (result == 0)
        roster_end_connections(seat);
    return 0;
}

/* To its bots it looks so: every connection ends, and can be opened again. One at a time waits. */
json_t *account_restart(struct call *call)
{
    struct seat *seat = roster_seat(call->gateway, call->self);
    int64_t delay_ms = 0;
    if (!call_number(call, "delay", 0, RESTART_DELAY_MOST_MS, &delay_ms))
        return NULL;
    if (seat->restarting)
        return call_fail(call, RETCODE_BUSY, "a restart waits already");
    if (xie_group_spawn(call->gateway->tasks, seat_restart, seat) < 0)
        return NULL;
    seat->restarting = true;
    seat->restart_ms = delay_ms;
    call->retcode = RETCODE_ASYNC;
    return json_null();
}

/* --- honours ------------------------------------------------------------------------ */

static json_t *honored(const struct gateway *gateway, int64_t user_id)
{
    const struct person *person = world_person(&gateway->world, user_id);
    return person ? json_pack("{s:I, s:s, s:s, s:s}", "user_id", (json_int_t)user_id, "nickname",
                              person->nickname, "avatar", "", "description", "")
                  : NULL;
}

/* Add KIND_list, with who has that honour. -1 without memory. */
static int add_honor(json_t *data, const char *kind, json_t *holder)
{
    json_t *list = json_array();
    if (holder && json_array_append(list, holder) < 0) {
        json_decref(list);
        return -1;
    }
    char key[32];
    snprintf(key, sizeof key, "%s_list", kind);
    return json_object_set_new(data, key, list);
}

/* Who talks most, for a day; null: nobody. */
static json_t *talkative(const json_t *holder)
{
    json_t *copy = holder ? json_copy((json_t *)holder) : json_null();
    if (holder && json_object_set_new(copy, "day_count", json_integer(1)) < 0) {
        json_decref(copy);
        return NULL;
    }
    return copy;
}

/* legend and strong_newbie are lists of the standard that nobody is on here. */
json_t *account_honors(struct call *call)
{
    static const char *const kinds[] = {"talkative", "performer", "emotion", "legend",
                                        "strong_newbie"};
    const size_t count = sizeof kinds / sizeof *kinds;
    struct group *group = call_group(call, NULL);
    char wanted[16];
    if (!group || !call_text(call, "type", wanted, sizeof wanted))
        return NULL;
    json_t *data = json_pack("{s:I}", "group_id", (json_int_t)group->group_id);
    bool found = false;
    int failed = 0;
    for (size_t i = 0; data && i < count; i++) {
        if (strcmp(wanted, "all") != 0 && strcmp(wanted, kinds[i]) != 0)
            continue;
        json_t *holder = i < WORLD_HONORS ? honored(call->gateway, group->honors[i]) : NULL;
        found = true;
        if (i == 0)
            failed |= json_object_set_new(data, "current_talkative", talkative(holder));
        failed |= add_honor(data, kinds[i], holder);
        json_decref(holder);
    }
    if (found && !failed)
        return data;
    json_decref(data);
    return failed ? NULL
                  : call_fail(call, RETCODE_BAD_PARAMS, "parameter type is none of the honours");
}

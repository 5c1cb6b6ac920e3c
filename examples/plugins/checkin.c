/* checkin.c - a daily check-in with points, streaks and a table of the best, for each group.
 * What is kept: an object per member, in the group's place of the store. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <xie.h>
#include <xie/onebot/plugin.h>
#include <xie/onebot/schedule.h>
#include <xie/onebot/store.h>

enum { BEST = 10, DAY = 24 * 60 * 60, BONUS_DAYS = 7 };

static struct onebot_zone *zone; /* whose midnight counts; NULL: UTC */
static int64_t points_a_day, points_a_bonus;

/* The day that a message was sent on, counted from 1970, by the clock of the zone. */
static int64_t day_of(const struct onebot_event *event)
{
    return (event->time + onebot_zone_offset(zone, event->time)) / DAY;
}

/* Since its rule runs once at a time for each member, nothing comes between reading and writing. */
static int on_checkin(struct onebot_event *event)
{
    struct onebot_store *store = onebot_plugin_store(onebot_event_plugin(event));
    char member[24];
    snprintf(member, sizeof member, "%" PRId64, event->user_id);
    struct onebot_key key = {"checkin", member, .group_id = event->group_id};
    struct onebot_stored old = onebot_store_get(store, &key);
    if (old.error && old.error != -ENOENT)
        return old.error;

    int64_t today = day_of(event), last = onebot_int(old.value, "day");
    int64_t total = onebot_int(old.value, "points"), streak = onebot_int(old.value, "streak");
    json_decref(old.value);
    if (last >= today) /* a message may come late */
        return onebot_reply(event, "You have been here today. %" PRId64 " points.", total);
    streak = last == today - 1 ? streak + 1 : 1;
    int64_t bonus = (streak < BONUS_DAYS ? streak - 1 : BONUS_DAYS - 1) * points_a_bonus;
    total += points_a_day + bonus;
    int error = onebot_store_set(store, &key, "{s:I, s:I, s:I, s:s}", "day", today, "streak",
                                 streak, "points", total, "name", event->sender.name);
    if (error)
        return error;
    return onebot_reply(event, "+%" PRId64 ": %" PRId64 " points. Day %" PRId64 " in a row.",
                        points_a_day + bonus, total, streak);
}

/* --- the best ----------------------------------------------------------------------- */

/* The best of all that were seen so far, the best first; owns a reference to each. */
struct table {
    json_t *rows[BEST];
    size_t count;
};

static void place_row(struct table *table, json_t *row)
{
    size_t at = table->count;
    while (at && onebot_int(table->rows[at - 1], "points") < onebot_int(row, "points"))
        at--;
    if (at == BEST)
        return;
    if (table->count == BEST)
        json_decref(table->rows[--table->count]);
    for (size_t i = table->count++; i > at; i--)
        table->rows[i] = table->rows[i - 1];
    table->rows[at] = json_incref(row);
}

/* Page by page: a group may have thousands. */
static int read_table(struct onebot_store *store, int64_t group_id, struct table *table)
{
    struct onebot_key all = {"checkin", "", .group_id = group_id};
    char after[24] = "";
    for (;;) {
        struct onebot_stored page = onebot_store_list(store, &all, *after ? after : NULL, 0);
        const char *member;
        json_t *row;
        if (page.error || !json_object_size(page.value)) {
            json_decref(page.value);
            return page.error;
        }
        json_object_foreach(page.value, member, row)
        {
            place_row(table, row);
            snprintf(after, sizeof after, "%s", member);
        }
        json_decref(page.value);
    }
}

static int on_rank(struct onebot_event *event)
{
    struct table table = {0};
    struct onebot_message message = {0};
    int error =
        read_table(onebot_plugin_store(onebot_event_plugin(event)), event->group_id, &table);
    onebot_message_text(&message, table.count ? "The best:" : "Nobody has checked in yet.");
    for (size_t i = 0; i < table.count; i++) {
        onebot_message_text(&message, "\n%zu. %s, %" PRId64, i + 1,
                            onebot_string(table.rows[i], "name"),
                            onebot_int(table.rows[i], "points"));
        json_decref(table.rows[i]);
    }
    if (!error)
        return onebot_reply_message(event, &message);
    onebot_message_clear(&message);
    return error;
}

/* --- rules and settings ------------------------------------------------------------- */

static bool in_group(const struct onebot_event *event)
{
    return event->group_id != 0;
}

static const struct onebot_rule rules[] = {
    {.command = {"checkin", "签到"},
     .help = "once a day",
     .permission = {.predicate = in_group, .refusal = "Only in a group."},
     .turns = {.busy = ONEBOT_QUEUE, .per = ONEBOT_PER_MEMBER},
     .handler = on_checkin},
    {.command = {"rank", "排行"},
     .help = "who has the most points here",
     .permission = {.predicate = in_group, .refusal = "Only in a group."},
     .cooldown = {.every_ns = 10 * XIE_SECOND, .per = ONEBOT_PER_GROUP, .told = ""},
     .handler = on_rank},
    {0},
};

static const struct onebot_config_key keys[] = {
    {.name = "zone", .standard = "Asia/Shanghai", .help = "whose midnight begins a day"},
    {.name = "points",
     .kind = ONEBOT_KEY_NUMBER,
     .least = 0,
     .most = 1000000,
     .standard = "10",
     .help = "for a day"},
    {.name = "bonus",
     .kind = ONEBOT_KEY_NUMBER,
     .least = 0,
     .most = 1000000,
     .standard = "2",
     .help = "more for each day in a row, up to seven"},
    {.name = NULL},
};

static int start(struct onebot_plugin *plugin)
{
    const json_t *settings = onebot_plugin_settings(plugin);
    const char *name = onebot_string(settings, "zone");
    if (!onebot_plugin_store(plugin)) {
        onebot_plugin_log(plugin, ONEBOT_ERROR, "needs a store, to remember who was here");
        return -EINVAL;
    }
    points_a_day = onebot_int(settings, "points");
    points_a_bonus = onebot_int(settings, "bonus");
    int error = onebot_zone_open(name, &zone);
    if (error)
        onebot_plugin_log(plugin, ONEBOT_ERROR, "zone %s: %s", name, xie_strerror(error));
    return error;
}

static void stop(struct onebot_plugin *plugin)
{
    (void)plugin;
    onebot_zone_free(zone);
    zone = NULL;
}

ONEBOT_PLUGIN(.name = "checkin", .version = "1.0", .about = "a daily check-in with points",
              .rules = rules, .keys = keys, .start = start, .stop = stop);

/* announce.c - announcements by the clock, made in the chat: /announce "0 9 * * 1-5" Good morning.
 * What is kept: all of them as one array, written anew with each change. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot/plugin.h>
#include <xie/onebot/schedule.h>
#include <xie/onebot/store.h>

enum { ANNOUNCEMENTS = 200 }; /* of all groups together */

static struct onebot_plugin *plugin;
static struct onebot_schedule *schedule;
static json_t *all;            /* array of {id, self, group, cron, text, job}; NULL: not read yet */
static struct xie_lock change; /* of the array: one change at a time, since writing it waits */

/* --- saying ------------------------------------------------------------------------- */

/* The announcement, borrowed from the array; NULL: there is none (any more). */
static json_t *find(int64_t id)
{
    size_t i;
    json_t *one;
    json_array_foreach(all, i, one)
    {
        if (onebot_int(one, "id") == id)
            return one;
    }
    return NULL;
}

/* The array may change while this waits: what is said is held on to. */
static int say(const struct onebot_run_info *run)
{
    json_auto_t *one = json_incref(find((int64_t)(intptr_t)run->arg));
    struct onebot_bot *bot = onebot_plugin_account(plugin, onebot_int(one, "self"));
    if (!one || !bot)
        return one ? XIE_ENOTCONNECTED : 0;
    return onebot_send(bot, onebot_int(one, "group"), 0, NULL, "%s", onebot_string(one, "text"));
}

/* why: receives what is wrong with its expression */
static int schedule_one(json_t *one, char *why)
{
    char name[40];
    uint64_t job;
    snprintf(name, sizeof name, "announcement %" PRId64, onebot_int(one, "id"));
    int error = onebot_schedule_add(
        schedule,
        &(struct onebot_job){.name = name,
                             .fn = say,
                             .arg = (void *)(intptr_t)onebot_int(one, "id"),
                             .cron = onebot_string(one, "cron"),
                             .zone = onebot_string(onebot_plugin_settings(plugin), "zone"),
                             .missed = ONEBOT_MISSED_SKIP},
        &job, why);
    if (error || !json_object_set_new(one, "job", json_integer((json_int_t)job)))
        return error;
    onebot_schedule_cancel(schedule, job);
    return -ENOMEM;
}

/* --- commands ----------------------------------------------------------------------- */

static const struct onebot_key key = {.space = "announce", .name = "all"};

static int save(const json_t *announcements)
{
    return onebot_store_set(onebot_plugin_store(plugin), &key, "O", announcements);
}

static void remove_from(json_t *array, const json_t *one)
{
    size_t i;
    json_t *at;
    json_array_foreach(array, i, at)
    {
        if (at == one) {
            json_array_remove(array, i);
            return;
        }
    }
}

/* Take one out of the schedule and the array, which may free it. */
static void take_out(const json_t *one)
{
    onebot_schedule_cancel(schedule, (uint64_t)onebot_int(one, "job"));
    remove_from(all, one);
}

static int64_t next_id(void)
{
    size_t count = json_array_size(all);
    return count ? onebot_int(json_array_get(all, count - 1), "id") + 1 : 1;
}

/* Scheduled and written, or not there at all. */
static int add(struct onebot_event *event, int64_t *id, char *why)
{
    if (json_array_size(all) == ANNOUNCEMENTS)
        return XIE_ELIMIT;
    *id = next_id();
    json_t *one = json_pack("{s:I, s:I, s:I, s:s, s:s}", "id", *id, "self", event->self_id, "group",
                            event->group_id, "cron", onebot_arg(event, "when")->text, "text",
                            onebot_arg(event, "text")->text);
    if (json_array_append_new(all, one))
        return -ENOMEM;
    int error = schedule_one(one, why);
    if (!error)
        error = save(all);
    if (error)
        take_out(one);
    return error;
}

/* Written first: where that fails it stays. */
static int withdraw_one(const json_t *one)
{
    json_auto_t *others = json_copy(all);
    if (!others)
        return -ENOMEM;
    remove_from(others, one);
    int error = save(others);
    if (!error)
        take_out(one);
    return error;
}

static int on_announce(struct onebot_event *event)
{
    char why[ONEBOT_WORDING] = "";
    int64_t id;
    int error = xie_lock_take(&change);
    if (error)
        return error;
    error = all ? add(event, &id, why) : -EAGAIN;
    xie_lock_give(&change);
    if (error == -EAGAIN)
        return onebot_reply(event, "I am not ready yet.");
    if (error == XIE_ELIMIT)
        return onebot_reply(event, "There are %d already.", ANNOUNCEMENTS);
    if (error == -EINVAL)
        return onebot_reply(event, "When? %s", why);
    return error ? error : onebot_reply(event, "It is announcement %" PRId64 ".", id);
}

static int on_list(struct onebot_event *event)
{
    struct onebot_message message = {0};
    size_t i, count = 0;
    json_t *one;
    json_array_foreach(all, i, one)
    {
        if (onebot_int(one, "group") == event->group_id)
            onebot_message_text(&message, "%s%" PRId64 ". %s: %s", count++ ? "\n" : "",
                                onebot_int(one, "id"), onebot_string(one, "cron"),
                                onebot_string(one, "text"));
    }
    if (!count)
        onebot_message_text(&message, "There is none.");
    return onebot_reply_message(event, &message);
}

static int on_withdraw(struct onebot_event *event)
{
    int64_t id = onebot_arg(event, "number")->integer;
    int error = xie_lock_take(&change);
    if (error)
        return error;
    json_t *one = find(id);
    bool ours = one && onebot_int(one, "group") == event->group_id;
    if (ours)
        error = withdraw_one(one);
    xie_lock_give(&change);
    if (error)
        return error;
    return onebot_reply(event, ours ? "Withdrawn." : "There is no announcement %" PRId64 " here.",
                        id);
}

/* --- rules and settings ------------------------------------------------------------- */

/* A superuser is an admin everywhere, in private too: there is nobody to announce to. */
static bool in_group(const struct onebot_event *event)
{
    return event->group_id != 0;
}

static const char admins_only[] = "That is for the admins of a group, in it.";

static const struct onebot_argument announce[] = {
    {.name = "when",
     .help = "in quotes: \"minute hour day month weekday\"",
     .least = 1,
     .most = 200},
    {.name = "text", .type = ONEBOT_REST, .least = 1, .most = 2000},
    {0},
};
static const struct onebot_argument withdraw[] = {
    {.name = "number", .type = ONEBOT_INTEGER, .least = 1, .most = INT64_MAX}, {0}};

static const struct onebot_rule rules[] = {
    {.command = {"announce", "公告"},
     .help = "say something by the clock",
     .arguments = announce,
     .permission = {.least_rank = ONEBOT_ADMIN, .predicate = in_group, .refusal = admins_only},
     .handler = on_announce},
    {.command = {"announcements", "公告列表"},
     .help = "what will be said here",
     .permission = {.predicate = in_group, .refusal = "Only in a group."},
     .handler = on_list},
    {.command = {"withdraw", "撤销公告"},
     .help = "say it no longer",
     .arguments = withdraw,
     .permission = {.least_rank = ONEBOT_ADMIN, .predicate = in_group, .refusal = admins_only},
     .handler = on_withdraw},
    {0},
};

static const struct onebot_config_key keys[] = {
    {.name = "zone", .standard = "Asia/Shanghai", .help = "whose clock it is"},
    {.name = NULL},
};

/* --- the plugin --------------------------------------------------------------------- */

static int start(struct onebot_plugin *self)
{
    struct onebot_zone *zone;
    const char *name = onebot_string(onebot_plugin_settings(self), "zone");
    plugin = self;
    if (!onebot_plugin_store(self)) {
        onebot_plugin_log(self, ONEBOT_ERROR, "needs a store, to remember what to say");
        return -EINVAL;
    }
    int error = onebot_zone_open(name, &zone);
    if (error)
        onebot_plugin_log(self, ONEBOT_ERROR, "zone %s: %s", name, xie_strerror(error));
    onebot_zone_free(error ? NULL : zone);
    return error ? error : onebot_schedule_new(NULL, &schedule);
}

/* Read here and not in start: the version before may have changed it until it was gone. */
static int run(struct onebot_plugin *self)
{
    struct onebot_stored stored = onebot_store_get(onebot_plugin_store(self), &key);
    size_t i;
    json_t *one;
    if (stored.error && stored.error != -ENOENT)
        return stored.error;
    json_decref(all);
    all = stored.error ? json_array() : stored.value;
    json_array_foreach(all, i, one)
    {
        int error = schedule_one(one, NULL);
        if (error)
            onebot_plugin_log(self, ONEBOT_WARNING, "announcement %" PRId64 " is not made: %s",
                              onebot_int(one, "id"), xie_strerror(error));
    }
    return onebot_schedule_run(schedule);
}

static void stop(struct onebot_plugin *self)
{
    (void)self;
    onebot_schedule_free(schedule);
    json_decref(all);
    schedule = NULL;
    all = NULL;
}

ONEBOT_PLUGIN(.name = "announce", .version = "1.0", .about = "announcements by the clock",
              .rules = rules, .keys = keys, .start = start, .run = run, .stop = stop);

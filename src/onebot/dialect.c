/* dialect.c - one call for what implementations call differently.
 * Floor 9. An action that the implementation does not know was not done: only then is the next
 * name tried. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "onebot/action.h"
#include "onebot/bot.h"
#include "onebot/keep.h"

/* --- which -------------------------------------------------------------------------- */

static enum onebot_dialect dialect_named(const char *name)
{
    static const struct {
        const char *prefix;
        enum onebot_dialect dialect;
    } names[] = {
        {"napcat", ONEBOT_DIALECT_NAPCAT},     {"llonebot", ONEBOT_DIALECT_LUCKYLILLIA},
        {"llbot", ONEBOT_DIALECT_LUCKYLILLIA}, {"luckylillia", ONEBOT_DIALECT_LUCKYLILLIA},
        {"lagrange", ONEBOT_DIALECT_LAGRANGE}, {"go-cqhttp", ONEBOT_DIALECT_GOCQHTTP},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncasecmp(name, names[i].prefix, strlen(names[i].prefix)) == 0)
            return names[i].dialect;
    return ONEBOT_DIALECT_OTHER;
}

/* The connection may have changed while the answer came: it counts for the one that was asked. */
static int ask(struct onebot_bot *bot)
{
    struct onebot_dialect_known *known = &bot->dialect;
    uint64_t connection = bot->calls.openings;
    struct onebot_version_info info = onebot_get_version_info(bot);
    int error = info.call.error;
    if (!error || error == XIE_EACTION || error == XIE_EJSON) {
        known->dialect = dialect_named(info.app_name);
        known->connection = connection;
        error = 0;
    }
    onebot_result_free(&info.call);
    return error;
}

static int look_up(struct onebot_bot *bot, enum onebot_dialect *dialect)
{
    struct onebot_dialect_known *known = &bot->dialect;
    int error = xie_lock_take(&known->lock);
    if (error)
        return error;
    if (known->connection != bot->calls.openings || !known->connection)
        error = ask(bot);
    if (!error)
        *dialect = known->dialect;
    xie_lock_give(&known->lock);
    return error;
}

/* In a kept handler it is a step: whether it has to be asked for depends on others. */
int onebot_get_dialect(struct onebot_bot *bot, enum onebot_dialect *dialect)
{
    int64_t value = 0;
    enum onebot_dialect found = ONEBOT_DIALECT_OTHER;
    int recalled = onebot_keep_find("dialect", &value);
    if (recalled == ONEBOT_RECALL_LIVE) {
        recalled = look_up(bot, &found);
        value = found;
        recalled = onebot_keep_found(recalled, value);
    }
    if (recalled >= 0)
        *dialect = (enum onebot_dialect)value;
    return recalled < 0 ? recalled : 0;
}

/* --- reactions ---------------------------------------------------------------------- */

enum way { WAY_LIKE, WAY_UNLIKE, WAY_REACTION };

static struct onebot_result react_by(enum way way, struct onebot_bot *bot, int64_t group_id,
                                     int64_t message_id, const char *emoji, bool set)
{
    if (way == WAY_REACTION)
        return onebot_set_group_reaction(bot, group_id, message_id, emoji, set);
    if (way == WAY_LIKE)
        return onebot_set_msg_emoji_like(bot, message_id, emoji, set);
    return onebot_call_plain(bot, "unset_msg_emoji_like", "{s:I, s:s}", "message_id", message_id,
                             "emoji_id", emoji);
}

struct onebot_result onebot_react(struct onebot_bot *bot, int64_t group_id, int64_t message_id,
                                  const char *emoji, bool set)
{
    enum onebot_dialect dialect;
    int error = onebot_get_dialect(bot, &dialect);
    if (error)
        return onebot_failure(error, "%s", xie_strerror(error));
    enum way first = WAY_LIKE, second = WAY_REACTION;
    if (dialect == ONEBOT_DIALECT_LAGRANGE) {
        first = WAY_REACTION;
        second = WAY_LIKE;
    } else if (dialect == ONEBOT_DIALECT_LUCKYLILLIA && !set) {
        first = WAY_UNLIKE; /* "set" is not looked at there */
        second = WAY_LIKE;
    }
    struct onebot_result result = react_by(first, bot, group_id, message_id, emoji, set);
    if (result.error != XIE_EACTION)
        return result;
    return react_by(second, bot, group_id, message_id, emoji, set);
}

/* --- here or there ------------------------------------------------------------------ */

struct onebot_sent onebot_send_forward(struct onebot_bot *bot, int64_t group_id, int64_t user_id,
                                       struct onebot_message *nodes)
{
    return group_id ? onebot_send_group_forward_msg(bot, group_id, nodes)
                    : onebot_send_private_forward_msg(bot, user_id, nodes);
}

struct onebot_result onebot_poke(struct onebot_bot *bot, int64_t group_id, int64_t user_id)
{
    struct onebot_result result =
        group_id ? onebot_group_poke(bot, group_id, user_id) : onebot_friend_poke(bot, user_id);
    return result.error == XIE_EACTION ? onebot_send_poke(bot, group_id, user_id) : result;
}

struct onebot_file_info onebot_upload_file(struct onebot_bot *bot, int64_t group_id,
                                           int64_t user_id, const char *file, const char *name)
{
    return group_id ? onebot_upload_group_file(bot, group_id, file, name, NULL)
                    : onebot_upload_private_file(bot, user_id, file, name);
}

struct onebot_message_list onebot_get_history(struct onebot_bot *bot, int64_t group_id,
                                              int64_t user_id, int64_t message_seq, int count)
{
    return group_id ? onebot_get_group_msg_history(bot, group_id, message_seq, count)
                    : onebot_get_friend_msg_history(bot, user_id, message_seq, count);
}

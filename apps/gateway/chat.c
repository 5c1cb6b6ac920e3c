/* chat.c - what people and accounts do: say, recall.
 * Gateway, fourth floor. Everything is built before anything changes. */
/* SPDX-License-Identifier: MIT */
#include "chat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrive.h"
#include "clock.h"
#include "event.h"
#include "segment.h"

enum { PAGE_SEGMENTS = 512 * 1024 }; /* bytes of segments that a page is sent; else text alone */

__attribute__((format(printf, 3, 4))) static bool refuse(struct refusal *refusal, int status,
                                                         const char *format, ...)
{
    va_list list;
    va_start(list, format);
    refusal->status = status;
    vsnprintf(refusal->why, sizeof refusal->why, format, list);
    va_end(list);
    return false;
}

/* What the page is told of a message. */
static struct frame *view(const struct message *message)
{
    json_t *segments = message->bytes <= PAGE_SEGMENTS ? message->segments : NULL;
    return frame_take(json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:O*, s:b, s:b}", "kind", "message", "message_id",
        (json_int_t)message->message_id, "time", (json_int_t)message->time, "user_id",
        (json_int_t)message->user_id, "group_id", (json_int_t)message->group_id, "target_id",
        (json_int_t)message->target_id, "text", message->text ? message->text : "", "segments",
        segments, "recalled", message->recalled, "anonymous", message->way == MESSAGE_ANONYMOUS));
}

static bool check_text(const char *text, struct refusal *refusal)
{
    if (!text)
        return refuse(refusal, 500, "out of memory");
    if (text[strspn(text, " \t\r\n")] == 0)
        return refuse(refusal, 400, "the text is empty");
    if (parse_characters(text) > GATEWAY_TEXT)
        return refuse(refusal, 413, "the text has %zu characters; at most %d are allowed",
                      parse_characters(text), GATEWAY_TEXT);
    return true;
}

/* May they speak in their group now? QQ itself always may. */
static bool check_muted(const struct group *group, const struct member *member,
                        enum message_way way, struct refusal *refusal)
{
    bool anonymous = way == MESSAGE_ANONYMOUS;
    int64_t now = clock_now(), until = anonymous ? member->masked_until : member->muted_until;
    if (way == MESSAGE_NOTICE)
        return true;
    if (anonymous && !group->anonymous)
        return refuse(refusal, 403, "nobody may speak anonymously in group %lld",
                      (long long)group->group_id);
    if (until > now)
        return refuse(refusal, 403, "user %lld is muted for %lld s more",
                      (long long)member->user_id, (long long)(until - now));
    if (group->muted && member->role == ROLE_MEMBER)
        return refuse(refusal, 403, "all of group %lld are muted", (long long)group->group_id);
    return true;
}

static bool check_group(struct gateway *gateway, int64_t user_id, const struct place *place,
                        struct refusal *refusal)
{
    struct group *group = world_group(&gateway->world, place->group_id);
    const struct member *member = group ? world_member(group, user_id) : NULL;
    if (!group)
        return refuse(refusal, 404, "there is no group %lld", (long long)place->group_id);
    if (!member)
        return refuse(refusal, 403, "user %lld is not in group %lld", (long long)user_id,
                      (long long)place->group_id);
    if (place->way == MESSAGE_TEMPORARY || place->way == MESSAGE_OTHER)
        return refuse(refusal, 400, "nothing is said in a group in that way");
    return check_muted(group, member, place->way, refusal);
}

static bool check_private(struct gateway *gateway, int64_t user_id, const struct place *place,
                          struct refusal *refusal)
{
    struct world *world = &gateway->world;
    long long from = (long long)user_id, to = (long long)place->target_id;
    if (!world_person(world, place->target_id))
        return refuse(refusal, 404, "there is no user %lld", to);
    if (from == to)
        return refuse(refusal, 403, "user %lld cannot send to itself", from);
    if (!world_is_account(world, user_id) && !world_is_account(world, place->target_id))
        return refuse(refusal, 403, "neither user %lld nor user %lld is an account of bots", from,
                      to);
    if (place->way == MESSAGE_ANONYMOUS || place->way == MESSAGE_NOTICE)
        return refuse(refusal, 400, "nothing is said in private in that way");
    if (place->way == MESSAGE_PLAIN && !world_friends(world, user_id, place->target_id))
        return refuse(refusal, 403, "user %lld is no friend of user %lld", from, to);
    if (place->way == MESSAGE_TEMPORARY && !world_common_group(world, user_id, place->target_id))
        return refuse(refusal, 403, "user %lld is in no group with user %lld", from, to);
    return true;
}

/* Is there such a place, and may this one speak there? */
static bool check_place(struct gateway *gateway, int64_t user_id, const struct place *place,
                        struct refusal *refusal)
{
    if (!world_person(&gateway->world, user_id))
        return refuse(refusal, 404, "there is no user %lld", (long long)user_id);
    return place->group_id ? check_group(gateway, user_id, place, refusal)
                           : check_private(gateway, user_id, place, refusal);
}

/* Make the message of these segments (borrowed) and keep it. NULL refused. */
static struct message *keep(struct gateway *gateway, struct message draft, json_t *segments,
                            struct refusal *refusal)
{
    struct group *group = world_group(&gateway->world, draft.group_id);
    struct message *message = malloc(sizeof *message);
    if (message) {
        *message = draft;
        message->message_id = gateway->history.next;
        message->time = clock_now();
        message->segments = arrive_segments(gateway, message->message_id, segments);
        message->bytes = json_dumpb(message->segments, NULL, 0, JSON_COMPACT);
        message->text = segment_show(segments, &gateway->world, group);
        message->frame = message->text && message->segments ? view(message) : NULL;
    }
    if (!message || !message->frame) {
        message_free(message);
        refuse(refusal, 500, "out of memory");
        return NULL;
    }
    if (!check_text(message->text, refusal)) {
        message_free(message);
        return NULL;
    }
    if (group)
        world_member(group, message->user_id)->last_sent = message->time;
    history_add(&gateway->history, message);
    audience_put(&gateway->viewers, message->frame);
    return message;
}

int64_t chat_say(struct gateway *gateway, int64_t user_id, const struct place *place,
                 json_t *segments, struct refusal *refusal)
{
    struct message draft = {.user_id = user_id,
                            .group_id = place->group_id,
                            .target_id = place->group_id ? 0 : place->target_id,
                            .way = place->way};
    if (!check_place(gateway, user_id, place, refusal))
        return 0;
    struct message *message = keep(gateway, draft, segments, refusal);
    if (!message)
        return 0;
    int64_t id = message->message_id;
    event_emit_message(gateway, message);
    return id;
}

static bool may_recall(struct gateway *gateway, int64_t operator_id, const struct message *message)
{
    struct group *group = world_group(&gateway->world, message->group_id);
    if (operator_id == message->user_id)
        return true;
    const struct member *by = group ? world_member(group, operator_id) : NULL;
    const struct member *author = by ? world_member(group, message->user_id) : NULL;
    return by && by->role > (author ? author->role : ROLE_MEMBER); /* they may have left */
}

bool chat_recall(struct gateway *gateway, int64_t operator_id, int64_t message_id,
                 struct refusal *refusal)
{
    struct message *message = history_get(&gateway->history, message_id);
    if (!message)
        return refuse(refusal, 404, "there is no message %lld", (long long)message_id);
    if (!may_recall(gateway, operator_id, message))
        return refuse(refusal, 403, "user %lld may not recall message %lld of user %lld",
                      (long long)operator_id, (long long)message_id,
                      (long long)event_author(message));
    struct message after = *message;
    after.segments = NULL;
    after.text = NULL;
    after.recalled = true;
    struct frame *frame = view(&after);
    json_t *event = event_recall(message, operator_id);
    if (!frame || !event) {
        frame_unref(frame);
        json_decref(event);
        return refuse(refusal, 500, "out of memory");
    }
    history_recall(&gateway->history, message, frame);
    audience_put(&gateway->viewers, frame);
    frame_unref(frame);
    event_emit(gateway, event);
    return true;
}

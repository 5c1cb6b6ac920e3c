/* actions.h - every action of OneBot 11 and of its usual extensions, as a function.
 * Floor 9, library xie-onebot. Part of xie/onebot.h, whose types it uses. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_ACTIONS_H
#define XIE_ONEBOT_ACTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xie/error.h>
#include <xie/onebot/message.h>
#include <xie/onebot/result.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Each function is onebot_call with the action that it is named after: it suspends, its errors
 * are the same (and XIE_EJSON when the data is not what the action gives), and so is its cost.
 *
 *     struct onebot_member_info who =
 *         onebot_get_group_member_info(event->bot, event->group_id, event->user_id, false);
 *     if (who.call.error)
 *         return onebot_reply(event, "no: %s", who.call.wording);
 *     onebot_reply(event, "%s, %s", who.member.card, who.member.role);
 *     onebot_result_free(&who.call);
 *
 * One rule for what they return: a struct with data begins with its call, and is released, with
 * its strings and lists, by onebot_result_free(&it.call), also when part of it was copied out.
 * After an error there is nothing to release. Functions that return a plain onebot_result have no
 * data, and nothing to release ever: `return onebot_send_like(bot, user, 10).error;`
 *
 * Ids are int64_t whether they come as numbers or as strings. What is missing, null or of a wrong
 * type is 0, false or "": strings are never NULL, also after an error; call.data has everything
 * that came. Strings given are UTF-8 (else -EINVAL) and borrowed until return; those that may be
 * NULL say so, and are then left out. For "_async" and "_rate_limited" there is onebot_call.
 */

/* --- messages ----------------------------------------------------------------------- */

struct onebot_sent {
    struct onebot_result call;
    int64_t message_id;
    const char *forward_id; /* of a bundle; "" if the implementation tells none */
};

/* The message is taken over, as by onebot_send_message, and its errors come in call.error. group_id
 * of send_private_msg: the group that a temporary talk goes through, 0: none. send_msg: to the
 * group, or else to the person. */
XIE_API struct onebot_sent onebot_send_private_msg(struct onebot_bot *bot, int64_t user_id,
                                                   int64_t group_id,
                                                   struct onebot_message *message);
XIE_API struct onebot_sent onebot_send_group_msg(struct onebot_bot *bot, int64_t group_id,
                                                 struct onebot_message *message);
XIE_API struct onebot_sent onebot_send_msg(struct onebot_bot *bot, int64_t group_id,
                                           int64_t user_id, struct onebot_message *message);
XIE_API struct onebot_result onebot_delete_msg(struct onebot_bot *bot, int64_t message_id);

/* Who said something. Implementations leave out what they do not know. */
struct onebot_speaker {
    int64_t user_id, group_id, age;
    const char *nickname, *card, *sex, *area, *level, *role, *title;
};

/* A message of before. */
struct onebot_past_message {
    int64_t time, message_id, real_id, message_seq, user_id, group_id;
    const char *message_type, *raw_message;
    struct onebot_speaker sender;
    const json_t *message; /* for onebot_message_read; NULL: none */
};

struct onebot_message_info {
    struct onebot_result call;
    struct onebot_past_message message;
};
struct onebot_message_list {
    struct onebot_result call;
    struct onebot_past_message *items;
    size_t count;
};

XIE_API struct onebot_message_info onebot_get_msg(struct onebot_bot *bot, int64_t message_id);
/* The messages of a bundle, however the implementation puts them. */
XIE_API struct onebot_message_list onebot_get_forward_msg(struct onebot_bot *bot, const char *id);
/* message_seq: count messages up to this one; 0: the latest. */
XIE_API struct onebot_message_list onebot_get_group_msg_history(struct onebot_bot *bot,
                                                                int64_t group_id,
                                                                int64_t message_seq, int count);
XIE_API struct onebot_message_list onebot_get_friend_msg_history(struct onebot_bot *bot,
                                                                 int64_t user_id,
                                                                 int64_t message_seq, int count);
XIE_API struct onebot_result onebot_mark_msg_as_read(struct onebot_bot *bot, int64_t message_id);

/* nodes: made by onebot_message_node and onebot_message_node_id; taken over. */
XIE_API struct onebot_sent onebot_send_group_forward_msg(struct onebot_bot *bot, int64_t group_id,
                                                         struct onebot_message *nodes);
XIE_API struct onebot_sent onebot_send_private_forward_msg(struct onebot_bot *bot, int64_t user_id,
                                                           struct onebot_message *nodes);
XIE_API struct onebot_sent onebot_send_forward_msg(struct onebot_bot *bot, int64_t group_id,
                                                   int64_t user_id, struct onebot_message *nodes);
XIE_API struct onebot_result onebot_forward_friend_single_msg(struct onebot_bot *bot,
                                                              int64_t user_id, int64_t message_id);
XIE_API struct onebot_result onebot_forward_group_single_msg(struct onebot_bot *bot,
                                                             int64_t group_id, int64_t message_id);

struct onebot_essence {
    int64_t message_id, sender_id, sender_time, operator_id, operator_time;
    const char *sender_nick, *operator_nick;
};
struct onebot_essence_list {
    struct onebot_result call;
    struct onebot_essence *items;
    size_t count;
};
XIE_API struct onebot_essence_list onebot_get_essence_msg_list(struct onebot_bot *bot,
                                                               int64_t group_id);
XIE_API struct onebot_result onebot_set_essence_msg(struct onebot_bot *bot, int64_t message_id);
XIE_API struct onebot_result onebot_delete_essence_msg(struct onebot_bot *bot, int64_t message_id);

/* emoji: a face's number or a code point, in decimal. onebot_react knows which of the two to call.
 */
XIE_API struct onebot_result onebot_set_msg_emoji_like(struct onebot_bot *bot, int64_t message_id,
                                                       const char *emoji, bool set);
XIE_API struct onebot_result onebot_set_group_reaction(struct onebot_bot *bot, int64_t group_id,
                                                       int64_t message_id, const char *emoji,
                                                       bool set);

/* --- people ------------------------------------------------------------------------- */

struct onebot_login_info {
    struct onebot_result call;
    int64_t user_id;
    const char *nickname;
};
XIE_API struct onebot_login_info onebot_get_login_info(struct onebot_bot *bot);

struct onebot_stranger_info {
    struct onebot_result call;
    int64_t user_id, age;
    const char *nickname, *sex; /* "male" "female" "unknown" */
};
XIE_API struct onebot_stranger_info onebot_get_stranger_info(struct onebot_bot *bot,
                                                             int64_t user_id, bool no_cache);

struct onebot_friend {
    int64_t user_id;
    const char *nickname, *remark;
};
struct onebot_friend_list {
    struct onebot_result call;
    struct onebot_friend *items;
    size_t count;
};
XIE_API struct onebot_friend_list onebot_get_friend_list(struct onebot_bot *bot);

/* times: 10 a day at most. */
XIE_API struct onebot_result onebot_send_like(struct onebot_bot *bot, int64_t user_id, int times);
/* flag: of the request event. remark: how to call the new friend; may be NULL. onebot_approve and
 * onebot_reject do it for an event. */
XIE_API struct onebot_result onebot_set_friend_add_request(struct onebot_bot *bot, const char *flag,
                                                           bool approve, const char *remark);
XIE_API struct onebot_result onebot_friend_poke(struct onebot_bot *bot, int64_t user_id);
XIE_API struct onebot_result onebot_group_poke(struct onebot_bot *bot, int64_t group_id,
                                               int64_t user_id);
/* In the group, or (0) in private. */
XIE_API struct onebot_result onebot_send_poke(struct onebot_bot *bot, int64_t group_id,
                                              int64_t user_id);

/* --- groups ------------------------------------------------------------------------- */

struct onebot_group {
    int64_t group_id, member_count, max_member_count;
    const char *group_name, *group_remark;
};
struct onebot_group_info {
    struct onebot_result call;
    struct onebot_group group;
};
struct onebot_group_list {
    struct onebot_result call;
    struct onebot_group *items;
    size_t count;
};
XIE_API struct onebot_group_info onebot_get_group_info(struct onebot_bot *bot, int64_t group_id,
                                                       bool no_cache);
XIE_API struct onebot_group_list onebot_get_group_list(struct onebot_bot *bot);

struct onebot_member {
    int64_t group_id, user_id, age, join_time, last_sent_time, title_expire_time;
    const char *nickname, *card, *sex, *area, *level, *title;
    const char *role; /* "owner" "admin" "member" */
    bool unfriendly, card_changeable;
};
struct onebot_member_info {
    struct onebot_result call;
    struct onebot_member member;
};
struct onebot_member_list {
    struct onebot_result call;
    struct onebot_member *items;
    size_t count;
};
XIE_API struct onebot_member_info onebot_get_group_member_info(struct onebot_bot *bot,
                                                               int64_t group_id, int64_t user_id,
                                                               bool no_cache);
XIE_API struct onebot_member_list onebot_get_group_member_list(struct onebot_bot *bot,
                                                               int64_t group_id);

struct onebot_honored {
    int64_t user_id, day_count;
    const char *nickname, *avatar, *description;
};
struct onebot_honors {
    struct onebot_honored *items;
    size_t count;
};
struct onebot_honor_info {
    struct onebot_result call;
    int64_t group_id;
    struct onebot_honored current_talkative; /* user_id 0: nobody */
    struct onebot_honors talkative, performer, legend, strong_newbie, emotion;
};
/* type: one of these lists, or "all". */
XIE_API struct onebot_honor_info onebot_get_group_honor_info(struct onebot_bot *bot,
                                                             int64_t group_id, const char *type);

XIE_API struct onebot_result onebot_set_group_kick(struct onebot_bot *bot, int64_t group_id,
                                                   int64_t user_id, bool reject_add_request);
/* For so many seconds; 0 lifts it. The same of an anonymous member, by the flag of its event. */
XIE_API struct onebot_result onebot_set_group_ban(struct onebot_bot *bot, int64_t group_id,
                                                  int64_t user_id, int64_t seconds);
XIE_API struct onebot_result onebot_set_group_anonymous_ban(struct onebot_bot *bot,
                                                            int64_t group_id, const char *flag,
                                                            int64_t seconds);
XIE_API struct onebot_result onebot_set_group_whole_ban(struct onebot_bot *bot, int64_t group_id,
                                                        bool enable);
XIE_API struct onebot_result onebot_set_group_admin(struct onebot_bot *bot, int64_t group_id,
                                                    int64_t user_id, bool enable);
XIE_API struct onebot_result onebot_set_group_anonymous(struct onebot_bot *bot, int64_t group_id,
                                                        bool enable);
/* "" takes it away. */
XIE_API struct onebot_result onebot_set_group_card(struct onebot_bot *bot, int64_t group_id,
                                                   int64_t user_id, const char *card);
XIE_API struct onebot_result onebot_set_group_name(struct onebot_bot *bot, int64_t group_id,
                                                   const char *name);
/* dismiss: end the group, as its owner. */
XIE_API struct onebot_result onebot_set_group_leave(struct onebot_bot *bot, int64_t group_id,
                                                    bool dismiss);
/* seconds: -1 for ever. */
XIE_API struct onebot_result onebot_set_group_special_title(struct onebot_bot *bot,
                                                            int64_t group_id, int64_t user_id,
                                                            const char *title, int64_t seconds);
/* sub_type: "add" "invite", of the event. reason: of a refusal; may be NULL. */
XIE_API struct onebot_result onebot_set_group_add_request(struct onebot_bot *bot, const char *flag,
                                                          const char *sub_type, bool approve,
                                                          const char *reason);

/* --- files -------------------------------------------------------------------------- */

struct onebot_file_info { /* what of these is told differs */
    struct onebot_result call;
    const char *file, *url, *file_name, *file_id, *base64; /* file: a path over there */
    int64_t file_size;
};
/* out_format: "mp3" "amr" "wma" "m4a" "spx" "ogg" "wav" "flac". */
XIE_API struct onebot_file_info onebot_get_record(struct onebot_bot *bot, const char *file,
                                                  const char *out_format);
XIE_API struct onebot_file_info onebot_get_image(struct onebot_bot *bot, const char *file);
XIE_API struct onebot_file_info onebot_get_file(struct onebot_bot *bot, const char *file_id);
/* Have it fetch a file of the web. name: may be NULL. */
XIE_API struct onebot_file_info onebot_download_file(struct onebot_bot *bot, const char *url,
                                                     const char *name);
/* file: as in a message. folder_id: may be NULL. Tells file_id if the implementation does. */
XIE_API struct onebot_file_info onebot_upload_group_file(struct onebot_bot *bot, int64_t group_id,
                                                         const char *file, const char *name,
                                                         const char *folder_id);
XIE_API struct onebot_file_info onebot_upload_private_file(struct onebot_bot *bot, int64_t user_id,
                                                           const char *file, const char *name);
/* Tells url. busid: of the listing; 0: none. */
XIE_API struct onebot_file_info onebot_get_group_file_url(struct onebot_bot *bot, int64_t group_id,
                                                          const char *file_id, int64_t busid);

struct onebot_group_file {
    int64_t group_id, busid, file_size, upload_time, dead_time, modify_time, download_times;
    int64_t uploader;
    const char *file_id, *file_name, *uploader_name;
};
struct onebot_group_folder {
    int64_t group_id, create_time, creator, total_file_count;
    const char *folder_id, *folder_name, *creator_name;
};
struct onebot_group_files {
    struct onebot_result call;
    struct onebot_group_file *files;
    size_t file_count;
    struct onebot_group_folder *folders;
    size_t folder_count;
};
XIE_API struct onebot_group_files onebot_get_group_root_files(struct onebot_bot *bot,
                                                              int64_t group_id);
XIE_API struct onebot_group_files
onebot_get_group_files_by_folder(struct onebot_bot *bot, int64_t group_id, const char *folder_id);

struct onebot_file_system_info {
    struct onebot_result call;
    int64_t file_count, limit_count, used_space, total_space; /* space in bytes */
};
XIE_API struct onebot_file_system_info onebot_get_group_file_system_info(struct onebot_bot *bot,
                                                                         int64_t group_id);

XIE_API struct onebot_result onebot_create_group_file_folder(struct onebot_bot *bot,
                                                             int64_t group_id, const char *name);
XIE_API struct onebot_result onebot_delete_group_file(struct onebot_bot *bot, int64_t group_id,
                                                      const char *file_id, int64_t busid);
XIE_API struct onebot_result onebot_delete_group_folder(struct onebot_bot *bot, int64_t group_id,
                                                        const char *folder_id);

/* --- the implementation ------------------------------------------------------------- */

struct onebot_credentials {
    struct onebot_result call;
    const char *cookies;
    int64_t csrf_token;
};
/* domain: may be NULL. What an action does not tell is "" or 0. */
XIE_API struct onebot_credentials onebot_get_cookies(struct onebot_bot *bot, const char *domain);
XIE_API struct onebot_credentials onebot_get_csrf_token(struct onebot_bot *bot);
XIE_API struct onebot_credentials onebot_get_credentials(struct onebot_bot *bot,
                                                         const char *domain);

struct onebot_yes {
    struct onebot_result call;
    bool yes;
};
XIE_API struct onebot_yes onebot_can_send_image(struct onebot_bot *bot);
XIE_API struct onebot_yes onebot_can_send_record(struct onebot_bot *bot);

struct onebot_status_info {
    struct onebot_result call;
    int online; /* 1, 0; -1: it does not know */
    bool good;
};
XIE_API struct onebot_status_info onebot_get_status(struct onebot_bot *bot);

struct onebot_version_info {
    struct onebot_result call;
    const char *app_name, *app_version, *protocol_version;
};
XIE_API struct onebot_version_info onebot_get_version_info(struct onebot_bot *bot);

XIE_API struct onebot_result onebot_set_restart(struct onebot_bot *bot, int64_t delay_ms);
XIE_API struct onebot_result onebot_clean_cache(struct onebot_bot *bot);
/* operation: borrowed, as the standard's quick operations: json_pack("{s:s}", "reply", …). */
XIE_API struct onebot_result onebot_handle_quick_operation(const struct onebot_event *event,
                                                           json_t *operation);

/* --- one call whatever the implementation --------------------------------------------- */

enum onebot_dialect {
    ONEBOT_DIALECT_OTHER,
    ONEBOT_DIALECT_NAPCAT,
    ONEBOT_DIALECT_LUCKYLILLIA, /* LLOneBot too */
    ONEBOT_DIALECT_LAGRANGE,
    ONEBOT_DIALECT_GOCQHTTP
};

/**
 * Which implementation is at the other end.
 *
 * dialect  receives it; untouched on error
 * return   0
 * errors   as onebot_call; an implementation without get_version_info is OTHER, and no error
 * cost     one call for each connection, whoever asks first; the others wait for it
 */
XIE_API int onebot_get_dialect(struct onebot_bot *bot, enum onebot_dialect *dialect);

/* React to a message of a group with an emoji, or take that back. emoji as above. What the
 * implementation does not know is tried under the other names. */
XIE_API struct onebot_result onebot_react(struct onebot_bot *bot, int64_t group_id,
                                          int64_t message_id, const char *emoji, bool set);
/* To the group, or (0) to the person: a bundle of nodes (taken over), a poke, a file, and the last
 * messages there. A poke that the implementation knows as send_poke alone is sent so. */
XIE_API struct onebot_sent onebot_send_forward(struct onebot_bot *bot, int64_t group_id,
                                               int64_t user_id, struct onebot_message *nodes);
XIE_API struct onebot_result onebot_poke(struct onebot_bot *bot, int64_t group_id, int64_t user_id);
XIE_API struct onebot_file_info onebot_upload_file(struct onebot_bot *bot, int64_t group_id,
                                                   int64_t user_id, const char *file,
                                                   const char *name);
XIE_API struct onebot_message_list onebot_get_history(struct onebot_bot *bot, int64_t group_id,
                                                      int64_t user_id, int64_t message_seq,
                                                      int count);

#ifdef __cplusplus
}
#endif
#endif

/* events.h - what each event says, as a struct for each kind.
 * Floor 9, library xie-onebot. Part of xie/onebot.h, whose types it uses. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_EVENTS_H
#define XIE_ONEBOT_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xie/error.h>
#include <xie/onebot/actions.h>

#ifdef __cplusplus
extern "C" {
#endif

enum onebot_event_kind {
    ONEBOT_EVENT_UNKNOWN, /* event->raw tells */
    ONEBOT_EVENT_PRIVATE_MESSAGE,
    ONEBOT_EVENT_GROUP_MESSAGE,
    ONEBOT_EVENT_GROUP_UPLOAD,
    ONEBOT_EVENT_GROUP_ADMIN,    /* sub_type set unset */
    ONEBOT_EVENT_GROUP_DECREASE, /* leave kick kick_me disband */
    ONEBOT_EVENT_GROUP_INCREASE, /* approve invite */
    ONEBOT_EVENT_GROUP_BAN,      /* ban lift_ban */
    ONEBOT_EVENT_GROUP_CARD,
    ONEBOT_EVENT_GROUP_NAME,
    ONEBOT_EVENT_GROUP_TITLE,
    ONEBOT_EVENT_FRIEND_ADD,
    ONEBOT_EVENT_GROUP_RECALL,
    ONEBOT_EVENT_FRIEND_RECALL,
    ONEBOT_EVENT_POKE,
    ONEBOT_EVENT_LUCKY_KING,
    ONEBOT_EVENT_HONOR,
    ONEBOT_EVENT_REACTION,
    ONEBOT_EVENT_ESSENCE, /* add delete */
    ONEBOT_EVENT_OFFLINE_FILE,
    ONEBOT_EVENT_CLIENT_STATUS,
    ONEBOT_EVENT_BOT_OFFLINE,
    ONEBOT_EVENT_INPUT_STATUS,
    ONEBOT_EVENT_PROFILE_LIKE,
    ONEBOT_EVENT_GRAY_TIP,
    ONEBOT_EVENT_FRIEND_REQUEST,
    ONEBOT_EVENT_GROUP_REQUEST, /* add invite */
    ONEBOT_EVENT_LIFECYCLE,     /* enable disable connect */
    ONEBOT_EVENT_HEARTBEAT      /* not given to handlers */
};

struct onebot_message_detail {
    int64_t message_id, message_seq, real_seq, font, user_id, group_id, target_id;
    const char *raw_message, *message_format, *group_name;
    struct onebot_speaker sender;
    struct {
        int64_t id; /* 0: not anonymous */
        const char *name, *flag;
    } anonymous;
};

/* Who did what to whom in a group: what an event has no use for is 0. */
struct onebot_group_detail {
    int64_t group_id, user_id, operator_id;
    int64_t duration; /* of a ban [s] */
};

struct onebot_file_detail {
    int64_t group_id, user_id;
    struct {
        const char *id, *name, *url;
        int64_t size, busid;
    } file;
};

struct onebot_change_detail { /* of a card, a group's name, a title */
    int64_t group_id, user_id;
    const char *now, *before; /* before: "" where it is not told */
};

struct onebot_recall_detail {
    int64_t group_id, user_id, operator_id, message_id;
};

struct onebot_poke_detail {
    int64_t group_id; /* 0: in private */
    int64_t user_id;  /* who pokes */
    int64_t target_id;
};

struct onebot_honor_detail { /* user_id: who has it; of a lucky king, who gave the packet */
    int64_t group_id, user_id, target_id;
    const char *honor_type;
};

struct onebot_emoji_like {
    const char *emoji;
    int64_t count;
};

/* Both group_msg_emoji_like and reaction. */
struct onebot_reaction_detail {
    int64_t group_id, user_id, message_id; /* user_id: who reacts */
    bool added;                            /* or taken back */
    const struct onebot_emoji_like *likes;
    size_t count;
};

struct onebot_essence_detail {
    int64_t group_id, sender_id, operator_id, message_id;
};

struct onebot_client_detail {
    bool online;
    const char *app_id, *device_name, *device_kind;
};

struct onebot_offline_detail {
    int64_t user_id;
    const char *tag, *message;
};

struct onebot_tip_detail { /* input_status, profile_like, gray_tip */
    int64_t group_id, user_id, operator_id, message_id;
    int64_t event_type, times;
    const char *text; /* status_text, operator_nick, content */
};

struct onebot_request_detail {
    int64_t group_id, user_id;
    const char *comment, *flag;
};

struct onebot_heartbeat_detail {
    int64_t interval_ms;
    int online; /* 1, 0; -1: not told */
    bool good;
};

/**
 * An event by its kind. Strings are never NULL; what is missing is 0, false or "".
 *
 *     const struct onebot_detail *detail = onebot_event_detail(event);
 *     switch (detail->kind) {
 *     case ONEBOT_EVENT_GROUP_INCREASE:
 *         return welcome(event, detail->member.user_id);
 *     case ONEBOT_EVENT_FRIEND_REQUEST:
 *         return onebot_approve(event, NULL).error;
 *     default:
 *         return 0;
 *     }
 */
struct onebot_detail {
    enum onebot_event_kind kind;
    bool own; /* a message of the account itself: "message_sent", or its user_id */
    union {
        struct onebot_message_detail message;     /* PRIVATE_MESSAGE, GROUP_MESSAGE */
        struct onebot_group_detail member;        /* GROUP_ADMIN, _DECREASE, _INCREASE, _BAN;
                                                     FRIEND_ADD */
        struct onebot_file_detail upload;         /* GROUP_UPLOAD, OFFLINE_FILE */
        struct onebot_change_detail change;       /* GROUP_CARD, GROUP_NAME, GROUP_TITLE */
        struct onebot_recall_detail recall;       /* GROUP_RECALL, FRIEND_RECALL */
        struct onebot_poke_detail poke;           /* POKE */
        struct onebot_honor_detail honor;         /* HONOR, LUCKY_KING */
        struct onebot_reaction_detail reaction;   /* REACTION */
        struct onebot_essence_detail essence;     /* ESSENCE */
        struct onebot_client_detail client;       /* CLIENT_STATUS */
        struct onebot_offline_detail offline;     /* BOT_OFFLINE */
        struct onebot_tip_detail tip;             /* INPUT_STATUS, PROFILE_LIKE, GRAY_TIP */
        struct onebot_request_detail request;     /* FRIEND_REQUEST, GROUP_REQUEST */
        struct onebot_heartbeat_detail heartbeat; /* HEARTBEAT */
    };
};

/* Borrowed until the handler returns. Never NULL. cost: none, it was read before the handler */
XIE_API const struct onebot_detail *onebot_event_detail(const struct onebot_event *event);

/**
 * Answer a request to be a friend, to join a group, to come into one.
 *
 * remark  how to call the new friend; ignored for groups; may be NULL
 * reason  of a refusal, told to who asks for a group; may be NULL
 * errors  as onebot_call; -EINVAL the event is no request
 */
XIE_API struct onebot_result onebot_approve(const struct onebot_event *event, const char *remark);
XIE_API struct onebot_result onebot_reject(const struct onebot_event *event, const char *reason);

#ifdef __cplusplus
}
#endif
#endif

/* bot.h - one account: its calls, its connections, what it has heard lately.
 * Floor 9. Lives from the first word of it to the end of the program, so that whoever has met
 * it may keep it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_BOT_H
#define XIE_ONEBOT_BOT_H

#include <stdarg.h>

#include "onebot/calls.h"
#include "onebot/copies.h"
#include "onebot/own.h"
#include "onebot/pace.h"
#include "onebot/program.h"
#include "onebot/recent.h"

/* Which implementation a connection leads to, once it was asked for. */
struct onebot_dialect_known {
    struct xie_lock lock; /* held while it is asked for */
    uint64_t connection;  /* calls.openings then; 0: never */
    enum onebot_dialect dialect;
};

struct onebot_bot {
    struct onebot_dialect_known dialect;

    struct xie_link link; /* of its program's */
    struct onebot_program *program;
    int64_t self_id; /* 0: not known yet; ONEBOT_NOBODY */
    bool met;        /* a handler may know it */
    struct onebot_calls calls;
    struct onebot_paces paces;
    size_t waiting; /* calls that wait for their turn to send */
    struct onebot_recent recent;
    struct onebot_copies copies;
    int64_t heartbeats_ns[3]; /* last announced when it came to us, by role; 0: none */
    struct onebot_own own;
    struct onebot_hold hold;
    struct xie_event online_change; /* set: calls can be sent, or the program stops */
};

/* In place of an account: for calls that ask whose a connection is. */
enum { ONEBOT_NOBODY = -1 };

/* A new one, not known yet or nobody. NULL without memory. */
struct onebot_bot *onebot_bot_new(struct onebot_program *program, int64_t self_id);
/* The account of this number, a new one if need be. errors -ENOMEM; XIE_ELIMIT there are
 * max_accounts, and it is none of them */
int onebot_bot_of(struct onebot_program *program, int64_t self_id, struct onebot_bot **bot);
/* Nobody may use it any more. */
void onebot_bot_free(struct onebot_bot *bot);
/* The same of all of them. */
void onebot_bots_free(struct onebot_program *program);

/* Where a connection stands: whose calls it sends, and whose events it brings. */
struct onebot_seat {
    struct onebot_bot *bot; /* whose it is at present */
    bool settled;           /* that is certain */
    struct onebot_sender sender;
};

/* The bot's calls are sent by it from now on. */
void onebot_seat_take(struct onebot_seat *seat);
/* No longer: the calls that nobody can answer or send now fail, at once. Harmless twice. */
void onebot_seat_leave(struct onebot_seat *seat);
/* The account is this one: go over to it, unless that was clear before, or the number is none.
 * What had been sent for another fails. return 0; -ENOMEM, XIE_ELIMIT as onebot_bot_of */
int onebot_seat_settle(struct onebot_seat *seat, int64_t self_id);

/* whose.c: ask whose account it is, for connect_timeout_ns, and settle. return 0; an error: that
 * has been said */
int onebot_seat_ask(struct onebot_seat *seat, const char *name);

/* call.c: as onebot_call; takes params over. */
struct onebot_result onebot_call_json(struct onebot_bot *bot, const char *action, json_t *params);
/* The same, whether the handler is kept or not. */
struct onebot_result onebot_call_unkept(struct onebot_bot *bot, const char *action, json_t *params);

/* send.c: text, borrowed, to a place. temporary_group: the group that a private talk goes
 * through, 0: none. */
int onebot_send_text(struct onebot_bot *bot, const struct onebot_person *to,
                     int64_t temporary_group, const char *text, int64_t *message_id);

/* send.c: an array of segments, taken over, to a place. */
int onebot_send_segments(struct onebot_bot *bot, const struct onebot_person *to,
                         int64_t temporary_group, json_t *segments, int64_t *message_id);

/* call.c: a result that says why there is none, in words. */
struct onebot_result onebot_failure(int error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* call.c: as onebot_call. */
struct onebot_result onebot_call_va(struct onebot_bot *bot, const char *action, const char *format,
                                    va_list args);

#endif

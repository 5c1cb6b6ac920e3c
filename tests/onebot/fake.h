/* fake.h - a OneBot implementation inside the test, and a bot that is connected to it.
 * Scripted: the test decides what is answered, when, and whether at all. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_ONEBOT_FAKE_H
#define XIE_TESTS_ONEBOT_FAKE_H

#include <xie.h>
#include <xie/onebot.h>
#include <xie/web.h>

#include "tap.h"

enum { FAKE_SELF = 10000, FAKE_USER = 10001, FAKE_GROUP = 20001 };

struct fake {
    struct xie_listener *listener;
    char url[160];
    int64_t self_id;        /* FAKE_SELF unless set */
    struct xie_ws *ws;      /* the connection there is */
    struct xie_ws *events;  /* that for "/event", if it is another */
    struct xie_scope *talk; /* around its reading */
    unsigned connections;
    struct xie_tls_context *tls; /* a server's */
    const char *token;           /* asked for before the upgrade, 401 without, 403 when wrong */
    bool refuse_late;            /* after the upgrade, by a frame */
    bool silent;                 /* answer nothing by itself */
    bool deaf;                   /* read nothing */
    bool busy;                   /* answer 503 */
    bool hang_up;                /* close each connection when it is made */
    bool late;                   /* what it sends may find the bot gone */
    int64_t delay_ns;            /* before each answer that is given by itself */
    int64_t last_id;             /* of messages */
    int64_t connected_at;        /* the latest */
    json_t *calls;               /* all that came, oldest first */
    json_t *paths;               /* of each connection */
    struct xie_event changed;    /* pulsed at each connection, call and line of the log */
};

/* A bot beside its fake. */
struct rig {
    struct fake fake;
    struct fake others[2]; /* more of them, once fake_listen has been called on one */
    struct onebot_options options;
    struct xie_task *bot;
    int bot_result;
    json_t *log;               /* its lines */
    struct xie_listener *ours; /* of rig_listen */
    struct onebot_endpoint endpoints[4];
    struct onebot_command commands[2];
    /* for the test's own handlers: */
    int64_t trigger; /* id of what say_go said */
    unsigned count;
    char text[1024];
    struct xie_event go, done;
};

/* What a test is made of. */
struct play {
    void (*set)(struct rig *rig);               /* before: options, the fake's ways; may be NULL */
    int (*handler)(struct onebot_event *event); /* of "/go"; event->arg is the rig */
    void (*script)(struct rig *rig);            /* what the implementation does */
};

/* Run script beside a bot, which is cancelled when it returns, if it runs still. Checks that
 * nothing is left of either. */
void play(const struct play *play);

/* Stop the bot, and start it again, with the options that there are then. */
void rig_stop(struct rig *rig);
void rig_start(struct rig *rig);

/* Have the bot listen at a port that the kernel chooses, besides. */
void rig_listen(struct rig *rig, struct onebot_endpoint endpoint);
/* That port. */
uint16_t rig_port(struct rig *rig);

/* Listen at a port that the kernel chooses: url says where. */
void fake_listen(struct fake *fake);

/* The script's usual first line: FAKE_USER says "/go" in FAKE_GROUP. */
void say_go(struct rig *rig);
/* And its last: wait until the handler has set rig->done. */
void wait_done(struct rig *rig);

/* --- what the implementation does --------------------------------------------------- */

/* Send JSON: json_pack's format. */
void fake_send(struct fake *fake, const char *format, ...);
/* Send these bytes. */
void fake_send_text(struct fake *fake, const char *text);
/* A message by user in group (0: private); returns its id. */
int64_t fake_message(struct fake *fake, int64_t user, int64_t group, const char *text);
/* Answer call number n (from 0) with data (taken over). */
void fake_answer(struct fake *fake, size_t n, json_t *data);
/* Cut the connection without a word. */
void fake_cut(struct fake *fake);

/* --- what it has seen --------------------------------------------------------------- */

/* Wait until there have been count calls / connections. */
void fake_wait_calls(struct fake *fake, size_t count);
void fake_wait_connections(struct fake *fake, unsigned count);
/* Call number n: its action; its parameters; the text it says. */
const char *fake_action(struct fake *fake, size_t n);
json_t *fake_params(struct fake *fake, size_t n);
const char *fake_said(struct fake *fake, size_t n);

/* Does a line of the bot's log contain text? Wait until one does. How many do? */
bool rig_logged(struct rig *rig, const char *text);
void rig_wait_log(struct rig *rig, const char *text);
unsigned rig_count_log(struct rig *rig, const char *text);

/* What takes the lines of its log; log_arg: the rig. */
void rig_log(void *arg, enum onebot_level level, const char *line);

/* Let everything that is under way settle: some turns of the loop. */
void settle(void);

#endif

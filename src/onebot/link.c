/* link.c - one WebSocket to an implementation while it lasts, whoever opened it.
 * Floor 9. One reader, one writer; when either ends, so does the connection. */
/* SPDX-License-Identifier: MIT */
#include "onebot/link.h"

#include <errno.h>

#include "base/memory.h"
#include "onebot/frame.h"

enum {
    HEARTBEATS_MISSED = 3,
    FRAMES_PER_TURN = 64 /* read at once before others run */
};

/* --- reading and writing ------------------------------------------------------------ */

/* Sending is one task's work: a caller that is interrupted must not break a frame. */
static int write_frames(void *arg)
{
    struct onebot_link *link = arg;
    struct onebot_frame *frame;
    int error;
    while ((error = onebot_calls_next_frame(&link->seat.sender, &frame)) == 0) {
        error = xie_ws_send(link->ws, XIE_WS_TEXT, frame->text, frame->len);
        xie_release(frame);
        if (error < 0)
            break;
    }
    return error;
}

static int read_frame(struct onebot_link *link, struct xie_scope *silence)
{
    char *text;
    size_t len;
    int kind = xie_ws_receive(link->ws, &text, &len);
    if (kind <= 0)
        return kind ? kind : XIE_EOF;
    kind = onebot_frame(link, text, len);
    if (kind == ONEBOT_IS_EVENT && link->heartbeat_ns)
        xie_scope_reschedule(silence, xie_now() + HEARTBEATS_MISSED * link->heartbeat_ns);
    link->proved |= kind == ONEBOT_IS_EVENT || kind == ONEBOT_IS_ANSWER;
    return kind;
}

/* Until the connection ends; returns why. Any event counts as a heartbeat: what matters is
 * that they still come. A new connection owes those that the one before had announced, or one
 * that brings no events at all would not be noticed; if none is announced on it, the next owes
 * none, since they may have been turned off or made rarer. */
static int read_frames(struct onebot_link *link)
{
    struct xie_scope silence;
    int result = 0;
    link->heartbeat_ns = link->remembered ? *link->remembered : 0;
    xie_scope_open(&silence,
                   link->heartbeat_ns ? HEARTBEATS_MISSED * link->heartbeat_ns : XIE_NEVER);
    for (unsigned count = 1; result >= 0; count++) {
        result = read_frame(link, &silence);
        if (count % FRAMES_PER_TURN == 0 && result >= 0)
            xie_sleep(0); /* if it fails, so does the next receive */
    }
    xie_scope_close(&silence);
    link->silent = xie_scope_expired(&silence);
    if (link->silent && !link->announced)
        *link->remembered = 0;
    return result;
}

/* --- serving ------------------------------------------------------------------------ */

/* A task: an answer is the first thing such a connection brings. */
static int ask_whose(void *arg)
{
    struct onebot_link *link = arg;
    return onebot_seat_ask(&link->seat, link->name);
}

static int start(struct onebot_link *link, struct xie_group *tasks)
{
    if (link->role == ONEBOT_EVENT)
        return 0;
    int error = xie_group_spawn(tasks, write_frames, link);
    if (!error && link->role == ONEBOT_API && !link->seat.settled)
        error = xie_group_spawn(tasks, ask_whose, link);
    if (!error)
        onebot_seat_take(&link->seat);
    return error;
}

/* Calls fail before the writer is waited for: at once, that is. */
int onebot_link_serve(struct onebot_link *link)
{
    struct xie_group tasks;
    link->source = ++link->seat.bot->program->last_source;
    xie_group_open(&tasks);
    int reason = start(link, &tasks);
    if (!reason)
        reason = read_frames(link);
    onebot_seat_leave(&link->seat);
    xie_group_cancel(&tasks);
    int other = xie_group_wait(&tasks);
    xie_group_close(&tasks);
    return reason == -ECANCELED && other < 0 ? other : reason;
}

/* --- the end of it ------------------------------------------------------------------ */

/* Cancelled from outside we leave politely, but not for long. */
void onebot_link_leave(struct onebot_link *link, int reason)
{
    XIE_SHIELD {
        XIE_TIMEOUT(XIE_SECOND) {
            if (reason == -ECANCELED)
                xie_ws_close(link->ws, 1000, "");
        }
    }
    XIE_TIMEOUT(0) /* what is left of TLS gets a second then, not shutdown_ns */
        xie_ws_free(link->ws);
}

void onebot_link_say_lost(const struct onebot_link *link, int reason)
{
    const struct onebot_log *log = &link->seat.bot->program->log;
    const char *why = "";
    uint16_t code = xie_ws_close_code(link->ws, &why);
    if (reason == XIE_EAUTH)
        onebot_log(log, ONEBOT_ERROR, "%s: the token was refused (retcode %lld)", link->name,
                   (long long)link->retcode);
    else if (link->silent)
        onebot_log(log, ONEBOT_WARNING,
                   "%s: connection lost: no heartbeat for %d intervals of %.3g s", link->name,
                   HEARTBEATS_MISSED, (double)link->heartbeat_ns / (double)XIE_SECOND);
    else if (reason == XIE_EOF && code && code != 1006)
        onebot_log(log, ONEBOT_WARNING, "%s: connection closed by the peer: code %u %s", link->name,
                   code, why ? why : "");
    else
        onebot_log(log, ONEBOT_WARNING, "%s: connection lost: %s", link->name,
                   xie_strerror(reason));
}

/* api.c - calls by HTTP, as long as the implementation can be reached.
 * Floor 9. A task for each request, since answers may come in any order; a caller that leaves ends
 * it. */
/* SPDX-License-Identifier: MIT */
#include "onebot/api.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/api_call.h"

enum { PARALLEL = 16 }; /* requests at once; other calls wait, not sent */

/* From one failure to the next. */
struct session {
    struct onebot_way *way;
    struct onebot_seat seat;
    struct xie_http_client *client;
    struct xie_group tasks;
    struct xie_link requests; /* under way */
    size_t running;           /* length of requests */
    struct xie_event ended;   /* one has */
    struct xie_event over;    /* set: the session is, for this reason: */
    int reason;
    int64_t heard;          /* when the last answer came */
    struct xie_event doubt; /* set: see at once whether it is there */
    bool answered;
};

/* A request, given to its task. */
struct request {
    struct xie_link link; /* of the session's */
    struct session *session;
    struct onebot_frame *frame;
    struct xie_scope *scope; /* around it, once its task runs */
    bool forgotten;
};

/* --- requests ----------------------------------------------------------------------- */

static void end_session(struct session *session, int reason)
{
    if (xie_event_is_set(&session->over))
        return;
    session->reason = reason;
    xie_event_set(&session->over);
}

/* Send it and see what it says of the implementation. */
static void call(struct session *session, const char *action, const char *params, size_t params_len,
                 struct onebot_reply_by_http *reply)
{
    const struct onebot_way *way = session->way;
    const struct onebot_request_by_http request = {.base = way->endpoint.url,
                                                   .token = way->endpoint.token,
                                                   .action = action,
                                                   .params = params,
                                                   .params_len = params_len,
                                                   .limit = way->program->options.max_message};
    onebot_api_call(session->client, &request, reply);
    if (reply->status)
        session->heard = xie_now();
    session->answered |= !reply->error;
}

/* An answer that it has no account at present proves nothing: that may last for days. */
static bool is_proved(const struct session *session)
{
    return session->answered && session->seat.settled;
}

/* Of what failed here, before anything was sent: it says nothing of the implementation. */
static bool is_local(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -EADDRNOTAVAIL || error == -EINVAL;
}

/* What one failed call means for the others. Only its own action may have been refused. */
static void judge(struct session *session, const struct onebot_reply_by_http *reply)
{
    bool settled = session->seat.settled;
    if (reply->error == XIE_EAUTH && settled)
        xie_event_set(&session->doubt);
    else if (reply->error == XIE_EAUTH ||
             (reply->error == XIE_ENOTCONNECTED && !(is_local(reply->reason) && settled)))
        end_session(session, reply->reason);
}

static void deliver(struct session *session, uint64_t id, struct onebot_reply_by_http *reply)
{
    if (reply->error)
        onebot_calls_fail(&session->seat.sender, id, reply->error, reply->status);
    else
        onebot_calls_answer_to(&session->seat.sender, id, reply->json);
    json_decref(reply->json);
    judge(session, reply);
}

/* Its time is the caller's. */
static int run_request(void *arg)
{
    struct request *request = arg;
    struct session *session = request->session;
    const struct onebot_frame *frame = request->frame;
    struct onebot_reply_by_http reply = {.error = -ECANCELED};
    XIE_SCOPE(scope, XIE_NEVER) {
        request->scope = &scope;
        if (request->forgotten)
            xie_scope_cancel(&scope);
        call(session, frame->action, frame->text + frame->params_at, frame->params_len, &reply);
    }
    deliver(session, frame->id, &reply);
    xie_list_remove(&request->link);
    xie_release(request->frame);
    xie_release(request);
    session->running--;
    xie_event_set(&session->ended);
    return 0;
}

/* Its caller has left: it need not hold up others. Linear: PARALLEL at most. */
static void forget(struct onebot_sender *sender, uint64_t id)
{
    struct session *session = XIE_CONTAINER(sender, struct session, seat.sender);
    for (struct xie_link *at = session->requests.next; at != &session->requests; at = at->next) {
        struct request *request = XIE_CONTAINER(at, struct request, link);
        if (request->frame->id != id)
            continue;
        request->forgotten = true;
        if (request->scope)
            xie_scope_cancel(request->scope);
        return;
    }
}

static int start_request(struct session *session, struct onebot_frame *frame)
{
    struct request *request = xie_alloc(sizeof *request);
    if (!request)
        return -ENOMEM;
    *request = (struct request){.session = session, .frame = frame};
    int error = xie_group_spawn(&session->tasks, run_request, request);
    if (error) {
        xie_release(request);
        return error;
    }
    xie_list_push(&session->requests, &request->link);
    session->running++;
    return 0;
}

/* A call is taken when there is room for it, not before: until then it is not sent. */
static int take_calls(void *arg)
{
    struct session *session = arg;
    struct onebot_frame *frame;
    int error = 0;
    while (!error) {
        xie_event_clear(&session->ended);
        if (session->running >= PARALLEL) {
            error = xie_event_wait(&session->ended);
            continue;
        }
        error = onebot_calls_next_frame(&session->seat.sender, &frame);
        if (error || !start_request(session, frame))
            continue;
        onebot_calls_fail(&session->seat.sender, frame->id, -ENOMEM, 0);
        xie_release(frame);
    }
    return 0;
}

/* --- is it there -------------------------------------------------------------------- */

/* Any answer is a sign of life, be it that it does not know the action. return 0; else why not */
static int probe(struct session *session, int64_t timeout_ns)
{
    struct onebot_reply_by_http reply = {.error = -ECANCELED};
    XIE_TIMEOUT(timeout_ns)
        call(session, "get_status", "{}", strlen("{}"), &reply);
    json_decref(reply.json);
    if (reply.status)
        return reply.reason == XIE_EAUTH ? XIE_EAUTH : 0;
    return reply.reason ? reply.reason : reply.error;
}

/* Until it has been silent for an interval, or is doubted. return 0; else we are cancelled */
static int wait_doubt(struct session *session, int64_t interval)
{
    int error = xie_check();
    while (!error && !xie_event_is_set(&session->doubt)) {
        int64_t when = interval == XIE_NEVER ? XIE_NEVER : session->heard + interval;
        if (xie_now() >= when)
            break;
        XIE_TIMEOUT_AT(when)
            xie_event_wait(&session->doubt);
        error = xie_check();
    }
    xie_event_clear(&session->doubt);
    return error;
}

/* What a ping is to a WebSocket: calls that hang on a host that is gone fail by it. */
static int watch(void *arg)
{
    struct session *session = arg;
    const struct onebot_options *options = &session->way->program->options;
    while (!wait_doubt(session, options->ping_interval_ns)) {
        int64_t interval = options->ping_interval_ns;
        int error = probe(session, interval == XIE_NEVER ? options->connect_timeout_ns : interval);
        if (is_local(error)) {
            session->heard = xie_now(); /* nothing was learned: later, then */
        } else if (error) {
            if (!xie_check())
                end_session(session, error);
            break;
        }
    }
    return 0;
}

/* --- a session ---------------------------------------------------------------------- */

/* Whose calls these are; where it is given, that there is somebody. */
static int settle(struct session *session)
{
    const struct onebot_way *way = session->way;
    if (way->endpoint.self_id <= 0)
        return onebot_seat_ask(&session->seat, way->name);
    int error = probe(session, way->program->options.connect_timeout_ns);
    return error ? error : onebot_seat_settle(&session->seat, way->endpoint.self_id);
}

/* A task, so that the watch can end it. */
static int introduce(void *arg)
{
    struct session *session = arg;
    const struct onebot_way *way = session->way;
    int error = settle(session);
    if (error)
        end_session(session, error);
    else
        onebot_log(&way->program->log, ONEBOT_INFO, "connected to %s", way->name);
    return 0;
}

static int serve(struct session *session)
{
    static int (*const tasks[])(void *) = {take_calls, watch, introduce};
    int error = 0;
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks && !error; i++)
        error = xie_group_spawn(&session->tasks, tasks[i], session);
    if (error)
        return error;
    onebot_seat_take(&session->seat);
    error = xie_event_wait(&session->over);
    return error ? error : session->reason;
}

static void say_over(const struct session *session, int reason)
{
    const struct onebot_log *log = &session->way->program->log;
    const char *name = session->way->name;
    if (reason == XIE_EAUTH)
        onebot_log(log, ONEBOT_ERROR, "the token was refused by %s", name);
    else if (is_proved(session))
        onebot_log(log, ONEBOT_WARNING, "%s: connection lost: %s", name, xie_strerror(reason));
    else
        onebot_log(log, ONEBOT_WARNING, "cannot connect to %s: %s", name, xie_strerror(reason));
}

static int run_session(struct session *session)
{
    xie_group_open(&session->tasks);
    int reason = serve(session);
    onebot_seat_leave(&session->seat);
    xie_group_cancel(&session->tasks);
    xie_group_close(&session->tasks);
    if (reason != -ECANCELED || !xie_check())
        say_over(session, reason);
    return reason;
}

int onebot_api(struct onebot_way *way, bool *proved)
{
    struct session session = {
        .heard = xie_now(), .way = way, .seat.bot = way->bot, .seat.sender.forget = forget};
    const struct xie_http_client_options options = {.max_per_host = PARALLEL + 1, /* the probe */
                                                    .tls = way->endpoint.tls};
    xie_list_init(&session.requests);
    int error = xie_http_client_open(&options, &session.client);
    if (error)
        return error;
    error = run_session(&session);
    xie_http_client_close(session.client);
    *proved = is_proved(&session);
    return error;
}

/* calls.c - calls that wait for their answers, and frames that wait to be sent.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/calls.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xie/onebot.h>

#include "base/memory.h"

void onebot_calls_init(struct onebot_calls *calls, size_t limit)
{
    memset(calls, 0, sizeof *calls);
    calls->limit = limit;
    xie_list_init(&calls->senders);
    xie_list_init(&calls->frames);
}

bool onebot_calls_are_open(const struct onebot_calls *calls)
{
    return !xie_list_empty(&calls->senders);
}

/* The one whose turn it is. */
static struct onebot_sender *first_sender(const struct onebot_calls *calls)
{
    return XIE_CONTAINER(calls->senders.next, struct onebot_sender, link);
}

void onebot_calls_open(struct onebot_calls *calls, struct onebot_sender *sender)
{
    sender->calls = calls;
    xie_list_push(calls->senders.next, &sender->link); /* before the first */
    xie_event_set(&sender->wake);
    calls->openings++;
}

static struct onebot_pending **find(struct onebot_calls *calls, uint64_t id)
{
    struct onebot_pending **at = &calls->buckets[id % ONEBOT_CALL_BUCKETS];
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void forget_frame(struct onebot_pending *pending)
{
    if (!pending->frame)
        return;
    xie_list_remove(&pending->frame->link);
    xie_release(pending->frame);
    pending->frame = NULL;
}

static void take_out(struct onebot_calls *calls, struct onebot_pending **at)
{
    struct onebot_pending *pending = *at;
    *at = pending->next;
    pending->id = 0;
    calls->count--;
    forget_frame(pending);
}

/* What becomes of a call when a sender has gone; 0: nothing. */
static int fate(const struct onebot_calls *calls, const struct onebot_pending *pending,
                const struct onebot_sender *gone)
{
    if (!pending->frame)
        return pending->sender == gone ? XIE_EUNKNOWN : 0;
    return onebot_calls_are_open(calls) ? 0 : XIE_ENOTCONNECTED;
}

static size_t fail_bucket(struct onebot_calls *calls, struct onebot_pending **at,
                          const struct onebot_sender *gone)
{
    size_t failed = 0;
    while (*at) {
        struct onebot_pending *pending = *at;
        int error = fate(calls, pending, gone);
        if (!error) {
            at = &pending->next;
            continue;
        }
        take_out(calls, at);
        xie_future_fail(&pending->done, error);
        failed++;
    }
    return failed;
}

size_t onebot_calls_close(struct onebot_calls *calls, struct onebot_sender *sender)
{
    size_t failed = 0;
    if (sender->calls != calls)
        return 0;
    sender->calls = NULL;
    xie_list_remove(&sender->link);
    for (size_t i = 0; i < ONEBOT_CALL_BUCKETS && calls->count; i++)
        failed += fail_bucket(calls, &calls->buckets[i], sender);
    if (onebot_calls_are_open(calls))
        xie_event_set(&first_sender(calls)->wake);
    return failed;
}

/* The echo goes out as a string: some implementations pass numbers through a double. */
static int make_request(uint64_t id, const char *action, json_t *params, json_t **request)
{
    char echo[24];
    json_error_t why;
    snprintf(echo, sizeof echo, "%" PRIu64, id);
    *request =
        json_pack_ex(&why, 0, "{s:s, s:O, s:s}", "action", action, "params", params, "echo", echo);
    if (*request)
        return 0;
    /* What is given is never NULL, so that one that jansson finds is a string it could not make. */
    return json_error_code(&why) == json_error_invalid_utf8 ? -EINVAL : -ENOMEM;
}

/* Where the parameters stand: members keep the order they were packed in. */
static void find_parts(const json_t *request, struct onebot_frame *frame)
{
    size_t action = json_dumpb(json_object_get(request, "action"), NULL, 0, JSON_ENCODE_ANY);
    size_t echo = json_dumpb(json_object_get(request, "echo"), NULL, 0, JSON_ENCODE_ANY);
    frame->params_at = strlen("{\"action\":") + action + strlen(",\"params\":");
    frame->params_len = frame->len - frame->params_at - strlen(",\"echo\":") - echo - strlen("}");
}

static int make_frame(const json_t *request, struct onebot_frame **frame)
{
    const char *action = onebot_string(request, "action");
    size_t len = json_dumpb(request, NULL, 0, JSON_COMPACT);
    struct onebot_frame *made = len ? xie_alloc(sizeof *made + len + strlen(action) + 1) : NULL;
    if (!made || json_dumpb(request, made->text, len, JSON_COMPACT) != len) {
        xie_release(made);
        return -ENOMEM;
    }
    made->len = len;
    made->action = strcpy(made->text + len, action);
    find_parts(request, made);
    *frame = made;
    return 0;
}

int onebot_calls_begin(struct onebot_calls *calls, struct onebot_pending *pending,
                       const char *action, json_t *params)
{
    memset(pending, 0, sizeof *pending);
    if (!onebot_calls_are_open(calls))
        return XIE_ENOTCONNECTED;
    if (calls->count >= calls->limit)
        return XIE_ELIMIT;
    json_t *request;
    int error = make_request(calls->last_id + 1, action, params, &request);
    if (error)
        return error;
    error = make_frame(request, &pending->frame);
    json_decref(request);
    if (error)
        return error;
    pending->frame->pending = pending;
    pending->frame->id = pending->id = ++calls->last_id;
    pending->next = calls->buckets[pending->id % ONEBOT_CALL_BUCKETS];
    calls->buckets[pending->id % ONEBOT_CALL_BUCKETS] = pending;
    calls->count++;
    xie_list_push(&calls->frames, &pending->frame->link);
    xie_event_set(&first_sender(calls)->wake);
    return 0;
}

void onebot_calls_end(struct onebot_calls *calls, struct onebot_pending *pending)
{
    uint64_t id = pending->id;
    bool taken = !pending->frame;
    if (!id)
        return;
    take_out(calls, find(calls, id));
    if (taken && pending->sender->forget)
        pending->sender->forget(pending->sender, id);
}

/* Take out the call of this id, if it is this one's to answer. NULL: it is not, or nobody waits
 * for it any more. */
static struct onebot_pending *take(struct onebot_sender *sender, uint64_t id)
{
    struct onebot_calls *calls = sender->calls;
    struct onebot_pending **at = calls && id ? find(calls, id) : NULL;
    if (!at || !*at || (*at)->sender != sender) /* not by who got it, or before it was sent */
        return NULL;
    struct onebot_pending *pending = *at;
    take_out(calls, at);
    return pending;
}

bool onebot_calls_answer_to(struct onebot_sender *sender, uint64_t id, json_t *answer)
{
    struct onebot_pending *pending = take(sender, id);
    if (!pending)
        return false;
    pending->answer = json_incref(answer);
    xie_future_resolve(&pending->done, NULL);
    return true;
}

bool onebot_calls_answer(struct onebot_sender *sender, json_t *answer)
{
    int64_t id = onebot_int(answer, "echo");
    return id > 0 && onebot_calls_answer_to(sender, (uint64_t)id, answer);
}

bool onebot_calls_fail(struct onebot_sender *sender, uint64_t id, int error, int status)
{
    struct onebot_pending *pending = take(sender, id);
    if (!pending)
        return false;
    pending->status = status;
    xie_future_fail(&pending->done, error);
    return true;
}

static bool has_turn(const struct onebot_sender *sender)
{
    const struct onebot_calls *calls = sender->calls;
    return calls && first_sender(calls) == sender && !xie_list_empty(&calls->frames);
}

int onebot_calls_next_frame(struct onebot_sender *sender, struct onebot_frame **frame)
{
    while (!has_turn(sender)) {
        xie_event_clear(&sender->wake);
        int error = xie_event_wait(&sender->wake);
        if (error)
            return error;
    }
    *frame = XIE_CONTAINER(sender->calls->frames.next, struct onebot_frame, link);
    xie_list_remove(&(*frame)->link);
    (*frame)->pending->sender = sender;
    (*frame)->pending->frame = NULL;
    return 0;
}

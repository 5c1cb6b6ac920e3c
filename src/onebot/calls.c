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
    xie_list_init(&calls->frames);
}

void onebot_calls_open(struct onebot_calls *calls)
{
    calls->open = true;
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

size_t onebot_calls_close(struct onebot_calls *calls)
{
    size_t failed = calls->count;
    calls->open = false;
    for (size_t i = 0; i < ONEBOT_CALL_BUCKETS; i++) {
        while (calls->buckets[i]) {
            struct onebot_pending *pending = calls->buckets[i];
            int error = pending->frame ? XIE_ENOTCONNECTED : XIE_EUNKNOWN;
            take_out(calls, &calls->buckets[i]);
            xie_future_fail(&pending->done, error);
        }
    }
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
    return json_error_code(&why) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
}

static int make_frame(const json_t *request, struct onebot_frame **frame)
{
    size_t len = json_dumpb(request, NULL, 0, JSON_COMPACT);
    struct onebot_frame *made = len ? xie_alloc(sizeof *made + len) : NULL;
    if (!made || json_dumpb(request, made->text, len, JSON_COMPACT) != len) {
        xie_release(made);
        return -ENOMEM;
    }
    made->len = len;
    *frame = made;
    return 0;
}

int onebot_calls_begin(struct onebot_calls *calls, struct onebot_pending *pending,
                       const char *action, json_t *params)
{
    memset(pending, 0, sizeof *pending);
    if (!calls->open)
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
    pending->id = ++calls->last_id;
    pending->next = calls->buckets[pending->id % ONEBOT_CALL_BUCKETS];
    calls->buckets[pending->id % ONEBOT_CALL_BUCKETS] = pending;
    calls->count++;
    xie_list_push(&calls->frames, &pending->frame->link);
    xie_event_set(&calls->frames_wait);
    return 0;
}

void onebot_calls_end(struct onebot_calls *calls, struct onebot_pending *pending)
{
    if (pending->id)
        take_out(calls, find(calls, pending->id));
}

bool onebot_calls_answer(struct onebot_calls *calls, json_t *answer)
{
    int64_t id = onebot_int(answer, "echo");
    struct onebot_pending **at = id > 0 ? find(calls, (uint64_t)id) : NULL;
    if (!at || !*at || (*at)->frame) /* answered before it was sent: not by who got it */
        return false;
    struct onebot_pending *pending = *at;
    take_out(calls, at);
    pending->answer = json_incref(answer);
    xie_future_resolve(&pending->done, NULL);
    return true;
}

int onebot_calls_next_frame(struct onebot_calls *calls, struct onebot_frame **frame)
{
    while (xie_list_empty(&calls->frames)) {
        xie_event_clear(&calls->frames_wait);
        int error = xie_event_wait(&calls->frames_wait);
        if (error)
            return error;
    }
    *frame = XIE_CONTAINER(calls->frames.next, struct onebot_frame, link);
    xie_list_remove(&(*frame)->link);
    (*frame)->pending->frame = NULL;
    return 0;
}

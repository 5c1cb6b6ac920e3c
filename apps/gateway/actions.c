/* actions.c - a call in, a frame with its reply out.
 * Gateway, seventh floor. Suffixes are cut off before the table is asked. */
/* SPDX-License-Identifier: MIT */
#include "actions.h"

#include <errno.h>
#include <string.h>

#include "call.h"
#include "late.h"
#include "roster.h"
#include "scene.h"
#include "table.h"
#include "traffic.h"

static bool ends_with(const char *name, size_t len, const char *suffix)
{
    size_t cut = strlen(suffix);
    return len > cut && memcmp(name + len - cut, suffix, cut) == 0;
}

enum manner { AT_ONCE, ASYNC, RATE_LIMITED };

/* The action that a name means, and in what manner it is to be run. NULL: there is none. */
static action_fn *find(const char *name, enum manner *manner)
{
    size_t len = strlen(name);
    *manner = AT_ONCE;
    if (ends_with(name, len, "_async"))
        *manner = ASYNC;
    if (ends_with(name, len, "_rate_limited"))
        *manner = RATE_LIMITED;
    len -= *manner == ASYNC ? strlen("_async") : 0;
    len -= *manner == RATE_LIMITED ? strlen("_rate_limited") : 0;
    return table_find(name, len, TABLE_BOT);
}

static json_t *run_late(struct call *call, action_fn *action)
{
    int result = late_put(call->gateway, call->self, action, call->params);
    if (result == -EAGAIN)
        return call_fail(call, RETCODE_BUSY,
                         "%d rate-limited calls, or %d bytes of them, wait already", LATE_CALLS,
                         LATE_BYTES);
    if (result < 0)
        return call_fail(call, RETCODE_NO_MEMORY, "out of memory");
    call->retcode = RETCODE_ASYNC;
    return json_null();
}

/* What a stand-in answers; *taken false: it leaves the action alone. */
static json_t *ask_stand_in(struct call *call, const char *name, bool *taken)
{
    const struct stand_in *stand_in = &call->gateway->stand_in;
    return stand_in->answer ? stand_in->answer(stand_in->arg, call, name, taken) : NULL;
}

/* In the manner that the name asks for. */
static json_t *run_action(struct call *call, struct faults *faults, const char *name)
{
    enum manner manner;
    action_fn *action = find(name, &manner);
    bool taken = false;
    json_t *data = ask_stand_in(call, name, &taken);
    if (taken)
        return data;
    if (!action)
        return call_fail(call, RETCODE_NO_ACTION, "there is no action %.100s", name);
    if (manner == RATE_LIMITED)
        return run_late(call, action);
    data = action(call);
    if (data && strncmp(name, "send_", 5) == 0 && fault_meets(faults, &faults->risk, name)) {
        json_decref(data);
        return call_fail(call, RETCODE_RISK, "risk control: the message may have been sent");
    }
    if (manner == AT_ONCE)
        return data;
    json_decref(data); /* the standard: the outcome of an asynchronous call is not told */
    call->retcode = RETCODE_ASYNC;
    return json_null();
}

/* Run what the request asks for. call->retcode tells how it went. */
static json_t *perform(struct call *call, const json_t *request)
{
    const char *name = json_string_value(json_object_get(request, "action"));
    json_t *params = json_object_get(request, "params");
    struct seat *seat = roster_seat(call->gateway, call->self);
    if (!name)
        return call_fail(call, RETCODE_BAD_PARAMS, "action is missing, or not a string");
    if (!seat)
        return call_fail(call, RETCODE_FORBIDDEN, "user %lld is no account of bots any more",
                         (long long)call->self);
    struct faults *faults = &seat->faults;
    bool known = actions_known(name) || call->gateway->stand_in.answer;
    if (known && params && !json_is_null(params) && !json_is_object(params))
        return call_fail(call, RETCODE_BAD_PARAMS, "params must be an object");
    call->params = json_is_object(params) ? params : NULL;
    if (known && fault_meets(faults, &faults->refuse, name))
        return call_fail(call, faults->retcode ? (int)faults->retcode : RETCODE_REFUSED,
                         "refused on purpose");
    return run_action(call, faults, name);
}

/* What a reply has; NULL: none. New reference. */
static json_t *make_echo(const struct faults *faults, const json_t *request)
{
    if (faults->missing_echo)
        return NULL;
    return faults->empty_echo ? json_string("") : json_incref(json_object_get(request, "echo"));
}

/* data and echo are taken. */
static json_t *make_reply(struct call *call, json_t *data, json_t *echo)
{
    static const char *const statuses[] = {"ok", "async", "failed"};
    if (!data && !call->retcode)
        call_fail(call, RETCODE_NO_MEMORY, "out of memory");
    int status = call->retcode == 0 ? 0 : call->retcode == RETCODE_ASYNC ? 1 : 2;
    if (status < 2)
        return json_pack("{s:s, s:i, s:o, s:o*}", "status", statuses[status], "retcode",
                         call->retcode, "data", data, "echo", echo);
    json_decref(data);
    return json_pack("{s:s, s:i, s:n, s:s, s:s, s:o*}", "status", statuses[status], "retcode",
                     call->retcode, "data", "message", call->why, "wording", call->why, "echo",
                     echo);
}

/* Has a fault been set that swallows the reply, or ends the connection? */
static int met_fault(struct faults *faults, const char *action)
{
    if (fault_meets(faults, &faults->disconnect, action))
        return -ECONNABORTED;
    return fault_meets(faults, &faults->drop, action);
}

int actions_answer(const struct caller *caller, const json_t *request, const char *why,
                   struct frame **reply)
{
    static struct faults none; /* of a closed account */
    int64_t start = xie_now();
    struct gateway *gateway = caller->gateway;
    struct call call = {.gateway = gateway, .self = caller->self};
    json_t *data =
        request ? perform(&call, request) : call_fail(&call, RETCODE_BAD_PARAMS, "%s", why);
    scene_tell(gateway);
    struct seat *seat = roster_seat(gateway, caller->self);
    struct faults *faults = seat ? &seat->faults : &none;
    json_t *plain = make_reply(&call, data, make_echo(faults, request));
    json_t *shaped = fault_ids(faults, plain);
    struct frame *frame = frame_new(shaped);
    const char *name = json_string_value(json_object_get(request, "action"));
    int met = met_fault(faults, name ? name : "");
    if (frame)
        traffic_call(caller, name ? name : "?", request, met ? NULL : shaped, xie_now() - start);
    if (gateway->stand_in.called)
        gateway->stand_in.called(gateway->stand_in.arg, request, met ? NULL : shaped);
    json_decref(plain);
    json_decref(shaped);
    if (met)
        frame_unref(frame);
    *reply = met ? NULL : frame;
    return met < 0 ? met : frame ? 0 : -ENOMEM;
}

int actions_answer_text(const struct caller *caller, const char *text, size_t len,
                        struct frame **reply)
{
    char why[PARSE_WHY];
    json_t *request = parse_object(text, len, why);
    int result = actions_answer(caller, request, why, reply);
    json_decref(request);
    return result;
}

bool actions_known(const char *name)
{
    enum manner manner;
    return find(name, &manner);
}

/* request.c - asking to be a friend or a member, and the accounts' answers.
 * Gateway, sixth floor. The latest GATEWAY_REQUESTS can be answered, once each. */
/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "event.h"

static const char *const sub_types[] = {[REQUEST_JOIN] = "add", [REQUEST_INVITE] = "invite"};

/* --- asking ------------------------------------------------------------------------- */

/* The event of a request that is kept now; NULL: the call has failed. */
static json_t *ask(struct call *call, struct request request)
{
    struct gateway *gateway = call->gateway;
    char comment[WORLD_NAME], flag[24];
    int64_t serial = gateway->requests.last + 1;
    if (!call_text(call, "comment", comment, sizeof comment))
        return NULL;
    snprintf(flag, sizeof flag, "%lld", (long long)serial);
    json_t *event = event_new("request", request.kind == REQUEST_FRIEND ? "friend" : "group",
                              sub_types[request.kind], "{s:I, s:s, s:s, s:o*}", "user_id",
                              (json_int_t)call->self, "comment", comment, "flag", flag, "group_id",
                              request.group_id ? json_integer(request.group_id) : NULL);
    if (!event)
        return NULL;
    gateway->requests.last = serial;
    gateway->requests.ring[serial % GATEWAY_REQUESTS] = request;
    return event;
}

static json_t *ask_account(struct call *call, const struct account *account, enum request_kind kind,
                           int64_t group_id)
{
    const struct request request = {
        .kind = kind, .user_id = call->self, .group_id = group_id, .account_id = account->user_id};
    return call_told_to(call, account->user_id, ask(call, request));
}

json_t *request_friend(struct call *call)
{
    const struct account *account = call_account(call);
    if (!account)
        return NULL;
    if (world_friends(&call->gateway->world, account->user_id, call->self))
        return call_fail(call, RETCODE_REFUSED, "user %lld is a friend already",
                         (long long)call->self);
    return ask_account(call, account, REQUEST_FRIEND, 0);
}

json_t *request_unfriend(struct call *call)
{
    const struct account *account = call_account(call);
    if (!account)
        return NULL;
    world_befriend(&call->gateway->world, account->user_id, call->self, false);
    return json_null();
}

/* Does that account decide who comes in? */
static bool decides(const struct account *account, struct group *group)
{
    const struct member *member = account->open ? world_member(group, account->user_id) : NULL;
    return member && member->role >= ROLE_ADMIN;
}

/* Only owner and admins are told who wants to come in. */
static json_t *ask_admins(struct call *call, struct group *group)
{
    struct world *world = &call->gateway->world;
    const struct request request = {
        .kind = REQUEST_JOIN, .user_id = call->self, .group_id = group->group_id};
    size_t at = 0;
    while (at < world->account_count && !decides(&world->accounts[at], group))
        at++;
    if (at == world->account_count)
        return call_fail(call, RETCODE_REFUSED, "no bot is an admin of group %lld",
                         (long long)group->group_id);
    json_t *event = ask(call, request);
    for (; event && at < world->account_count; at++) {
        if (decides(&world->accounts[at], group))
            event_emit_to(call->gateway, world->accounts[at].user_id, json_incref(event));
    }
    json_decref(event);
    return event ? json_null() : NULL;
}

json_t *request_join(struct call *call)
{
    int64_t group_id;
    if (!call_id(call, "group_id", &group_id))
        return NULL;
    struct group *group = world_group(&call->gateway->world, group_id);
    if (!group)
        return call_fail(call, RETCODE_REFUSED, "there is no group %lld", (long long)group_id);
    if (world_member(group, call->self))
        return call_fail(call, RETCODE_REFUSED, "user %lld is a member already",
                         (long long)call->self);
    if (world_barred(group, call->self))
        return call_fail(call, RETCODE_REFUSED, "user %lld may not ask group %lld any more",
                         (long long)call->self, (long long)group_id);
    return ask_admins(call, group);
}

json_t *request_invite(struct call *call)
{
    struct group *group = call_group(call, NULL);
    const struct account *account = group ? call_account(call) : NULL;
    if (!account)
        return NULL;
    if (world_member(group, account->user_id))
        return call_fail(call, RETCODE_REFUSED, "user %lld is a member already",
                         (long long)account->user_id);
    return ask_account(call, account, REQUEST_INVITE, group->group_id);
}

/* --- answering ---------------------------------------------------------------------- */

/* The request that flag names; NULL: the call has failed. */
static struct request *find(struct call *call)
{
    struct gateway *gateway = call->gateway;
    char flag[24];
    int64_t serial;
    if (!call_text(call, "flag", flag, sizeof flag))
        return NULL;
    bool known = parse_number(flag, &serial) && serial > 0 && serial <= gateway->requests.last &&
                 serial > gateway->requests.last - GATEWAY_REQUESTS;
    struct request *request = known ? &gateway->requests.ring[serial % GATEWAY_REQUESTS] : NULL;
    if (request && request->kind != REQUEST_ANSWERED &&
        (!request->account_id || request->account_id == call->self))
        return request;
    call_fail(call, RETCODE_REFUSED, "no request waits with the flag \"%s\"", flag);
    return NULL;
}

json_t *request_answer_friend(struct call *call)
{
    struct request *request = find(call);
    char remark[WORLD_NAME];
    bool approve = true;
    if (!request || !call_flag(call, "approve", &approve) ||
        !call_text(call, "remark", remark, sizeof remark))
        return NULL;
    if (request->kind != REQUEST_FRIEND)
        return call_fail(call, RETCODE_REFUSED, "that is a request of a group");
    json_t *event =
        event_new("notice", "friend_add", NULL, "{s:I}", "user_id", (json_int_t)request->user_id);
    if (!event)
        return NULL;
    request->kind = REQUEST_ANSWERED;
    request->approved = approve;
    if (!approve) {
        json_decref(event);
        return json_null();
    }
    struct tie *tie = call_tie(call, request->user_id);
    world_befriend(&call->gateway->world, call->self, request->user_id, true);
    memcpy(tie->remark, remark, sizeof remark);
    return call_told_to(call, call->self, event);
}

/* sub_type, or type as it was once called, must be what was asked. */
static bool right_kind(struct call *call, const struct request *request)
{
    char name[16];
    const char *key = call_param(call, "sub_type") ? "sub_type" : "type";
    if (!call_text(call, key, name, sizeof name))
        return false;
    if (request->kind != REQUEST_FRIEND && strcmp(name, sub_types[request->kind]) == 0)
        return true;
    call_fail(call, RETCODE_BAD_PARAMS, "parameter sub_type must be \"%s\" for this request",
              request->kind == REQUEST_FRIEND ? "(none: it is a friend's)"
                                              : sub_types[request->kind]);
    return false;
}

/* Much may have happened since it was asked: is it still theirs to answer? Else the call has
 * failed, and the request goes on waiting. */
static bool may_answer(struct call *call, const struct request *request, struct group *group)
{
    const struct member *self = world_member(group, call->self);
    if (request->kind == REQUEST_INVITE || (self && self->role >= ROLE_ADMIN))
        return true;
    call_fail(call, RETCODE_REFUSED, "user %lld is no admin of group %lld any more",
              (long long)call->self, (long long)group->group_id);
    return false;
}

/* An invitation brings the account in, else who asked comes. */
static json_t *let_in(struct call *call, const struct request *request, struct group *group)
{
    bool invited = request->kind == REQUEST_INVITE;
    int64_t user_id = invited ? call->self : request->user_id;
    if (world_member(group, user_id))
        return json_null();
    if (invited && !world_member(group, request->user_id))
        return call_fail(call, RETCODE_REFUSED, "user %lld, who invited, has left group %lld",
                         (long long)request->user_id, (long long)group->group_id);
    if (!invited && world_barred(group, user_id))
        return call_fail(call, RETCODE_REFUSED, "user %lld may not come into group %lld any more",
                         (long long)user_id, (long long)group->group_id);
    json_t *event = event_new("notice", "group_increase", invited ? "invite" : "approve",
                              "{s:I, s:I, s:I}", "group_id", (json_int_t)group->group_id,
                              "operator_id", (json_int_t)(invited ? request->user_id : call->self),
                              "user_id", (json_int_t)user_id);
    if (event)
        world_join(group, user_id, clock_now());
    return call_told(call, event);
}

json_t *request_answer_group(struct call *call)
{
    struct request *request = find(call);
    char reason[WORLD_NAME];
    bool approve = true;
    if (!request || !call_flag(call, "approve", &approve) ||
        !call_text(call, "reason", reason, sizeof reason) || !right_kind(call, request))
        return NULL;
    struct group *group = world_group(&call->gateway->world, request->group_id);
    if (!may_answer(call, request, group))
        return NULL;
    json_t *data = approve ? let_in(call, request, group) : json_null();
    if (data) {
        request->kind = REQUEST_ANSWERED;
        request->approved = approve;
    }
    return data;
}

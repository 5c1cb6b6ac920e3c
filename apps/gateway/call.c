/* call.c - one call of a OneBot action: its parameters, and how it fails.
 * Gateway, fifth floor. Numbers and booleans may come as strings. */
/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "event.h"

json_t *call_fail(struct call *call, int retcode, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    call->retcode = retcode;
    vsnprintf(call->why, sizeof call->why, format, list);
    va_end(list);
    parse_repair(call->why);
    return NULL;
}

json_t *call_refused(struct call *call, const struct refusal *refusal)
{
    if (refusal->status == 500)
        return call_fail(call, RETCODE_NO_MEMORY, "%s", refusal->why);
    return call_fail(call, RETCODE_REFUSED, "%s", refusal->why);
}

json_t *call_param(const struct call *call, const char *name)
{
    json_t *value = json_object_get(call->params, name);
    return json_is_null(value) ? NULL : value;
}

bool call_id(struct call *call, const char *name, int64_t *id)
{
    json_t *value = call_param(call, name);
    int64_t integer;
    if (!value) {
        call_fail(call, RETCODE_BAD_PARAMS, "parameter %s is missing", name);
        return false;
    }
    if (!parse_integer(value, &integer) || integer <= 0) {
        call_fail(call, RETCODE_BAD_PARAMS, "parameter %s must be a positive integer", name);
        return false;
    }
    *id = integer;
    return true;
}

bool call_flag(struct call *call, const char *name, bool *flag)
{
    json_t *value = call_param(call, name);
    if (value && !parse_flag(value, flag)) {
        call_fail(call, RETCODE_BAD_PARAMS, "parameter %s must be true or false", name);
        return false;
    }
    return true;
}

bool call_number(struct call *call, const char *name, int64_t least, int64_t most, int64_t *number)
{
    json_t *value = call_param(call, name);
    int64_t integer;
    if (!value)
        return true;
    if (!parse_integer(value, &integer) || integer < least || integer > most) {
        call_fail(call, RETCODE_BAD_PARAMS, "parameter %s must be an integer from %lld to %lld",
                  name, (long long)least, (long long)most);
        return false;
    }
    *number = integer;
    return true;
}

bool call_text(struct call *call, const char *name, char *text, size_t size)
{
    json_t *value = call_param(call, name);
    int len = 0;
    if (json_is_string(value))
        len = snprintf(text, size, "%s", json_string_value(value));
    else if (json_is_integer(value))
        len = snprintf(text, size, "%lld", (long long)json_integer_value(value));
    else if (value)
        call_fail(call, RETCODE_BAD_PARAMS, "parameter %s must be a string", name);
    else
        *text = 0;
    if ((size_t)len >= size)
        call_fail(call, RETCODE_BAD_PARAMS, "parameter %s has more than %zu bytes", name, size - 1);
    return !call->retcode;
}

struct tie *call_tie(struct call *call, int64_t user_id)
{
    struct world *world = &call->gateway->world;
    struct account *account = world_account(world, call->self);
    struct tie *tie = account ? world_tie(world, account, user_id) : NULL;
    if (!tie)
        call_fail(call, RETCODE_REFUSED, "there is no user %lld", (long long)user_id);
    return tie;
}

/* --- members ------------------------------------------------------------------------ */

struct group *call_group(struct call *call, struct member **self)
{
    int64_t group_id;
    if (!call_id(call, "group_id", &group_id))
        return NULL;
    struct group *group = world_group(&call->gateway->world, group_id);
    struct member *member = group ? world_member(group, call->self) : NULL;
    if (!group)
        call_fail(call, RETCODE_REFUSED, "there is no group %lld", (long long)group_id);
    else if (!member)
        call_fail(call, RETCODE_REFUSED, "user %lld is not in group %lld", (long long)call->self,
                  (long long)group_id);
    if (self)
        *self = member;
    return member ? group : NULL;
}

struct member *call_member(struct call *call, struct group *group)
{
    int64_t user_id;
    if (!call_id(call, "user_id", &user_id))
        return NULL;
    struct member *member = world_member(group, user_id);
    if (!member)
        call_fail(call, RETCODE_REFUSED, "user %lld is not in group %lld", (long long)user_id,
                  (long long)group->group_id);
    return member;
}

bool call_outranks(struct call *call, const struct member *self, const struct member *other)
{
    if (self->role > other->role)
        return true;
    call_fail(call, RETCODE_REFUSED, "user %lld (%s) may not do that to user %lld (%s)",
              (long long)self->user_id, world_role_name(self->role), (long long)other->user_id,
              world_role_name(other->role));
    return false;
}

bool call_role(struct call *call, const struct member *self, enum world_role least)
{
    if (self->role >= least)
        return true;
    call_fail(call, RETCODE_REFUSED, "user %lld is %s, and must be %s for that",
              (long long)self->user_id, world_role_name(self->role), world_role_name(least));
    return false;
}

bool call_may_see(const struct call *call, const struct message *message)
{
    struct group *group = world_group(&call->gateway->world, message->group_id);
    return message->user_id == call->self || message->target_id == call->self ||
           (group && world_member(group, call->self));
}

struct message *call_message(struct call *call)
{
    int64_t id;
    if (!call_id(call, "message_id", &id))
        return NULL;
    struct message *message = history_get(&call->gateway->history, id);
    if (message && call_may_see(call, message))
        return message;
    call_fail(call, RETCODE_REFUSED, "there is no message %lld", (long long)id);
    return NULL;
}

json_t *call_told_to(struct call *call, int64_t account_id, json_t *event)
{
    if (!event)
        return NULL;
    event_emit_to(call->gateway, account_id, event);
    return json_null();
}

struct account *call_account(struct call *call)
{
    int64_t account_id = WORLD_BOT;
    if (call_param(call, "account_id") && !call_id(call, "account_id", &account_id))
        return NULL;
    struct account *account = world_account(&call->gateway->world, account_id);
    if (!account)
        call_fail(call, RETCODE_REFUSED, "user %lld is no account of bots", (long long)account_id);
    return account;
}

json_t *call_told(struct call *call, json_t *event)
{
    if (!event)
        return NULL;
    event_emit(call->gateway, event);
    return json_null();
}

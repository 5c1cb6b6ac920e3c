/* call.c - one call of a OneBot action: its parameters, and how it fails.
 * Gateway, fifth floor. Numbers and booleans may come as strings. */
/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <stdarg.h>
#include <stdio.h>

json_t *call_fail(struct call *call, int retcode, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    call->retcode = retcode;
    vsnprintf(call->why, sizeof call->why, format, list);
    va_end(list);
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

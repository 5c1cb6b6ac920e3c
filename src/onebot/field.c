/* field.c - members of JSON objects as the world writes them.
 * Floor 9. Implementations differ on whether an id is a number or a string. */
/* SPDX-License-Identifier: MIT */
#include "onebot/field.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xie/onebot.h>

static int64_t integer_of_string(const char *text)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return errno || end == text || *end ? 0 : value;
}

int64_t onebot_int_of(const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_INTEGER:
        return json_integer_value(value);
    case JSON_STRING:
        return integer_of_string(json_string_value(value));
    case JSON_REAL: /* exact up to 2^53; beyond it the sender has lost digits already */
        if (json_real_value(value) >= -0x1p62 && json_real_value(value) <= 0x1p62)
            return (int64_t)json_real_value(value);
        return 0;
    case JSON_TRUE:
        return 1;
    default:
        return 0;
    }
}

int64_t onebot_int(const json_t *object, const char *key)
{
    return onebot_int_of(json_object_get(object, key));
}

const char *onebot_string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Of some allocations jansson does not say that they failed. Of a string or number that it could
 * not make for an object it gives the same code as of a NULL that was given for one, but of that it
 * has said more: "NULL string". */
int onebot_pack_error(const json_error_t *why)
{
    enum json_error_code code = json_error_code(why);
    if (code == json_error_null_value && strcmp(why->text, "NULL object value") == 0)
        return -ENOMEM;
    return code == json_error_out_of_memory || code == json_error_unknown ? -ENOMEM : -EINVAL;
}

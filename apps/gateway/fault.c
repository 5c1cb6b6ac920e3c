/* fault.c - what goes wrong on purpose: so that authors see their bots on a bad day.
 * Gateway, first floor. One table describes the fields, for reading and for showing. */
/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"

enum kind { NUMBER, FLAG, WORD };

static const struct field {
    const char *name;
    enum kind kind;
    size_t offset;
    int64_t least, most;
} fields[] = {
    {"delay_ms", NUMBER, offsetof(struct faults, delay_ms), 0, FAULT_DELAY_MOST_MS},
    {"drop", NUMBER, offsetof(struct faults, drop), -1, INT32_MAX},
    {"disconnect", NUMBER, offsetof(struct faults, disconnect), -1, INT32_MAX},
    {"reorder", NUMBER, offsetof(struct faults, reorder), 0, FAULT_REORDER_MOST},
    {"refuse", NUMBER, offsetof(struct faults, refuse), -1, INT32_MAX},
    {"risk", NUMBER, offsetof(struct faults, risk), -1, INT32_MAX},
    {"retcode", NUMBER, offsetof(struct faults, retcode), INT32_MIN, INT32_MAX},
    {"action", WORD, offsetof(struct faults, action), 0, 0},
    {"string_ids", FLAG, offsetof(struct faults, string_ids), 0, 0},
    {"missing_echo", FLAG, offsetof(struct faults, missing_echo), 0, 0},
    {"empty_echo", FLAG, offsetof(struct faults, empty_echo), 0, 0},
    {"duplicate_events", FLAG, offsetof(struct faults, duplicate_events), 0, 0},
    {"deaf", FLAG, offsetof(struct faults, deaf), 0, 0},
};

enum { FIELDS = sizeof fields / sizeof *fields };

static const struct field *find(const char *name)
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return NULL;
}

static bool set_number(int64_t *number, const struct field *field, const json_t *value)
{
    int64_t integer;
    if (!parse_integer(value, &integer) || integer < field->least || integer > field->most)
        return false;
    *number = integer;
    return true;
}

static bool set_word(char *word, const json_t *value)
{
    return json_is_string(value) && json_string_length(value) < FAULT_ACTION &&
           snprintf(word, FAULT_ACTION, "%s", json_string_value(value)) >= 0;
}

static bool set(struct faults *faults, const struct field *field, const json_t *value)
{
    char *place = (char *)faults + field->offset;
    if (field->kind == FLAG)
        return parse_flag(value, (bool *)place);
    if (field->kind == WORD)
        return set_word(place, value);
    return set_number((int64_t *)(void *)place, field, value);
}

bool fault_set(struct faults *faults, const json_t *body, char *why, size_t size)
{
    struct faults fresh = {0};
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)body, name, value)
    {
        const struct field *field = find(name);
        if (!field) {
            snprintf(why, size, "there is no fault %.60s", name);
            parse_repair(why);
            return false;
        }
        if (!set(&fresh, field, value)) {
            snprintf(why, size, "%s is not of its kind, or out of its range", name);
            return false;
        }
    }
    if (fresh.retcode == 1) { /* the standard's: it is async */
        snprintf(why, size, "retcode 1 is no failure");
        return false;
    }
    *faults = fresh;
    return true;
}

json_t *fault_show(const struct faults *faults)
{
    json_t *object = json_object();
    for (size_t i = 0; object && i < FIELDS; i++) {
        const char *place = (const char *)faults + fields[i].offset;
        json_t *value = fields[i].kind == FLAG ? json_boolean(*(const bool *)place)
                        : fields[i].kind == WORD
                            ? json_string(place)
                            : json_integer(*(const int64_t *)(const void *)place);
        if (json_object_set_new(object, fields[i].name, value) < 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

bool fault_meets(struct faults *faults, int64_t *count, const char *action)
{
    if (!*count || (*faults->action && strcmp(faults->action, action) != 0))
        return false;
    if (*count > 0)
        --*count;
    return true;
}

/* --- ids ---------------------------------------------------------------------------- */

static bool is_id(const char *name)
{
    size_t len = strlen(name);
    return len > 3 && strcmp(name + len - 3, "_id") == 0;
}

static json_t *as_string(const json_t *integer)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)json_integer_value(integer));
    return json_string(text);
}

/* In place, at any depth that json has. false without memory. */
static bool change_ids(json_t *json)
{
    const char *name;
    json_t *value;
    size_t i;
    void *next;
    bool good = true;
    json_array_foreach(json, i, value) good = good && change_ids(value);
    json_object_foreach_safe(json, next, name, value)
    {
        if (json_is_integer(value) && is_id(name))
            good = good && json_object_set_new(json, name, as_string(value)) == 0;
        else
            good = good && change_ids(value);
    }
    return good;
}

json_t *fault_ids(const struct faults *faults, json_t *json)
{
    if (!faults->string_ids)
        return json_incref(json);
    json_t *copy = json_deep_copy(json);
    if (copy && change_ids(copy))
        return copy;
    json_decref(copy);
    return NULL;
}

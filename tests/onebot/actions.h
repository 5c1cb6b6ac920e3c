/* actions.h - a table of actions: each with its call, what it must send, and data for it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_ONEBOT_ACTIONS_H
#define XIE_TESTS_ONEBOT_ACTIONS_H

#include "fake.h"

/* How the implementation answers. */
enum mode {
    MODE_FULL,        /* with the row's data */
    MODE_STRINGS,     /* with every number in it as a string */
    MODE_MISSING,     /* with nothing in it */
    MODE_WRONG_TYPES, /* with lists where values should be */
    MODE_OTHER_KIND,  /* with a string instead of it */
    MODE_NULL,
    MODE_ASYNC, /* "accepted", data null */
    MODE_FAILED,
    MODES
};
extern enum mode mode;

/* What its data must be. */
enum kind { KIND_PLAIN, KIND_ANY, KIND_OBJECT, KIND_LIST };

struct action {
    const char *name;
    int (*call)(struct onebot_event *event); /* checks what was read; returns the error */
    const char *params, *data;
    enum kind kind;
};

/* Each ends with a name NULL. */
extern const struct action message_actions[], people_actions[], group_actions[], file_actions[];

/* What a field must have: the value where the data is there, else nothing. */
int64_t num(int64_t value);
const char *str(const char *value);

/* The end of a row: checks the result, and releases a typed one. */
int plain(struct onebot_result result);
int typed(struct onebot_result *result);

#define ROW(name, kind, params, data)               \
    {                                               \
#name, do_##name, params, data, KIND_##kind \
    }
/* A function of one call without data. */
#define PLAIN(name, ...)                             \
    static int do_##name(struct onebot_event *event) \
    {                                                \
        return plain(onebot_##name(__VA_ARGS__));    \
    }

#endif

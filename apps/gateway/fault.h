/* fault.h - what goes wrong on purpose: so that authors see their bots on a bad day.
 * Gateway, first floor. Set as a whole by POST /api/faults; zero is a gateway without faults. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_FAULT_H
#define GATEWAY_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

enum {
    FAULT_ACTION = 64,                /* the longest name of an action, with the 0 [bytes] */
    FAULT_DELAY_MOST_MS = 10 * 60000, /* the longest delay */
    FAULT_REORDER_MOST = 100          /* replies that go out backwards */
};

/* Counts go down with each call they meet; -1: every call. */
struct faults {
    int64_t delay_ms;   /* before each reply */
    int64_t drop;       /* calls that are done, and not answered */
    int64_t disconnect; /* calls that are done, and answered by the connection's end */
    int64_t
        reorder;    /* so many replies are held, and go out backwards; after a second in any case */
    int64_t refuse; /* calls that are not done, and fail with retcode and wording */
    int64_t risk;   /* sends that are done, and fail: risk control */
    char action[FAULT_ACTION]; /* only this action meets drop, disconnect, refuse; "": all */
    int64_t retcode;           /* of refuse; 0: 100; 1 is no failure */
    bool string_ids;           /* ids come as strings, in replies and events */
    bool missing_echo;         /* replies have none */
    bool empty_echo;           /* that of every reply is "", as NapCat's may be */
    bool duplicate_events;     /* each comes twice */
    bool deaf;                 /* no events at all */
};

/* Replace all of them by what body (an object) names. false: why says what is wrong. */
bool fault_set(struct faults *faults, const json_t *body, char *why, size_t size);
/* As an object, new reference; NULL without memory. */
json_t *fault_show(const struct faults *faults);

/* Does this call meet the fault that count counts? Then it is one less. */
bool fault_meets(struct faults *faults, int64_t *count, const char *action);

/* json (borrowed), with string_ids a copy in which each integer whose name ends in "_id" is a
 * string. New reference; NULL without memory, or for NULL */
json_t *fault_ids(const struct faults *faults, json_t *json);

#endif

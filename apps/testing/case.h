/* case.h - one test from its beginning to its end.
 * Kit, sixth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef KIT_CASE_H
#define KIT_CASE_H

#include "kit.h"

/* How a case is run. */
struct kit_way {
    const char *program, *backend;
    uint64_t seed;
    unsigned number; /* of the case */
    bool quiet;      /* nothing is printed, if it passes */
    bool verbose;    /* the story of one that passes, too */
};

/* Run it, on a loop of its own, and print "ok NUMBER - NAME" or "not ok", and why. return true: it
 * passed */
bool kit_case_run(const struct onebot_test_suite *suite, const struct onebot_test_case *one,
                  const struct kit_way *way);

#endif

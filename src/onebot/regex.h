/* regex.h - a regular expression that cannot hold up the loop.
 * Floor 9. PCRE2 beneath. Its steps are counted, whatever the expression and the text. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_REGEX_H
#define XIE_ONEBOT_REGEX_H

#include <stdbool.h>
#include <stddef.h>

struct onebot_regex; /* opaque */

enum { ONEBOT_REGEX_WHY = 160 };

/**
 * Compile one.
 *
 * why     receives what is wrong with the expression
 * errors  -ENOMEM; -EINVAL it is none, or has more than ONEBOT_CAPTURES groups
 */
int onebot_regex_new(const char *expression, bool any_case, struct onebot_regex **regex,
                     char why[ONEBOT_REGEX_WHY]);
/* NULL is allowed. */
void onebot_regex_free(struct onebot_regex *regex);

/* Where the groups of a match stand in its text; none: start > end. */
struct onebot_match {
    size_t count; /* the whole match included */
    struct {
        size_t start, end;
    } group[]; /* ONEBOT_CAPTURES + 1 */
};

/**
 * Look for the first match.
 *
 * match   receives the groups, in memory of the regex, until its next search
 * return  1 found; 0 not
 * errors  XIE_ELIMIT it took more than ONEBOT_REGEX_STEPS; -ENOMEM
 * cost    a few tens of nanoseconds a step
 */
int onebot_regex_search(struct onebot_regex *regex, const char *text,
                        const struct onebot_match **match);

#endif

/* regex.c - a regular expression that cannot hold up the loop.
 * Floor 9. PCRE2's own match limit starts again at each place of the text, so that the sum grows
 * with its length; a call-out before each item counts them all, and the way between them. The JIT
 * has no such count. */
/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "onebot/regex.h"

#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <string.h>
#include <xie/onebot.h>

#include "base/memory.h"

enum { HEAP_KIB = 1024, DEPTH = 10000 };       /* of one match: backtracking frames */
enum { STEP_SCANS = 16, STEP_COMPARES = 256 }; /* bytes that cost as much as a step */

struct onebot_regex {
    pcre2_general_context *memory;
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    bool refers;    /* it has references to its groups */
    unsigned steps; /* of the present search */
    PCRE2_SIZE at;  /* where its last step was */
    struct onebot_match *match;
};

static void *take(PCRE2_SIZE size, void *arg)
{
    (void)arg;
    return xie_alloc(size);
}

static void give(void *memory, void *arg)
{
    (void)arg;
    xie_release(memory);
}

/* The longest group so far: what a reference may be compared with, and nobody sees the place move
 * when the two differ at last. */
static PCRE2_SIZE longest_group(const pcre2_callout_block *block)
{
    PCRE2_SIZE longest = 0;
    for (uint32_t i = 1; i < block->capture_top; i++) {
        PCRE2_SIZE start = block->offset_vector[2 * i], end = block->offset_vector[2 * i + 1];
        if (start != PCRE2_UNSET && end > start && end - start > longest)
            longest = end - start;
    }
    return longest;
}

/* Ends the search as out of steps; else it goes on. Before each item: it pays for how far the one
 * before it went, since "x+" in front of what is no x goes over all of them in one step. */
static int count_step(pcre2_callout_block *block, void *arg)
{
    struct onebot_regex *regex = arg;
    PCRE2_SIZE at = block->current_position, far = at > regex->at ? at - regex->at : 0;
    PCRE2_SIZE compared = regex->refers ? longest_group(block) : 0;
    regex->at = at;
    regex->steps += 1 + (unsigned)(far / STEP_SCANS + compared / STEP_COMPARES);
    return regex->steps > ONEBOT_REGEX_STEPS ? PCRE2_ERROR_CALLOUT : 0;
}

static int compile(struct onebot_regex *regex, const char *expression, bool any_case,
                   char why[ONEBOT_REGEX_WHY])
{
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_AUTO_CALLOUT | (any_case ? PCRE2_CASELESS : 0);
    uint32_t groups = 0, refers = 0;
    char text[ONEBOT_REGEX_WHY - 32];
    PCRE2_SIZE place;
    int error;
    pcre2_compile_context *context = pcre2_compile_context_create(regex->memory);
    if (!context)
        return -ENOMEM;
    regex->code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED, options, &error,
                                &place, context);
    pcre2_compile_context_free(context);
    if (!regex->code && error == PCRE2_ERROR_NOMEMORY)
        return -ENOMEM;
    if (!regex->code) {
        pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof text);
        snprintf(why, ONEBOT_REGEX_WHY, "at byte %zu: %s", place, text);
        return -EINVAL;
    }
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    pcre2_pattern_info(regex->code, PCRE2_INFO_BACKREFMAX, &refers);
    regex->refers = refers > 0;
    if (groups <= ONEBOT_CAPTURES)
        return 0;
    snprintf(why, ONEBOT_REGEX_WHY, "more than %d groups", ONEBOT_CAPTURES);
    return -EINVAL;
}

static int prepare(struct onebot_regex *regex)
{
    regex->data = pcre2_match_data_create_from_pattern(regex->code, regex->memory);
    regex->limits = pcre2_match_context_create(regex->memory);
    regex->match =
        xie_alloc_zero(sizeof *regex->match + (ONEBOT_CAPTURES + 1) * sizeof *regex->match->group);
    if (!regex->data || !regex->limits || !regex->match)
        return -ENOMEM;
    pcre2_set_callout(regex->limits, count_step, regex);
    pcre2_set_heap_limit(regex->limits, HEAP_KIB);
    pcre2_set_depth_limit(regex->limits, DEPTH);
    pcre2_set_match_limit(regex->limits, ONEBOT_REGEX_STEPS);
    return 0;
}

int onebot_regex_new(const char *expression, bool any_case, struct onebot_regex **regex,
                     char why[ONEBOT_REGEX_WHY])
{
    struct onebot_regex *made = xie_alloc_zero(sizeof *made);
    int error = -ENOMEM;
    if (made)
        made->memory = pcre2_general_context_create(take, give, NULL);
    if (made && made->memory)
        error = compile(made, expression, any_case, why);
    if (!error)
        error = prepare(made);
    if (!error)
        *regex = made;
    else
        onebot_regex_free(made);
    return error;
}

void onebot_regex_free(struct onebot_regex *regex)
{
    if (!regex)
        return;
    pcre2_match_context_free(regex->limits);
    pcre2_match_data_free(regex->data);
    pcre2_code_free(regex->code);
    pcre2_general_context_free(regex->memory);
    xie_release(regex->match);
    xie_release(regex);
}

int onebot_regex_search(struct onebot_regex *regex, const char *text,
                        const struct onebot_match **match)
{
    size_t len = strlen(text);
    if (len > ONEBOT_REGEX_TEXT)
        return 0;
    regex->steps = 0;
    regex->at = 0;
    int found = pcre2_match(regex->code, (PCRE2_SPTR)text, len, 0, 0, regex->data, regex->limits);
    if (found == PCRE2_ERROR_NOMEMORY)
        return -ENOMEM;
    if (found == PCRE2_ERROR_NOMATCH)
        return 0;
    if (found < 0)
        return XIE_ELIMIT;
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(regex->data);
    regex->match->count = (size_t)found;
    for (size_t i = 0; i < regex->match->count; i++) {
        regex->match->group[i].start = places[2 * i];
        regex->match->group[i].end = places[2 * i + 1];
    }
    *match = regex->match;
    return 1;
}

/* kit.h - everything that a running test holds.
 * Kit, first floor. One loop, one thread; the test's task, the QQ's and the bot's take turns. */
/* SPDX-License-Identifier: MIT */
#ifndef KIT_KIT_H
#define KIT_KIT_H

#include <xie.h>
#include <xie/onebot/testing.h>
#include <xie/web.h>

#include "list.h"

struct gateway;

/* A line of what happened, or of what is told of a failure. */
struct kit_line {
    struct kit_item item;
    int64_t when; /* since the test's beginning [ns] */
    char *text;
};

/* Something that the bot said. */
struct kit_words {
    struct kit_item item;
    int64_t message_id, user_id, group_id; /* one of user_id and group_id: where */
    char *text;
};

/* A call of the bot's. */
struct kit_call {
    struct kit_item item;
    char *action;
    json_t *params; /* an object; empty, if there were none */
};

/* A line of its log. */
struct kit_log {
    struct kit_item item;
    enum onebot_level level;
    char *text;
};

/* An action that is answered by the test. */
struct kit_answer {
    struct kit_item item; /* taken: as QQ would, again */
    char *action;
    json_t *data; /* NULL: retcode and wording */
    int retcode;
    char *wording;
};

/* A page of the web, and a request for one. */
struct kit_page {
    struct kit_item item;
    char *url, *body;
    int status;
};

struct kit_fetch {
    struct kit_item item;
    char *url, *body;
};

/* The bot's program. */
struct kit_bot {
    bool started, running, stopping;
    int64_t retry_most_ns;   /* of its options; 0: the default */
    int result;              /* of one that has ended */
    struct xie_scope *scope; /* around it, while it runs */
};

struct onebot_test {
    const struct onebot_test_suite *suite;
    const struct onebot_test_case *one;
    const char *program; /* for words */
    unsigned number;     /* of the case */
    uint64_t seed;
    const char *backend; /* as asked for; NULL: sim */
    bool on_sim;
    int64_t patience_ns, settle_ns, stuck_ns; /* with the defaults filled in */

    struct gateway *gateway;
    struct xie_listener *listener; /* for bots */
    char url[64];                  /* of it */
    struct xie_group *group;       /* of all tasks but the test's own */
    struct xie_scope *serving;     /* around the listener's task */
    struct kit_bot bot;
    struct {
        struct xie_listener *listener; /* NULL: nothing was asked for */
        char url[64];
    } web;

    struct xie_scope *script; /* around the test's function, while it runs */
    struct xie_event change;  /* pulsed: something came that may be expected */
    const char *file;         /* of the step that runs, or ran last */
    int line;
    int64_t step_at; /* when it began, later if time is to pass */
    int64_t began;

    bool heard; /* something, since somebody did something */
    bool failed, no_memory;
    struct kit_list names;   /* of people: kit_line, by the order of their numbers */
    struct kit_list story;   /* kit_line */
    struct kit_list report;  /* kit_line: why it failed */
    struct kit_list words;   /* kit_words */
    struct kit_list calls;   /* kit_call */
    struct kit_list logs;    /* kit_log */
    struct kit_list answers; /* kit_answer */
    struct kit_list pages;   /* kit_page */
    struct kit_list fetches; /* kit_fetch */
    char *folder;            /* NULL: none */
    char *old_hosts;         /* XIE_SIM_HOSTS as it was; NULL: it was not there */
    bool changed_hosts;
};

/* --- failure.c ---------------------------------------------------------------------- */

/* The test fails for this reason, if it has not failed already: its waits end. Lines of more are
 * added by kit_tell. Always false. */
__attribute__((format(printf, 2, 3))) bool kit_fail(struct onebot_test *t, const char *format, ...);
/* A line more of why it fails; only right behind a kit_fail that was the first. */
__attribute__((format(printf, 2, 3))) void kit_tell(struct onebot_test *t, const char *format, ...);
/* There was no memory: the test fails. Always false. */
bool kit_no_memory(struct onebot_test *t);
/* Something happened. */
__attribute__((format(printf, 2, 3))) void kit_story(struct onebot_test *t, const char *format,
                                                     ...);
/* What each task waits for, as lines of the failure. */
void kit_tell_tasks(struct onebot_test *t);
/* Print it all as TAP's diagnostics. */
void kit_print_failure(const struct onebot_test *t);
void kit_print_story(const struct onebot_test *t);
void kit_line_release(void *line);

/* Wake who waits for something to come. */
void kit_pulse(struct onebot_test *t);
/* Wait until it is pulsed or `until`. return true: look again */
bool kit_wait(struct onebot_test *t, int64_t until);

#endif

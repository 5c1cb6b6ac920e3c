/* handler.h - rules: which events run which handler, for whom, how often, with what arguments.
 * Floor 9, library xie-onebot; a part of <xie/onebot.h>. Plain data, borrowed while the bot runs.
 */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_HANDLER_H
#define XIE_ONEBOT_HANDLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xie/error.h>
#include <xie/time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct onebot_event;
struct onebot_answer;
typedef int onebot_handler(struct onebot_event *event);

/* --- limits ------------------------------------------------------------------------- */

enum {
    ONEBOT_WORDS = 8,            /* alternatives of one condition, prefixes, nicknames */
    ONEBOT_ARGUMENTS = 16,       /* of one command */
    ONEBOT_CAPTURES = 16,        /* groups of one regular expression */
    ONEBOT_REGEX_TEXT = 16384,   /* a longer message matches no regular expression [bytes] */
    ONEBOT_REGEX_STEPS = 200000, /* of one match: an item of the expression, 16 bytes that it goes
                                    over; beyond it there is none, and the log says so */
    ONEBOT_HELP_TEXT = 4096,     /* of one answer by onebot_help; the rest is cut [bytes] */
    ONEBOT_CHOICES = 64,         /* of one question; more are not looked at */
    ONEBOT_LISTENING = 16        /* persons and places that one handler may ask */
};

/* --- values that people write ------------------------------------------------------- */

enum onebot_type {
    ONEBOT_STRING,  /* one word, or several in quotes */
    ONEBOT_INTEGER, /* -12; full-width digits too, here and below */
    ONEBOT_REAL,    /* 1.5, 2e3 */
    ONEBOT_BOOL, /* yes/no, on/off, true/false, y/n, 1/0; 是/否, 开/关, 好/不, 要/不要, 对/错 */
    ONEBOT_DURATION, /* 90 (seconds), 1h30m, 2d, 1.5h, 300ms; 5分钟, 1小时30分, 2天, 1周 */
    ONEBOT_PERSON,   /* @somebody, or an account's number */
    ONEBOT_REST      /* the rest of the line as it is; an @ in it as "@NUMBER" */
};

/* One argument of a command. A table of them ends with a name NULL. */
struct onebot_argument {
    const char *name; /* for people, and for onebot_arg */
    enum onebot_type type;
    const char *help;      /* what it means, for /help NAME; may be NULL */
    bool optional;         /* those after it are optional too */
    const char *otherwise; /* when it is not given: read as if it were; implies optional */
    int64_t least, most;   /* of an integer, a duration [ns], a string or rest [characters] */
    double least_real, most_real; /* of a real */
    /* A range is looked at when either end is not 0; most below least is no upper end. */
};

/* A value as it was read. */
struct onebot_value {
    bool given;       /* by the person, or by `otherwise`; else all of it is 0 and "" */
    const char *text; /* as it was written, without its quotes; of a person the number */
    int64_t integer;  /* integer; bool: 0, 1; duration: ns; person: the account; choice: from 0 */
    double real;      /* real */
};

/**
 * An argument of the command that the event started.
 *
 * name    of its declaration; one that the rule does not declare is the caller's mistake
 * return  never NULL; borrowed until the handler returns
 * cost    a look through the declarations
 */
XIE_API const struct onebot_value *onebot_arg(const struct onebot_event *event, const char *name);

/* What group n (0: the whole match) of the rule's regular expression matched; NULL when it took
 * no part, or there is no such group. Borrowed until the handler returns. */
XIE_API const char *onebot_capture(const struct onebot_event *event, size_t n);

/* --- who may, and how often --------------------------------------------------------- */

/* Each includes those below it. Nobody is owner or admin in private. */
enum onebot_rank { ONEBOT_ANYBODY, ONEBOT_ADMIN, ONEBOT_OWNER, ONEBOT_SUPERUSER };

/* Who may. Everything that is given must hold; zero lets everybody. */
struct onebot_permission {
    enum onebot_rank least_rank;  /* by the event's sender.role, and the book's superusers */
    const int64_t *allow_groups;  /* ended by 0; only there, and not in private */
    const int64_t *deny_groups;   /* ended by 0; not there */
    const int64_t *allow_persons; /* ended by 0; only they */
    const int64_t *deny_persons;  /* ended by 0; not they, were they superusers */
    bool (*predicate)(const struct onebot_event *event); /* may not wait */
    const char *refusal; /* said to who may not, of any length; "": the library's own words; NULL:
                            nothing, and the event goes on as if the rule did not match */
};

/* May the sender of this event? For questions inside a handler. Does not say the refusal. */
XIE_API bool onebot_permitted(const struct onebot_event *event,
                              const struct onebot_permission *permission);

/* Whom a count is kept for, each account of the bot apart. */
enum onebot_per {
    ONEBOT_PER_PERSON, /* wherever they are */
    ONEBOT_PER_MEMBER, /* a person in one group, or in private */
    ONEBOT_PER_GROUP,  /* everybody in it; in private the person */
    ONEBOT_PER_BOT     /* everybody */
};

/* How often: `times` within every_ns, counted from the first use; then not before they are over.
 * A rule that cools down takes its event all the same: those below do not see it. */
struct onebot_cooldown {
    int64_t every_ns; /* 0: no limit */
    unsigned times;   /* 0: 1 */
    enum onebot_per per;
    const char *told; /* said to who is too early, "{}" in it replaced by the time left; "": the
                         library's own words; NULL: nothing */
};

/* What becomes of an event whose rule still runs for the same. */
enum onebot_busy {
    ONEBOT_TOGETHER, /* both run */
    ONEBOT_REJECT,   /* it is not run */
    ONEBOT_QUEUE,    /* it waits, and runs after */
    ONEBOT_REPLACE   /* the one that runs is cancelled; when it has ended this one runs, unless a
                        later one has come meanwhile */
};

/* One at a time. */
struct onebot_turns {
    enum onebot_busy busy;
    enum onebot_per per;
    size_t most_waiting; /* of ONEBOT_QUEUE; more are rejected; 0: 1 */
    const char *told;    /* said to who is rejected; as of a cool-down, without "{}" */
};

/* --- rules -------------------------------------------------------------------------- */

/**
 * One rule. Every condition that is given must hold; a rule without any runs for each message.
 * Within a condition one of its words is enough.
 *
 *     static const struct onebot_rule rules[] = {
 *         {.command = {"remind", "提醒"}, .arguments = remind, .handler = on_remind},
 *         {.keyword = {"早安"}, .at_me = true, .handler = on_morning},
 *         {.event = "request/group/invite", .handler = on_invite},
 *         {0},
 *     };
 *
 * Text conditions look at a message's text without the spaces around it, and without the bot's
 * nickname at its beginning.
 */
struct onebot_rule {
    onebot_handler *handler; /* a table ends with a rule without one */
    void *arg;               /* event->arg */
    const char *name;        /* for the log; NULL: its first word, or its event */
    int priority;            /* the greater come first; equal ones in the table's order */
    bool pass;               /* the rules below see the event too; else it takes it alone */
    bool at_me;    /* in private, @ the account, a reply to its words, or its nickname first; a
                      notice whose target_id it is */
    bool any_case; /* a-z are as A-Z; for a regex, letters of every script */

    /* "post_type/detail_type/sub_type", as much of it as is to be compared: "notice",
     * "notice/notify/poke", "message/private", "message_sent". NULL: "message". "message" are
     * those of others, not the account's own. */
    const char *event;

    const char *command[ONEBOT_WORDS];       /* after one of the prefixes: its name, and aliases */
    const char *help;                        /* of a command, one line for people; NULL: kept out of
                                                the list */
    const struct onebot_argument *arguments; /* NULL: event->args is for the handler to read. Else
                                                wrong ones are told to the person, and nothing
                                                runs */
    const char *full[ONEBOT_WORDS];          /* the text is this */
    const char *prefix[ONEBOT_WORDS];        /* begins with this; event->args is what follows */
    const char *suffix[ONEBOT_WORDS];        /* ends with this; event->args is what comes before */
    const char *keyword[ONEBOT_WORDS];       /* has this in it */
    const char *regex; /* matches this: PCRE2, UTF-8, anywhere unless anchored */

    struct onebot_permission permission;
    struct onebot_cooldown cooldown;
    struct onebot_turns turns;
};

/* At this priority questions get their answers: rules above it see those messages too, and keep
 * them from the question unless they pass. */
enum { ONEBOT_ASKED = 1000 };

enum onebot_language { ONEBOT_CHINESE, ONEBOT_ENGLISH };

/* The rules, and what they share. Zero is a valid empty one. */
struct onebot_book {
    const struct onebot_rule *rules;
    const char *prefixes[ONEBOT_WORDS];  /* of commands; "": their bare names; none: "/" */
    const char *nicknames[ONEBOT_WORDS]; /* of the bot */
    const int64_t *superusers;           /* ended by 0 */
    enum onebot_language language;       /* of the library's own words to people */
    size_t max_cooling; /* counts kept for cool-downs; 65536; beyond it the oldest is forgotten */
    size_t max_waiting; /* events that wait for their turn; 10000; beyond it they are rejected */
};

/**
 * Let the rules below this one see the event too: a handler that took it looks, and leaves it.
 *
 * return  0; a second time does nothing, nor does it where they see it anyway, or there are none
 * errors  -ENOMEM
 * note    they are started, not waited for. Questions do not get it, those of this handler
 *         neither
 */
XIE_API int onebot_pass_on(struct onebot_event *event);

/**
 * A handler for a command "help": answers with the list of the commands that the person may use,
 * and "help NAME" with one of them: its arguments, their ranges and defaults, its aliases.
 */
XIE_API int onebot_help(struct onebot_event *event);

/* --- questions ---------------------------------------------------------------------- */

/* What is asked, of whom, and where. Zero: any text by the event's person in its place. */
struct onebot_query {
    /* Of whom and where. */
    int64_t user_id; /* another person in the same place */
    bool anybody;    /* anybody in the event's group; a question to one person comes first */
    bool in_private; /* not in the group, but in private (by the group, if they are no friends) */
    /* Is this message meant? Else it goes where it had gone without the question. May not wait. */
    bool (*filter)(const struct onebot_event *message, void *arg);

    /* What is a good answer; to the others `again` is said, and the question waits on. */
    enum onebot_type type; /* STRING and REST: the whole text; the others as arguments are */
    int64_t least, most;   /* as of an argument */
    double least_real, most_real;
    const char *const *choices; /* ended by NULL: one of them, or its number from 1 */
    /* NULL: it is good; else what to say, of any length; "": nothing. May not wait. */
    const char *(*check)(const struct onebot_event *message, void *arg);
    const char *again; /* in place of the library's own words and those of check; "": nothing */
    unsigned tries;    /* 0: 3 */

    const char *cancel[ONEBOT_WORDS]; /* who answers this does not want to go on */
    const char *cancelled;            /* said then; NULL or "": nothing */
    const char *late; /* said when the scope's time is over, within five seconds more; NULL
                         or "": nothing */
    void *arg;        /* of filter and check */
};

/**
 * Ask, and wait for an answer that is good.
 *
 *     static const char *const sizes[] = {"small", "large", NULL};
 *     XIE_TIMEOUT(XIE_MINUTE)
 *         size = onebot_ask_for(event, &(struct onebot_query){.choices = sizes}, "Which size?");
 *
 * query   borrowed until return
 * format  as printf; NULL: nothing is said, only listened
 * return  as onebot_ask, with `value` as the type has it; text is without the spaces around
 * errors  as onebot_ask; XIE_EDECLINED a cancel word was said; XIE_EANSWER not one good answer in
 *         `tries`; XIE_ELIMIT the handler listens to ONEBOT_LISTENING others already; -EINVAL
 *         nobody to ask there
 * note    from the first question to a person or a place until the handler returns, none of
 *         their messages is lost: see onebot_ask. Neither does the message that started the
 *         handler answer it
 */
XIE_API struct onebot_answer onebot_ask_for(struct onebot_event *event,
                                            const struct onebot_query *query, const char *format,
                                            ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif

/* testing.h - tests of bots and plugins, against a simulated QQ in the test's own process.
 * Floor 10, library xie-onebot-testing. On sim time is virtual: a test of an hour takes no time. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_TESTING_H
#define XIE_ONEBOT_TESTING_H

#include <xie/onebot.h>
#include <xie/onebot/config.h>
#include <xie/scope.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A test that runs: it has a loop, a QQ and a bot of its own, all fresh. Opaque. */
struct onebot_test;

/* A test is a function that reads from top to bottom. A call that does not find what it expects
 * ends it: the function returns there (see the macros at the end), and nothing of it is left. */
typedef void onebot_test_fn(struct onebot_test *t);

/* --- running ------------------------------------------------------------------------ */

struct onebot_test_case {
    const char *name; /* a table ends with a case without one */
    onebot_test_fn *fn;
};
/* One that has its function's name. */
#define ONEBOT_TEST(function) \
    {                         \
#function, function   \
    }

/* Limits, each of one test. */
enum {
    ONEBOT_TEST_PEOPLE = 99, /* that onebot_test_person makes */
    ONEBOT_TEST_GROUPS = 20, /* that onebot_test_group makes */
    ONEBOT_TEST_NAME = 63,   /* bytes of a name, of a person or a group */
    ONEBOT_TEST_STORY = 200, /* lines of what happened that a failure shows: the latest */
    ONEBOT_TEST_REAL_S = 60  /* real seconds, by --limit; then the program ends with code 3 */
};

/* What is tested, and how. Zero is the default of each field; all is borrowed. */
struct onebot_test_suite {
    const struct onebot_test_case *cases;
    /* The bot, as its program would run it: rules, commands, plugins, limits. Where it connects to
     * is the test's affair: endpoints, url and token are replaced, signals left alone, and the log
     * is kept for the test (and passed on to a log that is given here). */
    struct onebot_options options;
    /* Settings as text, YAML of onebot_settings_keys; what they say of endpoints and of the log is
     * not used. NULL: none. */
    const char *settings;
    /* Instead of onebot_run: what opens a store or runs a schedule around it, and returns what it
     * returned. It is cancelled when the bot is to stop. */
    int (*run)(struct onebot_test *t, const struct onebot_options *options);
    void *arg;           /* see onebot_test_arg */
    int64_t patience_ns; /* for what is expected to come; 10 s */
    int64_t settle_ns; /* in which nothing comes, where nothing is expected; 1 s, on other backends
                          than sim, where it really passes, 100 ms */
    int64_t stuck_ns;  /* in one place of a test: then it does not end; 1 h, elsewhere 1 min */
};

/**
 * Run the tests, or those that are named, and tell how they went in TAP, on standard output.
 *
 * argv    --help tells; [--seed N] [--runs N] [--backend NAME] [--limit S] [--list] [--verbose]
 *         [PART-OF-A-NAME…]
 * return  0; 1 a test failed; 2 wrong usage, or no test has such a name
 * note    the loop is on sim, unless --backend or XIE_BACKEND says otherwise; its seed is that of
 *         --seed or XIE_SEED, else 1. On sim the same seed is the same run, and a failure tells the
 *         seed. --runs tries each test with so many seeds, from that one on
 * note    a test that fails tells the place, what was expected, what came instead, and what
 *         happened so far; one that waits without end, what each of its tasks waits for
 * note    a line of the bot's log at the level ONEBOT_ERROR, and a task whose error nobody took,
 *         fail the test, unless onebot_test_logs has expected them; so does a bot that ends
 * cost    on sim half a millisecond for a test, and some more for each virtual hour
 * source  unittest.IsolatedAsyncioTestCase; TAP 13; the seeds are those of deterministic simulation
 */
XIE_API int onebot_test_main(int argc, char **argv, const struct onebot_test_suite *suite);

/* The main function of a program of tests: ONEBOT_TEST_MAIN(.cases = cases, .options = {…}) */
#define ONEBOT_TEST_MAIN(...)                                        \
    int main(int argc, char **argv)                                  \
    {                                                                \
        const struct onebot_test_suite onebot_suite = {__VA_ARGS__}; \
        return onebot_test_main(argc, argv, &onebot_suite);          \
    }

/* --- who there is, before the bot comes --------------------------------------------- */

/* What stands here does not start the bot. Numbers are the same in each run. Each function that
 * returns bool returns true, or false when the test has failed. */

/* The bot's account. */
XIE_API int64_t onebot_test_bot(struct onebot_test *t);
/* The suite's arg. */
XIE_API void *onebot_test_arg(struct onebot_test *t);
/* A new folder for files, the same for the whole test, removed after it with what is in it.
 * return borrowed; NULL the test has failed */
XIE_API const char *onebot_test_folder(struct onebot_test *t);

/* A new person, a friend of the bot; names are UTF-8. return their number; 0 the test has failed */
XIE_API int64_t onebot_test_person(struct onebot_test *t, const char *nickname);
/* Are they friends from now on? Nobody is told. */
XIE_API bool onebot_test_friend(struct onebot_test *t, int64_t user_id, bool friend_of_bot);
/* A new group: the bot is in it, and those of people (ended by 0; NULL: none), the first of whom is
 * its owner. In C the people may stand in the call: onebot_test_group(t, "Friends", alice, bob).
 * return its number; 0 the test has failed */
XIE_API int64_t onebot_test_group(struct onebot_test *t, const char *name, const int64_t *people);
/* Somebody, the bot too, is in a group, as ONEBOT_ANYBODY, ONEBOT_ADMIN or ONEBOT_OWNER. Nobody is
 * told. */
XIE_API bool onebot_test_rank(struct onebot_test *t, int64_t group_id, int64_t user_id,
                              enum onebot_rank rank);

/* --- what people do ----------------------------------------------------------------- */

/* Each of these first starts the bot, if it does not run, and waits until it is connected. Behind
 * something that was expected, and came, a tenth of settle_ns passes before; otherwise nothing
 * does: what stands one behind the other happens at the same time. */

/* That, and nothing more. */
XIE_API bool onebot_test_starts(struct onebot_test *t);
/* Say something as plain text, in a group (0: in private to the bot). return the message's id; 0
 * the test has failed: QQ does not let them, they are muted or no member */
XIE_API int64_t onebot_test_says(struct onebot_test *t, int64_t user_id, int64_t group_id,
                                 const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same with CQ codes: "look: [CQ:image,file=cat.jpg]", "[CQ:at,qq=10000] hello". */
XIE_API int64_t onebot_test_sends(struct onebot_test *t, int64_t user_id, int64_t group_id,
                                  const char *message);
/**
 * Do what is no message. The bot is told, as QQ does.
 *
 * action  delete_msg {message_id}, send_poke {target_id, group_id?}, set_group_kick, set_group_ban,
 *         set_group_admin, set_group_card, set_group_name, set_group_leave, set_msg_emoji_like,
 *         upload_group_file, … as OneBot has them; add_friend {comment}, join_group {group_id,
 *         comment}, invite_to_group {group_id}, whose answers onebot_test_decides expects
 * format  the parameters, as json_pack
 */
XIE_API bool onebot_test_does(struct onebot_test *t, int64_t user_id, const char *action,
                              const char *format, ...);
/* Come into a group, and the bot is told. Leaving is "set_group_leave". */
XIE_API bool onebot_test_joins(struct onebot_test *t, int64_t user_id, int64_t group_id);
/* Any event, as json_pack; time and self_id are added where they are missing. */
XIE_API bool onebot_test_event(struct onebot_test *t, const char *format, ...);

/* --- time, and bad days ------------------------------------------------------------- */

/* Let time pass. On sim it passes at once. */
XIE_API bool onebot_test_passes(struct onebot_test *t, int64_t ns);
/* The three below first let settle_ns pass, so that what the bot is at is done. */

/* The bot's program ends, as by a signal, and begins again: what is in files, it still has. */
XIE_API bool onebot_test_restarts(struct onebot_test *t);
/* Its connection ends. The next thing that people do waits until it has come back. */
XIE_API bool onebot_test_disconnects(struct onebot_test *t);
/* QQ is away for so long: its connections end, and new ones too. Then waits for the bot. */
XIE_API bool onebot_test_away(struct onebot_test *t, int64_t ns);
/**
 * What goes wrong on purpose from now on, in place of what was set before.
 *
 * format  as json_pack: "{s:i}" with "refuse", 1. NULL: nothing any more. Counts are of calls that
 *         meet it, -1 all: refuse (with retcode), risk (the message is sent, the answer an error),
 *         drop (no answer), disconnect (the connection ends in place of an answer). action: only
 *         that one meets them. delay_ms, before each answer; reorder, so many answers backwards;
 *         string_ids, missing_echo, empty_echo (it is ""), duplicate_events, deaf (no events): true
 * note    starts nothing, and waits for nothing
 */
XIE_API bool onebot_test_faults(struct onebot_test *t, const char *format, ...);
/* Answer an action, one that QQ has or one that it has not, with this data, as json_pack, from now
 * on. NULL: with what QQ would answer. Starts nothing. */
XIE_API bool onebot_test_answers(struct onebot_test *t, const char *action, const char *format,
                                 ...);
/* The same with a failure: "failed", retcode (any but 0 and 1, which are none) and wording. */
XIE_API bool onebot_test_fails(struct onebot_test *t, const char *action, int retcode,
                               const char *wording);

/* --- what the bot fetches by HTTP --------------------------------------------------- */

/**
 * Answer what xie_http_fetch asks for.
 *
 * url     "http://api.example/weather?city=*", percent-decoded; a pattern, as of onebot_test_hears,
 *         but for the host. On sim any host can be had, on port 80; on other backends see
 *         onebot_test_web_url. The latest that fits counts; nothing fits: 404
 * status  200…999; 0: no answer ever comes
 * body    JSON, or text
 */
XIE_API bool onebot_test_web(struct onebot_test *t, const char *url, int status, const char *body);
/* Where that server is on every backend: "http://127.0.0.1:4321". For it the host of a pattern is
 * not compared. return borrowed; NULL the test has failed */
XIE_API const char *onebot_test_web_url(struct onebot_test *t);

/* --- what is expected --------------------------------------------------------------- */

/**
 * The next thing that the bot says there, and that was not yet heard, is this.
 *
 * user_id   who hears it: a member, or in private (group_id 0) the person
 * pattern   the whole text; "*" stands for anything, "\\*" for a star. What is no text stands in it
 *           as a CQ code: "[CQ:at,qq=10001] hello"
 * return    the message's id; 0 the test has failed: something else came, or nothing within
 *           patience_ns
 */
XIE_API int64_t onebot_test_hears(struct onebot_test *t, int64_t user_id, int64_t group_id,
                                  const char *pattern);
/* The text of a message that the bot has said, for what a pattern cannot say. return borrowed
 * until the test ends; NULL it has said no such message */
XIE_API const char *onebot_test_text(struct onebot_test *t, int64_t message_id);
/* The bot says nothing there that was not heard, nor does it for settle_ns. Both 0: nowhere. */
XIE_API bool onebot_test_quiet(struct onebot_test *t, int64_t user_id, int64_t group_id);
/**
 * The bot calls an action, or has called it since the last call of it that was expected.
 *
 * format  as json_pack, what is to be in its parameters (others may be there as well): strings are
 *         patterns; numbers may be strings. NULL: anything
 * return  its parameters, borrowed until the test ends; NULL the test has failed
 */
XIE_API const json_t *onebot_test_calls(struct onebot_test *t, const char *action,
                                        const char *format, ...);
/* It has not called it, but for what was expected, nor does it for settle_ns. */
XIE_API bool onebot_test_calls_no(struct onebot_test *t, const char *action);
/* The bot answers the latest request of that person: add_friend, join_group, invite_to_group. */
XIE_API bool onebot_test_decides(struct onebot_test *t, int64_t user_id, bool approves);
/* A line of the log, or of a report by the library, that fits the pattern; it is no fault then. */
XIE_API bool onebot_test_logs(struct onebot_test *t, const char *pattern);
/* The bot fetches a URL that fits the pattern, one as of onebot_test_web. return the request's
 * body, "" without one, borrowed until the test ends; NULL the test has failed */
XIE_API const char *onebot_test_fetches(struct onebot_test *t, const char *url);

/* Fail with a reason of one's own. return false */
XIE_API bool onebot_test_fail(struct onebot_test *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Has it failed? Then every call above does nothing any more, and every wait ends. */
XIE_API bool onebot_test_failed(const struct onebot_test *t);
/* Where the next call stands in the test's source. */
XIE_API void onebot_test_here(struct onebot_test *t, const char *file, int line);

/* --- the macros --------------------------------------------------------------------- */

/* Each function above that can fail is a macro too: it tells where it stands, and when the test has
 * failed it returns from the function that it stands in. So that function returns nothing. A helper
 * of the test that returns something calls the function itself, its name in parentheses:
 *     int64_t id = (onebot_test_says)(t, alice, group, "/weather"); */
#define ONEBOT_TEST_STEP_(t, call, result)         \
    __extension__({                                \
        onebot_test_here((t), __FILE__, __LINE__); \
        __typeof__(call) result = (call);          \
        if (onebot_test_failed(t))                 \
            return;                                \
        result;                                    \
    })
#define ONEBOT_TEST_NAME_(counter) XIE_JOIN_(onebot_test_result_, counter)
#define ONEBOT_TEST_DO_(t, call) ONEBOT_TEST_STEP_(t, call, ONEBOT_TEST_NAME_(__COUNTER__))

/* Something must be true. */
#define ONEBOT_TEST_CHECK(t, condition)                       \
    do {                                                      \
        if (!(condition)) {                                   \
            onebot_test_here((t), __FILE__, __LINE__);        \
            (onebot_test_fail)((t), "false: %s", #condition); \
            return;                                           \
        }                                                     \
    } while (0)

#define onebot_test_folder(t) ONEBOT_TEST_DO_(t, onebot_test_folder(t))
#define onebot_test_person(t, ...) ONEBOT_TEST_DO_(t, onebot_test_person(t, __VA_ARGS__))
#define onebot_test_friend(t, ...) ONEBOT_TEST_DO_(t, onebot_test_friend(t, __VA_ARGS__))
#define onebot_test_rank(t, ...) ONEBOT_TEST_DO_(t, onebot_test_rank(t, __VA_ARGS__))
#define onebot_test_starts(t) ONEBOT_TEST_DO_(t, onebot_test_starts(t))
#define onebot_test_says(t, ...) ONEBOT_TEST_DO_(t, onebot_test_says(t, __VA_ARGS__))
#define onebot_test_sends(t, ...) ONEBOT_TEST_DO_(t, onebot_test_sends(t, __VA_ARGS__))
#define onebot_test_does(t, ...) ONEBOT_TEST_DO_(t, onebot_test_does(t, __VA_ARGS__))
#define onebot_test_joins(t, ...) ONEBOT_TEST_DO_(t, onebot_test_joins(t, __VA_ARGS__))
#define onebot_test_event(t, ...) ONEBOT_TEST_DO_(t, onebot_test_event(t, __VA_ARGS__))
#define onebot_test_passes(t, ...) ONEBOT_TEST_DO_(t, onebot_test_passes(t, __VA_ARGS__))
#define onebot_test_restarts(t) ONEBOT_TEST_DO_(t, onebot_test_restarts(t))
#define onebot_test_disconnects(t) ONEBOT_TEST_DO_(t, onebot_test_disconnects(t))
#define onebot_test_away(t, ...) ONEBOT_TEST_DO_(t, onebot_test_away(t, __VA_ARGS__))
#define onebot_test_faults(t, ...) ONEBOT_TEST_DO_(t, onebot_test_faults(t, __VA_ARGS__))
#define onebot_test_answers(t, ...) ONEBOT_TEST_DO_(t, onebot_test_answers(t, __VA_ARGS__))
#define onebot_test_fails(t, ...) ONEBOT_TEST_DO_(t, onebot_test_fails(t, __VA_ARGS__))
#define onebot_test_web(t, ...) ONEBOT_TEST_DO_(t, onebot_test_web(t, __VA_ARGS__))
#define onebot_test_web_url(t) ONEBOT_TEST_DO_(t, onebot_test_web_url(t))
#define onebot_test_hears(t, ...) ONEBOT_TEST_DO_(t, onebot_test_hears(t, __VA_ARGS__))
#define onebot_test_quiet(t, ...) ONEBOT_TEST_DO_(t, onebot_test_quiet(t, __VA_ARGS__))
#define onebot_test_calls(t, ...) ONEBOT_TEST_DO_(t, onebot_test_calls(t, __VA_ARGS__))
#define onebot_test_calls_no(t, ...) ONEBOT_TEST_DO_(t, onebot_test_calls_no(t, __VA_ARGS__))
#define onebot_test_decides(t, ...) ONEBOT_TEST_DO_(t, onebot_test_decides(t, __VA_ARGS__))
#define onebot_test_logs(t, ...) ONEBOT_TEST_DO_(t, onebot_test_logs(t, __VA_ARGS__))
#define onebot_test_fetches(t, ...) ONEBOT_TEST_DO_(t, onebot_test_fetches(t, __VA_ARGS__))
#define onebot_test_fail(t, ...) ONEBOT_TEST_DO_(t, onebot_test_fail(t, __VA_ARGS__))

#ifdef __cplusplus
}
#define onebot_test_group(t, ...) ONEBOT_TEST_DO_(t, onebot_test_group(t, __VA_ARGS__))
#else
/* The people stand in the call; an array of them goes with (onebot_test_group). */
#define onebot_test_group(t, name, ...) \
    ONEBOT_TEST_DO_(t, onebot_test_group(t, name, (const int64_t[]){__VA_ARGS__, 0}))
#endif
#endif

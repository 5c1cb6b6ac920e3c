/* query.c - onebot_ask_for: whom it asks and where, what it takes for an answer, how it ends. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "fake.h"

enum { OTHER = 10002, THIRD = 10003, OTHER_GROUP = 20002 };

/* Collects the texts that reach on_event: "a|b|". */
static int collect(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    strcat(strcat(rig->text, event->text), "|");
    rig->count++;
    return 0;
}

static void collecting(struct rig *rig)
{
    rig->options.on_event = collect;
    rig->options.book.language = ONEBOT_ENGLISH;
}

static int done(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    xie_event_set(&rig->done);
    return 0;
}

static void await_count(struct rig *rig, unsigned count)
{
    while (rig->count < count)
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
}

static void says(struct rig *rig, const char *text)
{
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, text);
}

/* Message number n went to this group (0: to user in private) and says this. */
static void went(struct rig *rig, size_t n, int64_t group, int64_t user, const char *text)
{
    CHECK_STR(fake_said(&rig->fake, n), text);
    CHECK_STR(fake_action(&rig->fake, n), group ? "send_group_msg" : "send_private_msg");
    if (group)
        CHECK_EQ(onebot_int(fake_params(&rig->fake, n), "group_id"), group);
    else
        CHECK_EQ(onebot_int(fake_params(&rig->fake, n), "user_id"), user);
}

/* --- typed answers ------------------------------------------------------------------ */

static int on_types(struct onebot_event *event)
{
    static const char *const sizes[] = {"small", "Large", "7", NULL};
    struct onebot_query yes_no = {.type = ONEBOT_BOOL};
    CHECK_EQ(onebot_ask_for(event, &yes_no, "Sure, %s?", "you").value.integer, 1);
    struct onebot_query range = {.type = ONEBOT_INTEGER, .least = 1, .most = 5};
    CHECK_EQ(onebot_ask_for(event, &range, "How many?").value.integer, 3);
    struct onebot_query choice = {.choices = sizes};
    struct onebot_answer answer = onebot_ask_for(event, &choice, "Which?");
    CHECK_EQ(answer.value.integer, 1);
    CHECK_STR(answer.text, "LARGE");
    CHECK_EQ(onebot_ask_for(event, &choice, "Which?").value.integer, 0); /* its number */
    CHECK_EQ(onebot_ask_for(event, &choice, "Which?").value.integer, 2); /* its words first */
    struct onebot_query person = {.type = ONEBOT_PERSON};
    CHECK_EQ(onebot_ask_for(event, &person, "Whom?").value.integer, 555);
    CHECK_EQ(onebot_ask_for(event, &person, "Whom?").value.integer, 666);
    struct onebot_query span = {.type = ONEBOT_DURATION};
    CHECK_EQ(onebot_ask_for(event, &span, "How long?").value.integer, XIE_MINUTE);
    struct onebot_query real = {.type = ONEBOT_REAL};
    CHECK(onebot_ask_for(event, &real, "How much?").value.real == .5);
    struct onebot_query text = {.least = 1, .most = 3};
    answer = onebot_ask_for(event, &text, "Name?");
    CHECK_STR(answer.text, "协 程");
    CHECK_STR(answer.value.text, "协 程");
    CHECK(answer.value.given);
    return done(event);
}

static void script_types(struct rig *rig)
{
    say_go(rig);
    CHECK_STR(fake_said(&rig->fake, 0), "Sure, you?");
    says(rig, "好");
    CHECK_STR(fake_said(&rig->fake, 1), "How many?");
    says(rig, "[CQ:at,qq=10000] ３ ");
    CHECK_STR(fake_said(&rig->fake, 2), "Which?\n1. small\n2. Large\n3. 7");
    says(rig, "LARGE");
    fake_wait_calls(&rig->fake, 4);
    says(rig, "1");
    fake_wait_calls(&rig->fake, 5);
    says(rig, "7");
    fake_wait_calls(&rig->fake, 6);
    says(rig, "[CQ:at,qq=10000][CQ:at,qq=555] please");
    fake_wait_calls(&rig->fake, 7);
    says(rig, "666");
    fake_wait_calls(&rig->fake, 8);
    says(rig, "1分钟");
    fake_wait_calls(&rig->fake, 9);
    says(rig, "0.5");
    fake_wait_calls(&rig->fake, 10);
    says(rig, "\u3000协 程\n");
    wait_done(rig);
    CHECK_EQ(json_array_size(rig->fake.calls), 10);
}

static void test_typed_answers(void)
{
    play(&(struct play){collecting, on_types, script_types});
}

/* --- wrong answers ------------------------------------------------------------------ */

static const char *not_odd(const struct onebot_event *message, void *arg)
{
    CHECK_STR(arg, "the argument");
    return strcmp(message->text, "4") == 0 ? NULL : "Even, please.";
}

static int on_wrong(struct onebot_event *event)
{
    static const char *const colours[] = {"red", NULL};
    struct onebot_query range = {.type = ONEBOT_INTEGER,
                                 .least = 1,
                                 .most = 5,
                                 .tries = 4,
                                 .check = not_odd,
                                 .arg = "the argument"};
    CHECK_EQ(onebot_ask_for(event, &range, "How many?").value.integer, 4);
    struct onebot_query colour = {.choices = colours};
    struct onebot_answer answer = onebot_ask_for(event, &colour, "Colour?");
    CHECK_EQ(answer.error, XIE_EANSWER); /* the third was the last */
    CHECK(answer.text == NULL && answer.event == NULL && !answer.value.given);
    struct onebot_query own = {.type = ONEBOT_BOOL, .again = "Yes or no!", .tries = 1};
    CHECK_EQ(onebot_ask_for(event, &own, "Now?").error, XIE_EANSWER);
    own.tries = 2;
    CHECK_EQ(onebot_ask_for(event, &own, "Now?").value.integer, 0);
    return done(event);
}

static void script_wrong(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    fake_wait_calls(fake, 1);
    says(rig, "many");
    CHECK_STR(fake_said(fake, 1), "\"many\" is not a whole number from 1 to 5.");
    says(rig, "6");
    CHECK_STR(fake_said(fake, 2), "\"6\" is not a whole number from 1 to 5.");
    says(rig, "3");
    CHECK_STR(fake_said(fake, 3), "Even, please.");
    says(rig, "4");
    CHECK_STR(fake_said(fake, 4), "Colour?\n1. red");
    says(rig, "2");
    CHECK_STR(fake_said(fake, 5), "\"2\" is none of them; a number from 1 to 1 will do.");
    says(rig, "0");
    fake_wait_calls(fake, 7);
    says(rig, "blue");
    CHECK_STR(fake_said(fake, 7), "Now?");
    says(rig, "?");
    CHECK_STR(fake_said(fake, 8), "Now?");
    says(rig, "?");
    CHECK_STR(fake_said(fake, 9), "Yes or no!");
    says(rig, "no");
    wait_done(rig);
    CHECK_STR(rig->text, ""); /* all of it was for the handler */
}

static void test_wrong_answers_are_told(void)
{
    play(&(struct play){collecting, on_wrong, script_wrong});
}

static char long_words[5001];

static const char *at_length(const struct onebot_event *message, void *arg)
{
    (void)arg;
    if (strcmp(message->text, "good") == 0)
        return NULL;
    return strcmp(message->text, "long") == 0 ? long_words : "";
}

static int on_length(struct onebot_event *event)
{
    const struct onebot_query query = {.check = at_length};
    memset(long_words, 'x', sizeof long_words - 1);
    CHECK_STR(onebot_ask_for(event, &query, "Well?").text, "good");
    const struct onebot_query silent = {.type = ONEBOT_INTEGER, .again = ""};
    CHECK_EQ(onebot_ask_for(event, &silent, "How many?").value.integer, 5);
    return done(event);
}

/* What a check says is said whole, and of "" nothing is. */
static void script_length(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    fake_wait_calls(fake, 1);
    says(rig, "long");
    CHECK_STR(fake_said(fake, 1), long_words);
    says(rig, "nothing");
    says(rig, "good");
    CHECK_STR(fake_said(fake, 2), "How many?");
    says(rig, "x");
    says(rig, "5");
    wait_done(rig);
    CHECK_EQ(json_array_size(fake->calls), 3);
}

static void test_what_a_check_says(void)
{
    play(&(struct play){collecting, on_length, script_length});
}

/* Answers that come in one go, faster than they are told to be wrong: none is lost. */
static int on_burst(struct onebot_event *event)
{
    struct onebot_query range = {.type = ONEBOT_INTEGER, .tries = 9};
    for (int i = 1; i <= 3; i++)
        CHECK_EQ(onebot_ask_for(event, &range, "Number?").value.integer, i);
    return done(event);
}

static void script_burst(struct rig *rig)
{
    static const char *const said[] = {"x", "1", "y", "z", "2", "3"};
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        says(rig, said[i]);
    wait_done(rig);
    CHECK_EQ(json_array_size(rig->fake.calls), 6);
    CHECK_STR(rig->text, "");
}

static void test_no_answer_is_lost_between_two_waits(void)
{
    play(&(struct play){collecting, on_burst, script_burst});
}

/* --- whom, and where ---------------------------------------------------------------- */

static int on_places(struct onebot_event *event)
{
    struct onebot_query private = {.in_private = true}, other = {.user_id = OTHER};
    struct onebot_query anybody = {.anybody = true};
    struct onebot_answer answer = onebot_ask_for(event, &private, "Password?");
    CHECK_STR(answer.text, "secret");
    CHECK_EQ(answer.event->group_id, 0);
    answer = onebot_ask_for(event, &other, "Do you accept?");
    CHECK_STR(answer.text, "yes");
    CHECK_EQ(answer.event->user_id, OTHER);
    answer = onebot_ask_for(event, &anybody, "Who is first?");
    CHECK_STR(answer.text, "me");
    CHECK_EQ(answer.event->user_id, THIRD);
    answer = onebot_ask(event, "And you?");
    CHECK_STR(answer.text, "fine");
    CHECK_EQ(answer.event->user_id, FAKE_USER);
    return done(event);
}

static void script_places(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    went(rig, 0, 0, FAKE_USER, "Password?");
    CHECK_EQ(onebot_int(fake_params(fake, 0), "group_id"), FAKE_GROUP); /* who are no friends */
    says(rig, "in the group");
    fake_message(fake, OTHER, 0, "another");
    await_count(rig, 2);
    fake_message(fake, FAKE_USER, 0, "secret");
    went(rig, 1, FAKE_GROUP, 0, "Do you accept?");
    says(rig, "not asked");
    await_count(rig, 3);
    fake_message(fake, OTHER, FAKE_GROUP, "yes");
    went(rig, 2, FAKE_GROUP, 0, "Who is first?");
    fake_message(fake, THIRD, OTHER_GROUP, "elsewhere");
    fake_message(fake, THIRD, 0, "in private");
    await_count(rig, 5);
    fake_message(fake, THIRD, FAKE_GROUP, "me");
    went(rig, 3, FAKE_GROUP, 0, "And you?");
    says(rig, "fine");
    wait_done(rig);
    await_count(rig, 5);
    CHECK_EQ(rig->count, 5);
}

static void test_another_place_another_person_anybody(void)
{
    play(&(struct play){collecting, on_places, script_places});
}

/* Who is asked by name comes before who asks anybody. */
static int on_first(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_query anybody = {.anybody = true};
    bool first = rig->count++ == 0;
    struct onebot_answer answer =
        first ? onebot_ask(event, "You?") : onebot_ask_for(event, &anybody, "Anybody?");
    CHECK_STR(answer.text, first ? "mine" : "theirs");
    return rig->count++ == 3 ? done(event) : 0;
}

static void script_first(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    fake_message(&rig->fake, OTHER, FAKE_GROUP, "/go"); /* the latest */
    fake_wait_calls(&rig->fake, 2);
    says(rig, "mine");
    says(rig, "theirs");
    wait_done(rig);
}

static void test_one_person_before_anybody(void)
{
    play(&(struct play){NULL, on_first, script_first});
}

/* In private anybody is that person. */
static int on_anybody(struct onebot_event *event)
{
    struct onebot_query anybody = {.anybody = true};
    struct onebot_answer answer = onebot_ask_for(event, &anybody, "Anybody?");
    CHECK_STR(answer.text, "only me");
    return done(event);
}

static void script_anybody(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    fake_message(&rig->fake, FAKE_USER, 0, "/go");
    fake_wait_calls(&rig->fake, 1);
    fake_message(&rig->fake, OTHER, 0, "not me");
    await_count(rig, 1);
    fake_message(&rig->fake, FAKE_USER, 0, "only me");
    wait_done(rig);
}

static void test_anybody_in_private(void)
{
    play(&(struct play){collecting, on_anybody, script_anybody});
}

static int on_nobody(struct onebot_event *event)
{
    struct onebot_query anybody = {.anybody = true}, other = {.user_id = OTHER}, plain = {0};
    if (strcmp(event->sub_type, "x") != 0)
        return 0;
    CHECK_EQ(onebot_ask_for(event, &plain, "?").error, -EINVAL);
    CHECK_EQ(onebot_ask_for(event, &plain, NULL).error, -EINVAL);
    if (!event->group_id) {
        CHECK_EQ(onebot_ask_for(event, &anybody, "?").error, -EINVAL);
        return 0;
    }
    CHECK_STR(onebot_ask_for(event, &anybody, "Anybody?").text, "I");
    CHECK_STR(onebot_ask_for(event, &other, NULL).text, "listened to");
    return done(event);
}

static void on_event_nobody(struct rig *rig)
{
    rig->options.on_event = on_nobody;
}

static void script_nobody(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_send(fake, "{s:s, s:s}", "post_type", "notice", "sub_type", "x");
    fake_send(fake, "{s:s, s:s, s:i, s:i, s:s}", "post_type", "notice", "notice_type", "y",
              "group_id", FAKE_GROUP, "self_id", FAKE_SELF, "sub_type", "x");
    fake_wait_calls(fake, 1);
    fake_message(fake, THIRD, FAKE_GROUP, "I");
    settle();
    fake_message(fake, OTHER, FAKE_GROUP, "listened to");
    wait_done(rig);
    CHECK_EQ(json_array_size(fake->calls), 1); /* nothing was said to listen */
}

static void test_nobody_to_ask(void)
{
    play(&(struct play){on_event_nobody, NULL, script_nobody});
}

static int on_many_places(struct onebot_event *event)
{
    for (int i = 0; i <= ONEBOT_LISTENING; i++) {
        struct onebot_query query = {.user_id = 50000 + i};
        int error = 0;
        XIE_TIMEOUT(0)
            error = onebot_ask_for(event, &query, "?").error;
        CHECK_EQ(error, i < ONEBOT_LISTENING ? -ETIMEDOUT : XIE_ELIMIT);
    }
    struct onebot_query again = {.user_id = 50000}; /* one of them still */
    CHECK_STR(onebot_ask_for(event, &again, "Here?").text, "here");
    return done(event);
}

static void script_many_places(struct rig *rig)
{
    say_go(rig);
    CHECK_STR(fake_said(&rig->fake, 0), "Here?");
    fake_message(&rig->fake, 50000, FAKE_GROUP, "here");
    wait_done(rig);
}

static void test_places_below_at_and_above_their_limit(void)
{
    play(&(struct play){NULL, on_many_places, script_many_places});
}

/* --- filters ------------------------------------------------------------------------ */

static bool is_guess(const struct onebot_event *message, void *arg)
{
    return strncmp(message->text, arg, strlen(arg)) == 0;
}

static int on_game(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_query guess = {.anybody = true, .filter = is_guess, .arg = "猜"};
    CHECK_STR(onebot_ask_for(event, &guess, "Guess!").text, "猜 1");
    xie_event_wait(&rig->go);
    CHECK_STR(onebot_ask_for(event, &guess, "Wrong!").text, "猜 2");
    xie_event_clear(&rig->go);
    xie_event_wait(&rig->go);
    CHECK_STR(onebot_ask_for(event, &guess, "Wrong!").text, "猜 3");
    return done(event);
}

static void script_game(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    fake_wait_calls(fake, 1);
    fake_message(fake, OTHER, FAKE_GROUP, "chat");
    await_count(rig, 1); /* at once, not at the end */
    fake_message(fake, OTHER, FAKE_GROUP, "猜 1");
    fake_message(fake, OTHER, FAKE_GROUP, "between");
    fake_message(fake, THIRD, FAKE_GROUP, "猜 2");
    fake_message(fake, THIRD, FAKE_GROUP, "later");
    settle();
    CHECK_STR(rig->text, "chat|");
    xie_event_set(&rig->go);
    await_count(rig, 2); /* refused by the second question, though that has its answer */
    settle();
    CHECK_STR(rig->text, "chat|between|");
    xie_event_set(&rig->go);
    await_count(rig, 3); /* by the third */
    CHECK(strstr(rig->text, "between|") && strstr(rig->text, "later|"));
    says(rig, "猜 3");
    wait_done(rig);
}

static void test_filters(void)
{
    play(&(struct play){collecting, on_game, script_game});
}

/* --- limits ------------------------------------------------------------------------- */

static const char *const many[ONEBOT_CHOICES + 2] = {
    "c0",  "c1",  "c2",  "c3",  "c4",  "c5",  "c6",  "c7",  "c8",  "c9",  "c10", "c11", "c12",
    "c13", "c14", "c15", "c16", "c17", "c18", "c19", "c20", "c21", "c22", "c23", "c24", "c25",
    "c26", "c27", "c28", "c29", "c30", "c31", "c32", "c33", "c34", "c35", "c36", "c37", "c38",
    "c39", "c40", "c41", "c42", "c43", "c44", "c45", "c46", "c47", "c48", "c49", "c50", "c51",
    "c52", "c53", "c54", "c55", "c56", "c57", "c58", "c59", "c60", "c61", "c62", "c63", "above"};

static int on_choices(struct onebot_event *event)
{
    struct onebot_query query = {.choices = many, .tries = 1};
    CHECK_EQ(onebot_ask_for(event, &query, "?").value.integer, ONEBOT_CHOICES - 2);
    CHECK_EQ(onebot_ask_for(event, &query, "?").value.integer, ONEBOT_CHOICES - 1);
    CHECK_EQ(onebot_ask_for(event, &query, "?").error, XIE_EANSWER);
    CHECK_EQ(onebot_ask_for(event, &query, "?").error, XIE_EANSWER);
    return done(event);
}

static void script_choices(struct rig *rig)
{
    static const char *const said[] = {"c62", "64", "65", "above"};
    say_go(rig);
    for (size_t i = 0; i < 4; i++) {
        const char *text = fake_said(&rig->fake, i);
        CHECK(strstr(text, "\n64. c63") && !strstr(text, "above"));
        says(rig, said[i]);
    }
    wait_done(rig);
}

static void test_choices_below_at_and_above_their_limit(void)
{
    play(&(struct play){NULL, on_choices, script_choices});
}

/* Up to the limit each answer keeps its memory; beyond it the oldest goes. */
static int on_long_talk(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_query query = {0};
    size_t at_limit = 0, before = 0;
    struct onebot_answer first = onebot_ask_for(event, &query, "Count!"), answer;
    for (int i = 2; i <= ONEBOT_ANSWERS + 40; i++) {
        answer = onebot_ask_for(event, &query, NULL);
        REQUIRE(answer.text && atoi(answer.text) == i);
        rig->count = (unsigned)i;
        if (i == ONEBOT_ANSWERS - 40)
            before = xie_alloc_live();
        if (i != ONEBOT_ANSWERS)
            continue;
        CHECK_STR(first.text, "1"); /* still there */
        at_limit = xie_alloc_live();
        CHECK(at_limit >= before + 40 * 4);
    }
    CHECK(xie_alloc_live() < at_limit + 40 * 4);
    return done(event);
}

static void script_long_talk(struct rig *rig)
{
    char text[16];
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    for (int i = 1; i <= ONEBOT_ANSWERS + 40; i++) {
        snprintf(text, sizeof text, "%d", i);
        says(rig, text);
        if (i % 50 == 0) /* no more than a mailbox holds */
            await_count(rig, (unsigned)i);
    }
    wait_done(rig);
}

static void test_answers_below_at_and_above_their_limit(void)
{
    play(&(struct play){NULL, on_long_talk, script_long_talk});
}

/* --- thousands ---------------------------------------------------------------------- */

static int on_crowd(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    char want[32];
    struct onebot_query query = {.cancel = {"no"}};
    struct onebot_answer answer = onebot_ask_for(event, &query, "You are?");
    snprintf(want, sizeof want, "I am %lld", (long long)event->user_id);
    if (answer.text && !strcmp(answer.text, want))
        rig->count++;
    return 0;
}

enum { CROWD = 10000, KIB_EACH = 24 };

static void let_all_in(struct rig *rig)
{
    rig->options.max_handlers = CROWD;
}

static size_t resident(void)
{
    long pages = 0, all;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fscanf(file, "%ld %ld", &all, &pages) == 2);
    fclose(file);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* All open at once; somebody else is served meanwhile. What each costs is told, with what the
 * fake keeps of its question; twice the usual is a failure. */
static void script_crowd(struct rig *rig)
{
    char text[32];
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    size_t before = resident();
    for (int i = 0; i < CROWD; i++)
        fake_message(fake, 30000 + i, i % 2 ? FAKE_GROUP : 0, "/go");
    fake_wait_calls(fake, CROWD);
    size_t each = (resident() - before) / CROWD;
    printf("# %zu bytes resident for each open question\n", each);
    CHECK(each < KIB_EACH * 1024);
    CHECK(xie_task_count() > CROWD);
    for (int i = CROWD - 1; i >= 0; i--) {
        snprintf(text, sizeof text, " I am %d ", 30000 + i);
        fake_message(fake, 30000 + i, i % 2 ? FAKE_GROUP : 0, text);
    }
    await_count(rig, CROWD);
    CHECK_EQ(rig->count, CROWD);
}

static void test_ten_thousand_questions_at_once(void)
{
    const char *backend = getenv("XIE_BACKEND");
    if (!backend || strcmp(backend, "sim") != 0 || tap_slow())
        tap_skip("runs on sim, at full speed");
    tap_limit(120);
    play(&(struct play){let_all_in, on_crowd, script_crowd});
}

/* --- how it ends -------------------------------------------------------------------- */

static int on_cancel(struct onebot_event *event)
{
    struct onebot_query query = {
        .type = ONEBOT_INTEGER, .cancel = {"cancel", "取消"}, .cancelled = "Never mind."};
    struct onebot_answer answer = onebot_ask_for(event, &query, "Number?");
    CHECK_EQ(answer.error, XIE_EDECLINED);
    CHECK(answer.text == NULL);
    query.cancelled = NULL;
    answer = onebot_ask_for(event, &query, "Number?");
    CHECK_EQ(answer.error, XIE_EDECLINED);
    query.cancelled = "";
    answer = onebot_ask_for(event, &query, "Number?");
    done(event);
    return answer.error; /* no failure for the log */
}

static void script_cancel(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    says(rig, "x");
    fake_wait_calls(&rig->fake, 2);
    says(rig, " 取消 ");
    CHECK_STR(fake_said(&rig->fake, 2), "Never mind.");
    fake_wait_calls(&rig->fake, 4);
    says(rig, "cancel");
    fake_wait_calls(&rig->fake, 5);
    says(rig, "cancel");
    wait_done(rig);
    settle();
    CHECK_EQ(json_array_size(rig->fake.calls), 5);
    CHECK_EQ(rig_count_log(rig, "failed"), 0);
}

static void test_cancel_words(void)
{
    play(&(struct play){NULL, on_cancel, script_cancel});
}

static int on_late(struct onebot_event *event)
{
    struct onebot_query query = {.late = "Too late."};
    struct onebot_answer answer = {0};
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        answer = onebot_ask_for(event, &query, "Quick!");
    CHECK_EQ(answer.error, -ETIMEDOUT);
    query.late = "";
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        answer = onebot_ask_for(event, &query, NULL);
    CHECK_EQ(answer.error, -ETIMEDOUT);
    return done(event);
}

static void script_late(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
    size_t said = json_array_size(rig->fake.calls); /* a slow machine may not have asked */
    CHECK_STR(fake_said(&rig->fake, said - 1), "Too late.");
    CHECK(said <= 2);
}

static void test_late_words(void)
{
    play(&(struct play){NULL, on_late, script_late});
}

/* Nobody confirms the last words, and calls have no deadline: five seconds are given. */
static int on_last_words(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_query query = {.late = "Too late."};
    struct onebot_answer answer = {0};
    int64_t begun = xie_now();
    rig->fake.silent = true;
    XIE_TIMEOUT(XIE_SECOND)
        answer = onebot_ask_for(event, &query, NULL);
    CHECK_EQ(answer.error, -ETIMEDOUT);
    CHECK(xie_now() - begun >= 6 * XIE_SECOND && xie_now() - begun < 7 * XIE_SECOND);
    return done(event);
}

static void patient(struct rig *rig)
{
    rig->options.call_timeout_ns = XIE_NEVER;
}

static void script_last_words(struct rig *rig)
{
    say_go(rig);
    CHECK_STR(fake_said(&rig->fake, 0), "Too late.");
    wait_done(rig);
}

static void test_late_words_that_nobody_confirms(void)
{
    const char *backend = getenv("XIE_BACKEND");
    if (!backend || strcmp(backend, "sim") != 0)
        tap_skip("6 s of real time; runs on sim");
    play(&(struct play){patient, on_last_words, script_last_words});
}

/* No answer to the call is not the end of a scope: nothing more is said. */
static int on_unanswered(struct onebot_event *event)
{
    struct onebot_query query = {.late = "Too late."};
    CHECK_EQ(onebot_ask_for(event, &query, "Hello?").error, -ETIMEDOUT);
    return done(event);
}

static void unanswering(struct rig *rig)
{
    rig->fake.silent = true;
    rig->options.call_timeout_ns = 5 * XIE_MILLISECOND;
}

static void script_unanswered(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
    settle();
    CHECK_EQ(json_array_size(rig->fake.calls), 1);
}

static void test_a_question_that_is_not_confirmed(void)
{
    play(&(struct play){unanswering, on_unanswered, script_unanswered});
}

/* --- beside rules ------------------------------------------------------------------- */

static struct rig *rig_now;

static int note(struct onebot_event *event)
{
    strcat(strcat(strcat(rig_now->text, (const char *)event->arg), event->text), "|");
    rig_now->count++;
    return 0;
}

static int on_ask_passing(struct onebot_event *event)
{
    CHECK_EQ(onebot_ask(event, "First?").error, 0);
    CHECK_EQ(onebot_pass_on(event), 0); /* its own trigger is no answer to it */
    struct onebot_answer answer = onebot_ask(event, "Second?");
    CHECK_STR(answer.text, "answer");
    CHECK_EQ(onebot_pass_on(answer.event), 0); /* an answer, for the others too */
    xie_event_set(&rig_now->done);
    return 0;
}

static void beside_rules(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.keyword = {"spam"}, .priority = ONEBOT_ASKED + 1, .handler = note, .arg = "filtered "},
        {.keyword = {"seen"},
         .priority = ONEBOT_ASKED + 1,
         .pass = true,
         .handler = note,
         .arg = "watched "},
        {.full = {"answer"}, .priority = ONEBOT_ASKED, .handler = note, .arg = "equal "},
        {.command = {"ask"}, .handler = on_ask_passing},
        {.command = {"cmd"}, .handler = note, .arg = "command "},
        {.handler = note, .arg = "any "},
        {0}};
    rig_now = rig;
    rig->options.book.rules = rules;
}

static void script_beside(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    says(rig, "/ask");
    fake_wait_calls(fake, 1);
    says(rig, "spam"); /* the question does not get it */
    await_count(rig, 1);
    CHECK_STR(rig->text, "filtered spam|");
    says(rig, "seen"); /* both do */
    CHECK_STR(fake_said(fake, 1), "Second?");
    await_count(rig, 3);
    CHECK(strstr(rig->text, "watched seen|") && strstr(rig->text, "any /ask|"));
    says(rig, "answer");
    wait_done(rig);
    await_count(rig, 4);
    CHECK(strstr(rig->text, "equal answer|") != NULL); /* by what was passed on alone */
}

static void test_questions_among_rules(void)
{
    play(&(struct play){beside_rules, NULL, script_beside});
}

static int on_between(struct onebot_event *event)
{
    CHECK_EQ(onebot_ask(event, "First?").error, 0);
    return xie_event_wait(&rig_now->go);
}

static void between_rules(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.command = {"ask"}, .handler = on_between},
        {.command = {"both"}, .pass = true, .handler = note, .arg = "once "},
        {.command = {"cmd"}, .handler = note, .arg = "command "},
        {.handler = note, .arg = "any "},
        {0}};
    rig_now = rig;
    rig->options.book.rules = rules;
}

/* Commands work as ever; other messages are kept, and go on afterwards, past no rule twice. */
static void script_between(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    says(rig, "/ask");
    fake_wait_calls(fake, 1);
    says(rig, "answer");
    settle();
    says(rig, "/cmd");
    await_count(rig, 1);
    CHECK_STR(rig->text, "command /cmd|");
    says(rig, "/both");
    says(rig, "hello");
    await_count(rig, 2);
    settle();
    CHECK_STR(rig->text, "command /cmd|once /both|");
    xie_event_set(&rig->go);
    await_count(rig, 4);
    settle();
    CHECK_EQ(rig->count, 4);
    CHECK(strstr(rig->text, "any /both|") && strstr(rig->text, "any hello|"));
}

static void test_between_questions_commands_work(void)
{
    play(&(struct play){between_rules, NULL, script_between});
}

static const struct tap_test tests[] = {
    {"typed answers", test_typed_answers},
    {"wrong answers are told", test_wrong_answers_are_told},
    {"what a check says", test_what_a_check_says},
    {"no answer is lost between two waits", test_no_answer_is_lost_between_two_waits},
    {"another place, another person, anybody", test_another_place_another_person_anybody},
    {"one person before anybody", test_one_person_before_anybody},
    {"anybody in private", test_anybody_in_private},
    {"nobody to ask", test_nobody_to_ask},
    {"places below, at and above their limit", test_places_below_at_and_above_their_limit},
    {"filters", test_filters},
    {"choices below, at and above their limit", test_choices_below_at_and_above_their_limit},
    {"answers below, at and above their limit", test_answers_below_at_and_above_their_limit},
    {"ten thousand questions at once", test_ten_thousand_questions_at_once},
    {"cancel words", test_cancel_words},
    {"late words", test_late_words},
    {"late words that nobody confirms", test_late_words_that_nobody_confirms},
    {"a question that is not confirmed", test_a_question_that_is_not_confirmed},
    {"questions among rules", test_questions_among_rules},
    {"between questions commands work", test_between_questions_commands_work},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

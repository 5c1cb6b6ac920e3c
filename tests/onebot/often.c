/* often.c - who may use a rule, how often, and one at a time. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "fake.h"
#include "onebot/cool.h"
#include "onebot/turns.h"

enum { OTHER = 10002, BOSS = 10009, OTHER_GROUP = 20002 };

static struct rig *rig_now; /* of the test that runs; each is a process */

static void write_down(const char *text)
{
    size_t len = strlen(rig_now->text);
    snprintf(rig_now->text + len, sizeof rig_now->text - len, "%s|", text);
}

static int note(struct onebot_event *event)
{
    write_down(event->arg ? event->arg : "?");
    return 0;
}

static void with(struct rig *rig, const struct onebot_book *book)
{
    rig_now = rig;
    rig->options.book = *book;
    rig->options.on_event = note;
    rig->options.arg = "none";
}

static void wait_text(const char *want)
{
    while (strlen(rig_now->text) < strlen(want))
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
    CHECK_STR(rig_now->text, want);
    rig_now->text[0] = 0;
}

static void says(int64_t user, int64_t group, const char *text)
{
    fake_wait_connections(&rig_now->fake, 1);
    fake_message(&rig_now->fake, user, group, text);
}

static void comes_to(int64_t user, int64_t group, const char *text, const char *want)
{
    says(user, group, text);
    wait_text(want);
}

/* All that was sent has been dealt with: by a message that reaches on_event. */
static void nothing_more(void)
{
    comes_to(4242, 0, "end", "none|");
}

/* --- permission --------------------------------------------------------------------- */

static const int64_t bosses[] = {BOSS, 0}, groups[] = {FAKE_GROUP, 0}, persons[] = {FAKE_USER, 0};

static void roles(struct rig *rig)
{
    static const struct onebot_rule rules[] = {{.full = {"admin"},
                                                .permission = {.least_rank = ONEBOT_ADMIN},
                                                .handler = note,
                                                .arg = "A"},
                                               {.full = {"owner"},
                                                .permission = {.least_rank = ONEBOT_OWNER},
                                                .handler = note,
                                                .arg = "O"},
                                               {.full = {"super"},
                                                .permission = {.least_rank = ONEBOT_SUPERUSER},
                                                .handler = note,
                                                .arg = "S"},
                                               {0}};
    with(rig, &(struct onebot_book){.rules = rules, .superusers = bosses});
}

static void by_role(const char *role, const char *text, const char *want)
{
    fake_send(&rig_now->fake, "{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:{s:s}}", "post_type",
              "message", "message_type", "group", "self_id", (json_int_t)FAKE_SELF, "user_id",
              (json_int_t)FAKE_USER, "group_id", (json_int_t)FAKE_GROUP, "message_id",
              (json_int_t)++rig_now->fake.last_id, "message", text, "sender", "role", role);
    wait_text(want);
}

static void script_roles(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    by_role("member", "admin", "none|");
    by_role("admin", "admin", "A|");
    by_role("owner", "admin", "A|");
    by_role("admin", "owner", "none|");
    by_role("owner", "owner", "O|");
    by_role("owner", "super", "none|");
    by_role("", "admin", "none|");
    comes_to(BOSS, FAKE_GROUP, "owner", "O|");
    comes_to(BOSS, 0, "super", "S|");
    comes_to(FAKE_USER, 0, "admin", "none|"); /* nobody is admin in private */
}

static void test_roles(void)
{
    play(&(struct play){roles, NULL, script_roles});
}

static bool is_even(const struct onebot_event *event)
{
    return event->message_id % 2 == 0;
}

static void lists(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.full = {"in"}, .permission = {.allow_groups = groups}, .handler = note, .arg = "G"},
        {.full = {"out"}, .permission = {.deny_groups = groups}, .handler = note, .arg = "D"},
        {.full = {"me"}, .permission = {.allow_persons = persons}, .handler = note, .arg = "P"},
        {.full = {"not me"}, .permission = {.deny_persons = bosses}, .handler = note, .arg = "N"},
        {.full = {"even"}, .permission = {.predicate = is_even}, .handler = note, .arg = "E"},
        {.full = {"both"},
         .permission = {.allow_groups = groups, .allow_persons = persons},
         .handler = note,
         .arg = "B"},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules, .superusers = bosses});
}

static void script_lists(struct rig *rig)
{
    comes_to(FAKE_USER, FAKE_GROUP, "in", "G|");
    comes_to(FAKE_USER, OTHER_GROUP, "in", "none|");
    comes_to(FAKE_USER, 0, "in", "none|");
    comes_to(FAKE_USER, FAKE_GROUP, "out", "none|");
    comes_to(FAKE_USER, OTHER_GROUP, "out", "D|");
    comes_to(FAKE_USER, 0, "out", "D|");
    comes_to(FAKE_USER, 0, "me", "P|");
    comes_to(OTHER, 0, "me", "none|");
    comes_to(OTHER, 0, "not me", "N|");
    comes_to(BOSS, 0, "not me", "none|"); /* superuser or not */
    comes_to(FAKE_USER, FAKE_GROUP, "both", "B|");
    comes_to(OTHER, FAKE_GROUP, "both", "none|");
    comes_to(FAKE_USER, OTHER_GROUP, "both", "none|");
    bool even = rig->fake.last_id % 2 != 0;
    comes_to(FAKE_USER, 0, "even", even ? "E|" : "none|");
    comes_to(FAKE_USER, 0, "even", even ? "none|" : "E|");
}

static void test_lists_and_predicates(void)
{
    play(&(struct play){lists, NULL, script_lists});
}

static int on_check(struct onebot_event *event)
{
    const struct onebot_permission boss = {.least_rank = ONEBOT_SUPERUSER};
    write_down(onebot_permitted(event, &boss) ? "may" : "may not");
    return 0;
}

static void refusals(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.command = {"a"},
         .permission = {.allow_persons = bosses, .refusal = "只有老板可以"},
         .handler = note,
         .arg = "A"},
        {.command = {"b"},
         .permission = {.allow_persons = bosses, .refusal = ""},
         .pass = true,
         .handler = note,
         .arg = "B"},
        {.command = {"c"}, .permission = {.allow_persons = bosses}, .handler = note, .arg = "C"},
        {.command = {"c"}, .handler = note, .arg = "C for all"},
        {.command = {"check"}, .handler = on_check},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules, .superusers = bosses});
}

static void script_refusals(struct rig *rig)
{
    says(FAKE_USER, FAKE_GROUP, "/a");
    CHECK_STR(fake_said(&rig->fake, 0), "只有老板可以");
    comes_to(FAKE_USER, FAKE_GROUP, "/b", "none|"); /* told, and passed */
    CHECK_STR(fake_said(&rig->fake, 1), "你没有权限。");
    comes_to(FAKE_USER, FAKE_GROUP, "/c", "C for all|");
    comes_to(BOSS, FAKE_GROUP, "/c", "C|");
    comes_to(BOSS, FAKE_GROUP, "/a", "A|");
    comes_to(BOSS, FAKE_GROUP, "/check", "may|");
    comes_to(FAKE_USER, FAKE_GROUP, "/check", "may not|");
    CHECK_EQ(json_array_size(rig->fake.calls), 2);
}

static void test_refusals_silent_and_told(void)
{
    play(&(struct play){refusals, NULL, script_refusals});
}

/* --- cool-down ---------------------------------------------------------------------- */

static void cooldowns(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.full = {"p"},
         .cooldown = {XIE_HOUR, .per = ONEBOT_PER_PERSON},
         .handler = note,
         .arg = "P"},
        {.full = {"m"},
         .cooldown = {XIE_HOUR, .per = ONEBOT_PER_MEMBER},
         .handler = note,
         .arg = "M"},
        {.full = {"g"},
         .cooldown = {XIE_HOUR, .per = ONEBOT_PER_GROUP},
         .handler = note,
         .arg = "G"},
        {.full = {"b"}, .cooldown = {XIE_HOUR, .per = ONEBOT_PER_BOT}, .handler = note, .arg = "B"},
        {.full = {"3"}, .cooldown = {XIE_HOUR, .times = 3}, .handler = note, .arg = "3"},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules});
}

static void script_cooldowns(struct rig *rig)
{
    (void)rig;
    comes_to(FAKE_USER, FAKE_GROUP, "p", "P|");
    says(FAKE_USER, FAKE_GROUP, "p");
    says(FAKE_USER, 0, "p"); /* wherever */
    nothing_more();          /* and those below do not see it */
    comes_to(OTHER, FAKE_GROUP, "p", "P|");
    comes_to(FAKE_USER, FAKE_GROUP, "m", "M|");
    comes_to(FAKE_USER, OTHER_GROUP, "m", "M|");
    comes_to(FAKE_USER, 0, "m", "M|");
    says(FAKE_USER, OTHER_GROUP, "m");
    nothing_more();
    comes_to(FAKE_USER, FAKE_GROUP, "g", "G|");
    says(OTHER, FAKE_GROUP, "g");
    nothing_more();
    comes_to(OTHER, OTHER_GROUP, "g", "G|");
    comes_to(OTHER, 0, "g", "G|"); /* in private each for themselves */
    comes_to(FAKE_USER, 0, "g", "G|");
    comes_to(FAKE_USER, FAKE_GROUP, "b", "B|");
    says(OTHER, 0, "b");
    nothing_more();
    for (int i = 0; i < 3; i++)
        comes_to(FAKE_USER, 0, "3", "3|");
    says(FAKE_USER, 0, "3");
    nothing_more();
}

static void test_cooldowns_per_whom(void)
{
    play(&(struct play){cooldowns, NULL, script_cooldowns});
}

static void told_cooldowns(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.full = {"a"}, .cooldown = {XIE_HOUR, .told = "等{}！"}, .handler = note, .arg = "A"},
        {.full = {"b"}, .cooldown = {XIE_HOUR, .told = ""}, .handler = note, .arg = "B"},
        {.full = {"c"},
         .cooldown = {.every_ns = 20 * XIE_MILLISECOND},
         .handler = note,
         .arg = "C"},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules, .language = ONEBOT_ENGLISH});
}

static void script_told(struct rig *rig)
{
    comes_to(FAKE_USER, 0, "a", "A|");
    says(FAKE_USER, 0, "a");
    const char *said = fake_said(&rig->fake, 0);
    CHECK(strncmp(said, "等", 3) == 0 && (strstr(said, " min") || strstr(said, "1 h")) &&
          strstr(said, "！"));
    comes_to(FAKE_USER, 0, "b", "B|");
    says(FAKE_USER, 0, "b");
    CHECK(strncmp(fake_said(&rig->fake, 1), "Too often; again in ", 20) == 0);
    comes_to(FAKE_USER, 0, "c", "C|");
    xie_sleep(20 * XIE_MILLISECOND); /* over */
    comes_to(FAKE_USER, 0, "c", "C|");
}

static void test_cooldowns_that_are_told_and_over(void)
{
    play(&(struct play){told_cooldowns, NULL, script_told});
}

static const struct onebot_rule twice = {.cooldown = {.every_ns = 100, .times = 2}};
static const struct onebot_rule once = {.cooldown = {.every_ns = 50}};

static struct onebot_key key(const struct onebot_rule *rule, int64_t user)
{
    return (struct onebot_key){.rule = rule, .person = {.user_id = user}};
}

static struct onebot_cool cool;
static struct xie_link mine_twice, mine_once;

static int64_t use(const struct onebot_rule *rule, int64_t user, int64_t now)
{
    struct onebot_key used = key(rule, user);
    return onebot_cool_use(&cool, rule == &twice ? &mine_twice : &mine_once, &used, now);
}

static void begin_counts(size_t limit)
{
    xie_list_init(&mine_twice);
    xie_list_init(&mine_once);
    onebot_cool_init(&cool, limit);
}

static void test_counts_over_time(void)
{
    begin_counts(100);
    CHECK_EQ(use(&twice, 1, 1000), 0);
    CHECK_EQ(use(&twice, 1, 1050), 0);
    CHECK_EQ(use(&twice, 1, 1051), 49); /* from the first use */
    CHECK_EQ(use(&twice, 1, 1099), 1);
    CHECK_EQ(use(&twice, 1, 1100), 0);
    CHECK_EQ(use(&once, 1, 1100), 0); /* another rule's */
    CHECK_EQ(use(&once, 1, 1101), 49);
    struct onebot_key taken = key(&once, 1);
    onebot_cool_unuse(&cool, &taken);
    CHECK_EQ(use(&once, 1, 1101), 0);
    taken = key(&twice, 1);
    onebot_cool_unuse(&cool, &taken); /* the only one of its time */
    CHECK_EQ(use(&twice, 1, 1150), 0);
    CHECK_EQ(use(&twice, 1, 1249), 0);
    CHECK_EQ(use(&twice, 1, 1249), 1);
    onebot_cool_fini(&cool);
    CHECK_EQ(xie_alloc_live(), 0);
}

static void test_counts_are_bounded(void)
{
    begin_counts(3);
    CHECK_EQ(use(&twice, 1, 0), 0);
    for (int64_t user = 1; user <= 2; user++)
        CHECK_EQ(use(&once, user, user), 0);
    CHECK_EQ(cool.count, 3);
    CHECK_EQ(use(&once, 1, 10), 41);
    CHECK_EQ(use(&once, 3, 10), 0); /* forgets the oldest: user 1 of the other rule */
    CHECK_EQ(cool.count, 3);
    CHECK_EQ(use(&once, 1, 11), 40);
    CHECK_EQ(use(&once, 4, 12), 0);
    CHECK_EQ(use(&once, 1, 13), 0); /* let in too early */
    CHECK_EQ(cool.count, 3);
    CHECK_EQ(use(&once, 9, 1000), 0); /* expired ones are gone by themselves */
    CHECK_EQ(cool.count, 1);
    onebot_cool_fini(&cool);
    CHECK_EQ(xie_alloc_live(), 0);
}

/* Many persons at random, against the plain way of counting. */
static void test_counts_of_many(void)
{
    enum { PERSONS = 500 };
    static int64_t begun[PERSONS];
    static unsigned uses[PERSONS];
    uint64_t state = 1;
    begin_counts(PERSONS);
    for (int64_t now = 1; now < (tap_slow() ? 5000 : 100000); now++) {
        state = state * UINT64_C(6364136223846793005) + 1;
        size_t who = (size_t)(state >> 33) % PERSONS;
        if (!uses[who] || now >= begun[who] + 100) {
            begun[who] = now;
            uses[who] = 0;
        }
        int64_t want = uses[who] < 2 ? 0 : begun[who] + 100 - now;
        uses[who] += !want;
        REQUIRE(use(&twice, (int64_t)who + 1, now) == want);
    }
    onebot_cool_fini(&cool);
}

/* --- words of any length ------------------------------------------------------------ */

enum { LONG = 5000 };
static char long_refusal[LONG + 1], long_wait[LONG + 3];

static void long_words(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.full = {"r"},
         .permission = {.allow_persons = bosses, .refusal = long_refusal},
         .handler = note},
        {.full = {"t"}, .cooldown = {XIE_HOUR, .told = long_wait}, .handler = note, .arg = "T"},
        {0}};
    memset(long_refusal, 'r', LONG);
    memcpy(long_refusal, "{}", 2); /* stands for itself: there is no time to tell */
    memset(long_wait, 'w', LONG);
    memcpy(long_wait + LONG, "{}", 3);
    with(rig, &(struct onebot_book){.rules = rules, .language = ONEBOT_ENGLISH});
}

static void script_long(struct rig *rig)
{
    says(FAKE_USER, 0, "r");
    CHECK_STR(fake_said(&rig->fake, 0), long_refusal);
    comes_to(FAKE_USER, 0, "t", "T|");
    says(FAKE_USER, 0, "t");
    const char *said = fake_said(&rig->fake, 1);
    CHECK(strlen(said) > LONG && !memcmp(said, long_wait, LONG));
    CHECK(strstr(said, " min") || strstr(said, "1 h"));
}

static void test_words_are_said_whole(void)
{
    play(&(struct play){long_words, NULL, script_long});
}

/* --- one at a time ------------------------------------------------------------------ */

/* Writes down that it began, waits to be let go, and that it ended. */
static int on_slow(struct onebot_event *event)
{
    char text[32];
    snprintf(text, sizeof text, "+%s", event->args);
    write_down(text);
    int error = 0;
    while (!error && !xie_event_is_set(&rig_now->go))
        error = xie_sleep(XIE_MILLISECOND);
    snprintf(text, sizeof text, "%s%s", error == -ECANCELED ? "!" : "-", event->args);
    write_down(text);
    return error;
}

static void turns(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.command = {"t"}, .handler = on_slow},
        {.command = {"rj"}, .turns = {.busy = ONEBOT_REJECT}, .handler = on_slow},
        {.command = {"rg"},
         .turns = {.busy = ONEBOT_REJECT, .per = ONEBOT_PER_GROUP, .told = ""},
         .cooldown = {XIE_HOUR, .times = 2, .per = ONEBOT_PER_BOT},
         .handler = on_slow},
        {.command = {"q"},
         .turns = {.busy = ONEBOT_QUEUE, .most_waiting = 2, .told = "满了"},
         .handler = on_slow},
        {.command = {"rp"}, .turns = {.busy = ONEBOT_REPLACE}, .handler = on_slow},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules});
}

static void let_go(const char *want)
{
    xie_event_set(&rig_now->go);
    wait_text(want);
    xie_event_clear(&rig_now->go);
}

/* Who of the two ends first is chance. */
static void let_go_both(const char *one, const char *other)
{
    xie_event_set(&rig_now->go);
    while (strlen(rig_now->text) < strlen(one) + strlen(other))
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
    CHECK(strstr(rig_now->text, one) && strstr(rig_now->text, other));
    rig_now->text[0] = 0;
    xie_event_clear(&rig_now->go);
}

static void script_reject(struct rig *rig)
{
    comes_to(FAKE_USER, FAKE_GROUP, "/t 1", "+1|");
    comes_to(FAKE_USER, FAKE_GROUP, "/t 1", "+1|"); /* together */
    let_go("-1|-1|");
    comes_to(FAKE_USER, FAKE_GROUP, "/rj 1", "+1|");
    says(FAKE_USER, FAKE_GROUP, "/rj 2");
    nothing_more();
    comes_to(OTHER, FAKE_GROUP, "/t 3", "+3|"); /* another rule, another person */
    let_go_both("-1|", "-3|");
    comes_to(FAKE_USER, FAKE_GROUP, "/rj 4", "+4|"); /* the turn was given back */
    let_go("-4|");
    comes_to(FAKE_USER, FAKE_GROUP, "/rg 5", "+5|");
    says(OTHER, FAKE_GROUP, "/rg 6");
    CHECK_STR(fake_said(&rig->fake, 0), "上一个还没有结束，请等一等。");
    comes_to(OTHER, OTHER_GROUP, "/rg 7", "+7|"); /* the rejected one was no use */
    says(OTHER, 0, "/rg 8");                      /* this would be the third */
    nothing_more();
}

static void test_rejecting(void)
{
    play(&(struct play){turns, NULL, script_reject});
}

static void script_queue(struct rig *rig)
{
    comes_to(FAKE_USER, FAKE_GROUP, "/q 1", "+1|");
    says(FAKE_USER, FAKE_GROUP, "/q 2");
    says(FAKE_USER, FAKE_GROUP, "/q 3"); /* as many as may wait */
    nothing_more();
    says(FAKE_USER, FAKE_GROUP, "/q 4");
    CHECK_STR(fake_said(&rig->fake, 0), "满了");
    comes_to(OTHER, FAKE_GROUP, "/q 5", "+5|"); /* a queue of their own */
    xie_event_set(&rig->go);
    while (strlen(rig->text) < strlen("-1|+2|-2|+3|-3|-5|"))
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
    const char *first = strstr(rig->text, "-1|"), *second = strstr(rig->text, "+2|");
    const char *third = strstr(rig->text, "+3|"), *end = strstr(rig->text, "-2|");
    CHECK(first && second && third && end && first < second && second < end && end < third);
    rig->text[0] = 0;
    comes_to(FAKE_USER, FAKE_GROUP, "/q 6", "+6|-6|");
}

static void test_queueing(void)
{
    play(&(struct play){turns, NULL, script_queue});
}

static void script_replace(struct rig *rig)
{
    comes_to(FAKE_USER, FAKE_GROUP, "/rp 1", "+1|");
    comes_to(FAKE_USER, FAKE_GROUP, "/rp 2", "!1|+2|");
    let_go("-2|");
    comes_to(FAKE_USER, FAKE_GROUP, "/rp 3", "+3|");
    says(FAKE_USER, FAKE_GROUP, "/rp 4");
    wait_text("!3|+4|");
    CHECK_EQ(rig_count_log(rig, "failed"), 0); /* being replaced is no failure */
    let_go("-4|");
}

static void test_replacing(void)
{
    play(&(struct play){turns, NULL, script_replace});
}

/* A handler that takes its time to be cancelled: only the latest of those that wait runs. */
static int on_shielded(struct onebot_event *event)
{
    char text[32];
    snprintf(text, sizeof text, "+%s", event->args);
    write_down(text);
    XIE_SHIELD {
        xie_event_wait(&rig_now->go);
    }
    write_down(xie_check() == -ECANCELED ? "cancelled" : "done");
    return 0;
}

static void shielded(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.command = {"rp"}, .turns = {.busy = ONEBOT_REPLACE}, .handler = on_shielded}, {0}};
    with(rig, &(struct onebot_book){.rules = rules});
}

static void script_latest(struct rig *rig)
{
    comes_to(FAKE_USER, FAKE_GROUP, "/rp 1", "+1|");
    says(FAKE_USER, FAKE_GROUP, "/rp 2");
    says(FAKE_USER, FAKE_GROUP, "/rp 3");
    says(FAKE_USER, FAKE_GROUP, "/rp 4");
    nothing_more(); /* never two at once */
    xie_event_set(&rig->go);
    wait_text("cancelled|+4|done|");
}

static void test_only_the_latest_replaces(void)
{
    play(&(struct play){shielded, NULL, script_latest});
}

/* Both come in one go: the first is cancelled before it has begun. */
static int on_count(struct onebot_event *event)
{
    rig_now->count++;
    int error = xie_sleep(0);
    write_down(error == -ECANCELED ? "cancelled" : event->args);
    return error;
}

static void counted(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.command = {"rp"}, .turns = {.busy = ONEBOT_REPLACE}, .handler = on_count}, {0}};
    with(rig, &(struct onebot_book){.rules = rules});
}

static void script_at_once(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    for (int i = 0; i < 50; i++) {
        says(FAKE_USER, FAKE_GROUP, "/rp x");
        says(FAKE_USER, FAKE_GROUP, "/rp last");
        while (!strstr(rig->text, "last|"))
            REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
        rig->text[0] = 0;
    }
    CHECK(rig->count >= 50 && rig->count <= 100);
    CHECK_EQ(rig_count_log(rig, "failed"), 0);
}

static void test_replaced_before_it_began(void)
{
    play(&(struct play){counted, NULL, script_at_once});
}

/* --- turns by themselves ------------------------------------------------------------ */

static struct onebot_letter *letter_new(int64_t id)
{
    json_t *json = json_pack("{s:s, s:I}", "post_type", "message", "message_id", (json_int_t)id);
    return onebot_letter_new(NULL, json);
}

static void test_lines_are_bounded(void)
{
    static struct onebot_turns_table table;
    static const struct onebot_rule queue = {.turns = {.busy = ONEBOT_QUEUE, .most_waiting = 9}};
    struct onebot_turn *one, *two;
    struct onebot_key first = key(&queue, 1), second = key(&queue, 2);
    struct onebot_letter *letters[6];
    for (int i = 0; i < 6; i++)
        letters[i] = letter_new(i + 1);
    onebot_turns_init(&table, 3);
    CHECK_EQ(onebot_turns_enter(&table, &first, letters[0], &one), ONEBOT_ENTRY_RUN);
    CHECK_EQ(onebot_turns_enter(&table, &second, letters[1], &two), ONEBOT_ENTRY_RUN);
    CHECK_EQ(onebot_turns_enter(&table, &first, letters[2], &one), ONEBOT_ENTRY_WAIT);
    CHECK_EQ(onebot_turns_enter(&table, &second, letters[3], &two), ONEBOT_ENTRY_WAIT);
    CHECK_EQ(onebot_turns_enter(&table, &first, letters[4], &one), ONEBOT_ENTRY_WAIT);
    CHECK_EQ(onebot_turns_enter(&table, &first, letters[5], &one), ONEBOT_ENTRY_REJECTED);
    CHECK(onebot_turns_leave(&table, one) == letters[2]);
    CHECK_EQ(onebot_turns_enter(&table, &second, letters[5], &two), ONEBOT_ENTRY_WAIT);
    CHECK(onebot_turns_leave(&table, one) == letters[4]);
    CHECK(onebot_turns_leave(&table, one) == NULL);
    CHECK(onebot_turns_leave(&table, two) == letters[3]);
    CHECK(onebot_turns_leave(&table, two) == letters[5]);
    CHECK(onebot_turns_leave(&table, two) == NULL);
    CHECK_EQ(table.waiting, 0);
    for (int i = 0; i < 6; i++)
        onebot_letter_free(letters[i]);
    CHECK_EQ(xie_alloc_live(), 0);
}

static void test_one_waits_unless_told_otherwise(void)
{
    static struct onebot_turns_table table;
    static const struct onebot_rule queue = {.turns = {.busy = ONEBOT_QUEUE}};
    struct onebot_turn *turn;
    struct onebot_key one = key(&queue, 1);
    struct onebot_letter *letters[] = {letter_new(1), letter_new(2), letter_new(3)};
    onebot_turns_init(&table, 10);
    CHECK_EQ(onebot_turns_enter(&table, &one, letters[0], &turn), ONEBOT_ENTRY_RUN);
    CHECK_EQ(onebot_turns_enter(&table, &one, letters[1], &turn), ONEBOT_ENTRY_WAIT);
    CHECK_EQ(onebot_turns_enter(&table, &one, letters[2], &turn), ONEBOT_ENTRY_REJECTED);
    CHECK(onebot_turns_leave(&table, turn) == letters[1]);
    CHECK(onebot_turns_leave(&table, turn) == NULL);
    for (size_t i = 0; i < 3; i++)
        onebot_letter_free(letters[i]);
}

static void few_waiting(struct rig *rig)
{
    turns(rig);
    rig->options.book.max_waiting = 1;
}

static void script_few(struct rig *rig)
{
    comes_to(FAKE_USER, FAKE_GROUP, "/q 1", "+1|");
    comes_to(OTHER, FAKE_GROUP, "/q 2", "+2|");
    says(FAKE_USER, FAKE_GROUP, "/q 3");
    nothing_more();
    says(OTHER, FAKE_GROUP, "/q 4"); /* one waits already, somewhere */
    CHECK_STR(fake_said(&rig->fake, 0), "满了");
}

static void test_all_who_wait_are_bounded(void)
{
    play(&(struct play){few_waiting, NULL, script_few});
}

static void few_handlers(struct rig *rig)
{
    turns(rig);
    rig->options.max_handlers = 1;
}

/* No room for the handler: the turn is given back all the same. */
static void script_full(struct rig *rig)
{
    comes_to(FAKE_USER, FAKE_GROUP, "/t 1", "+1|");
    says(FAKE_USER, FAKE_GROUP, "/q 2");
    rig_wait_log(rig, "max_handlers run already");
    let_go("-1|");
    comes_to(FAKE_USER, FAKE_GROUP, "/q 3", "+3|");
    let_go("-3|");
}

static void test_no_room_for_a_handler(void)
{
    play(&(struct play){few_handlers, NULL, script_full});
}

/* Asks once; the others of its rule find what it heard meanwhile. */
static int on_asking(struct onebot_event *event)
{
    int error = 0;
    write_down(event->text);
    if (strcmp(event->text, "ask 1") != 0)
        return 0;
    CHECK_EQ(onebot_ask(event, "Well?").error, 0);
    while (!error && !xie_event_is_set(&rig_now->go))
        error = xie_sleep(XIE_MILLISECOND);
    return error;
}

static void asking(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.prefix = {"ask"}, .turns = {.busy = ONEBOT_REJECT, .told = ""}, .handler = on_asking},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules});
    rig->options.max_handlers = 1;
}

/* What was kept for a handler that ended finds neither its turn taken nor its place. */
static void script_kept(struct rig *rig)
{
    comes_to(FAKE_USER, FAKE_GROUP, "ask 1", "ask 1|");
    CHECK_STR(fake_said(&rig->fake, 0), "Well?");
    says(FAKE_USER, FAKE_GROUP, "answer");
    says(FAKE_USER, FAKE_GROUP, "ask 2");
    settle();
    let_go("ask 2|");
    nothing_more();
    CHECK_EQ(json_array_size(rig->fake.calls), 1); /* nobody was told to wait */
    CHECK(!rig_logged(rig, "max_handlers"));
}

static void test_kept_messages_find_turn_and_place_free(void)
{
    play(&(struct play){asking, NULL, script_kept});
}

/* Nobody lets it go: those who wait are forgotten with the bot. play() checks that. */
static void script_stop(struct rig *rig)
{
    (void)rig;
    comes_to(FAKE_USER, FAKE_GROUP, "/q 1", "+1|");
    says(FAKE_USER, FAKE_GROUP, "/q 2");
    says(FAKE_USER, FAKE_GROUP, "/q 3");
    nothing_more();
}

static void test_the_bot_stops_while_some_wait(void)
{
    play(&(struct play){turns, NULL, script_stop});
}

static const struct tap_test tests[] = {
    {"roles", test_roles},
    {"lists and predicates", test_lists_and_predicates},
    {"refusals, silent and told", test_refusals_silent_and_told},
    {"cool-downs per person, member, group and bot", test_cooldowns_per_whom},
    {"cool-downs that are told, and over", test_cooldowns_that_are_told_and_over},
    {"counts over time", test_counts_over_time},
    {"counts are bounded", test_counts_are_bounded},
    {"counts of many", test_counts_of_many},
    {"words are said whole", test_words_are_said_whole},
    {"rejecting", test_rejecting},
    {"queueing", test_queueing},
    {"replacing", test_replacing},
    {"only the latest replaces", test_only_the_latest_replaces},
    {"replaced before it began", test_replaced_before_it_began},
    {"lines are bounded", test_lines_are_bounded},
    {"one waits unless told otherwise", test_one_waits_unless_told_otherwise},
    {"all who wait are bounded", test_all_who_wait_are_bounded},
    {"no room for a handler", test_no_room_for_a_handler},
    {"kept messages find turn and place free", test_kept_messages_find_turn_and_place_free},
    {"the bot stops while some wait", test_the_bot_stops_while_some_wait},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

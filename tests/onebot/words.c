/* words.c - lines taken apart, values read, and told: without a connection. */
/* SPDX-License-Identifier: MIT */
#include "onebot/split.h"

#include <errno.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie/onebot.h>

#include "base/memory.h"
#include "onebot/args.h"
#include "onebot/line.h"
#include "onebot/real.h"
#include "onebot/value.h"
#include "tap.h"

#define AT(who) "\xFF" who "\xFE"

/* --- splitting ---------------------------------------------------------------------- */

/* Takes a line apart into "[a][b]", "@" before an @, "?" behind one whose quote is open. */
static void taken_apart(const char *line, char *out)
{
    char *memory = malloc(strlen(line) + 1), *to = memory; /* so that a sanitizer sees one more */
    struct onebot_word word;
    enum onebot_split found;
    const char *at = line;
    while ((found = onebot_split_next(&at, &to, &word)) != ONEBOT_SPLIT_END)
        out += sprintf(out, "[%s%s]%s", word.at ? "@" : "", word.text,
                       found == ONEBOT_SPLIT_OPEN ? "?" : "");
    *out = 0;
    CHECK(to <= memory + strlen(line) + 1);
    CHECK(*at == 0);
    free(memory);
}

static void splits(const char *line, const char *want)
{
    char out[1024];
    taken_apart(line, out);
    CHECK_STR(out, want);
}

static void test_words_and_spaces(void)
{
    splits("", "");
    splits("  \t\r\n\u3000\xC2\xA0 ", "");
    splits("a b", "[a][b]");
    splits(" a\u3000b\xC2\xA0 c\n", "[a][b][c]");
    splits("提醒\u3000五分钟", "[提醒][五分钟]");
}

static void test_quotes(void)
{
    splits("\"a b\" c", "[a b][c]");
    splits("'a b' c", "[a b][c]");
    splits("“a b” c", "[a b][c]");
    splits("”a b“ c", "[a b][c]"); /* as keyboards turn them out */
    splits("“a b“ ”c d”", "[a b][c d]");
    splits("‘a b’ ’c d’", "[a b][c d]");
    splits("「a b」『c d』", "[a b][c d]");
    splits("＂a b＂ c", "[a b][c]");
    splits("「他说“好”」", "[他说“好”]");
    splits("\"\" ''", "[][]");
    splits("\"a\"b", "[a][b]");
    splits("a\"b c\"", "[a\"b][c\"]"); /* no quote inside a word */
    splits("don't", "[don't]");
    splits("\"a b", "[a b]?");
    splits("「a", "[a]?");
    splits("\"", "[]?");
    splits("“a\"", "[a\"]?"); /* closed by its like only */
}

static void test_escapes(void)
{
    splits("\\\"a b", "[\"a][b]");
    splits("\"a\\\"b\"", "[a\"b]");
    splits("a\\ b", "[a b]");
    splits("a\\\u3000b", "[a\u3000b]");
    splits("「a\\」b」", "[a」b]");
    splits("a\\\\b", "[a\\b]");
    splits("C:\\dir\\n", "[C:\\dir\\n]"); /* before others it is itself */
    splits("\\", "[\\]");
    splits("\"\\", "[\\]?");
}

static void test_people_called(void)
{
    splits(AT("123"), "[@123]");
    splits("a" AT("123") "b", "[a][@123][b]");
    splits(AT("1") AT("all"), "[@1][@all]");
    splits("\"a " AT("1") "\"", "[a @1]");
}

static void rest_is(const char *line, const char *want)
{
    char *memory = malloc(strlen(line) + 1), *to = memory;
    CHECK_STR(onebot_split_rest(line, &to), want);
    CHECK(to <= memory + strlen(line) + 1);
    free(memory);
}

static void test_the_rest_of_a_line(void)
{
    rest_is("", "");
    rest_is(" \u3000 ", "");
    rest_is("  a  \"b\" \\ \u3000", "a  \"b\" \\");
    rest_is(AT("1") "a" AT("2") " b" AT("3"), "@1 a@2 b@3");
}

/* --- any words come back ------------------------------------------------------------ */

static uint64_t state;

static unsigned chance(unsigned below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % below;
}

static const char *const pieces[] = {
    "a",  "协", "\"", "'",      "“",  "”",        "‘", "’", "「",       "」",   "『", "』",
    "＂", "\\", " ",  "\u3000", "\n", "\xC2\xA0", "é", "😀", "\xE3\x80", "\xFF", "n"};
enum { PIECES = sizeof pieces / sizeof *pieces };

static void make_word(char *word)
{
    *word = 0;
    for (unsigned left = chance(6); left; left--)
        strcat(word, pieces[chance(PIECES - 2)]);
}

/* Quoted by one of the pairs, with what would end it escaped. */
static void quote_word(char *line, const char *word)
{
    static const char *const pairs[][3] = {
        {"\"", "\"", "\""}, {"'", "'", "'"},    {"“", "”", "“"},    {"”", "“", "”"},
        {"‘", "’", "‘"},    {"「", "」", "」"}, {"『", "』", "』"}, {"＂", "＂", "＂"}};
    const char *const *pair = pairs[chance(sizeof pairs / sizeof *pairs)];
    strcat(line, pair[0]);
    char *to = line + strlen(line);
    while (*word) {
        size_t len = strlen(pair[1]), other = strlen(pair[2]);
        bool ends = !strncmp(word, pair[1], len) || !strncmp(word, pair[2], other);
        if (ends || *word == '\\')
            *to++ = '\\';
        do
            *to++ = *word++;
        while (((unsigned char)*word & 0xC0) == 0x80);
    }
    *to = 0;
    strcat(line, pair[1]);
}

static void test_any_words_in_quotes_come_back(void)
{
    for (unsigned round = 0; round < (tap_slow() ? 2000u : 50000u); round++) {
        char line[1024] = "", want[512] = "", out[1024];
        state = round;
        for (unsigned count = chance(5); count; count--) {
            char word[64];
            make_word(word);
            strcat(line, chance(2) ? " " : "\u3000");
            quote_word(line, word);
            sprintf(want + strlen(want), "[%s]", word);
        }
        taken_apart(line, out);
        if (strcmp(out, want) != 0) {
            tap_failed(__FILE__, __LINE__, "round %u: %s: %s, not %s", round, line, out, want);
            return;
        }
    }
}

/* Broken UTF-8 and all: the bytes stay within bounds, and every line comes to its end. */
static void test_any_line_comes_to_its_end(void)
{
    for (unsigned round = 0; round < (tap_slow() ? 2000u : 50000u); round++) {
        char line[256] = "", out[2048];
        state = round + 1000000;
        for (unsigned left = chance(30); left; left--)
            strcat(line, pieces[chance(PIECES)]);
        taken_apart(line, out);
        char *memory = malloc(strlen(line) + 1), *to = memory;
        onebot_split_rest(line, &to);
        CHECK(to <= memory + strlen(line) + 1);
        free(memory);
    }
}

/* --- values ------------------------------------------------------------------------- */

static struct onebot_value read_as(struct onebot_argument as, const char *text)
{
    struct onebot_value value = {.integer = -77, .real = -77};
    char copy[256];
    struct onebot_word word = {.text = strcpy(copy, text)};
    if (!onebot_value_read(&as, &word, &value))
        CHECK(!value.given && value.integer == -77 && value.real == -77);
    return value;
}

static void integer_is(enum onebot_type type, const char *text, int64_t want)
{
    struct onebot_value value = read_as((struct onebot_argument){.type = type}, text);
    if (!value.given || value.integer != want)
        tap_failed(__FILE__, __LINE__, "%s: %d %lld, not %lld", text, value.given,
                   (long long)value.integer, (long long)want);
}

static void is_none(enum onebot_type type, const char *text)
{
    if (read_as((struct onebot_argument){.type = type}, text).given)
        tap_failed(__FILE__, __LINE__, "%s was read", text);
}

static void test_integers(void)
{
    integer_is(ONEBOT_INTEGER, "0", 0);
    integer_is(ONEBOT_INTEGER, "-12", -12);
    integer_is(ONEBOT_INTEGER, "+7", 7);
    integer_is(ONEBOT_INTEGER, "１２３", 123);
    integer_is(ONEBOT_INTEGER, "－５", -5);
    integer_is(ONEBOT_INTEGER, "9223372036854775807", INT64_MAX);
    integer_is(ONEBOT_INTEGER, "-9223372036854775808", INT64_MIN);
    static const char *const none[] = {"",   "-",   "1.5", "5x", "0x5", "9223372036854775808",
                                       " 5", "- 5", "五",  "+-5"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        is_none(ONEBOT_INTEGER, none[i]);
    char digits[100];
    memset(digits, '0', 63);
    digits[63] = 0;
    integer_is(ONEBOT_INTEGER, digits, 0); /* as long as may be */
    strcat(digits, "0");
    is_none(ONEBOT_INTEGER, digits);
}

static void test_reals(void)
{
    struct onebot_argument as = {.type = ONEBOT_REAL};
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where there is one: the point is a point all the same */
    CHECK(read_as(as, "1.5").real == 1.5);
    CHECK(read_as(as, "-2e3").real == -2000);
    CHECK(read_as(as, "．５").real == .5);
    CHECK(read_as(as, "0").given);
    static const char *const none[] = {"", "nan", "inf", "0x1p3", "1e999", "1,5", "1.5x", "-"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        is_none(ONEBOT_REAL, none[i]);
}

static void real_is(const char *text, double want)
{
    double value = -7;
    CHECK(onebot_real_read(text, &value) == (want != -7));
    CHECK(value == want);
}

static void test_numbers_in_any_locale(void)
{
    setlocale(LC_ALL, "de_DE.UTF-8");
    real_is("1.5", 1.5);
    real_is("+1e2", 100);
    real_is("-.5", -.5);
    real_is("1e308", 1e308);
    static const char *const none[] = {"",   "nan",   "-inf", "infinity", "0x1", "1,5", " 1",
                                       "1 ", "1e309", "e",    "1e",       ".",   "--1", "1.5.5"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        real_is(none[i], -7); /* as it was */
}

static void test_bools(void)
{
    static const char *const yes[] = {"yes", "Y", "TRUE", "on", "1", "是", "开", "好", "要", "对"};
    static const char *const no[] = {"no", "n",  "false", "OFF",  "0",
                                     "否", "关", "不",    "不要", "错"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        integer_is(ONEBOT_BOOL, yes[i], 1);
        integer_is(ONEBOT_BOOL, no[i], 0);
    }
    integer_is(ONEBOT_BOOL, "ｙｅｓ", 1);
    is_none(ONEBOT_BOOL, "");
    is_none(ONEBOT_BOOL, "yess");
    is_none(ONEBOT_BOOL, "2");
}

static void test_durations(void)
{
    integer_is(ONEBOT_DURATION, "90", 90 * XIE_SECOND);
    integer_is(ONEBOT_DURATION, "90s", 90 * XIE_SECOND);
    integer_is(ONEBOT_DURATION, "1h30m", 90 * XIE_MINUTE);
    integer_is(ONEBOT_DURATION, "1.5h", 90 * XIE_MINUTE);
    integer_is(ONEBOT_DURATION, "2D", 48 * XIE_HOUR);
    integer_is(ONEBOT_DURATION, "1w", 168 * XIE_HOUR);
    integer_is(ONEBOT_DURATION, "300ms", 300 * XIE_MILLISECOND);
    integer_is(ONEBOT_DURATION, "5min", 5 * XIE_MINUTE);
    integer_is(ONEBOT_DURATION, "５分钟", 5 * XIE_MINUTE);
    integer_is(ONEBOT_DURATION, "1小时30分", 90 * XIE_MINUTE);
    integer_is(ONEBOT_DURATION, "2个小时10秒", 2 * XIE_HOUR + 10 * XIE_SECOND);
    integer_is(ONEBOT_DURATION, "1天", 24 * XIE_HOUR);
    integer_is(ONEBOT_DURATION, "1周2日3时", 219 * XIE_HOUR);
    integer_is(ONEBOT_DURATION, "0", 0);
    integer_is(ONEBOT_DURATION, "9223372036", INT64_C(9223372036) * XIE_SECOND);
    static const char *const none[] = {"",           "s",       "-5s",
                                       "5x",         "1h30",    "1 h",
                                       "h1",         ".5h",     "99999999999999999999",
                                       "9223372037", "200000w", "9223372036s999ms",
                                       "1.2.3s"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        is_none(ONEBOT_DURATION, none[i]);
}

static void test_people(void)
{
    integer_is(ONEBOT_PERSON, "38171548296", 38171548296);
    is_none(ONEBOT_PERSON, "0");
    is_none(ONEBOT_PERSON, "-5");
    is_none(ONEBOT_PERSON, "+5");
    is_none(ONEBOT_PERSON, "Ada");
    struct onebot_argument as = {.type = ONEBOT_PERSON};
    struct onebot_value value = {0};
    char number[] = "123", all[] = "all";
    CHECK(onebot_value_read(&as, &(struct onebot_word){.text = number, .at = true}, &value));
    CHECK_EQ(value.integer, 123);
    CHECK(!onebot_value_read(&as, &(struct onebot_word){.text = all, .at = true}, &value));
    as.type = ONEBOT_INTEGER; /* an @ is no number */
    CHECK(!onebot_value_read(&as, &(struct onebot_word){.text = number, .at = true}, &value));
}

static bool within(enum onebot_type type, int64_t least, int64_t most, const char *text)
{
    return read_as((struct onebot_argument){.type = type, .least = least, .most = most}, text)
        .given;
}

static void test_ranges_below_at_and_above(void)
{
    CHECK(!within(ONEBOT_INTEGER, 1, 5, "0") && within(ONEBOT_INTEGER, 1, 5, "1"));
    CHECK(within(ONEBOT_INTEGER, 1, 5, "5") && !within(ONEBOT_INTEGER, 1, 5, "6"));
    CHECK(within(ONEBOT_INTEGER, -5, 0, "0") && !within(ONEBOT_INTEGER, -5, 0, "1"));
    CHECK(within(ONEBOT_INTEGER, 1, 0, "999") && !within(ONEBOT_INTEGER, 1, 0, "0"));
    CHECK(within(ONEBOT_INTEGER, 0, 0, "-999"));
    CHECK(!within(ONEBOT_DURATION, XIE_SECOND, XIE_MINUTE, "999ms"));
    CHECK(within(ONEBOT_DURATION, XIE_SECOND, XIE_MINUTE, "1m"));
    CHECK(!within(ONEBOT_DURATION, XIE_SECOND, XIE_MINUTE, "61"));
    CHECK(!within(ONEBOT_STRING, 1, 2, "") && within(ONEBOT_STRING, 1, 2, "协程"));
    CHECK(!within(ONEBOT_STRING, 1, 2, "协程。"));
    struct onebot_argument real = {.type = ONEBOT_REAL, .least_real = -.5, .most_real = .5};
    CHECK(read_as(real, "-0.5").given && read_as(real, "0.5").given);
    CHECK(!read_as(real, "-0.51").given && !read_as(real, "0.51").given);
    real.most_real = -1; /* no upper end */
    CHECK(read_as(real, "1e300").given && !read_as(real, "-1").given);
}

/* --- in words ----------------------------------------------------------------------- */

static void described(struct onebot_argument as, const char *english, const char *chinese)
{
    for (int language = 0; language < 2; language++) {
        char text[256] = "";
        struct onebot_note note = {
            .text = text, .cap = sizeof text, .language = (enum onebot_language)language};
        onebot_value_describe(&note, &as);
        CHECK_STR(text, language == ONEBOT_ENGLISH ? english : chinese);
    }
}

static void test_values_in_words(void)
{
    described((struct onebot_argument){.type = ONEBOT_STRING}, "a text", "文字");
    described((struct onebot_argument){.type = ONEBOT_REST, .least = 1, .most = 5},
              "a text from 1 to 5 characters", "文字，1 到 5 个字");
    described((struct onebot_argument){.type = ONEBOT_INTEGER, .least = 1},
              "a whole number of at least 1", "整数，至少 1");
    described((struct onebot_argument){.type = ONEBOT_REAL, .least_real = -.5, .most_real = 1},
              "a number from -0.5 to 1", "数，-0.5 到 1");
    described((struct onebot_argument){.type = ONEBOT_DURATION,
                                       .least = XIE_SECOND,
                                       .most = 25 * XIE_HOUR},
              "a time like 1h30m from 1 s to 1 d 1 h", "时长（如 1小时30分），1 秒 到 1 天 1 小时");
    described((struct onebot_argument){.type = ONEBOT_BOOL}, "yes or no", "是或否");
    described((struct onebot_argument){.type = ONEBOT_PERSON}, "a person: @ or a number",
              "人（@ 或号码）");
}

static void lasts(int64_t duration_ns, const char *want)
{
    char text[64] = "";
    struct onebot_note note = {.text = text, .cap = sizeof text, .language = ONEBOT_ENGLISH};
    onebot_note_duration(&note, duration_ns);
    CHECK_STR(text, want);
}

static void test_durations_in_words(void)
{
    lasts(0, "0 ms");
    lasts(XIE_MILLISECOND, "1 ms");
    lasts(XIE_SECOND, "1 s");
    lasts(XIE_SECOND + 1, "2 s");
    lasts(90 * XIE_SECOND, "1 min 30 s");
    lasts(XIE_HOUR, "1 h");
    lasts(49 * XIE_HOUR + 59 * XIE_SECOND, "2 d 1 h");
    lasts(XIE_NEVER, "106751 d 23 h");
}

static void test_notes_are_cut_at_a_character(void)
{
    char text[8] = "";
    struct onebot_note note = {.text = text, .cap = sizeof text};
    onebot_note_add(&note, "%s", "协程"); /* 6 bytes */
    CHECK_EQ(note.len, 6);
    onebot_note_add(&note, "%s", "a");
    CHECK_STR(text, "协程a"); /* full */
    onebot_note_add(&note, "%s", "b");
    CHECK_STR(text, "协程a");
    struct onebot_note other = {.text = text, .cap = sizeof text};
    onebot_note_add(&other, "%s", "ab协程");
    CHECK_STR(text, "ab协");
    onebot_note_add(&other, "%s", "c"); /* nothing behind a cut */
    CHECK_STR(text, "ab协");
}

static void test_templates(void)
{
    char text[64] = "";
    struct onebot_note note = {.text = text, .cap = sizeof text};
    onebot_note_template(&note, "等 {}，{} 100% %s", 2 * XIE_SECOND);
    CHECK_STR(text, "等 2 秒，2 秒 100% %s");
}

static void test_long_quotes_are_shortened(void)
{
    char text[256] = "", longer[3 * 21 + 1] = "";
    struct onebot_note note = {.text = text, .cap = sizeof text};
    for (int i = 0; i < 20; i++)
        strcat(longer, "协"); /* 60 bytes: all of it */
    onebot_note_quote(&note, longer);
    CHECK(strstr(text, longer) && !strstr(text, "…"));
    strcat(longer, "x");
    note.len = 0;
    onebot_note_quote(&note, longer);
    CHECK(!strstr(text, "x") && strstr(text, "协…”"));
}

/* --- arguments ---------------------------------------------------------------------- */

static const struct onebot_argument ban[] = {
    {.name = "who", .type = ONEBOT_PERSON},
    {.name = "time", .type = ONEBOT_DURATION, .otherwise = "30m", .most = 30 * 24 * XIE_HOUR},
    {.name = "hard", .type = ONEBOT_BOOL, .optional = true},
    {.name = "why", .type = ONEBOT_REST, .optional = true},
    {0}};

/* return 1 read, else why not is in why */
static int read_line(const struct onebot_argument *list, const char *line, struct onebot_args *args,
                     char *why, enum onebot_language language)
{
    struct onebot_note note = {.text = why, .cap = 256, .language = language};
    *why = 0;
    int good = onebot_args_read(list, line, args, &note);
    CHECK_EQ(good == 1, !*why);
    return good;
}

static void test_arguments_are_read(void)
{
    struct onebot_args args;
    char why[256];
    REQUIRE(read_line(ban, AT("5") "1h 是  for\u3000\"it\" " AT("6"), &args, why, 0) == 1);
    CHECK_EQ(args.values[0].integer, 5);
    CHECK_EQ(args.values[1].integer, XIE_HOUR);
    CHECK_STR(args.values[1].text, "1h");
    CHECK_EQ(args.values[2].integer, 1);
    CHECK_STR(args.values[3].text, "for\u3000\"it\" @6");
    CHECK(args.values[0].given && args.values[1].given && args.values[2].given);
    onebot_args_free(&args);
    REQUIRE(read_line(ban, "5 1 y", &args, why, 0) == 1); /* an empty rest takes its byte too */
    CHECK(args.values[2].given && !args.values[3].given);
    onebot_args_free(&args);
    REQUIRE(read_line(ban, " 7 ", &args, why, 0) == 1);
    CHECK_EQ(args.values[0].integer, 7);
    CHECK_EQ(args.values[1].integer, 30 * XIE_MINUTE); /* otherwise */
    CHECK(args.values[1].given);
    CHECK(!args.values[2].given && !args.values[3].given);
    CHECK_STR(args.values[2].text, "");
    CHECK_EQ(args.values[2].integer, 0);
    onebot_args_free(&args);
    CHECK_EQ(xie_alloc_live(), 0);
}

static void wrong(const char *line, const char *english, const char *chinese)
{
    static const struct onebot_argument list[] = {
        {.name = "who", .type = ONEBOT_PERSON},
        {.name = "n", .type = ONEBOT_INTEGER, .optional = true, .least = 1, .most = 5},
        {0}};
    struct onebot_args args = {0};
    char why[256];
    CHECK_EQ(read_line(list, line, &args, why, ONEBOT_ENGLISH), 0);
    CHECK_STR(why, english);
    CHECK_EQ(read_line(list, line, &args, why, ONEBOT_CHINESE), 0);
    CHECK_STR(why, chinese);
    CHECK(args.values == NULL);
}

static void test_mistakes_are_told_in_words(void)
{
    wrong("", "Missing: who, a person: @ or a number", "缺少 who：人（@ 或号码）");
    wrong("Ada", "who: \"Ada\" is not a person: @ or a number", "who: “Ada”不是人（@ 或号码）");
    wrong(AT("all"), "who: \"all\" is not a person: @ or a number", "who: “all”不是人（@ 或号码）");
    wrong("1 6", "n: \"6\" is not a whole number from 1 to 5", "n: “6”不是整数，1 到 5");
    wrong("1 2 3 \"4", "Too much: \"3 \"4\"", "多了：“3 \"4”");
    wrong("1 “2", "The quote is not closed: \"2\"", "引号没有结束：“2”");
    CHECK_EQ(xie_alloc_live(), 0);
}

static void test_usage(void)
{
    char text[128] = "";
    struct onebot_note note = {.text = text, .cap = sizeof text};
    onebot_args_usage(&note, ban);
    CHECK_STR(text, " <who> [time] [hard] [why…]");
}

static void test_declarations_that_are_not_sound(void)
{
    struct onebot_argument list[ONEBOT_ARGUMENTS + 2] = {{0}};
    CHECK(onebot_args_check(ban) == NULL);
    CHECK(onebot_args_check(list) == NULL);
    for (int i = 0; i < ONEBOT_ARGUMENTS; i++)
        list[i].name = "x";
    CHECK(onebot_args_check(list) == NULL); /* as many as may be */
    list[ONEBOT_ARGUMENTS].name = "x";
    CHECK(onebot_args_check(list) != NULL);
    static const struct onebot_argument unsound[][3] = {
        {{.name = "a", .type = ONEBOT_REST}, {.name = "b"}},
        {{.name = "a", .optional = true}, {.name = "b"}},
        {{.name = "a", .otherwise = "x"}, {.name = "b"}},
        {{.name = "a", .type = ONEBOT_INTEGER, .otherwise = "x"}},
        {{.name = "a", .type = ONEBOT_INTEGER, .otherwise = "6", .most = 5}},
        {{.name = "a", .type = (enum onebot_type)99}}};
    for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++)
        CHECK(onebot_args_check(unsound[i]) != NULL);
}

/* --- a message's line --------------------------------------------------------------- */

static void line_is(const char *message, const char *want, int64_t reply_to)
{
    json_t *json = json_loads(message, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    struct onebot_line line;
    REQUIRE(json && onebot_line_read(json, &line) == 0);
    CHECK_STR(line.text, want);
    CHECK_EQ(line.reply_to, reply_to);
    xie_release(line.text);
    json_decref(json);
}

static void test_both_forms_of_a_message(void)
{
    line_is("\"a[CQ:at,qq=123]b\"", "a" AT("123") "b", 0);
    line_is("\"[CQ:at,name=x,qq=123][CQ:at,qq=all]\"", AT("123") AT("all"), 0);
    line_is("\"[CQ:reply,id=-7][CQ:at,qq=5] &#91;x&#93;&amp;\"", AT("5") " [x]&", -7);
    line_is("\"[CQ:at,qq=99999999999999999999999999]x[CQ:at]y[CQ:at,qq=]z\"", "xyz", 0);
    line_is("\"[CQ:atx,qq=1][CQ:face,qq=1][CQ:at,qqq=1]\"", "", 0);
    line_is("[{\"type\":\"reply\",\"data\":{\"id\":\"38171548296\"}},{\"type\":\"at\",\"data\":"
            "{\"qq\":123}},{\"type\":\"text\",\"data\":{\"text\":\" a\\u0000b\"}}]",
            AT("123") " ab", 38171548296);
    line_is("[{\"type\":\"at\",\"data\":{\"qq\":\"all\"}},{\"type\":\"at\",\"data\":null},"
            "{\"type\":\"at\",\"data\":{\"qq\":-5}},5,null]",
            AT("all"), 0);
    line_is("{\"type\":\"at\",\"data\":{\"qq\":\"7\"}}", AT("7"), 0);
    line_is("null", "", 0);
    line_is("\"[CQ:]a[CQ:,qq=1]b[CQ:at,qq=5\"", "[CQ:]a[CQ:,qq=1]b[CQ:at,qq=5", 0); /* no codes */
    CHECK_EQ(xie_alloc_live(), 0);
}

/* Many beginnings without an end must not cost their square. */
static void test_codes_that_never_end(void)
{
    enum { COUNT = 1 << 20 };
    struct onebot_line line;
    char *text = malloc(4 * COUNT);
    REQUIRE(text != NULL);
    for (size_t i = 0; i < COUNT; i++)
        memcpy(text + 4 * i, "[CQ:", 4);
    json_t *json = json_stringn(text, 4 * COUNT);
    REQUIRE(json && onebot_line_read(json, &line) == 0);
    CHECK(strlen(line.text) == 4 * COUNT && !memcmp(line.text, text, 4 * COUNT));
    xie_release(line.text);
    json_decref(json);
    free(text);
    CHECK_EQ(xie_alloc_live(), 0);
}

static void test_who_is_called(void)
{
    char number[ONEBOT_NUMBER];
    CHECK(onebot_line_calls("a" AT("1") AT("23"), 23));
    CHECK(!onebot_line_calls(AT("1") AT("23"), 2));
    CHECK(!onebot_line_calls(AT("all"), 23));
    CHECK(!onebot_line_calls(AT("all"), 0));
    CHECK_STR(onebot_line_body(" " AT("1") " \u3000" AT("2") "x "), "x ");
    CHECK(onebot_line_at(AT("1") " " AT("2"), 1, number) && !strcmp(number, "2"));
    CHECK(!onebot_line_at(AT("1"), 1, number));
}

static void behind_is(const char *text, const char *want)
{
    static const char *const names[ONEBOT_WORDS] = {"小协", "bot"};
    const char *behind = onebot_line_behind_name(text, names);
    CHECK_STR(behind ? behind : "none", want);
}

static void test_nicknames(void)
{
    behind_is("小协，早安", "早安");
    behind_is("小协早安", "早安");
    behind_is("小协", "");
    behind_is("bot: hi", "hi");
    behind_is("bot hi", "hi");
    behind_is("bot", "");
    behind_is("bottle", "none");
    behind_is("bot早", "早");
    behind_is("早 bot", "none");
    behind_is("", "none");
}

/* --- whatever comes ----------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* fuzz/line.c */

static const char *const seeds[] = {
    "\0a 3 1.5 yes 1h30m 123 the rest",
    "\1“3” ．5 是 5分钟 " AT("7") " 「x",
    "\2-2e3\u3000off\\ 1.5h \"a\\\"b\"",
    ("\7[{\"type\":\"at\",\"data\":{\"qq\":\"5\"}},{\"type\":\"reply\",\"data\":{\"id\":9}},"
     "{\"type\":\"text\",\"data\":{\"text\":\"bot: a 3\"}}]"),
    "\7\"[CQ:reply,id=1][CQ:at,name=x,qq=5] a&#91;CQ:at&#93; [CQ:at,qq=all\"",
};

static size_t length_of(const char *seed)
{
    return 1 + strlen(seed + 1); /* the first byte may be 0 */
}

static void test_changed_lines(void)
{
    const char *seed = getenv("XIE_SEED");
    state = seed ? strtoull(seed, NULL, 10) : 1;
    json_set_alloc_funcs(xie_alloc, xie_release);
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        for (unsigned round = 0; round < (tap_slow() ? 500u : 20000u); round++) {
            uint8_t bytes[256];
            size_t len = length_of(seeds[i]);
            memcpy(bytes, seeds[i], len);
            for (unsigned changes = round ? 1 + chance(6) : 0; changes; changes--) {
                size_t at = chance((unsigned)len);
                bytes[at] = chance(2) ? (uint8_t)chance(256) : bytes[chance((unsigned)len)];
            }
            LLVMFuzzerTestOneInput(bytes, chance(4) ? len : 1 + chance((unsigned)len));
        }
    }
    CHECK_EQ(xie_alloc_live(), 0);
}

static const struct tap_test tests[] = {
    {"words and spaces", test_words_and_spaces},
    {"quotes", test_quotes},
    {"escapes", test_escapes},
    {"people called", test_people_called},
    {"the rest of a line", test_the_rest_of_a_line},
    {"any words in quotes come back", test_any_words_in_quotes_come_back},
    {"any line comes to its end", test_any_line_comes_to_its_end},
    {"integers", test_integers},
    {"reals", test_reals},
    {"numbers in any locale", test_numbers_in_any_locale},
    {"bools", test_bools},
    {"durations", test_durations},
    {"people", test_people},
    {"ranges below, at and above", test_ranges_below_at_and_above},
    {"values in words", test_values_in_words},
    {"durations in words", test_durations_in_words},
    {"notes are cut at a character", test_notes_are_cut_at_a_character},
    {"templates", test_templates},
    {"long quotes are shortened", test_long_quotes_are_shortened},
    {"arguments are read", test_arguments_are_read},
    {"mistakes are told in words", test_mistakes_are_told_in_words},
    {"usage", test_usage},
    {"declarations that are not sound", test_declarations_that_are_not_sound},
    {"both forms of a message", test_both_forms_of_a_message},
    {"codes that never end", test_codes_that_never_end},
    {"who is called", test_who_is_called},
    {"nicknames", test_nicknames},
    {"changed lines", test_changed_lines},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

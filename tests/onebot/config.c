/* config.c - settings: what is read, what is complained about, what a reload changes. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot/config.h>

#include "base/memory.h"
#include "fault.h"
#include "kit.h"
#include "onebot/nearest.h"
#include "tap.h"

static const char *const colours[] = {"red", "green", NULL};

static const char *not_seven(const json_t *value)
{
    return json_integer_value(value) == 7 ? "is seven" : NULL;
}

static const char *one_of_both(const json_t *value)
{
    return json_object_get(value, "a") && json_object_get(value, "b") ? "has a and b" : NULL;
}

static const struct onebot_config_key inner_keys[] = {
    {.name = "a"},
    {.name = "b", .kind = ONEBOT_KEY_NUMBER},
    {.name = "deep", .kind = ONEBOT_KEY_FLAG, .standard = "yes", .help = "two\nlines"},
    {.name = NULL},
};

static const struct onebot_config_key keys[] = {
    {.name = "text", .least = 2, .most = 5, .standard = "abc"},
    {.name = "secret", .kind = ONEBOT_KEY_SECRET},
    {.name = "number", .kind = ONEBOT_KEY_NUMBER, .least = -5, .most = 9, .wrong = not_seven},
    {.name = "any", .kind = ONEBOT_KEY_NUMBER},
    {.name = "wait", .kind = ONEBOT_KEY_DURATION, .standard = "10s"},
    {.name = "pause", .kind = ONEBOT_KEY_DURATION, .least = XIE_SECOND, .most = XIE_HOUR},
    {.name = "size", .kind = ONEBOT_KEY_SIZE, .least = 1024, .most = 1 << 20},
    {.name = "flag", .kind = ONEBOT_KEY_FLAG},
    {.name = "colour", .kind = ONEBOT_KEY_CHOICE, .choices = colours},
    {.name = "table", .kind = ONEBOT_KEY_TABLE, .keys = inner_keys, .wrong = one_of_both},
    {.name = "tables",
     .kind = ONEBOT_KEY_TABLE,
     .shape = ONEBOT_KEY_LIST,
     .keys = inner_keys,
     .wrong = one_of_both},
    {.name = "named", .kind = ONEBOT_KEY_NUMBER, .shape = ONEBOT_KEY_MAP, .least = 1, .most = 3},
    {.name = "texts", .shape = ONEBOT_KEY_LIST, .standard = "[\"/\"]"},
    {.name = "free", .kind = ONEBOT_KEY_FREE, .shape = ONEBOT_KEY_MAP},
    {.name = NULL},
};

static const struct onebot_config_key needy[] = {
    {.name = "must", .required = true},
    {.name = "table",
     .kind = ONEBOT_KEY_TABLE,
     .keys =
         (const struct onebot_config_key[]){
             {.name = "also", .kind = ONEBOT_KEY_NUMBER, .required = true}, {.name = NULL}}},
    {.name = NULL},
};

/* --- reading ------------------------------------------------------------------------ */

/* Complaints, one a line. */
struct heard {
    char text[16384];
    size_t len;
    int count;
};

static void hear(void *arg, const char *line)
{
    struct heard *heard = arg;
    heard->count++;
    if (heard->len < sizeof heard->text)
        heard->len += (size_t)snprintf(heard->text + heard->len, sizeof heard->text - heard->len,
                                       "%s\n", line);
}

static struct onebot_config *read_right(const char *text)
{
    struct heard heard = {.len = 0};
    struct onebot_config *config = NULL;
    CHECK_EQ(onebot_config_parse("f", text, strlen(text), keys, hear, &heard, &config), 0);
    CHECK_STR(heard.text, "");
    REQUIRE(config);
    return config;
}

/* The values of a text are those of the JSON; defaults apart when the JSON has them not. */
static void values_have(const char *text, const char *want)
{
    struct onebot_config *config = read_right(text);
    json_t *json = json_loads(want, JSON_DECODE_ANY, NULL), *value;
    const char *key;
    REQUIRE(json);
    json_object_foreach(json, key, value)
    {
        bool same = json_equal(value, json_object_get(onebot_config_values(config), key));
        if (!same)
            tap_failed(__FILE__, __LINE__, "%s: %s is not that of %s", text, key, want);
    }
    json_decref(json);
    onebot_config_close(config);
}

static void complaints_with(const struct onebot_config_key *of, const char *text, size_t len,
                            const char *want)
{
    struct heard heard = {.len = 0};
    struct onebot_config *config = NULL;
    CHECK_EQ(onebot_config_parse("f", text, len, of, hear, &heard, &config), XIE_EFAILED);
    CHECK(!config);
    CHECK_STR(heard.text, want);
}

static void complaints_are(const char *text, const char *want)
{
    complaints_with(keys, text, strlen(text), want);
}

static void test_defaults(void)
{
    values_have("", "{\"text\":\"abc\",\"wait\":10000000000,\"texts\":[\"/\"],\"tables\":[],"
                    "\"named\":{},\"free\":{},\"table\":{\"deep\":true}}");
    values_have("~\n", "{\"text\":\"abc\"}");
    values_have("---\n# nothing\n", "{\"text\":\"abc\"}");
    struct onebot_config *config = read_right("");
    CHECK(!json_object_get(onebot_config_values(config), "any"));
    CHECK(!json_object_get(onebot_config_values(config), "secret"));
    onebot_config_close(config);
    onebot_config_close(NULL);
}

static void test_kinds(void)
{
    values_have("text: no\nany: 9223372036854775807",
                "{\"text\":\"no\",\"any\":9223372036854775807}");
    values_have("text: \"\\u00e9x\"", "{\"text\":\"\\u00e9x\"}");
    values_have("number: -5", "{\"number\":-5}");
    values_have("wait: 250ms", "{\"wait\":250000000}");
    values_have("wait: 0s", "{\"wait\":0}");
    values_have("wait: 2 m", "{\"wait\":120000000000}");
    values_have("wait: never", "{\"wait\":9223372036854775807}");
    values_have("pause: 1h", "{\"pause\":3600000000000}");
    values_have("wait: 1d", "{\"wait\":86400000000000}");
    values_have("size: 1KiB", "{\"size\":1024}");
    values_have("size: 1 MiB", "{\"size\":1048576}");
    values_have("size: 2000", "{\"size\":2000}");
    values_have("flag: on", "{\"flag\":true}");
    values_have("flag: no", "{\"flag\":false}");
    values_have("colour: green", "{\"colour\":\"green\"}");
    values_have("named: {x: 1, y: 3}", "{\"named\":{\"x\":1,\"y\":3}}");
    values_have("named:\ntables:\ntable:\n", "{\"named\":{},\"tables\":[]}");
    values_have("texts: [a, 'b', \"3\"]", "{\"texts\":[\"a\",\"b\",\"3\"]}");
    values_have("tables:\n- a: x\n- b: 4\n  deep: false\n",
                "{\"tables\":[{\"a\":\"x\",\"deep\":true},{\"b\":4,\"deep\":false}]}");
}

static void test_free_values(void)
{
    values_have("free: {a: 1, b: \"1\", c: true, d: [1.5, ~, x], e: {f: false}, g: -, h: 1e999}",
                "{\"free\":{\"a\":1,\"b\":\"1\",\"c\":true,\"d\":[1.5,null,\"x\"],"
                "\"e\":{\"f\":false},\"g\":\"-\",\"h\":\"1e999\"}}");
    values_have("free: {a: 99999999999999999999, b: 'true'}",
                "{\"free\":{\"a\":1e20,\"b\":\"true\"}}");
}

static void test_secrets(void)
{
    /* What cannot be a name may be the secret itself, and is not shown. */
    static const char *const hidden[] = {"secret: $", "secret: $Pass1", "secret: $PASS-WORD",
                                         "secret: $1PASS", "secret: $passwort"};
    setenv("XIE_TEST_SECRET", "hidden", 1);
    setenv("XIE_TEST_BROKEN", "\xff", 1);
    unsetenv("XIE_TEST_NONE");
    values_have("secret: $XIE_TEST_SECRET", "{\"secret\":\"hidden\"}");
    values_have("secret: \"$XIE_TEST_SECRET\"", "{\"secret\":\"hidden\"}");
    values_have("secret: $$x", "{\"secret\":\"$x\"}");
    values_have("secret: plain$x", "{\"secret\":\"plain$x\"}");
    values_have("text: $x", "{\"text\":\"$x\"}");
    complaints_are("secret: $XIE_TEST_NONE",
                   "f:1: secret: there is no \"XIE_TEST_NONE\" in the environment; a text that "
                   "begins with $ is written with $$\n");
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        complaints_are(hidden[i],
                       "f:1: secret: begins with $ and names nothing in the environment; "
                       "a text that begins with $ is written with $$\n");
    complaints_are("secret: $XIE_TEST_BROKEN", "f:1: secret: is not UTF-8\n");
}

static void test_ranges(void)
{
    complaints_are("text: a", "f:1: text: is 1 bytes long, not 2 to 5\n");
    complaints_are("text: abcdef", "f:1: text: is 6 bytes long, not 2 to 5\n");
    complaints_are("number: -6", "f:1: number: \"-6\" is not within -5 to 9\n");
    complaints_are("number: 10", "f:1: number: \"10\" is not within -5 to 9\n");
    complaints_are("number: 7", "f:1: number: is seven\n");
    complaints_are("any: 9223372036854775808",
                   "f:1: any: \"9223372036854775808\" is not a whole number\n");
    complaints_are("pause: 999ms", "f:1: pause: \"999ms\" is not within 1s to 1h\n");
    complaints_are("pause: 61m", "f:1: pause: \"61m\" is not within 1s to 1h\n");
    complaints_are("size: 1023", "f:1: size: \"1023\" is not within 1KiB to 1MiB\n");
    complaints_are("size: 2MiB", "f:1: size: \"2MiB\" is not within 1KiB to 1MiB\n");
    complaints_are("named: {x: 4}", "f:1: named.x: \"4\" is not within 1 to 3\n");
    values_have("text: ab\nnumber: 9\npause: 1s\nsize: 1MiB", "{}");
}

static void test_wrong_kinds(void)
{
    complaints_are("number: 1.5", "f:1: number: \"1.5\" is not a whole number\n");
    complaints_are("number: [1]", "f:1: number: is a list, and should be one value\n");
    complaints_are("text: {a: b}", "f:1: text: is a table, and should be one value\n");
    complaints_are("text:", "f:1: text: has no value; \"\" is the empty text\n");
    complaints_are("wait: 5", "f:1: wait: \"5\" is not a duration: a whole number with ms, s, m, h "
                              "or d, or never\n");
    complaints_are(
        "pause: never",
        "f:1: pause: \"never\" is not a duration: a whole number with ms, s, m, h or d\n");
    complaints_are("wait: 999999999999d", "f:1: wait: \"999999999999d\" is not a duration: a whole "
                                          "number with ms, s, m, h or d, or never\n");
    complaints_are("size: 5kb", "f:1: size: \"5kb\" is not a size: a whole number with B, KiB, MiB "
                                "or GiB\n");
    complaints_are("flag: maybe", "f:1: flag: \"maybe\" is neither true nor false\n");
    complaints_are("colour: gren",
                   "f:1: colour: \"gren\" is none of red, green; did you mean \"green\"?\n");
    complaints_are("colour: blue", "f:1: colour: \"blue\" is none of red, green\n");
    complaints_are("table: 5", "f:1: table: should be a table: lines of \"key: value\"\n");
    complaints_are("tables: {a: b}",
                   "f:1: tables: should be a list: [a, b], or lines of \"- value\"\n");
    complaints_are("named: [1]", "f:1: named: should be a table: lines of \"name: value\"\n");
    complaints_are("texts: a", "f:1: texts: should be a list: [a, b], or lines of \"- value\"\n");
    complaints_are("[a]", "f:1: should be lines of \"key: value\"\n");
    complaints_are("a word", "f:1: should be lines of \"key: value\"\n");
}

static void test_all_complaints_at_once(void)
{
    complaints_are("\ntext: a\nnumbr: 5\ntables:\n- deep: x\n- a: 1\n  b: 2\n- zzzzzzzz: 1\n",
                   "f:3: numbr: unknown key; did you mean \"number\"?\n"
                   "f:2: text: is 1 bytes long, not 2 to 5\n"
                   "f:5: tables[0].deep: \"x\" is neither true nor false\n"
                   "f:6: tables[1]: has a and b\n"
                   "f:8: tables[2].zzzzzzzz: unknown key\n");
    complaints_with(needy, "\n\nother: 1", 10,
                    "f:3: other: unknown key\nf:1: must: is required\n"
                    "f:1: table.also: is required\n");
    complaints_with(needy, "must: x\ntable:\n  b: 1", 20,
                    "f:3: table.b: unknown key\nf:2: table.also: is required\n");
}

static void test_more_complaints_than_are_told(void)
{
    char text[4096] = "", last[32];
    struct heard heard = {.len = 0};
    struct onebot_config *config;
    size_t len = 0;
    for (int i = 0; i < ONEBOT_CONFIG_COMPLAINTS + 3; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "zzzzzzzzz%d: 1\n", i);
    CHECK_EQ(onebot_config_parse("f", text, len, keys, hear, &heard, &config), XIE_EFAILED);
    CHECK_EQ(heard.count, ONEBOT_CONFIG_COMPLAINTS + 1);
    snprintf(last, sizeof last, "\nf: 3 more\n");
    CHECK_STR(heard.text + heard.len - strlen(last), last);
    CHECK_EQ(onebot_config_parse("f", text, len, keys, NULL, NULL, &config), XIE_EFAILED);
}

static void test_yaml_that_is_refused(void)
{
    complaints_are("text: abc\ntext: abd", "f:2: text: stands in line 1 already\n");
    complaints_are("text: &a abc", "f:1: anchors (&) and aliases (*) are not read; quote a text "
                                   "that begins so\n");
    complaints_are("text: *a", "f:1: anchors (&) and aliases (*) are not read; quote a text that "
                               "begins so\n");
    complaints_are("\ntext: !x abc", "f:2: tags (!) are not read; quote a text that begins so\n");
    complaints_are("[a]: b", "f:1: a key must be a text\n");
    complaints_are("a: 1\n---\nb: 2", "f:2: a second document begins\n");
    complaints_are("text: \"a\\0b\"", "f:1: a text has a 0 byte inside\n");
    struct heard heard = {.len = 0};
    struct onebot_config *config;
    CHECK_EQ(onebot_config_parse("f", "a: [1", 5, keys, hear, &heard, &config), XIE_EFAILED);
    CHECK(strncmp(heard.text, "f:1: ", 5) == 0 || strncmp(heard.text, "f:2: ", 5) == 0);
    complaints_with(keys, "text: \xff", 7, "f:1: invalid leading UTF-8 octet\n");
    heard.len = 0;
    CHECK_EQ(onebot_config_parse("f", "text: abc\n\tb: 1\n", 16, keys, hear, &heard, &config),
             XIE_EFAILED);
    CHECK(strncmp(heard.text, "f:2: found a tab", 16) == 0 ||
          strncmp(heard.text, "f:2: found character", 20) == 0);
}

static void test_a_complaint_is_one_safe_line(void)
{
    complaints_are("\"a\\nb\\e[31m\": 1", "f:1: a?b?[31m: unknown key\n");
}

/* --- limits ------------------------------------------------------------------------- */

static void depth_gives(int depth, int want)
{
    char text[256];
    struct onebot_config *config = NULL;
    int len = snprintf(text, sizeof text, "free: {a: ");
    for (int i = 2; i < depth; i++)
        text[len++] = '[';
    for (int i = 2; i < depth; i++)
        text[len++] = ']';
    text[len++] = '}';
    CHECK_EQ(onebot_config_parse("f", text, (size_t)len, keys, NULL, NULL, &config), want);
    onebot_config_close(config);
}

static void nodes_give(int nodes, int want)
{
    char *text = malloc((size_t)nodes * 2 + 64);
    struct onebot_config *config = NULL;
    REQUIRE(text != NULL);
    int len = sprintf(text, "free: {a: [");
    for (int i = 3 + 1; i < nodes; i++) /* three hold the list */
        len += sprintf(text + len, "1,");
    len += sprintf(text + len, "1]}");
    CHECK_EQ(onebot_config_parse("f", text, (size_t)len, keys, NULL, NULL, &config), want);
    onebot_config_close(config);
    free(text);
}

static void size_gives(size_t size, int want)
{
    char *text = malloc(size);
    struct onebot_config *config = NULL;
    REQUIRE(text != NULL);
    memset(text, '#', size);
    CHECK_EQ(onebot_config_parse("f", text, size, keys, NULL, NULL, &config), want);
    onebot_config_close(config);
    free(text);
}

static void test_limits(void)
{
    depth_gives(ONEBOT_CONFIG_DEPTH, 0);
    depth_gives(ONEBOT_CONFIG_DEPTH + 1, XIE_EFAILED);
    nodes_give(ONEBOT_CONFIG_NODES - 1, 0);
    nodes_give(ONEBOT_CONFIG_NODES, 0);
    nodes_give(ONEBOT_CONFIG_NODES + 1, XIE_EFAILED);
    size_gives(ONEBOT_CONFIG_SIZE, 0);
    size_gives(ONEBOT_CONFIG_SIZE + 1, XIE_EFAILED);
}

static void test_the_nearest_word(void)
{
    CHECK_EQ(onebot_distance("abc", "abc", 3), 0);
    CHECK_EQ(onebot_distance("ABC", "abc", 3), 0);
    CHECK_EQ(onebot_distance("abc", "acb", 3), 1); /* swapped */
    CHECK_EQ(onebot_distance("abc", "ab", 3), 1);
    CHECK_EQ(onebot_distance("", "ab", 3), 2);
    CHECK_EQ(onebot_distance("kitten", "sitting", 9), 3);
    CHECK_EQ(onebot_distance("kitten", "sitting", 2), 3); /* more than the limit */
    char longest[ONEBOT_NEAREST_LEN + 2];
    memset(longest, 'a', sizeof longest);
    longest[ONEBOT_NEAREST_LEN] = 0;
    CHECK_EQ(onebot_distance(longest, longest, 3), 0);
    longest[ONEBOT_NEAREST_LEN] = 'a';
    longest[ONEBOT_NEAREST_LEN + 1] = 0;
    CHECK_EQ(onebot_distance(longest, longest, 3), 4);
}

/* --- sections and printing ---------------------------------------------------------- */

static void test_sections(void)
{
    struct heard heard = {.len = 0};
    json_t *values = NULL;
    struct onebot_config *config =
        read_right("free:\n  one:\n    a: x\n  two: {bad: 1}\n  three: 5\n");
    CHECK_EQ(onebot_config_section(config, "free.one", inner_keys, hear, &heard, &values), 0);
    CHECK_STR(onebot_string(values, "a"), "x");
    CHECK(json_is_true(json_object_get(values, "deep")));
    json_decref(values);
    CHECK_EQ(onebot_config_section(config, "free.none", inner_keys, hear, &heard, &values), 0);
    CHECK_EQ(json_object_size(values), 1);
    json_decref(values);
    values = NULL;
    CHECK_EQ(onebot_config_section(config, "free.two", inner_keys, hear, &heard, &values),
             XIE_EFAILED);
    CHECK_EQ(onebot_config_section(config, "free.three", inner_keys, hear, &heard, &values),
             XIE_EFAILED);
    CHECK(!values);
    CHECK_STR(heard.text, "f:4: free.two.bad: unknown key\n"
                          "f:5: free.three: should be a table: lines of \"key: value\"\n");
    onebot_config_close(config);
}

static void test_what_is_printed_can_be_read(void)
{
    const struct onebot_config_key *const tables[] = {keys, onebot_settings_keys};
    for (size_t i = 0; i < 2; i++) {
        char *text = NULL;
        size_t len = 0;
        struct heard heard = {.len = 0};
        struct onebot_config *printed = NULL, *empty = NULL;
        FILE *file = open_memstream(&text, &len);
        CHECK_EQ(onebot_config_print(tables[i], file), 0);
        fclose(file);
        CHECK_EQ(onebot_config_parse("f", text, len, tables[i], hear, &heard, &printed), 0);
        CHECK_STR(heard.text, "");
        CHECK_EQ(onebot_config_parse("f", "", 0, tables[i], hear, &heard, &empty), 0);
        CHECK(json_equal(onebot_config_values(printed), onebot_config_values(empty)));
        CHECK(strstr(text, i ? "# what is written, and where" : "  # two\n  # lines\n") != NULL);
        onebot_config_close(printed);
        onebot_config_close(empty);
        free(text);
    }
    FILE *full = fopen("/dev/full", "w");
    CHECK_EQ(onebot_config_print(keys, full), -EIO);
    fclose(full);
}

/* --- files and reloads -------------------------------------------------------------- */

static char path[] = "/tmp/xie-config-XXXXXX";

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    REQUIRE(file);
    fputs(text, file);
    fclose(file);
}

static void make_file(const char *text)
{
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    close(fd);
    write_file(text);
}

struct reload {
    struct heard complaints, changes;
    int hangups, result;
};

static void hear_complaint(void *arg, const char *line)
{
    hear(&((struct reload *)arg)->complaints, line);
}

static void hear_change(void *arg, const char *key, const json_t *old, const json_t *now)
{
    char line[256];
    char *before = old ? json_dumps(old, JSON_ENCODE_ANY) : NULL;
    char *after = now ? json_dumps(now, JSON_ENCODE_ANY) : NULL;
    snprintf(line, sizeof line, "%s %s %s", key, before ? before : "-", after ? after : "-");
    hear(&((struct reload *)arg)->changes, line);
    free(before);
    free(after);
}

static int reload_body(void)
{
    struct reload reload = {.hangups = 0};
    struct onebot_config *config;
    make_file("text: abc\nany: 1\nfree: {p: {x: 1}}\n");
    CHECK_EQ(onebot_config_open(path, keys, hear_complaint, &reload, &config), 0);
    json_t *first = json_incref(onebot_config_values(config));
    CHECK_EQ(onebot_config_reload(config, hear_complaint, hear_change, &reload), 0);

    write_file("text: abd\nnumber: 3\nfree: {p: {x: 2}, q: 1}\ntexts: [a]\n");
    CHECK_EQ(onebot_config_reload(config, hear_complaint, hear_change, &reload), 6);
    CHECK_STR(reload.complaints.text, "");
    CHECK(strstr(reload.changes.text, "text \"abc\" \"abd\"\n") != NULL);
    CHECK(strstr(reload.changes.text, "any 1 -\n") != NULL);
    CHECK(strstr(reload.changes.text, "number - 3\n") != NULL);
    CHECK(strstr(reload.changes.text, "free.p.x 1 2\n") != NULL);
    CHECK(strstr(reload.changes.text, "free.q - 1\n") != NULL);
    CHECK(strstr(reload.changes.text, "texts [\"/\"] [\"a\"]\n") != NULL);
    CHECK_STR(onebot_string(first, "text"), "abc"); /* kept by who wanted it */
    json_decref(first);

    write_file("text: abe\nnumber: x\n");
    CHECK_EQ(onebot_config_reload(config, hear_complaint, hear_change, &reload), XIE_EFAILED);
    CHECK_STR(onebot_string(onebot_config_values(config), "text"), "abd");
    CHECK(strstr(reload.complaints.text, ":2: number: ") != NULL);
    unlink(path);
    CHECK_EQ(onebot_config_reload(config, hear_complaint, hear_change, &reload), -ENOENT);
    CHECK(strstr(reload.complaints.text, ": No such file or directory\n") != NULL);
    CHECK_STR(onebot_string(onebot_config_values(config), "text"), "abd");
    CHECK_EQ(reload.changes.count, 6);
    onebot_config_close(config);
    return 0;
}

static void test_reload(void)
{
    in_task(reload_body);
}

/* One of two that read at once. */
struct reader {
    struct onebot_config *config;
    struct reload reload;
    int changes;
};

static int read_again(void *arg)
{
    struct reader *reader = arg;
    reader->changes =
        onebot_config_reload(reader->config, hear_complaint, hear_change, &reader->reload);
    return 0;
}

static int at_once_body(void)
{
    static struct reader readers[2];
    struct onebot_config *config;
    make_file("text: abc\n");
    CHECK_EQ(onebot_config_open(path, keys, hear_complaint, &readers[0].reload, &config), 0);
    write_file("text: abd\n");
    XIE_GROUP(group) {
        for (int i = 0; i < 2; i++) {
            readers[i].config = config;
            CHECK_EQ(xie_group_spawn(&group, read_again, &readers[i]), 0);
        }
        CHECK_EQ(xie_group_wait(&group), 0);
    }
    CHECK_EQ(readers[0].changes + readers[1].changes, 1); /* each against what was in force */
    CHECK_STR(onebot_string(onebot_config_values(config), "text"), "abd");
    unlink(path);
    onebot_config_close(config);
    return 0;
}

static void test_two_reloads_at_once(void)
{
    in_task(at_once_body);
}

static int files_body(void)
{
    struct heard heard = {.len = 0};
    struct onebot_config *config = NULL;
    CHECK_EQ(onebot_config_open("/nowhere/x", keys, hear, &heard, &config), -ENOENT);
    CHECK_EQ(onebot_config_open("/tmp", keys, hear, &heard, &config), -EISDIR);
    CHECK_EQ(onebot_config_open("/dev/zero", keys, hear, &heard, &config), XIE_ELIMIT);
    CHECK_EQ(heard.count, 3);
    CHECK(!config);
    config = read_right("");
    CHECK_EQ(onebot_config_reload(config, NULL, NULL, NULL), -EINVAL);
    onebot_config_close(config);
    return 0;
}

static void test_files_that_are_none(void)
{
    in_task(files_body);
    struct onebot_config *config = NULL;
    CHECK_EQ(onebot_config_open("/dev/null", keys, NULL, NULL, &config), -EPERM);
}

/* --- SIGHUP ------------------------------------------------------------------------- */

struct watching {
    struct reload reload;
    struct xie_event hung;
};

static void on_hangup(void *arg, int result)
{
    struct watching *watching = arg;
    watching->reload.hangups++;
    watching->reload.result = result;
    xie_event_set(&watching->hung);
}

static void hang_up_and_wait(struct watching *watching)
{
    xie_event_clear(&watching->hung);
    raise(SIGHUP);
    CHECK_EQ(xie_event_wait(&watching->hung), 0);
}

/* A task may begin after us: only when the signal is caught it may be raised. */
static void wait_until_caught(void)
{
    struct sigaction now = {.sa_handler = SIG_DFL};
    while (sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        REQUIRE(xie_sleep(0) == 0);
}

static int watch_body(void)
{
    static struct watching watching;
    struct onebot_config *config;
    make_file("text: abc\n");
    CHECK_EQ(onebot_config_open(path, keys, NULL, NULL, &config), 0);
    struct onebot_config_watch watch = {.config = config,
                                        .say = hear_complaint,
                                        .changed = hear_change,
                                        .hangup = on_hangup,
                                        .arg = &watching};
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn(&group, onebot_config_watch, &watch), 0);
        wait_until_caught();
        write_file("text: abd\n");
        hang_up_and_wait(&watching);
        CHECK_EQ(watching.reload.result, 1);
        CHECK_STR(watching.reload.changes.text, "text \"abc\" \"abd\"\n");
        write_file("text: [");
        hang_up_and_wait(&watching);
        CHECK_EQ(watching.reload.result, XIE_EFAILED);
        CHECK_STR(onebot_string(onebot_config_values(config), "text"), "abd");
        CHECK_EQ(watching.reload.hangups, 2);
        CHECK_EQ(onebot_config_watch(&watch), -EBUSY);
        xie_group_cancel(&group);
    }
    onebot_config_close(config);
    unlink(path);
    return 0;
}

static void test_watch(void)
{
    in_task(watch_body);
    CHECK_EQ(xie_alloc_live(), 0);
}

static int watch_nothing_body(void)
{
    static struct watching watching;
    struct onebot_config_watch watch = {.hangup = on_hangup, .arg = &watching};
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn(&group, onebot_config_watch, &watch), 0);
        wait_until_caught();
        hang_up_and_wait(&watching);
        CHECK_EQ(watching.reload.result, 0);
        xie_group_cancel(&group);
    }
    return 0;
}

static void test_watch_without_a_file(void)
{
    in_task(watch_nothing_body);
}

/* --- the bot's settings ------------------------------------------------------------- */

static struct onebot_config *read_settings(const char *text)
{
    struct heard heard = {.len = 0};
    struct onebot_config *config = NULL;
    CHECK_EQ(
        onebot_config_parse("f", text, strlen(text), onebot_settings_keys, hear, &heard, &config),
        0);
    CHECK_STR(heard.text, "");
    REQUIRE(config);
    return config;
}

static void test_settings(void)
{
    struct onebot_options options = {.grace_ns = 1};
    struct onebot_settings *settings;
    struct onebot_config *config = read_settings(
        "endpoints:\n- url: ws://a/\n  token: t\n  self_id: 7\n  role: event\n"
        "- listen: ':80'\n  secret: s\n  role: api\n- url: http://b\n"
        "superusers: [5, 9223372036854775807]\n"
        "pace: {interval: 2s, burst: 3}\ngroup_pace: {interval: 1s}\n"
        "limits: {call_timeout: never, connect_timeout: 1s, retry_least: 2s, retry_most: 3s, "
        "ping_interval: 0s, grace: 4s, handlers: 5, calls: 6, accounts: 7, message: 8KiB}\n");
    CHECK_EQ(onebot_settings_open(config, NULL, NULL, &options, &settings), 0);
    onebot_config_close(config); /* settings keep what they need */
    const struct onebot_endpoint *at = options.endpoints;
    CHECK_STR(at[0].url, "ws://a/");
    CHECK_STR(at[0].token, "t");
    CHECK_EQ(at[0].self_id, 7);
    CHECK_EQ(at[0].role, ONEBOT_EVENT);
    CHECK(!at[0].listen && !at[0].secret && !at[0].tls);
    CHECK_STR(at[1].listen, ":80");
    CHECK_STR(at[1].secret, "s");
    CHECK_EQ(at[1].role, ONEBOT_API);
    CHECK_EQ(at[2].role, ONEBOT_UNIVERSAL);
    CHECK(!at[3].url && !at[3].listen && !at[3].listener);
    CHECK_EQ(options.pace.interval_ns, 2 * XIE_SECOND);
    CHECK_EQ(options.pace.burst, 3);
    CHECK_STR(options.book.prefixes[0], "/");
    CHECK(!options.book.prefixes[1]);
    CHECK_EQ(options.book.superusers[0], 5);
    CHECK_EQ(options.book.superusers[1], INT64_MAX);
    CHECK_EQ(options.book.superusers[2], 0);
    CHECK_EQ(options.group_pace.interval_ns, XIE_SECOND);
    CHECK_EQ(options.call_timeout_ns, XIE_NEVER);
    CHECK_EQ(options.connect_timeout_ns, XIE_SECOND);
    CHECK_EQ(options.retry_least_ns, 2 * XIE_SECOND);
    CHECK_EQ(options.retry_most_ns, 3 * XIE_SECOND);
    CHECK_EQ(options.ping_interval_ns, 1);
    CHECK_EQ(options.grace_ns, 4 * XIE_SECOND);
    CHECK_EQ(options.max_handlers, 5);
    CHECK_EQ(options.max_calls, 6);
    CHECK_EQ(options.max_accounts, 7);
    CHECK_EQ(options.max_message, 8192);
    onebot_settings_close(settings);
    onebot_settings_close(NULL);
}

static void test_settings_that_are_wrong(void)
{
    static const char *const wrong[][2] = {
        {"endpoints: [{token: a}]", "f:1: endpoints[0]: needs url or listen\n"},
        {"endpoints:\n- {url: 'ws://a', listen: ':1'}",
         "f:2: endpoints[0]: has both url and listen: make it two endpoints\n"},
        {"endpoints: [{listen: ':1', tls: {ca: x}}]",
         "f:1: endpoints[0]: needs tls.certificate, to listen\n"},
        {"endpoints: [{url: 'ws://'}]",
         "f:1: endpoints[0].url: should be ws://HOST[:PORT][/PATH], or begin with wss://, http:// "
         "or https://\n"},
        {"commands: {prefixes: [a, b, c, d, e, f, g, h, i]}",
         "f:1: commands: has more than 8 prefixes\n"},
        {"log: {names: {x: loud}}",
         "f:1: log.names.x: \"loud\" is none of debug, info, warning, error\n"},
        {"limits: {retry_least: 2m}", "f:1: limits: retry_least is longer than retry_most\n"},
        {"superusers: [1, 0]", "f:1: superusers[1]: \"0\" is not within 1 to "
                               "9223372036854775807\n"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        complaints_with(onebot_settings_keys, wrong[i][0], strlen(wrong[i][0]), wrong[i][1]);
}

static void test_settings_with_wrong_tls(void)
{
    struct heard heard = {.len = 0};
    struct onebot_options options = {.grace_ns = 1};
    struct onebot_settings *settings = NULL;
    struct onebot_config *config =
        read_settings("endpoints:\n- url: wss://a\n- {url: wss://b, tls: {ca: /nowhere/ca}}\n");
    int error = onebot_settings_open(config, hear, &heard, &options, &settings);
    CHECK(error == XIE_EFAILED || error == -EPROTONOSUPPORT);
    CHECK(strncmp(heard.text, "f: endpoints[1].tls: ", 21) == 0);
    CHECK(!settings && !options.endpoints);
    CHECK_EQ(options.grace_ns, 1);
    onebot_config_close(config);
}

static void test_settings_of_the_log(void)
{
    struct onebot_logger_name names[ONEBOT_LOGGER_NAMES + 1];
    struct onebot_config *config = read_settings(
        "log: {level: debug, names: {a: error}, file: x, form: json, colour: always, same: 2, "
        "window: 1s}");
    struct onebot_logger_options log = onebot_settings_log(onebot_config_values(config), names);
    CHECK_EQ(log.level, ONEBOT_DEBUG);
    CHECK_STR(log.names[0].name, "a");
    CHECK_EQ(log.names[0].level, ONEBOT_ERROR);
    CHECK(!log.names[1].name);
    CHECK_STR(log.path, "x");
    CHECK(log.json);
    CHECK_EQ(log.colour, ONEBOT_COLOUR_ALWAYS);
    CHECK_EQ(log.same, 2);
    CHECK_EQ(log.window_ns, XIE_SECOND);
    onebot_config_close(config);
}

/* --- faults ------------------------------------------------------------------------- */

static int everything(void *arg)
{
    struct onebot_config *config = NULL;
    struct onebot_settings *settings = NULL, *renewed = NULL;
    struct onebot_options options = {.grace_ns = 1};
    int error = onebot_config_open(arg, onebot_settings_keys, NULL, NULL, &config);
    if (!error)
        error = onebot_settings_open(config, NULL, NULL, &options, &settings);
    if (!error)
        error = onebot_config_reload(config, NULL, NULL, NULL);
    if (!error)
        error = onebot_settings_again(config, settings, NULL, NULL, &options, &renewed);
    onebot_settings_close(settings);
    onebot_settings_close(renewed);
    onebot_config_close(config);
    return error;
}

static void *json_alloc(size_t size)
{
    return xie_alloc(size);
}

/* libyaml's own memory, by which it counts as ours: these take the place of its functions. */
XIE_API void *yaml_malloc(size_t size);
XIE_API void *yaml_realloc(void *memory, size_t size);
XIE_API void yaml_free(void *memory);
XIE_API unsigned char *yaml_strdup(const unsigned char *text);

static unsigned yaml_calls;

void *yaml_malloc(size_t size)
{
    yaml_calls++;
    return xie_alloc(size ? size : 1);
}

void *yaml_realloc(void *memory, size_t size)
{
    return xie_resize(memory, size ? size : 1);
}

void yaml_free(void *memory)
{
    xie_release(memory);
}

unsigned char *yaml_strdup(const unsigned char *text)
{
    return text ? (unsigned char *)xie_copy_string((const char *)text) : NULL;
}

static void test_faults(void)
{
    make_file("endpoints:\n- url: ws://a/\n  token: t\nplugins: {a: {b: [1, 2.5, x, ~]}}\n");
    json_set_alloc_funcs(json_alloc, xie_release);
    struct fault_program program = {"config", everything, path, false};
    fault_sweep_all(&program);
    CHECK(yaml_calls > 0);
    CHECK_EQ(xie_alloc_live(), 0);
    unlink(path);
}

static const struct tap_test tests[] = {
    {"defaults", test_defaults},
    {"kinds", test_kinds},
    {"free values", test_free_values},
    {"secrets", test_secrets},
    {"ranges", test_ranges},
    {"wrong kinds", test_wrong_kinds},
    {"all complaints at once", test_all_complaints_at_once},
    {"more complaints than are told", test_more_complaints_than_are_told},
    {"YAML that is refused", test_yaml_that_is_refused},
    {"a complaint is one safe line", test_a_complaint_is_one_safe_line},
    {"limits", test_limits},
    {"the nearest word", test_the_nearest_word},
    {"sections", test_sections},
    {"what is printed can be read", test_what_is_printed_can_be_read},
    {"reload", test_reload},
    {"two reloads at once", test_two_reloads_at_once},
    {"files that are none", test_files_that_are_none},
    {"watch", test_watch},
    {"watch without a file", test_watch_without_a_file},
    {"settings", test_settings},
    {"settings that are wrong", test_settings_that_are_wrong},
    {"settings with wrong TLS", test_settings_with_wrong_tls},
    {"settings of the log", test_settings_of_the_log},
    {"faults", test_faults},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

/* logger.c - the log: levels, forms, what is unsafe, what repeats, and files that are moved. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xie.h>
#include <xie/onebot/logger.h>

#include "base/memory.h"
#include "fault.h"
#include "kit.h"
#include "onebot/log.h"
#include "tap.h"

static char folder[] = "/tmp/xie-logger-XXXXXX";
static char path[64], moved[64];

static void make_folder(void)
{
    REQUIRE(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(moved, sizeof moved, "%s/log.1", folder);
}

static void remove_folder(void)
{
    unlink(path);
    unlink(moved);
    CHECK_EQ(rmdir(folder), 0);
}

static struct onebot_logger *open_logger(struct onebot_logger_options options)
{
    struct onebot_logger *logger = NULL;
    options.path = path;
    CHECK_EQ(onebot_logger_open(&options, &logger), 0);
    REQUIRE(logger);
    return logger;
}

/* A file's whole text, until the next call. */
static const char *content(const char *name)
{
    static char text[64 * 1024];
    int fd = open(name, O_RDONLY);
    ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    close(fd);
    text[len > 0 ? len : 0] = 0;
    return text;
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    while ((text = strstr(text, part))) {
        count++;
        text += strlen(part);
    }
    return count;
}

/* --- forms -------------------------------------------------------------------------- */

static void test_for_people(void)
{
    make_folder();
    struct onebot_logger *logger =
        open_logger((struct onebot_logger_options){.level = ONEBOT_INFO});
    onebot_logger_write(logger, ONEBOT_WARNING, "weather",
                        ONEBOT_FIELDS(onebot_log_number("user", -7),
                                      onebot_log_text("city", "Xi an"),
                                      onebot_log_text("bare", "x"), onebot_log_text("none", NULL),
                                      onebot_log_text("q", "a\"b\\")),
                        "it %s", "rains");
    onebot_logger_write(logger, ONEBOT_ERROR, NULL, NULL, "plain");
    onebot_logger_close(logger);
    const char *text = content(path), *line = strchr(text, '\n') + 1;
    int year, end = 0;
    CHECK_EQ(sscanf(text, "%4d-%*2d-%*2d %*2d:%*2d:%*2d.%*3d%n", &year, &end), 1);
    CHECK_EQ(end, 23);
    CHECK(strncmp(text + end,
                  " warning weather: it rains user=-7 city=\"Xi an\" bare=x none=\"\" "
                  "q=\"a\\\"b\\\\\"\n",
                  (size_t)(line - text - end)) == 0);
    CHECK_STR(line + 23, " error   plain\n");
    remove_folder();
}

static void test_json(void)
{
    make_folder();
    struct onebot_logger *logger = open_logger((struct onebot_logger_options){.json = true});
    onebot_logger_write(logger, ONEBOT_INFO, "weather",
                        ONEBOT_FIELDS(onebot_log_number("user", INT64_MIN),
                                      onebot_log_text("city", "a\n\"\\\xff\xc2\x85")),
                        "it\trains");
    onebot_logger_close(logger);
    const char *text = content(path);
    json_t *line = json_loads(text, 0, NULL);
    CHECK(strchr(text, '\n') == text + strlen(text) - 1);
    CHECK_STR(json_string_value(json_object_get(line, "level")), "info");
    CHECK_STR(json_string_value(json_object_get(line, "name")), "weather");
    CHECK_STR(json_string_value(json_object_get(line, "message")), "it\trains");
    json_t *fields = json_object_get(line, "fields");
    CHECK_EQ(json_integer_value(json_object_get(fields, "user")), INT64_MIN);
    CHECK_STR(json_string_value(json_object_get(fields, "city")), "a\n\"\\\xEF\xBF\xBD\xc2\x85");
    const char *time = json_string_value(json_object_get(line, "time"));
    CHECK(time && strlen(time) == 24 && time[10] == 'T' && time[23] == 'Z');
    json_decref(line);
    remove_folder();
}

static void test_colour(void)
{
    static const struct {
        enum onebot_colour colour;
        bool json, coloured;
    } cases[] = {{ONEBOT_COLOUR_AUTO, false, false},
                 {ONEBOT_COLOUR_NEVER, false, false},
                 {ONEBOT_COLOUR_ALWAYS, false, true},
                 {ONEBOT_COLOUR_ALWAYS, true, false}};
    for (size_t i = 0; i < 4; i++) {
        make_folder();
        struct onebot_logger *logger = open_logger(
            (struct onebot_logger_options){.colour = cases[i].colour, .json = cases[i].json});
        onebot_logger_write(logger, ONEBOT_ERROR, NULL, NULL, "x");
        onebot_logger_close(logger);
        CHECK_EQ(strstr(content(path), "\033[31m") != NULL, cases[i].coloured);
        remove_folder();
        strcpy(strrchr(folder, '-') + 1, "XXXXXX");
    }
}

/* On a terminal; NO_COLOR decides otherwise unless it is empty. */
static bool coloured_terminal(const char *no_colour)
{
    char text[256];
    struct onebot_logger *logger;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master))
        tap_skip("no terminals here");
    if (no_colour)
        setenv("NO_COLOR", no_colour, 1);
    else
        unsetenv("NO_COLOR");
    struct onebot_logger_options options = {.path = ptsname(master)};
    CHECK_EQ(onebot_logger_open(&options, &logger), 0);
    onebot_logger_write(logger, ONEBOT_ERROR, NULL, NULL, "x");
    ssize_t len = read(master, text, sizeof text - 1);
    onebot_logger_close(logger);
    close(master);
    text[len > 0 ? len : 0] = 0;
    CHECK(strstr(text, "error") != NULL);
    return strstr(text, "\033[31m") != NULL;
}

static void test_colour_on_a_terminal(void)
{
    CHECK(coloured_terminal(NULL));
    CHECK(coloured_terminal(""));
    CHECK(!coloured_terminal("1"));
}

static void test_nothing_steers_a_terminal(void)
{
    make_folder();
    struct onebot_logger *logger = open_logger((struct onebot_logger_options){.same = 1});
    onebot_logger_write(logger, ONEBOT_INFO, "a\nb",
                        ONEBOT_FIELDS(onebot_log_text("k\n", "x\033[2J\xff\x7f"),
                                      onebot_log_text("c1", "\xc2\x9b"
                                                            "31m"),
                                      onebot_log_text("fake", "1 level=error")),
                        "one\ntwo\r\033]0;t\007");
    onebot_logger_close(logger);
    CHECK_STR(content(path) + 23, " info    a?b: one?two??]0;t? k?=x?[2J?? c1=?31m "
                                  "fake=\"1 level=error\"\n");
    remove_folder();
}

static void test_long_lines_are_cut(void)
{
    char *longest = malloc(10000);
    make_folder();
    for (int json = 0; json < 2; json++) {
        struct onebot_logger *logger =
            open_logger((struct onebot_logger_options){.json = json, .same = 1000});
        for (size_t len = 1900; len < 2100; len++) {
            memset(longest, 'a', len);
            strcpy(longest + len, "\xe4\xbd\xa0\xe4\xbd\xa0");
            onebot_logger_write(logger, ONEBOT_INFO, "n",
                                ONEBOT_FIELDS(onebot_log_text("k", longest),
                                              onebot_log_text(json ? "\n\n\n\n" : "key", "b"),
                                              onebot_log_number("z", 12345)),
                                "%s", longest);
            const char *text = content(path), *end = strchr(text, '\n');
            CHECK(end && end - text < ONEBOT_LOGGER_LINE && !end[1]);
            json_t *line = json ? json_loads(text, 0, NULL) : NULL;
            CHECK_EQ(line != NULL, json);
            CHECK(!json || len < 2050 || json_is_true(json_object_get(line, "cut")));
            CHECK(json || !strchr(text, '?')); /* no character is divided */
            json_decref(line);
            CHECK_EQ(truncate(path, 0), 0);
        }
        onebot_logger_close(logger);
    }
    free(longest);
    remove_folder();
}

/* --- which ---------------------------------------------------------------------------- */

static void test_levels_and_names(void)
{
    static const struct onebot_logger_name names[] = {
        {"a", ONEBOT_ERROR}, {"a.b", ONEBOT_DEBUG}, {NULL, ONEBOT_INFO}};
    make_folder();
    struct onebot_logger *logger =
        open_logger((struct onebot_logger_options){.level = ONEBOT_WARNING, .names = names});
    CHECK(!onebot_logger_wants(logger, ONEBOT_INFO, NULL));
    CHECK(onebot_logger_wants(logger, ONEBOT_WARNING, "other"));
    CHECK(!onebot_logger_wants(logger, ONEBOT_WARNING, "a"));
    CHECK(!onebot_logger_wants(logger, ONEBOT_WARNING, "a.c"));
    CHECK(onebot_logger_wants(logger, ONEBOT_WARNING, "ab"));
    CHECK(onebot_logger_wants(logger, ONEBOT_DEBUG, "a.b"));
    CHECK(onebot_logger_wants(logger, ONEBOT_DEBUG, "a.b.c"));
    CHECK(!onebot_logger_wants(NULL, ONEBOT_DEBUG, "a"));
    CHECK(onebot_logger_wants(NULL, ONEBOT_INFO, NULL));
    errno = 77;
    onebot_logger_write(logger, ONEBOT_ERROR, "a", NULL, "yes");
    onebot_logger_write(logger, ONEBOT_WARNING, "a", NULL, "no");
    onebot_logger_write(logger, ONEBOT_DEBUG, "a.b", NULL, "yes");
    CHECK_EQ(errno, 77);
    CHECK_EQ(count_of(content(path), "yes\n"), 2);
    CHECK_EQ(count_of(content(path), "no\n"), 0);
    struct onebot_logger_options debug = {.path = path, .level = ONEBOT_DEBUG};
    CHECK_EQ(onebot_logger_change(logger, &debug), 0);
    CHECK(onebot_logger_wants(logger, ONEBOT_DEBUG, "a"));
    debug.path = "/nowhere/log";
    CHECK_EQ(onebot_logger_change(logger, &debug), -ENOENT);
    onebot_logger_write(logger, ONEBOT_DEBUG, "a", NULL, "still");
    CHECK_EQ(count_of(content(path), "still\n"), 1);
    CHECK_EQ(onebot_logger_change(NULL, &debug), -EINVAL);
    onebot_logger_close(logger);
    onebot_logger_close(NULL);
    CHECK_EQ(onebot_logger_open(&debug, &logger), -ENOENT);
    remove_folder();
}

static void test_too_many_names(void)
{
    struct onebot_logger_name names[ONEBOT_LOGGER_NAMES + 2];
    struct onebot_logger *logger;
    struct onebot_logger_options options = {.names = names};
    for (size_t i = 0; i < ONEBOT_LOGGER_NAMES + 2; i++)
        names[i] = (struct onebot_logger_name){"n", ONEBOT_INFO};
    names[ONEBOT_LOGGER_NAMES + 1].name = NULL;
    CHECK_EQ(onebot_logger_open(&options, &logger), -EINVAL);
    names[ONEBOT_LOGGER_NAMES].name = NULL;
    CHECK_EQ(onebot_logger_open(&options, &logger), 0);
    onebot_logger_close(logger);
    CHECK_EQ(xie_alloc_live(), 0);
}

/* --- repetitions -------------------------------------------------------------------- */

static void say(struct onebot_logger *logger, int times)
{
    for (int i = 0; i < times; i++)
        onebot_logger_write(logger, ONEBOT_INFO, "n", ONEBOT_FIELDS(onebot_log_number("i", i)),
                            "again");
}

static int same_body(void)
{
    make_folder();
    struct onebot_logger *logger =
        open_logger((struct onebot_logger_options){.same = 3, .window_ns = XIE_HOUR});
    say(logger, 3);
    CHECK_EQ(count_of(content(path), "n: again i="), 3);
    say(logger, 4);
    CHECK_EQ(count_of(content(path), "n: again i="), 3);
    onebot_logger_write(logger, ONEBOT_INFO, "m", NULL, "again"); /* another name, another line */
    onebot_logger_write(logger, ONEBOT_ERROR, "n", NULL, "again");
    CHECK_EQ(count_of(content(path), "again"), 5);
    onebot_logger_close(logger);
    CHECK_EQ(count_of(content(path), " info    n: 4 more times: again\n"), 1);
    CHECK_EQ(count_of(content(path), "more"), 1);
    remove_folder();
    return 0;
}

static void test_the_same_line(void)
{
    in_task(same_body);
}

/* By sim's clock, which goes on only when everybody waits. */
static int window_body(void)
{
    make_folder();
    struct onebot_logger *logger =
        open_logger((struct onebot_logger_options){.same = 1, .window_ns = XIE_HOUR});
    int64_t start = xie_now();
    say(logger, 2);
    CHECK_EQ(xie_sleep_until(start + XIE_HOUR - 1), 0);
    onebot_logger_write(logger, ONEBOT_INFO, "m", NULL, "other");
    say(logger, 1);
    CHECK_EQ(count_of(content(path), "again"), 1);
    CHECK_EQ(xie_sleep_until(start + XIE_HOUR), 0);
    onebot_logger_write(logger, ONEBOT_INFO, "m", NULL, "another");
    CHECK_EQ(count_of(content(path), "n: 2 more times: again\n"), 1);
    say(logger, 1); /* a new window */
    CHECK_EQ(count_of(content(path), "n: again i=0\n"), 2);
    onebot_logger_close(logger);
    CHECK_EQ(count_of(content(path), "again"), 3);
    remove_folder();
    return 0;
}

static void test_the_window_ends(void)
{
    const char *backend = getenv("XIE_BACKEND");
    if (!backend || strcmp(backend, "sim") != 0)
        tap_skip("needs a clock that does not go on by itself");
    in_task(window_body);
}

static void test_many_different_lines(void)
{
    make_folder();
    struct onebot_logger *logger =
        open_logger((struct onebot_logger_options){.same = 1, .window_ns = XIE_HOUR});
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 4 * ONEBOT_LOGGER_SAME; i++)
            onebot_logger_write(logger, ONEBOT_INFO, NULL, NULL, "line %d.", i);
    onebot_logger_close(logger);
    for (int i = 0; i < 4 * ONEBOT_LOGGER_SAME; i++) {
        char line[32];
        snprintf(line, sizeof line, " line %d.\n", i);
        CHECK_EQ(count_of(content(path), line), 2); /* twice, or once and "1 more time" */
    }
    remove_folder();
}

/* --- files and pipes ------------------------------------------------------------------ */

static void test_a_file_that_is_moved(void)
{
    make_folder();
    struct onebot_logger *logger =
        open_logger((struct onebot_logger_options){.level = ONEBOT_INFO});
    onebot_logger_write(logger, ONEBOT_INFO, NULL, NULL, "one");
    CHECK_EQ(rename(path, moved), 0);
    onebot_logger_write(logger, ONEBOT_INFO, NULL, NULL, "two");
    CHECK_EQ(onebot_logger_reopen(logger), 0);
    onebot_logger_write(logger, ONEBOT_INFO, NULL, NULL, "three");
    CHECK_EQ(count_of(content(moved), "\n"), 2);
    CHECK_EQ(count_of(content(path), "three\n"), 1);
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(mkdir(path, 0700), 0);
    CHECK_EQ(onebot_logger_reopen(logger), -EISDIR);
    CHECK_EQ(rmdir(path), 0);
    CHECK_EQ(onebot_logger_reopen(NULL), 0);
    onebot_logger_close(logger);
    remove_folder();
}

/* A pipe that nobody reads: nothing waits, and what was lost is counted. */
static void test_a_full_pipe(void)
{
    static char text[256 * 1024];
    struct onebot_logger *logger;
    make_folder();
    REQUIRE(mkfifo(path, 0600) == 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    struct onebot_logger_options options = {.path = path, .same = 100000};
    CHECK_EQ(onebot_logger_open(&options, &logger), 0);
    for (int i = 0; i < 5000; i++)
        onebot_logger_write(logger, ONEBOT_INFO, NULL, NULL, "line %d ------------------", i);
    ssize_t len = read(reader, text, sizeof text - 1);
    REQUIRE(len > 0);
    text[len] = 0;
    int lines = count_of(text, "\n");
    CHECK(lines > 100 && lines < 5000 && text[len - 1] == '\n');
    onebot_logger_write(logger, ONEBOT_INFO, NULL, NULL, "after");
    len = read(reader, text, sizeof text - 1);
    text[len > 0 ? len : 0] = 0;
    char want[64];
    snprintf(want, sizeof want, " warning %d lines were lost here\n", 5000 - lines);
    CHECK(strstr(text, want) != NULL);
    CHECK_EQ(count_of(text, "after\n"), 1);
    close(reader);
    onebot_logger_write(logger, ONEBOT_INFO, NULL, NULL, "to nobody"); /* no SIGPIPE */
    onebot_logger_close(logger);
    remove_folder();
}

static void test_a_full_disk(void)
{
    struct onebot_logger *logger;
    struct onebot_logger_options options = {.path = "/dev/full"};
    CHECK_EQ(onebot_logger_open(&options, &logger), 0);
    onebot_logger_write(logger, ONEBOT_INFO, NULL, NULL, "x");
    onebot_logger_write(logger, ONEBOT_INFO, NULL, NULL, "y");
    onebot_logger_close(logger);
    CHECK_EQ(xie_alloc_live(), 0);
}

static void write_to_stderr(void *arg)
{
    (void)arg;
    const struct onebot_log log = {0};
    onebot_log(&log, ONEBOT_WARNING, "by the %s", "framework");
    onebot_logger_line(NULL, ONEBOT_INFO, "a line");
    onebot_logger_write(NULL, ONEBOT_DEBUG, NULL, NULL, "too low");
}

static void test_standard_error(void)
{
    char text[1024];
    tap_child(write_to_stderr, NULL, text, sizeof text);
    CHECK_EQ(count_of(text, "\n"), 2);
    CHECK_EQ(count_of(text, " warning by the framework\n"), 1);
    CHECK_EQ(count_of(text, " info    a line\n"), 1);
}

static void take_line(void *arg, enum onebot_level level, const char *line)
{
    CHECK_EQ(level, ONEBOT_ERROR);
    snprintf(arg, 64, "%s", line);
}

static void test_the_programs_own_callback(void)
{
    char text[64] = "";
    const struct onebot_log log = {.write = take_line, .arg = text};
    onebot_log(&log, ONEBOT_ERROR, "a\nb");
    CHECK_STR(text, "a?b");
}

/* --- threads and faults --------------------------------------------------------------- */

static void *write_many(void *logger)
{
    for (int i = 0; i < 200; i++)
        onebot_logger_write(logger, ONEBOT_INFO, "t", NULL, "number %d.", i);
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[4];
    make_folder();
    struct onebot_logger *logger = open_logger((struct onebot_logger_options){.same = 100000});
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, write_many, logger), 0);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(onebot_logger_reopen(logger), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    onebot_logger_close(logger);
    CHECK_EQ(count_of(content(path), "\n"), 800);
    CHECK_EQ(count_of(content(path), "number 7.\n"), 4);
    remove_folder();
}

static int everything(void *arg)
{
    struct onebot_logger *logger = NULL;
    struct onebot_logger_options options = {.path = arg};
    int error = onebot_logger_open(&options, &logger);
    if (error)
        return error;
    error = onebot_logger_change(logger, &options);
    if (!error)
        error = onebot_logger_reopen(logger);
    onebot_logger_write(logger, ONEBOT_INFO, "n", NULL, "x");
    onebot_logger_close(logger);
    return error;
}

static void test_faults(void)
{
    make_folder();
    struct fault_program program = {"logger", everything, path, false};
    fault_sweep_all(&program);
    CHECK_EQ(xie_alloc_live(), 0);
    remove_folder();
}

static const struct tap_test tests[] = {
    {"for people", test_for_people},
    {"JSON", test_json},
    {"colour", test_colour},
    {"colour on a terminal", test_colour_on_a_terminal},
    {"nothing steers a terminal", test_nothing_steers_a_terminal},
    {"long lines are cut", test_long_lines_are_cut},
    {"levels and names", test_levels_and_names},
    {"too many names", test_too_many_names},
    {"the same line", test_the_same_line},
    {"the window ends", test_the_window_ends},
    {"many different lines", test_many_different_lines},
    {"a file that is moved", test_a_file_that_is_moved},
    {"a full pipe", test_a_full_pipe},
    {"a full disk", test_a_full_disk},
    {"standard error", test_standard_error},
    {"the program's own callback", test_the_programs_own_callback},
    {"threads", test_threads},
    {"faults", test_faults},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

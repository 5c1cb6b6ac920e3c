/* store.c - a store's promises, but for what kills it: that is in store_death.c. */
/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie/onebot/store.h>

#include "kit.h"

static char folder[64], path[96], why[ONEBOT_WORDING], line[256];

static void keep_line(void *arg, enum onebot_level level, const char *text)
{
    (void)arg;
    (void)level;
    snprintf(line, sizeof line, "%s", text);
}

static const struct onebot_store_options quiet = {
    .busy_ns = 20 * XIE_MILLISECOND, .why = why, .log = keep_line, .relaxed = true};
static const struct onebot_key one = {.space = "test", .name = "one"};

static void make_folder(void)
{
    strcpy(folder, "/tmp/xie-store-XXXXXX");
    REQUIRE(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/bot.db", folder);
}

static void remove_folder(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[112];
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
    CHECK(!rmdir(folder)); /* nothing else was left there */
}

static struct onebot_store *open_store(void)
{
    struct onebot_store *store = NULL;
    int error = onebot_store_open(path, &quiet, &store);
    if (error) {
        tap_failed(__FILE__, __LINE__, "open: %s: %s", xie_strerror(error), why);
        tap_end();
    }
    return store;
}

static int64_t get_int(struct onebot_store *store, const char *name)
{
    const struct onebot_key key = {.space = "test", .name = name};
    struct onebot_stored got = onebot_store_get(store, &key);
    int64_t value = got.error ? got.error : json_integer_value(got.value);
    json_decref(got.value);
    return value;
}

static void check_json(struct onebot_stored got, const char *expected)
{
    CHECK_EQ(got.error, 0);
    CHECK_EQ(got.value == NULL, got.error != 0);
    char *text = got.value ? json_dumps(got.value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    CHECK_STR(text, expected);
    free(text);
    json_decref(got.value);
}

/* --- values ------------------------------------------------------------------------- */

static void check_values(struct onebot_store *store)
{
    static const char *const texts[] = {"-9223372036854775808",
                                        "\"\\\"text\\\" \xe4\xbd\xa0\"",
                                        "{\"a\":[1,2.5,null],\"b\":true}",
                                        "null",
                                        "1.5",
                                        "\"\"",
                                        "[]",
                                        "\"a\\u0000b\""};
    for (int i = 0; i < 8; i++) {
        char name[8];
        snprintf(name, sizeof name, "v%d", i);
        check_json(onebot_store_get(store, &(struct onebot_key){.space = "test", .name = name}),
                   texts[i]);
    }
}

static int main_values(void)
{
    make_folder();
    struct onebot_store *store = open_store();
    struct onebot_key key = {.space = "test", .name = "v0"};
    CHECK_EQ(onebot_store_set(store, &key, "s", "old"), 0);
    CHECK_EQ(onebot_store_set(store, &key, "I", (json_int_t)INT64_MIN), 0);
    key.name = "v1";
    CHECK_EQ(onebot_store_set(store, &key, "s", "\"text\" \xe4\xbd\xa0"), 0);
    key.name = "v2";
    CHECK_EQ(onebot_store_set(store, &key, "{s:b, s:[i,f,n]}", "b", 1, "a", 1, 2.5), 0);
    key.name = "v3";
    CHECK_EQ(onebot_store_set(store, &key, "n"), 0);
    key.name = "v4";
    CHECK_EQ(onebot_store_set(store, &key, "f", 1.5), 0);
    key.name = "v5";
    CHECK_EQ(onebot_store_set(store, &key, "s", ""), 0);
    key.name = "v6";
    CHECK_EQ(onebot_store_set(store, &key, "o", json_array()), 0);
    key.name = "v7";
    CHECK_EQ(onebot_store_set(store, &key, "o", json_stringn("a\0b", 3)), 0);
    check_values(store);
    onebot_store_close(store);
    store = open_store(); /* and they are still there */
    check_values(store);
    CHECK_EQ(onebot_store_get(store, &one).error, -ENOENT);
    CHECK_EQ(onebot_store_delete(store, &key), 1);
    CHECK_EQ(onebot_store_delete(store, &key), 0);
    CHECK_EQ(onebot_store_get(store, &key).error, -ENOENT);
    onebot_store_close(store);
    remove_folder();
    return 0;
}

static int main_places(void)
{
    static const struct onebot_key keys[] = {{"a", "n", 0, 0}, {"a", "n", 1, 0}, {"a", "n", 0, 1},
                                             {"a", "n", 1, 1}, {"b", "n", 0, 0}, {"a", "N", 0, 0}};
    struct onebot_store *store;
    REQUIRE(!onebot_store_open(NULL, &quiet, &store)); /* in memory */
    for (int i = 0; i < 6; i++)
        CHECK_EQ(onebot_store_set(store, &keys[i], "i", i), 0);
    for (int i = 0; i < 6; i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", i);
        check_json(onebot_store_get(store, &keys[i]), text);
    }
    onebot_store_close(store);
    return 0;
}

static int main_add(void)
{
    struct onebot_store *store;
    int64_t now = 99;
    REQUIRE(!onebot_store_open(NULL, &quiet, &store));
    CHECK_EQ(onebot_store_add(store, &one, 5, &now), 0);
    CHECK_EQ(now, 5);
    CHECK_EQ(onebot_store_add(store, &one, -7, NULL), 0);
    CHECK_EQ(get_int(store, "one"), -2);
    CHECK_EQ(onebot_store_set(store, &one, "I", (json_int_t)INT64_MAX), 0);
    CHECK_EQ(onebot_store_add(store, &one, 1, &now), -EOVERFLOW);
    CHECK_EQ(now, 5);
    CHECK_EQ(get_int(store, "one"), INT64_MAX);
    CHECK_EQ(onebot_store_set(store, &one, "s", "5"), 0);
    CHECK_EQ(onebot_store_add(store, &one, 1, &now), XIE_EJSON);
    CHECK_EQ(onebot_store_set(store, &one, "f", 5.0), 0);
    CHECK_EQ(onebot_store_add(store, &one, 1, &now), XIE_EJSON);
    onebot_store_close(store);
    return 0;
}

/* --- batches ------------------------------------------------------------------------ */

static const struct onebot_key a = {.space = "test", .name = "a"};
static const struct onebot_key b = {.space = "test", .name = "b"};

static int main_batch(void)
{
    struct onebot_store *store;
    int64_t now = 0;
    REQUIRE(!onebot_store_open(NULL, &quiet, &store));
    struct onebot_batch *batch = onebot_batch_new();
    CHECK_EQ(onebot_store_apply(store, batch), 0); /* empty */
    onebot_batch_set(batch, &a, "i", 1);
    onebot_batch_add(batch, &a, 10, &now); /* in order */
    onebot_batch_delete(batch, &b);
    CHECK_EQ(onebot_store_apply(store, batch), 0);
    CHECK_EQ(now, 11);
    CHECK_EQ(onebot_store_apply(store, batch), 0); /* again */
    CHECK_EQ(get_int(store, "a"), 11);
    onebot_batch_free(batch);

    batch = onebot_batch_new(); /* the last step fails: none has happened */
    CHECK_EQ(onebot_store_set(store, &b, "s", "text"), 0);
    onebot_batch_delete(batch, &a);
    onebot_batch_set(batch, &one, "i", 1);
    onebot_batch_add(batch, &b, 1, &now);
    CHECK_EQ(onebot_store_apply(store, batch), XIE_EJSON);
    CHECK_EQ(now, 11);
    CHECK_EQ(get_int(store, "a"), 11);
    CHECK_EQ(get_int(store, "one"), -ENOENT);
    CHECK_EQ(onebot_store_delete(store, &b), 1);
    CHECK_EQ(onebot_store_apply(store, batch), 0); /* the store is as it should be now */
    CHECK_EQ(get_int(store, "a"), -ENOENT);
    onebot_batch_free(batch);
    onebot_batch_free(NULL);
    onebot_store_close(store);
    return 0;
}

static int compare_and_set(struct onebot_store *store, const char *old, const char *new)
{
    struct onebot_batch *batch = onebot_batch_new();
    onebot_batch_expect(batch, &a, old ? "o" : NULL,
                        old ? json_loads(old, JSON_DECODE_ANY, NULL) : NULL);
    onebot_batch_set(batch, &a, "o", json_loads(new, JSON_DECODE_ANY, NULL));
    int error = onebot_store_apply(store, batch);
    onebot_batch_free(batch);
    return error;
}

static int main_expect(void)
{
    struct onebot_store *store;
    REQUIRE(!onebot_store_open(NULL, &quiet, &store));
    CHECK_EQ(compare_and_set(store, "1", "2"), -EAGAIN);
    CHECK_EQ(compare_and_set(store, NULL, "1"), 0);
    CHECK_EQ(compare_and_set(store, NULL, "2"), -EAGAIN);
    CHECK_EQ(compare_and_set(store, "1.0", "2"), -EAGAIN);
    CHECK_EQ(compare_and_set(store, "\"1\"", "2"), -EAGAIN);
    check_json(onebot_store_get(store, &a), "1");
    CHECK_EQ(compare_and_set(store, "1", "{\"x\":1,\"y\":[2]}"), 0);
    CHECK_EQ(compare_and_set(store, "{\"x\":1,\"y\":[3]}", "2"), -EAGAIN);
    CHECK_EQ(compare_and_set(store, "{\"y\":[2],\"x\":1}", "\"t\""), 0);
    CHECK_EQ(compare_and_set(store, "\"t\"", "null"), 0);
    CHECK_EQ(compare_and_set(store, "null", "5"), 0);
    onebot_store_close(store);
    return 0;
}

/* --- lists -------------------------------------------------------------------------- */

static int main_list(void)
{
    static const char *const names[] = {"b",    "a/2",          "a/1", "a", "a0",
                                        "a/10", "\xe4\xbd\xa0", "%",   "_"};
    struct onebot_store *store;
    struct onebot_key key = {.space = "test", .group_id = 7};
    REQUIRE(!onebot_store_open(NULL, &quiet, &store));
    for (int i = 0; i < 9; i++) {
        key.name = names[i];
        CHECK_EQ(onebot_store_set(store, &key, "i", i), 0);
    }
    CHECK_EQ(onebot_store_set(store, &a, "i", 99), 0); /* elsewhere */
    key.name = "a/";
    check_json(onebot_store_list(store, &key, NULL, 0), "{\"a/1\":2,\"a/10\":5,\"a/2\":1}");
    check_json(onebot_store_list(store, &key, NULL, 2), "{\"a/1\":2,\"a/10\":5}");
    check_json(onebot_store_list(store, &key, "a/10", 2), "{\"a/2\":1}");
    check_json(onebot_store_list(store, &key, "a/11", 2), "{\"a/2\":1}");
    check_json(onebot_store_list(store, &key, "a/2", 2), "{}");
    check_json(onebot_store_list(store, &key, "a", 1), "{\"a/1\":2}"); /* before the first */
    check_json(onebot_store_list(store, &key, "b", 1), "{}");
    key.name = "%";
    check_json(onebot_store_list(store, &key, NULL, 0), "{\"%\":7}");
    key.name = "";
    check_json(onebot_store_list(store, &key, NULL, 0),
               "{\"%\":7,\"_\":8,\"a\":3,\"a/1\":2,\"a/10\":5,\"a/2\":1,\"a0\":4,\"b\":0,"
               "\"\xe4\xbd\xa0\":6}");
    CHECK_EQ(onebot_store_list(store, &key, NULL, ONEBOT_STORE_PAGE + 1).error, XIE_ELIMIT);
    CHECK_EQ(onebot_store_list(store, &key, "\xff", 0).error, -EINVAL);
    onebot_store_close(store);
    return 0;
}

static int main_pages(void)
{
    struct onebot_store *store;
    struct onebot_key key = {.space = "test"};
    char name[16], *big = malloc(ONEBOT_STORE_VALUE + 1);
    REQUIRE(big && !onebot_store_open(NULL, &quiet, &store));
    memset(big, 'x', ONEBOT_STORE_VALUE);
    big[ONEBOT_STORE_VALUE] = '\0';
    struct onebot_batch *batch = onebot_batch_new();
    for (int i = 0; i < ONEBOT_STORE_BATCH; i++) {
        snprintf(name, sizeof name, "s/%04d", i);
        key.name = name;
        onebot_batch_set(batch, &key, "i", i);
    }
    CHECK_EQ(onebot_store_apply(store, batch), 0);
    onebot_batch_set(batch, &key, "i", 0); /* one too many */
    CHECK_EQ(onebot_store_apply(store, batch), XIE_ELIMIT);
    onebot_batch_free(batch);
    CHECK_EQ(onebot_store_set(store, &(struct onebot_key){.space = "test", .name = "s/x"}, "i", 1),
             0);
    key.name = "s/";
    struct onebot_stored page = onebot_store_list(store, &key, NULL, 0);
    CHECK_EQ(json_object_size(page.value), ONEBOT_STORE_PAGE);
    json_decref(page.value);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "b/%d", i);
        key.name = name;
        CHECK_EQ(onebot_store_set(store, &key, "s", big), 0);
    }
    key.name = "b/";
    page = onebot_store_list(store, &key, NULL, 0);
    CHECK_EQ(json_object_size(page.value), ONEBOT_STORE_PAGE_BYTES / ONEBOT_STORE_VALUE);
    json_decref(page.value);
    page = onebot_store_list(store, &key, "b/7", 0);
    CHECK_EQ(json_object_size(page.value), 2);
    json_decref(page.value);
    free(big);
    onebot_store_close(store);
    return 0;
}

/* --- limits and misuse -------------------------------------------------------------- */

static int set_sized(struct onebot_store *store, size_t space, size_t name, size_t value)
{
    char *text = malloc(space + name + value + 3);
    memset(text, 'k', space + name + value + 3);
    text[space] = text[space + 1 + name] = text[space + name + value + 2] = '\0';
    const struct onebot_key key = {.space = text, .name = text + space + 1};
    int error = onebot_store_set(store, &key, "s", text + space + name + 2);
    free(text);
    return error;
}

static json_t *nest(int depth)
{
    json_t *value = json_array();
    for (int i = 1; i < depth; i++)
        value = json_pack("[o]", value);
    return value;
}

static int main_limits(void)
{
    struct onebot_store *store;
    REQUIRE(!onebot_store_open(NULL, &quiet, &store));
    CHECK_EQ(set_sized(store, ONEBOT_STORE_SPACE - 1, ONEBOT_STORE_NAME - 1, 5), 0);
    CHECK_EQ(set_sized(store, ONEBOT_STORE_SPACE, ONEBOT_STORE_NAME, ONEBOT_STORE_VALUE), 0);
    CHECK_EQ(set_sized(store, ONEBOT_STORE_SPACE + 1, 1, 1), XIE_ELIMIT);
    CHECK_EQ(set_sized(store, 1, ONEBOT_STORE_NAME + 1, 1), XIE_ELIMIT);
    CHECK_EQ(set_sized(store, 1, 1, ONEBOT_STORE_VALUE + 1), XIE_ELIMIT);
    CHECK_EQ(set_sized(store, 0, 1, 1), -EINVAL);
    CHECK_EQ(set_sized(store, 1, 0, 1), -EINVAL);
    CHECK_EQ(onebot_store_set(store, &a, "o", nest(ONEBOT_JSON_DEPTH)), 0);
    json_decref(onebot_store_get(store, &a).value);
    CHECK_EQ(onebot_store_set(store, &a, "o", nest(ONEBOT_JSON_DEPTH + 1)), XIE_ELIMIT);
    onebot_store_close(store);
    return 0;
}

static int main_bad_keys(void)
{
    static const struct onebot_key bad[] = {{NULL, "n", 0, 0},       {"s", NULL, 0, 0},
                                            {"s", "n", -1, 0},       {"s", "n", 0, -1},
                                            {"\xc0\x80", "n", 0, 0}, {"s", "\xff", 0, 0}};
    struct onebot_store *store;
    REQUIRE(!onebot_store_open(NULL, &quiet, &store));
    for (int i = 0; i < 6; i++) {
        CHECK_EQ(onebot_store_get(store, &bad[i]).error, -EINVAL);
        CHECK_EQ(onebot_store_set(store, &bad[i], "o", json_array()), -EINVAL);
        CHECK_EQ(onebot_store_delete(store, &bad[i]), -EINVAL);
        CHECK_EQ(onebot_store_add(store, &bad[i], 1, NULL), -EINVAL);
        CHECK_EQ(onebot_store_list(store, &bad[i], NULL, 0).error, -EINVAL);
    }
    CHECK_EQ(onebot_store_get(store, NULL).error, -EINVAL);
    CHECK_EQ(onebot_store_set(store, &a, "{"), -EINVAL);
    CHECK_EQ(onebot_store_set(store, &a, NULL), -EINVAL);
    CHECK_EQ(onebot_store_set(store, &a, "s", "\xff"), -EINVAL);
    struct onebot_batch *batch = onebot_batch_new(); /* the first error is kept */
    onebot_batch_add(batch, &bad[0], 1, NULL);
    onebot_batch_set(batch, &a, "i", 1);
    CHECK_EQ(onebot_store_apply(store, batch), -EINVAL);
    onebot_batch_free(batch);
    onebot_batch_set(NULL, &a, "o", json_array()); /* no memory for it */
    onebot_batch_expect(NULL, &a, "o", json_array());
    onebot_batch_add(NULL, &a, 1, NULL);
    onebot_batch_delete(NULL, &a);
    CHECK_EQ(onebot_store_apply(store, NULL), -ENOMEM);
    CHECK_EQ(get_int(store, "a"), -ENOENT);
    onebot_store_close(store);
    onebot_store_close(NULL);
    return 0;
}

/* --- many tasks, cancelling, closing ------------------------------------------------ */

static struct onebot_store *shared;
static int64_t done;

static int add_some(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++) {
        int error = onebot_store_add(shared, &one, 1, NULL);
        if (error)
            return error == XIE_ECLOSED ? 0 : error;
        done++;
    }
    return 0;
}

static int main_many_tasks(void)
{
    struct onebot_store_options patient = quiet;
    struct onebot_store *other;
    patient.busy_ns = XIE_NEVER; /* they wait for each other */
    make_folder();
    REQUIRE(!onebot_store_open(path, &patient, &shared));
    REQUIRE(!onebot_store_open(path, &patient, &other)); /* a second one of the same file */
    XIE_GROUP(group) {
        for (int i = 0; i < 10; i++)
            xie_group_spawn(&group, add_some, NULL);
        for (int i = 0; i < 20; i++)
            CHECK_EQ(onebot_store_add(other, &a, 1, NULL), 0);
        CHECK_EQ(xie_group_wait(&group), 0);
    }
    CHECK_EQ(get_int(other, "one"), 200);
    CHECK_EQ(get_int(shared, "a"), 20);
    onebot_store_close(other);
    onebot_store_close(shared);
    remove_folder();
    return 0;
}

static int add_one(void *arg)
{
    return onebot_store_add(arg, &one, 1, NULL);
}

/* More than may wait for the thread: the others wait for room. */
static int main_very_many(void)
{
    struct onebot_store *store;
    REQUIRE(!onebot_store_open(NULL, &quiet, &store));
    XIE_GROUP(group) {
        for (int i = 0; i < ONEBOT_STORE_WAITING + 100; i++)
            CHECK_EQ(xie_group_spawn(&group, add_one, store), 0);
        CHECK_EQ(xie_group_wait(&group), 0);
    }
    CHECK_EQ(get_int(store, "one"), ONEBOT_STORE_WAITING + 100);
    onebot_store_close(store);
    return 0;
}

/* Each call that says so was done, and no other was. */
static int main_cancelled(void)
{
    int64_t count = 0, failed = 0;
    make_folder();
    struct onebot_store *store = open_store();
    for (int i = 0; i < 300; i++) {
        int error = 0;
        XIE_TIMEOUT(i % 100 * 2 * XIE_MICROSECOND) {
            xie_sleep(i % 3 * XIE_MICROSECOND);
            error = onebot_store_add(store, &one, 1, NULL);
        }
        count += !error;
        failed += error == -ETIMEDOUT;
    }
    CHECK_EQ(count + failed, 300);
    CHECK(failed > 0);
    CHECK_EQ(count ? get_int(store, "one") : 0, count);
    onebot_store_close(store);
    remove_folder();
    return 0;
}

static int main_close_drains(void)
{
    make_folder();
    shared = open_store();
    done = 0;
    XIE_GROUP(group) {
        for (int i = 0; i < 10; i++)
            xie_group_spawn(&group, add_some, NULL);
        xie_sleep(0); /* each has begun a call (on sim all have ended) */
        struct onebot_store *closed = shared;
        XIE_TIMEOUT(0) /* whatever the scopes say */
            onebot_store_close(closed);
        CHECK_EQ(xie_group_wait(&group), 0);
    }
    struct onebot_store *store = open_store();
    CHECK(done >= 10);
    CHECK_EQ(get_int(store, "one"), done);
    onebot_store_close(store);
    remove_folder();
    return 0;
}

/* --- other processes ---------------------------------------------------------------- */

static sqlite3 *other_process(const char *sql)
{
    sqlite3 *db = NULL;
    REQUIRE(sqlite3_open(path, &db) == SQLITE_OK);
    REQUIRE(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    return db;
}

static int let_go(void *arg)
{
    xie_sleep(5 * XIE_MILLISECOND);
    sqlite3_close(arg);
    return 0;
}

static int close_soon(void *arg)
{
    xie_sleep(2 * XIE_MILLISECOND);
    onebot_store_close(arg);
    return 0;
}

static int main_busy(void)
{
    struct onebot_store_options patient = quiet;
    make_folder();
    struct onebot_store *store = open_store(), *waiting;
    CHECK_EQ(onebot_store_set(store, &a, "i", 1), 0);
    sqlite3 *db = other_process("BEGIN IMMEDIATE");
    CHECK_EQ(onebot_store_set(store, &a, "i", 2), -EBUSY);
    CHECK(strstr(line, "bot.db: database is locked"));
    CHECK_EQ(get_int(store, "a"), 1); /* to read is possible */
    patient.busy_ns = XIE_NEVER;
    REQUIRE(!onebot_store_open(path, &patient, &waiting));
    XIE_TIMEOUT(3 * XIE_MILLISECOND)
        CHECK_EQ(onebot_store_set(waiting, &a, "i", 3), -ETIMEDOUT);
    XIE_GROUP(group) { /* when it lets go, it is done */
        xie_group_spawn(&group, let_go, db);
        CHECK_EQ(onebot_store_set(waiting, &a, "i", 4), 0);
    }
    CHECK_EQ(get_int(store, "a"), 4);
    db = other_process("BEGIN IMMEDIATE");
    XIE_GROUP(group) { /* a close does not wait for other processes */
        xie_group_spawn(&group, close_soon, waiting);
        CHECK_EQ(onebot_store_set(waiting, &a, "i", 5), XIE_ECLOSED);
    }
    sqlite3_close(db);
    CHECK_EQ(get_int(store, "a"), 4);
    onebot_store_close(store);
    db = other_process("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    CHECK_EQ(onebot_store_open(path, &quiet, &store), -EBUSY);
    CHECK_STR(why, "database is locked");
    sqlite3_close(db);
    remove_folder();
    return 0;
}

static void test_without_a_task(void)
{
    struct onebot_store *store = NULL;
    CHECK_EQ(onebot_store_open(NULL, NULL, &store), -EPERM);
}

static int leave_open(void)
{
    struct onebot_store *store;
    REQUIRE(!onebot_store_open(NULL, &quiet, &store));
    shared = store;
    return 0;
}

static void close_outside(void *arg)
{
    (void)arg;
    xie_run(kit_call, &(struct kit_body){leave_open});
    onebot_store_close(shared);
}

static void test_misuse(void)
{
    char text[512];
    tap_child(close_outside, NULL, text, sizeof text);
    CHECK(strstr(text, "onebot_store_close outside a task"));
}

#define IN_TASK(name)             \
    static void test_##name(void) \
    {                             \
        in_task(main_##name);     \
    }
IN_TASK(values)
IN_TASK(places)
IN_TASK(add)
IN_TASK(batch)
IN_TASK(expect)
IN_TASK(list)
IN_TASK(pages)
IN_TASK(limits)
IN_TASK(bad_keys)
IN_TASK(many_tasks)
IN_TASK(very_many)
IN_TASK(cancelled)
IN_TASK(close_drains)
IN_TASK(busy)

static const struct tap_test tests[] = {
    {"values of every kind", test_values},
    {"spaces and places are apart", test_places},
    {"integers are added to", test_add},
    {"a batch happens as a whole", test_batch},
    {"expectations", test_expect},
    {"lists", test_list},
    {"pages of lists and limits of batches", test_pages},
    {"limits", test_limits},
    {"bad keys and formats", test_bad_keys},
    {"many tasks and two stores of one file", test_many_tasks},
    {"more calls than may wait", test_very_many},
    {"a cancelled call has happened or not", test_cancelled},
    {"a close finishes what was begun", test_close_drains},
    {"another process writes", test_busy},
    {"without a task", test_without_a_task},
    {"a close outside a task aborts", test_misuse},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

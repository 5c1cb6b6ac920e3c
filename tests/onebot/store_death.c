/* store_death.c - what a store survives: its process's end, damage, a full disk, old and foreign
 * files, and each allocation and system call that fails. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <xie/onebot/store.h>

#include "base/fault.h"
#include "base/memory.h"
#include "disk.h"
#include "fault.h"
#include "kit.h"
#include "onebot/database.h"

static char why[ONEBOT_WORDING];

static void no_line(void *arg, enum onebot_level level, const char *text)
{
    (void)arg;
    (void)level;
    (void)text;
}

static const struct onebot_store_options quiet = {
    .busy_ns = 20 * XIE_MILLISECOND, .why = why, .log = no_line};
static const struct onebot_key a = {.space = "test", .name = "a"};
static const struct onebot_key b = {.space = "test", .name = "b"};

static int64_t get_int(struct onebot_store *store, const struct onebot_key *key)
{
    struct onebot_stored got = onebot_store_get(store, key);
    int64_t value = got.error ? got.error : json_integer_value(got.value);
    json_decref(got.value);
    return value;
}

/* --- kill -9 ------------------------------------------------------------------------ */

static int told[2]; /* a pipe: what the child's calls returned for */

/* Sets both to 1, 2, 3 … for ever, with something long to write besides. */
static int main_count(void)
{
    struct onebot_store *store;
    static char big[9000];
    memset(big, 'x', sizeof big - 1);
    if (onebot_store_open(disk_path, &quiet, &store))
        return -EIO;
    for (int64_t i = get_int(store, &a), n;; i = n) {
        n = (i < 0 ? 0 : i) + 1;
        struct onebot_batch *batch = onebot_batch_new();
        onebot_batch_set(batch, &a, "I", (json_int_t)n);
        onebot_batch_set(batch, &(struct onebot_key){.space = "test", .name = "big"}, "s", big);
        onebot_batch_add(batch, &b, 1, NULL);
        int error = onebot_store_apply(store, batch);
        onebot_batch_free(batch);
        if (error || write(told[1], &n, sizeof n) != sizeof n)
            return -EIO;
    }
}

static pid_t start_counting(int kill_at)
{
    pid_t child = fork();
    if (child)
        return child;
    close(told[0]);
    if (kill_at) {
        disk_stand_before_sqlite();
        disk_writes_left = kill_at;
    }
    _exit(xie_run(kit_call, &(struct kit_body){main_count}) ? 1 : 0);
}

/* Kill it after so many, or let it kill itself in the middle of a write. return the last told */
static int64_t count_and_die(int after, int kill_at)
{
    int64_t n, last = 0;
    int status = 0;
    REQUIRE(!pipe(told));
    pid_t child = start_counting(kill_at);
    close(told[1]);
    while (read(told[0], &n, sizeof n) == sizeof n) {
        last = n;
        if (after && --after == 0)
            kill(child, SIGKILL);
    }
    close(told[0]);
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return last;
}

static int64_t found[2];

static int main_look(void)
{
    struct onebot_store *store;
    int error = onebot_store_open(disk_path, &quiet, &store);
    CHECK_EQ(error, 0);
    if (error)
        return 0;
    found[0] = get_int(store, &a);
    found[1] = get_int(store, &b);
    onebot_store_close(store);
    return 0;
}

static int64_t check_after_death(int64_t before, int64_t last)
{
    in_task(main_look);
    int64_t least = last > before ? last : before;
    if (!least && found[0] == -ENOENT && found[1] == -ENOENT)
        return 0;
    CHECK_EQ(found[0], found[1]);                      /* whole */
    CHECK(found[0] >= least && found[0] <= least + 1); /* what was told is there */
    return found[0];
}

static void test_killed_again_and_again(void)
{
    int64_t value = 0;
    tap_limit(120);
    disk_make();
    for (int i = 0; i < (tap_slow() ? 3 : 25); i++)
        value = check_after_death(value, count_and_die(1 + i * 7 % 40, 0));
    CHECK(value > 1);
    disk_remove();
}

static void test_killed_within_each_write(void)
{
    int64_t value = 0;
    tap_limit(120);
    disk_make();
    for (int at = 1; at < (tap_slow() ? 10 : 60); at++) {
        value = check_after_death(value, count_and_die(0, at));
        if (at % 20 == 0) { /* from an empty file again */
            disk_remove_files();
            value = 0;
        }
    }
    disk_remove();
}

/* --- files that are not good -------------------------------------------------------- */

static void write_file(const char *bytes, size_t len)
{
    FILE *file = fopen(disk_path, "wb");
    REQUIRE(file && fwrite(bytes, 1, len, file) == len && !fclose(file));
}

static void sql(const char *text)
{
    sqlite3 *db = NULL;
    REQUIRE(sqlite3_open(disk_path, &db) == SQLITE_OK);
    REQUIRE(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

static void check_refused(int error, const char *words)
{
    struct onebot_store *store = NULL;
    why[0] = '\0';
    CHECK_EQ(onebot_store_open(disk_path, &quiet, &store), error);
    CHECK(!store);
    if (!strstr(why, words))
        tap_failed(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", why, words);
}

static int main_refused(void)
{
    char good[96];
    disk_make();
    strcpy(good, disk_path);
    write_file("This is no database at all, but it is longer than a header is: a hundred bytes "
               "and then some more of them.",
               105);
    check_refused(-EUCLEAN, "file is not a database");
    unlink(disk_path);
    sql("CREATE TABLE t (a)");
    check_refused(-ENOTSUP, "it is a database of another program");
    unlink(disk_path);
    sql("PRAGMA application_id = 1");
    check_refused(-ENOTSUP, "it is a database of another program");
    snprintf(disk_path, sizeof disk_path, "%s/no/bot.db", disk_folder);
    check_refused(-ENOENT, "unable to open database file: No such file or directory");
    strcpy(disk_path, disk_folder);
    check_refused(-EISDIR, "");
    strcpy(disk_path, good);
    unlink(disk_path);
    struct onebot_store *store;
    REQUIRE(!onebot_store_open(disk_path, &quiet, &store));
    CHECK_EQ(onebot_store_set(store, &a, "i", 1), 0);
    onebot_store_close(store);
    sql("PRAGMA user_version = 7");
    check_refused(-ENOTSUP,
                  "it was written by a newer version: its format is 7, this one knows up to 1");
    sql("PRAGMA user_version = 1"); /* and was left as it was */
    REQUIRE(!onebot_store_open(disk_path, &quiet, &store));
    CHECK_EQ(get_int(store, &a), 1);
    onebot_store_close(store);
    disk_remove();
    return 0;
}

/* Steps to come: 1 is today's, the last of `bad` cannot be done. */
static void test_older_forms(void)
{
    const char *const steps[] = {onebot_schema_now.steps[0],
                                 "ALTER TABLE item ADD COLUMN extra INTEGER",
                                 "CREATE TABLE more (a) STRICT", "UPDATE item SET extra = 5"};
    const struct onebot_schema bad = {steps, 3},
                               good = {(const char *const[]){steps[0], steps[1], steps[3]}, 3};
    struct onebot_database database;
    disk_make();
    REQUIRE(!onebot_database_open(&database, disk_path, false, &onebot_schema_now));
    onebot_database_close(&database);
    CHECK_EQ(onebot_database_open(&database, disk_path, false, &bad), -EIO);
    CHECK(strstr(database.why, "missing datatype"));
    /* Nothing of it has happened: a first version's library takes it. */
    REQUIRE(!onebot_database_open(&database, disk_path, false, &onebot_schema_now));
    onebot_database_close(&database);
    CHECK_EQ(onebot_database_open(&database, disk_path, false, &good), 0);
    CHECK_EQ(sqlite3_exec(database.db, "SELECT extra FROM item", NULL, NULL, NULL), SQLITE_OK);
    onebot_database_close(&database);
    CHECK_EQ(onebot_database_open(&database, disk_path, false, &onebot_schema_now), -ENOTSUP);
    CHECK_EQ(onebot_database_open(&database, disk_path, false, &good), 0);
    onebot_database_close(&database);
    disk_remove();
}

/* Use a file that may be damaged: clean errors, never a crash. return how many errors */
static int use(void)
{
    struct onebot_store *store;
    int errors = 0, error = onebot_store_open(disk_path, &quiet, &store);
    if (error) {
        CHECK(error == -EUCLEAN || error == -ENOTSUP || error == -EIO);
        return 1;
    }
    struct onebot_stored page =
        onebot_store_list(store, &(struct onebot_key){.space = "test", .name = ""}, NULL, 0);
    errors += page.error != 0;
    json_decref(page.value);
    error = onebot_store_add(store, &a, 1, NULL);
    CHECK(!error || error == -EUCLEAN || error == XIE_EJSON || error == -EOVERFLOW ||
          error == -EIO);
    errors += error != 0;
    onebot_store_close(store);
    return errors;
}

static int main_damaged(void)
{
    static char bytes[64 * 1024], copy[64 * 1024];
    struct onebot_store *store;
    int errors = 0;
    uint64_t state = 3;
    disk_make();
    REQUIRE(!onebot_store_open(disk_path, &quiet, &store));
    for (int i = 0; i < 50; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", i);
        CHECK_EQ(onebot_store_set(store, &(struct onebot_key){.space = "test", .name = name},
                                  "{s:i}", "value", i),
                 0);
    }
    CHECK_EQ(onebot_store_set(store, &a, "i", 1), 0);
    onebot_store_close(store);
    FILE *file = fopen(disk_path, "rb");
    size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    REQUIRE(len > 8192 && !fclose(file));
    for (int i = 0; i < (tap_slow() ? 20 : 200); i++) {
        memcpy(copy, bytes, len);
        for (int k = 0; k < 1 << i % 8; k++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            copy[(state >> 33) % len] = (char)(state >> 20);
        }
        disk_remove_files();
        write_file(copy, i % 10 == 9 ? (state >> 33) % len : len); /* also cut off */
        errors += use();
    }
    CHECK(errors > 10);
    disk_remove();
    return 0;
}

/* --- a full disk -------------------------------------------------------------------- */

static int main_full(void)
{
    static char big[100000];
    struct onebot_store *store;
    memset(big, 'x', sizeof big - 1);
    disk_make();
    disk_stand_before_sqlite();
    disk_full = true;
    check_refused(-ENOSPC, "full");
    disk_full = false;
    REQUIRE(!onebot_store_open(disk_path, &quiet, &store));
    CHECK_EQ(onebot_store_set(store, &a, "i", 1), 0);
    disk_full = true;
    CHECK_EQ(onebot_store_set(store, &a, "s", big), -ENOSPC);
    CHECK_EQ(onebot_store_add(store, &a, 1, NULL), -ENOSPC);
    CHECK_EQ(get_int(store, &a), 1); /* nothing was changed */
    disk_full = false;
    CHECK_EQ(onebot_store_add(store, &a, 1, NULL), 0);
    CHECK_EQ(get_int(store, &a), 2);
    onebot_store_close(store);
    REQUIRE(!onebot_store_open(disk_path, &quiet, &store));
    CHECK_EQ(get_int(store, &a), 2);
    onebot_store_close(store);
    disk_remove();
    return 0;
}

/* --- each failure ------------------------------------------------------------------- */

/* SQLite's memory from the library's allocator, which can be made to fail and counts. */
static void *sql_alloc(int size)
{
    int64_t *memory = xie_alloc((size_t)size + 16);
    if (memory)
        *memory = size;
    return memory ? memory + 2 : NULL;
}

static void sql_free(void *memory)
{
    if (memory)
        xie_release((int64_t *)memory - 2);
}

static void *sql_resize(void *memory, int size)
{
    int64_t *moved = xie_resize((int64_t *)memory - 2, (size_t)size + 16);
    if (moved)
        *moved = size;
    return moved ? moved + 2 : NULL;
}

static int sql_size(void *memory)
{
    return memory ? (int)((int64_t *)memory)[-2] : 0;
}

static int sql_round(int size)
{
    return (size + 7) & ~7;
}

static int sql_init(void *arg)
{
    (void)arg;
    return SQLITE_OK;
}

static void sql_fini(void *arg)
{
    (void)arg;
}

static int use_store(struct onebot_store *store)
{
    int64_t sum = 0;
    int error = onebot_store_set(store, &a, "{s:s}", "k", "v");
    if (!error)
        error = onebot_store_add(store, &b, 1, &sum);
    if (!error && sum < 1)
        tap_failed(__FILE__, __LINE__, "an addition was lost");
    if (error)
        return error;
    struct onebot_batch *batch = onebot_batch_new();
    onebot_batch_expect(batch, &b, "I", (json_int_t)sum);
    onebot_batch_add(batch, &b, 1, NULL);
    onebot_batch_delete(batch, &a);
    error = onebot_store_apply(store, batch);
    onebot_batch_free(batch);
    struct onebot_stored page =
        onebot_store_list(store, &(struct onebot_key){.space = "test", .name = ""}, NULL, 0);
    if (!error && !page.error)
        CHECK_EQ(json_integer_value(json_object_get(page.value, "b")), sum + 1);
    if (error && !page.error) /* not by half */
        CHECK_EQ(json_integer_value(json_object_get(page.value, "b")), sum);
    json_decref(page.value);
    return error ? error : page.error;
}

static int run_faulty(void *arg)
{
    struct onebot_store *store;
    struct onebot_store_options fast = quiet;
    fast.relaxed = true;
    disk_remove_files(); /* else the log of runs that could not put it away grows */
    int error = onebot_store_open(disk_path, &fast, &store);
    if (!error) {
        error = use_store(store);
        onebot_store_close(store);
    }
    (void)arg;
    sqlite3_shutdown(); /* what it keeps for the process */
    return error;
}

static void sweep(unsigned kinds, int error)
{
    static const sqlite3_mem_methods memory = {sql_alloc, sql_free, sql_resize, sql_size,
                                               sql_round, sql_init, sql_fini,   NULL};
    const struct fault_program program = {.name = "store", .run = run_faulty, .tolerant = true};
    tap_limit(120);
    REQUIRE(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) == SQLITE_OK);
    if (kinds & XIE_FAULT_SYSCALL) {
        sqlite3_initialize();
        disk_stand_before_sqlite();
    }
    json_set_alloc_funcs(xie_alloc, xie_release);
    disk_make();
    fault_sweep(&program, kinds, error);
    in_task(main_look); /* and the file is good */
    CHECK(found[1] > 0);
    disk_remove();
}

static void test_memory(void)
{
    sweep(XIE_FAULT_MEMORY, -ENOMEM);
}

static void test_system_calls(void)
{
    sweep(XIE_FAULT_SYSCALL, -EIO);
}

#define IN_TASK(name)             \
    static void test_##name(void) \
    {                             \
        tap_limit(120);           \
        in_task(main_##name);     \
    }
IN_TASK(refused)
IN_TASK(damaged)
IN_TASK(full)

static const struct tap_test tests[] = {
    {"killed again and again", test_killed_again_and_again},
    {"killed within each write", test_killed_within_each_write},
    {"files that are refused", test_refused},
    {"older forms are brought up, newer refused", test_older_forms},
    {"damaged files", test_damaged},
    {"a full disk", test_full},
    {"each allocation fails", test_memory},
    {"each system call fails", test_system_calls},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

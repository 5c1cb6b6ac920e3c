/* file.c - the promises of <xie/file.h>: reading, writing, at a place and in order; whole files. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "io/kit.h"

static char folder[32];

/* A folder of this test's own, and a path in it. */
static const char *path_of(const char *name)
{
    static char paths[4][64];
    static unsigned turn;
    if (!*folder) {
        strcpy(folder, "/tmp/xie-file-XXXXXX");
        REQUIRE(mkdtemp(folder));
    }
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static int count_files(void)
{
    int count = 0;
    DIR *dir = opendir(folder);
    while (dir && readdir(dir))
        count++;
    closedir(dir);
    return count - 2;
}

static void remove_folder(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK_EQ(system(command), 0);
}

static struct xie_file *opened(const char *path, int flags)
{
    struct xie_file *file = NULL;
    int error = xie_file_open(path, flags, 0644, &file);
    CHECK_EQ(error, 0);
    REQUIRE(!error);
    return file;
}

/* --- reading and writing ---------------------------------------------------------------- */

IN_TASK(in_order_from_the_beginning)
{
    struct xie_file *file = opened(path_of("a"), O_RDWR | O_CREAT);
    char buf[16];
    CHECK_EQ(xie_file_write(file, "hello ", 6, XIE_FILE_NEXT), 6);
    CHECK_EQ(xie_file_write(file, "world", 5, XIE_FILE_NEXT), 5);
    CHECK_EQ(xie_file_position(file), 11);
    CHECK_EQ(xie_file_read(file, buf, 16, XIE_FILE_NEXT), 0);
    CHECK_EQ(xie_file_seek(file, 0), 0);
    CHECK_EQ(xie_file_read(file, buf, 4, XIE_FILE_NEXT), 4);
    CHECK_EQ(xie_file_read(file, buf + 4, 12, XIE_FILE_NEXT), 7); /* less only at the end */
    CHECK(!memcmp(buf, "hello world", 11));
    CHECK_EQ(xie_file_read(file, buf, 16, XIE_FILE_NEXT), 0);
    CHECK_EQ(xie_file_position(file), 11);
    CHECK_EQ(xie_file_seek(file, -1), -EINVAL);
    CHECK_EQ(xie_file_position(file), 11);
    xie_file_close(file);
    remove_folder();
    return 0;
}

IN_TASK(at_a_place)
{
    struct xie_file *file = opened(path_of("a"), O_RDWR | O_CREAT);
    char buf[16] = "";
    CHECK_EQ(xie_file_write(file, "world", 5, 6), 5);
    CHECK_EQ(xie_file_write(file, "hello", 5, 0), 5);
    CHECK_EQ(xie_file_position(file), 0); /* not moved */
    CHECK_EQ(xie_file_size(file), 11);
    CHECK_EQ(xie_file_read(file, buf, 3, 7), 3);
    CHECK(!memcmp(buf, "orl", 3));
    CHECK_EQ(xie_file_read(file, buf, 16, 0), 11);
    CHECK(!memcmp(buf, "hello\0world", 11)); /* a hole reads as zeros */
    CHECK_EQ(xie_file_read(file, buf, 16, 11), 0);
    CHECK_EQ(xie_file_read(file, buf, 16, 5000), 0);
    CHECK_EQ(xie_file_read(file, NULL, 0, 0), 0);
    CHECK_EQ(xie_file_write(file, NULL, 0, 0), 0);
    CHECK_EQ(xie_file_read(file, buf, 16, -2), -EINVAL);
    CHECK_EQ(xie_file_write(file, buf, 16, -2), -EINVAL);
    xie_file_close(file);
    remove_folder();
    return 0;
}

IN_TASK(size_truncate_and_sync)
{
    struct xie_file *file = opened(path_of("a"), O_RDWR | O_CREAT);
    char buf[4] = "xxx";
    CHECK_EQ(xie_file_size(file), 0);
    CHECK_EQ(xie_file_write(file, "abcdef", 6, 0), 6);
    CHECK_EQ(xie_file_sync(file, true), 0);
    CHECK_EQ(xie_file_sync(file, false), 0);
    CHECK_EQ(xie_file_truncate(file, 2), 0);
    CHECK_EQ(xie_file_size(file), 2);
    CHECK_EQ(xie_file_truncate(file, 4), 0);
    CHECK_EQ(xie_file_read(file, buf, 4, 0), 4);
    CHECK(!memcmp(buf, "ab\0\0", 4));
    CHECK_EQ(xie_file_truncate(file, -1), -EINVAL);
    CHECK(fcntl(xie_file_fd(file), F_GETFD) & FD_CLOEXEC);
    CHECK(!(fcntl(xie_file_fd(file), F_GETFL) & O_NONBLOCK));
    xie_file_close(file);
    file = opened(path_of("a"), O_WRONLY | O_APPEND);
    CHECK_EQ(xie_file_write(file, "end", 3, 0), 3);
    CHECK_EQ(xie_file_size(file), 7);
    CHECK_EQ(xie_file_read(file, buf, 1, 0), -EBADF);
    xie_file_close(file);
    file = opened(path_of("a"), O_RDONLY);
    CHECK_EQ(xie_file_write(file, "x", 1, 0), -EBADF);
    xie_file_close(file);
    remove_folder();
    return 0;
}

IN_TASK(what_cannot_be_opened)
{
    struct xie_file *file = NULL;
    int fds = kit_fds();
    CHECK_EQ(xie_file_open(path_of("none"), O_RDONLY, 0, &file), -ENOENT);
    CHECK_EQ(xie_file_open(path_of(""), O_WRONLY, 0, &file), -EISDIR);
    CHECK_EQ(mkfifo(path_of("pipe"), 0600), 0);
    CHECK_EQ(xie_file_open(path_of("pipe"), O_RDONLY, 0, &file), -ESPIPE);
    CHECK_EQ(xie_file_open(path_of("pipe"), O_WRONLY, 0, &file), -ESPIPE);
    XIE_TIMEOUT(-1)
        CHECK_EQ(xie_file_open(path_of("a"), O_RDWR | O_CREAT, 0600, &file), -ETIMEDOUT);
    CHECK_EQ(access(path_of("a"), F_OK), -1); /* it did not begin */
    CHECK(!file);
    CHECK_EQ(kit_fds(), fds);
    xie_file_close(NULL);
    remove_folder();
    return 0;
}

IN_TASK(devices_are_files)
{
    struct xie_file *file = opened("/dev/zero", O_RDWR);
    char buf[8] = "xxxxxxx";
    CHECK_EQ(xie_file_read(file, buf, 8, XIE_FILE_NEXT), 8);
    CHECK(!memcmp(buf, "\0\0\0\0\0\0\0\0", 8));
    CHECK_EQ(xie_file_write(file, buf, 8, XIE_FILE_NEXT), 8);
    xie_file_close(file);
    return 0;
}

static void limit_file_size(rlim_t most)
{
    struct rlimit limit = {most, most};
    signal(SIGXFSZ, SIG_IGN);
    CHECK_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

IN_TASK(a_full_disk_tells_how_much_was_written)
{
    static char out[3000];
    struct xie_file *file = opened(path_of("a"), O_RDWR | O_CREAT);
    kit_fill(out, sizeof out, 0);
    limit_file_size(5000);
    CHECK_EQ(xie_file_write(file, out, 3000, XIE_FILE_NEXT), 3000);
    CHECK_EQ(xie_file_write(file, out, 3000, XIE_FILE_NEXT), -EFBIG);
    CHECK_EQ(xie_file_position(file), 5000);
    CHECK_EQ(xie_file_size(file), 5000);
    xie_file_close(file);
    remove_folder();
    return 0;
}

/* What is full may be the disk, or what its owner may have: told as what it is, behind a part that
 * was written. */
IN_TASK(a_full_disk_or_quota_is_told_as_what_it_is)
{
    static const int errors[] = {-ENOSPC, -EDQUOT};
    static char out[3000];
    if (!kit_on("uring") && !kit_on("sim"))
        tap_skip("a thread writes, whose calls are no operations");
    struct xie_file *file = opened(path_of("a"), O_RDWR | O_CREAT);
    kit_fill(out, sizeof out, 0);
    limit_file_size(1000); /* so that the first part is a short one */
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        CHECK_EQ(xie_file_seek(file, 0), 0);
        xie_fault_plan =
            (struct xie_fault){.kinds = XIE_FAULT_OPERATION, .nth = 2, .error = errors[i]};
        CHECK_EQ(xie_file_write(file, out, 3000, XIE_FILE_NEXT), errors[i]);
        xie_fault_plan.kinds = 0;
        CHECK_EQ(xie_file_position(file), 1000);
        xie_fault_plan =
            (struct xie_fault){.kinds = XIE_FAULT_OPERATION, .nth = 1, .error = errors[i]};
        CHECK_EQ(xie_file_write(file, out, 1, 0), errors[i]);
        xie_fault_plan.kinds = 0;
    }
    CHECK_EQ(xie_file_size(file), 1000);
    xie_file_close(file);
    remove_folder();
    return 0;
}

/* --- many at once, and interruptions ---------------------------------------------------- */

enum { BLOCK = 30000, BLOCKS = 12 };

static struct xie_file *shared;

static int write_block(void *arg)
{
    static char blocks[BLOCKS][BLOCK];
    intptr_t number = (intptr_t)arg;
    kit_fill(blocks[number], BLOCK, (uint64_t)number * BLOCK);
    return (int)xie_file_write(shared, blocks[number], BLOCK, number * BLOCK);
}

IN_TASK(calls_at_places_do_not_mind_each_other)
{
    static char in[BLOCK * BLOCKS];
    shared = opened(path_of("a"), O_RDWR | O_CREAT);
    XIE_GROUP(group)
        for (intptr_t i = 0; i < BLOCKS; i++)
            CHECK_EQ(xie_group_spawn(&group, write_block, (void *)i), 0);
    CHECK_EQ(xie_file_read(shared, in, sizeof in, 0), (ssize_t)sizeof in);
    CHECK(kit_same(in, sizeof in, 0));
    xie_file_close(shared);
    remove_folder();
    return 0;
}

static int read_in_order(void *arg)
{
    static char in[BLOCK * BLOCKS];
    (void)arg;
    return (int)xie_file_read(shared, in, sizeof in, XIE_FILE_NEXT);
}

static int truncate_shared(void *arg)
{
    (void)arg;
    return xie_file_truncate(shared, BLOCK * BLOCKS);
}

/* A task is in a call when it has begun and not returned: on sim none ever is. */
IN_TASK(one_in_order_at_a_time)
{
    if (kit_on("sim"))
        tap_skip("on sim no call on a file waits");
    shared = opened(path_of("a"), O_RDWR | O_CREAT);
    CHECK_EQ(truncate_shared(NULL), 0);
    struct xie_task *task = xie_spawn(read_in_order, NULL);
    xie_sleep(0);
    if (!xie_task_done(task)) { /* a thread may have been quick */
        CHECK_EQ(read_in_order(NULL), -EBUSY);
        CHECK_EQ(xie_file_seek(shared, 1), -EBUSY);
    }
    CHECK_EQ(xie_join(task), BLOCK * BLOCKS);
    xie_file_close(shared);
    remove_folder();
    return 0;
}

IN_TASK(in_a_triggered_scope_nothing_is_done)
{
    struct xie_file *file = opened(path_of("a"), O_RDWR | O_CREAT);
    char buf[4];
    CHECK_EQ(xie_file_write(file, "abcd", 4, XIE_FILE_NEXT), 4);
    XIE_TIMEOUT(-1) {
        char *data = NULL;
        CHECK_EQ(xie_file_write(file, "x", 1, XIE_FILE_NEXT), -ETIMEDOUT);
        CHECK_EQ(xie_file_read(file, buf, 4, 0), -ETIMEDOUT);
        CHECK_EQ(xie_file_size(file), -ETIMEDOUT);
        CHECK_EQ(xie_file_truncate(file, 0), -ETIMEDOUT);
        CHECK_EQ(xie_file_sync(file, false), -ETIMEDOUT);
        CHECK_EQ(xie_file_load(path_of("a"), 10, &data), -ETIMEDOUT);
        CHECK_EQ(xie_file_save(path_of("a"), "", 0, 0600), -ETIMEDOUT);
        CHECK(!data);
    }
    CHECK_EQ(xie_file_position(file), 4);
    CHECK_EQ(xie_file_read(file, buf, 4, 0), 4);
    CHECK(!memcmp(buf, "abcd", 4));
    XIE_TIMEOUT(-1)
        xie_file_close(file);
    remove_folder();
    return 0;
}

static int write_in_order(void *arg)
{
    static char out[BLOCK];
    memset(out, *(char *)arg, BLOCK);
    return (int)xie_file_write(shared, out, BLOCK, XIE_FILE_NEXT);
}

/* Cancelled at any moment a write is done, or did not begin. */
IN_TASK(a_cancelled_write_is_whole_or_not_there)
{
    static char in[BLOCK];
    char letter = 'a';
    shared = opened(path_of("a"), O_RDWR | O_CREAT);
    for (int when = 0; when < 30; when++) {
        int64_t before = xie_file_position(shared);
        struct xie_task *task = xie_spawn(write_in_order, &letter);
        for (int i = 0; i < when % 5; i++)
            xie_sleep(i % 2 ? 20 * XIE_MICROSECOND : 0);
        xie_task_cancel(task);
        int result = xie_join(task);
        CHECK(result == BLOCK || result == -ECANCELED);
        CHECK_EQ(xie_file_position(shared), before + (result > 0 ? BLOCK : 0));
        CHECK_EQ(xie_file_size(shared), xie_file_position(shared));
        letter++;
    }
    if (xie_file_size(shared))
        CHECK_EQ(xie_file_read(shared, in, BLOCK, xie_file_size(shared) - BLOCK), BLOCK);
    xie_file_close(shared);
    remove_folder();
    return 0;
}

IN_TASK(a_close_waits_for_who_is_inside)
{
    for (int round = 0; round < 10; round++) {
        shared = opened(path_of("a"), O_RDWR | O_CREAT);
        CHECK_EQ(truncate_shared(NULL), 0);
        struct xie_task *tasks[] = {xie_spawn(read_in_order, NULL),
                                    xie_spawn(truncate_shared, NULL),
                                    xie_spawn(truncate_shared, NULL)};
        xie_sleep(0);
        bool done[3];
        for (int i = 0; i < 3; i++)
            done[i] = xie_task_done(tasks[i]);
        xie_file_close(shared);
        for (int i = 0; i < 3; i++) {
            CHECK(xie_task_done(tasks[i]));
            int result = xie_join(tasks[i]);
            CHECK(done[i] ? result >= 0 : result == XIE_ECLOSED);
        }
    }
    remove_folder();
    return 0;
}

static void close_shared(void *arg)
{
    (void)arg;
    xie_file_close(shared);
}

IN_TASK(a_callback_may_close)
{
    struct xie_call call = {0};
    int fds = kit_fds();
    shared = opened(path_of("a"), O_RDWR | O_CREAT);
    CHECK_EQ(truncate_shared(NULL), 0);
    struct xie_task *task = xie_spawn(read_in_order, NULL);
    CHECK_EQ(xie_call_soon(&call, close_shared, NULL), 0);
    int result = xie_join(task);
    CHECK(result == XIE_ECLOSED || result == BLOCK * BLOCKS);
    xie_sleep(0);
    CHECK_EQ(kit_fds(), fds);
    remove_folder();
    return 0;
}

static int ticks;

static int tick(void *arg)
{
    (void)arg;
    while (!xie_sleep(0))
        ticks++;
    return 0;
}

/* Where the disk is slow the loop goes on: here it is enough that it does turn meanwhile. */
IN_TASK(the_loop_goes_on_meanwhile)
{
    if (kit_on("sim"))
        tap_skip("on sim time stands still meanwhile");
    static char out[BLOCK * BLOCKS];
    struct xie_file *file = opened(path_of("a"), O_RDWR | O_CREAT);
    struct xie_task *task = xie_spawn(tick, NULL);
    for (int i = 0; i < 50 && !ticks; i++) {
        CHECK_EQ(xie_file_write(file, out, sizeof out, 0), (ssize_t)sizeof out);
        CHECK_EQ(xie_file_sync(file, false), 0);
    }
    CHECK(ticks > 0);
    xie_task_cancel(task);
    xie_join(task);
    xie_file_close(file);
    remove_folder();
    return 0;
}

static void outside_a_task(void *arg)
{
    struct xie_file *none = NULL;
    char byte;
    CHECK_EQ(xie_file_read(arg, &byte, 1, 0), -EPERM);
    CHECK_EQ(xie_file_open("/dev/null", O_RDONLY, 0, &none), -EPERM);
    CHECK(!none);
}

IN_TASK(outside_a_task_they_are_errors)
{
    struct xie_call call = {0};
    struct xie_file *file = opened("/dev/zero", O_RDONLY);
    CHECK_EQ(xie_call_soon(&call, outside_a_task, file), 0);
    xie_sleep(0);
    xie_file_close(file);
    return 0;
}

/* --- whole files ------------------------------------------------------------------------ */

static void check_content(const char *path, const char *expected)
{
    char *data = NULL;
    CHECK_EQ(xie_file_load(path, 1000, &data), (ssize_t)strlen(expected));
    CHECK_STR(data, expected); /* a 0 byte stands behind */
    xie_free(data);
}

IN_TASK(whole_files)
{
    static char out[300000];
    char *data = NULL;
    struct stat found;
    umask(022);
    CHECK_EQ(xie_file_save(path_of("a"), "first", 5, 0666), 0);
    check_content(path_of("a"), "first");
    CHECK_EQ(stat(path_of("a"), &found), 0);
    CHECK_EQ(found.st_mode & 0777, 0644);
    CHECK_EQ(xie_file_save(path_of("a"), "second one", 10, 0600), 0);
    check_content(path_of("a"), "second one");
    CHECK_EQ(xie_file_save(path_of("a"), NULL, 0, 0600), 0);
    check_content(path_of("a"), "");
    kit_fill(out, sizeof out, 0);
    CHECK_EQ(xie_file_save(path_of("b"), out, sizeof out, 0600), 0);
    CHECK_EQ(xie_file_load(path_of("b"), sizeof out, &data), (ssize_t)sizeof out);
    CHECK(data && !memcmp(data, out, sizeof out));
    xie_free(data);
    CHECK_EQ(count_files(), 2); /* nothing else is left behind */
    CHECK(xie_file_load("/proc/self/status", 100000, &data) > 100); /* says it has 0 bytes */
    CHECK(!strncmp(data, "Name:", 5));
    xie_free(data);
    xie_free(NULL);
    remove_folder();
    return 0;
}

IN_TASK(whole_files_that_fail)
{
    char *data = NULL;
    CHECK_EQ(xie_file_save(path_of("a"), "12345", 5, 0600), 0);
    CHECK_EQ(xie_file_load(path_of("a"), 4, &data), XIE_ELIMIT);
    CHECK_EQ(xie_file_load("/dev/zero", 100000, &data), XIE_ELIMIT); /* its size is unknown */
    CHECK_EQ(xie_file_load(path_of("none"), 10, &data), -ENOENT);
    CHECK_EQ(xie_file_load(path_of(""), 10000, &data), -EISDIR);
    CHECK_EQ(xie_file_load(path_of(""), 10, &data), -EISDIR); /* whatever size it claims */
    CHECK(!data);
    CHECK_EQ(xie_file_load(path_of("a"), 5, &data), 5);
    xie_free(data);
    CHECK_EQ(xie_file_save(path_of("no/folder"), "", 0, 0600), -ENOENT);
    CHECK_EQ(mkdir(path_of("dir"), 0700), 0);
    CHECK_EQ(xie_file_save(path_of("dir"), "", 0, 0600), -EISDIR);
    limit_file_size(3);
    CHECK_EQ(xie_file_save(path_of("a"), "too much", 8, 0600), -EFBIG);
    check_content(path_of("a"), "12345"); /* the old content stays */
    CHECK_EQ(count_files(), 2);
    remove_folder();
    return 0;
}

IN_TASK(a_path_without_a_folder)
{
    path_of("");
    CHECK_EQ(chdir(folder), 0);
    CHECK_EQ(xie_file_save("plain", "text", 4, 0600), 0);
    check_content("plain", "text");
    CHECK_EQ(chdir("/"), 0);
    remove_folder();
    return 0;
}

static int save_long(void *arg)
{
    static char out[BLOCK * BLOCKS];
    memset(out, 'n', sizeof out);
    return xie_file_save(arg, out, sizeof out, 0600);
}

IN_TASK(a_cancelled_save_is_old_or_new)
{
    char *path = strdup(path_of("a"));
    for (int when = 0; when < 12; when++) {
        char *data = NULL;
        CHECK_EQ(xie_file_save(path, "old", 3, 0600), 0);
        struct xie_task *task = xie_spawn(save_long, path);
        for (int i = 0; i < when % 4; i++)
            xie_sleep(i % 2 ? 50 * XIE_MICROSECOND : 0);
        xie_task_cancel(task);
        int result = xie_join(task);
        CHECK(result == 0 || result == -ECANCELED);
        ssize_t len = xie_file_load(path, SIZE_MAX, &data);
        CHECK_EQ(len, result ? 3 : BLOCK * BLOCKS);
        xie_free(data);
        CHECK_EQ(count_files(), 1);
    }
    free(path);
    remove_folder();
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"in_order_from_the_beginning", in_order_from_the_beginning},
        {"at_a_place", at_a_place},
        {"size_truncate_and_sync", size_truncate_and_sync},
        {"what_cannot_be_opened", what_cannot_be_opened},
        {"devices_are_files", devices_are_files},
        {"a_full_disk_tells_how_much_was_written", a_full_disk_tells_how_much_was_written},
        {"a_full_disk_or_quota_is_told_as_what_it_is", a_full_disk_or_quota_is_told_as_what_it_is},
        {"calls_at_places_do_not_mind_each_other", calls_at_places_do_not_mind_each_other},
        {"one_in_order_at_a_time", one_in_order_at_a_time},
        {"in_a_triggered_scope_nothing_is_done", in_a_triggered_scope_nothing_is_done},
        {"a_cancelled_write_is_whole_or_not_there", a_cancelled_write_is_whole_or_not_there},
        {"a_close_waits_for_who_is_inside", a_close_waits_for_who_is_inside},
        {"a_callback_may_close", a_callback_may_close},
        {"the_loop_goes_on_meanwhile", the_loop_goes_on_meanwhile},
        {"outside_a_task_they_are_errors", outside_a_task_they_are_errors},
        {"whole_files", whole_files},
        {"whole_files_that_fail", whole_files_that_fail},
        {"a_path_without_a_folder", a_path_without_a_folder},
        {"a_cancelled_save_is_old_or_new", a_cancelled_save_is_old_or_new},
        {0},
    };
    return tap_main(argc, argv, tests);
}

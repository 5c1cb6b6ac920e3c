/* watch.c - the promises of <xie/watch.h>: what happens in a folder is told, once and in order. */
/* SPDX-License-Identifier: MIT */
#include <sys/inotify.h>
#include <unistd.h>

#include "base/fault.h"
#include "io/kit.h"

static char folder[32];

static const char *path_of(const char *name)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static struct xie_watch *open_folder(int *id)
{
    struct xie_watch *watch = NULL;
    strcpy(folder, "/tmp/xie-watch-XXXXXX");
    REQUIRE(mkdtemp(folder));
    int error = xie_watch_open(&watch);
    if (error == -EMFILE)
        tap_skip("too many watches on this machine");
    REQUIRE(error == 0);
    *id = xie_watch_add(watch, folder, IN_CREATE | IN_DELETE | IN_MOVE);
    REQUIRE(*id >= 0);
    return watch;
}

static void make(const char *name)
{
    FILE *file = fopen(path_of(name), "w");
    REQUIRE(file && fclose(file) == 0);
}

static void check_next(struct xie_watch *watch, int id, uint32_t what, const char *name)
{
    struct xie_watch_event event = {0};
    CHECK_EQ(xie_watch_next(watch, &event), 0);
    CHECK_EQ(event.id, id);
    CHECK_EQ(event.what & what, what);
    CHECK_STR(event.name, name);
}

static int next(void *arg)
{
    struct xie_watch_event event;
    return xie_watch_next(arg, &event);
}

IN_TASK(what_happens_is_told_in_order)
{
    int id;
    struct xie_watch *watch = open_folder(&id);
    struct xie_watch_event from, to;
    make("a");
    make("b");
    check_next(watch, id, IN_CREATE, "a");
    check_next(watch, id, IN_CREATE, "b");
    char *old = strdup(path_of("a"));
    CHECK_EQ(rename(old, path_of("c")), 0);
    free(old);
    CHECK_EQ(xie_watch_next(watch, &from), 0);
    CHECK_STR(from.name, "a");
    CHECK_EQ(xie_watch_next(watch, &to), 0);
    CHECK_STR(to.name, "c");
    CHECK(from.cookie && from.cookie == to.cookie);
    int file = xie_watch_add(watch, path_of("c"), IN_DELETE_SELF);
    CHECK(file >= 0 && file != id);
    CHECK_EQ(xie_watch_add(watch, path_of("c"), IN_DELETE_SELF), file);
    unlink(path_of("c"));
    check_next(watch, file, IN_DELETE_SELF, ""); /* the place itself has no name */
    check_next(watch, file, IN_IGNORED, "");
    check_next(watch, id, IN_DELETE, "c");
    unlink(path_of("b"));
    check_next(watch, id, IN_DELETE, "b");
    xie_watch_close(watch);
    rmdir(folder);
    return 0;
}

IN_TASK(it_waits_until_something_happens)
{
    int id, fds = kit_fds();
    struct xie_watch *watch = open_folder(&id);
    struct xie_task *task = xie_spawn(next, watch);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    CHECK_EQ(next(watch), -EBUSY);
    make("a");
    CHECK_EQ(xie_join(task), 0);
    task = xie_spawn(next, watch);
    xie_sleep(0);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    unlink(path_of("a"));
    XIE_TIMEOUT(-1)
        CHECK_EQ(next(watch), -ETIMEDOUT);
    check_next(watch, id, IN_DELETE, "a"); /* nothing was lost */
    task = xie_spawn(next, watch);
    xie_sleep(0);
    xie_watch_close(watch);
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    xie_watch_close(NULL);
    CHECK_EQ(kit_fds(), fds);
    rmdir(folder);
    return 0;
}

IN_TASK(what_is_no_longer_watched)
{
    int id;
    struct xie_watch *watch = open_folder(&id);
    CHECK_EQ(xie_watch_add(watch, "/nowhere/at/all", IN_CREATE), -ENOENT);
    CHECK_EQ(xie_watch_add(watch, folder, 0), -EINVAL);
    CHECK_EQ(xie_watch_remove(watch, id + 1000), -EINVAL);
    CHECK_EQ(xie_watch_remove(watch, id), 0);
    check_next(watch, id, IN_IGNORED, "");
    make("a");
    struct xie_task *task = xie_spawn(next, watch);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    xie_task_cancel(task);
    xie_join(task);
    xie_watch_close(watch);
    unlink(path_of("a"));
    rmdir(folder);
    return 0;
}

/* The limits of /proc/sys/fs/inotify, and a folder that may not be read. */
IN_TASK(what_the_kernel_refuses_is_told)
{
    static const int of_open[] = {-EMFILE, -ENOMEM}, of_add[] = {-ENOSPC, -EACCES, -ENOMEM};
    struct xie_watch *watch = NULL;
    int id, fds = kit_fds();
    for (size_t i = 0; i < sizeof of_open / sizeof *of_open; i++) {
        xie_fault_plan =
            (struct xie_fault){.kinds = XIE_FAULT_SYSCALL, .nth = 1, .error = of_open[i]};
        CHECK_EQ(xie_watch_open(&watch), of_open[i]);
        xie_fault_plan.kinds = 0;
        CHECK(!watch);
    }
    watch = open_folder(&id);
    for (size_t i = 0; i < sizeof of_add / sizeof *of_add; i++) {
        xie_fault_plan =
            (struct xie_fault){.kinds = XIE_FAULT_SYSCALL, .nth = 1, .error = of_add[i]};
        CHECK_EQ(xie_watch_add(watch, folder, IN_MODIFY), of_add[i]);
        xie_fault_plan.kinds = 0;
    }
    make("a");
    check_next(watch, id, IN_CREATE, "a"); /* what there was goes on */
    xie_watch_close(watch);
    CHECK_EQ(kit_fds(), fds);
    unlink(path_of("a"));
    rmdir(folder);
    return 0;
}

static void without_a_loop(void)
{
    struct xie_watch *watch = NULL;
    CHECK_EQ(xie_watch_open(&watch), -EPERM);
    CHECK(!watch);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"what_happens_is_told_in_order", what_happens_is_told_in_order},
        {"it_waits_until_something_happens", it_waits_until_something_happens},
        {"what_is_no_longer_watched", what_is_no_longer_watched},
        {"what_the_kernel_refuses_is_told", what_the_kernel_refuses_is_told},
        {"without_a_loop", without_a_loop},
        {0},
    };
    return tap_main(argc, argv, tests);
}

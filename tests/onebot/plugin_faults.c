/* plugin_faults.c - each allocation, system call and operation of a load, a reload and an unload
 * fails once: a clean error, and nothing is left. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fault.h"
#include "plugin_kit.h"

static void no_log(void *arg, enum onebot_level level, const char *line)
{
    (void)arg;
    if (getenv("XIE_TEST_LOG"))
        fprintf(stderr, "%d %s\n", (int)level, line);
}

static const char *folder; /* NULL: none */

static int run_bot(void *arg)
{
    struct onebot_options options = {.url = "ws://127.0.0.1:1/",
                                     .plugins = kit_plugins,
                                     .plugin_folder = folder,
                                     .plugin_watch = folder,
                                     .keep_signals = true,
                                     .log = no_log};
    int error = onebot_run(&options);
    *(bool *)arg = true;
    return error == -ECANCELED ? 0 : error;
}

static int load_reload_unload(void)
{
    int error = onebot_plugin_load(kit_bot, kit_path("a.so"));
    if (!error)
        error = onebot_plugin_reload(kit_bot, "fixture");
    if (!error)
        error = onebot_plugin_unload(kit_bot, "fixture");
    return error;
}

/* The folder has loaded it, unless that has failed. */
static int unload_load_scan(void)
{
    int error = onebot_plugin_unload(kit_bot, "fixture");
    if (!error || error == -ENOENT)
        error = onebot_plugin_scan(kit_bot);
    while (error == -EBUSY)
        error = xie_sleep(XIE_MILLISECOND);
    if (error >= 0)
        error = onebot_plugin_load(kit_bot, kit_path("a.so"));
    return error == -EEXIST ? 0 : error;
}

/* What fails leaves what there was: it can be done once more. */
static int program(void *arg)
{
    bool ended = false;
    int error = 0;
    (void)arg;
    kit_bot = NULL;
    XIE_GROUP(group) {
        error = xie_group_spawn(&group, run_bot, &ended);
        while (!error && !kit_bot && !ended)
            error = xie_sleep(XIE_MILLISECOND);
        if (!error && !ended)
            error = folder ? unload_load_scan() : load_reload_unload();
        if (!error && !ended)
            error = onebot_plugin_settings_changed(kit_bot);
        xie_group_cancel(&group);
        error = xie_group_wait(&group) ? -ENOMEM : error;
    }
    kit_forget();
    return error < 0 ? error : 0;
}

static void test_each_failure_is_clean(void)
{
    kit_put("v1", "a.so");
    fault_sweep_all(&(struct fault_program){"plugin", program, NULL, true});
    folder = kit_folder;
    fault_sweep_all(&(struct fault_program){"folder", program, NULL, true});
    kit_clean();
}

static const struct tap_test tests[] = {
    {"each failure is clean", test_each_failure_is_clean},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

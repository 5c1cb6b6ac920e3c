/* testing_faults.c - the kit without memory: each allocation of a test fails once.
 * Tests, apps. The test fails or passes, nothing is lost, and the next one is as ever. On sim. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <xie.h>

#include "base/fault.h"
#include "case.h"
#include "scarce.h"
#include "tap.h"
#include "testing_bot.h"

/* --- what else takes memory, and what gives it: linked with --wrap ------------------ */

void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
char *__real_strdup(const char *text);
int __real_vasprintf(char **text, const char *format, va_list args);
FILE *__real_open_memstream(char **text, size_t *len);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);
char *__wrap_strdup(const char *text);
int __wrap_vasprintf(char **text, const char *format, va_list args);
int __wrap_asprintf(char **text, const char *format, ...);
FILE *__wrap_open_memstream(char **text, size_t *len);

void *__wrap_realloc(void *old, size_t size)
{
    if (scarce_fails())
        return NULL;
    void *block = __real_realloc(old, size);
    return old ? block : scarce_counted(block);
}

void __wrap_free(void *block)
{
    scarce_blocks -= block != NULL;
    __real_free(block);
}

char *__wrap_strdup(const char *text)
{
    return scarce_fails() ? NULL : scarce_counted(__real_strdup(text));
}

int __wrap_vasprintf(char **text, const char *format, va_list args)
{
    if (scarce_fails())
        return -1;
    int len = __real_vasprintf(text, format, args);
    scarce_blocks += len >= 0;
    return len;
}

int __wrap_asprintf(char **text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = __wrap_vasprintf(text, format, args);
    va_end(args);
    return len;
}

/* What it makes is freed with free. */
FILE *__wrap_open_memstream(char **text, size_t *len)
{
    FILE *file = scarce_fails() ? NULL : __real_open_memstream(text, len);
    scarce_blocks += file != NULL;
    return file;
}

/* --- what is swept ------------------------------------------------------------------ */

static void everything(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), eve = onebot_test_person(t, "Eve");
    int64_t group = onebot_test_group(t, "Friends", alice);
    onebot_test_friend(t, eve, false);
    onebot_test_rank(t, group, onebot_test_bot(t), ONEBOT_ADMIN);
    onebot_test_folder(t);
    onebot_test_web(t, "http://api.example/*", 200, "sun");
    onebot_test_answers(t, "get_voices", "{s:s}", "best", "Miku");
    onebot_test_says(t, alice, group, "/fetch http://api.example/x?a=b");
    onebot_test_hears(t, alice, group, "200 sun");
    onebot_test_fetches(t, "http://api.example/x?a=b");
    onebot_test_says(t, alice, 0, "/voices");
    onebot_test_calls(t, "get_voices", "{}");
    onebot_test_hears(t, alice, 0, "voices: Miku");
    onebot_test_does(t, eve, "add_friend", "{s:s}", "comment", "please");
    onebot_test_decides(t, eve, true);
    onebot_test_joins(t, eve, group);
    onebot_test_says(t, alice, group, "/picture");
    onebot_test_says(t, alice, 0, "/fail");
    onebot_test_logs(t, "handler /fail *");
    onebot_test_fails(t, "get_voices", 1400, "no");
    onebot_test_event(t, "{s:s, s:s, s:I}", "post_type", "notice", "notice_type", "odd", "user_id",
                      (json_int_t)eve);
    onebot_test_faults(t, "{s:i}", "delay_ms", 1);
    onebot_test_restarts(t);
    onebot_test_disconnects(t);
    onebot_test_away(t, XIE_SECOND);
    onebot_test_quiet(t, alice, 0);
}

/* Fails with all that is told then. */
static void fails_itself(struct onebot_test *t)
{
    onebot_test_starts(t);
    onebot_test_calls(t, "set_group_kick", "{s:i}", "group_id", 1);
}

static bool run(onebot_test_fn *fn)
{
    const struct onebot_test_case one = {"swept", fn};
    const struct onebot_test_suite suite = {
        .cases = &one, .options = {.book = {.rules = testing_rules, .language = ONEBOT_ENGLISH}}};
    const struct kit_way way = {.program = "prog", .backend = "sim", .seed = 1, .number = 1};
    return kit_case_run(&suite, &one, &way);
}

/* From the first allocation to the last, in steps, so that it takes seconds: one fails once. In
 * every run nothing is lost. */
static void sweep(onebot_test_fn *fn, bool good, long step)
{
    tap_limit(200);
    int before = dup(STDOUT_FILENO), nothing = open("/dev/null", O_WRONLY);
    dup2(nothing, STDOUT_FILENO);
    CHECK_EQ(run(fn), good); /* what is kept for ever is there */
    long kept = scarce_blocks, n = 0;
    step *= tap_slow() ? 31 : 1;
    do {
        scarce_left = n;
        scarce_failed = false;
        bool passed = run(fn);
        scarce_left = -1;
        if (passed && !good)
            tap_failed(__FILE__, __LINE__, "passes without allocation %ld", n);
        if (scarce_blocks > kept)
            tap_failed(__FILE__, __LINE__, "%ld blocks lost without allocation %ld",
                       scarce_blocks - kept, n);
        kept = scarce_blocks;
        n += step;
    } while (scarce_failed);
    CHECK(n > 100);
    CHECK_EQ(run(fn), good);
    dup2(before, STDOUT_FILENO);
    close(before);
    close(nothing);
}

static void a_test_that_passes(void)
{
    sweep(everything, true, 7);
}

static void a_test_that_fails(void)
{
    sweep(fails_itself, false, 3);
}

/* Once, in steps: the test fails or passes, and nothing is lost. */
static void fail_calls(unsigned kind, int error, uint64_t step)
{
    CHECK(run(everything));
    long kept = scarce_blocks;
    uint64_t n = 1, met = 1;
    for (step *= tap_slow() ? 31 : 1; met; n += step) {
        xie_fault_plan = (struct xie_fault){.kinds = kind, .nth = n, .error = error};
        (void)run(everything);
        met = xie_fault_plan.failed;
        xie_fault_plan = (struct xie_fault){0};
        if (scarce_blocks > kept)
            tap_failed(__FILE__, __LINE__, "%ld blocks lost without call %llu",
                       scarce_blocks - kept, (unsigned long long)n);
        kept = scarce_blocks;
    }
    CHECK(n > 100);
    CHECK(run(everything));
}

static void calls_that_fail(void)
{
    tap_limit(200);
    int nothing = open("/dev/null", O_WRONLY);
    dup2(nothing, STDOUT_FILENO);
    close(nothing);
    fail_calls(XIE_FAULT_SYSCALL, -EIO, 7);
    fail_calls(XIE_FAULT_OPERATION, -ECONNRESET, 7);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"without memory, a test that passes", a_test_that_passes},
        {"without memory, a test that fails", a_test_that_fails},
        {"calls and operations that fail", calls_that_fail},
        {NULL, NULL},
    };
    json_set_alloc_funcs(__wrap_malloc, __wrap_free);
    return tap_main(argc, argv, tests);
}

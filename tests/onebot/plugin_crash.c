/* plugin_crash.c - a plugin that ends the process by a signal is named. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugin_kit.h"

static const char *command; /* of the child */

static void script_crash(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    REQUIRE(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")) == 0);
    kit_clean();
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, command);
    xie_sleep_until(XIE_NEVER);
}

/* Run a bot that does so in a child. return its end; text receives what it said on stderr */
static int crash(const char *what, char *text, size_t cap)
{
    int pipe_fds[2], status;
    size_t len = 0;
    ssize_t got;
    REQUIRE(pipe(pipe_fds) == 0);
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (!child) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        dup2(pipe_fds[1], STDERR_FILENO);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
        command = what;
        play(&(struct play){kit_set, NULL, script_crash});
        _exit(0);
    }
    close(pipe_fds[1]);
    while ((got = read(pipe_fds[0], text + len, cap - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = 0;
    close(pipe_fds[0]);
    REQUIRE(waitpid(child, &status, 0) == child);
    return status;
}

static void said(const char *text, const char *want)
{
    CHECK(strstr(text, want) != NULL);
    if (!strstr(text, want))
        fprintf(stderr, "# not said: %s, but: %s\n", want, text);
}

static void dies(const char *what, int signal, const char *first, const char *second)
{
    char text[8192];
    int status = crash(what, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == signal);
    said(text, first);
    said(text, second);
}

static void test_by_an_instruction(void)
{
    dies("/crash trap", SIGILL, "xie: crash: in task 'crash' (spawned at ", "of plugin fixture\n");
    dies("/crash trap", SIGILL, "xie: crash: SIGILL at address 0x",
         "xie: crash: in the code of plugin fixture\n");
}

static void test_by_abort(void)
{
    dies("/crash abort", SIGABRT, "xie: crash: SIGABRT, raised by the process itself\n",
         "of plugin fixture\n");
}

static void test_by_a_callback_of_it(void)
{
    dies("/crash-late", SIGABRT, "xie: crash: in no task", "by plugin fixture\n");
}

static void test_by_an_address(void)
{
    if (TEST_SANITIZED)
        tap_skip("the sanitizer has this signal");
    dies("/crash segv", SIGSEGV, "xie: crash: SIGSEGV at address 0x0, by the instruction at 0x",
         "in the code of plugin fixture\n");
    dies("/crash libc", SIGSEGV, "of plugin fixture\n", "called, it seems, by plugin fixture\n");
}

static void test_by_its_stack(void)
{
    if (TEST_SANITIZED)
        tap_skip("the sanitizer has this signal");
    dies("/crash deep", SIGSEGV, "xie: stack overflow in task 'crash'", "of plugin fixture\n");
}

static const struct tap_test tests[] = {
    {"by an instruction", test_by_an_instruction},
    {"by abort", test_by_abort},
    {"by a callback of it", test_by_a_callback_of_it},
    {"by an address", test_by_an_address},
    {"by its stack", test_by_its_stack},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

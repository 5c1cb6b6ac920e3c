/* misuse.c - reports are one line by one write; misuse names the task and aborts.
 * Tests of floor 0. */
/* SPDX-License-Identifier: MIT */
#include "base/misuse.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

enum { TEXT_CAP = 2048 };
static char text[TEXT_CAP];

static void report_numbers(void *arg)
{
    (void)arg;
    xie_report("%d %d %u %zu %lld %ld %llu %x %%", -7, INT32_MIN, 4000000000U, SIZE_MAX,
               (long long)INT64_MIN, -1L, 18446744073709551615ULL, 0xbeefU);
}

static void numbers_are_written_right(void)
{
    CHECK_EQ(tap_child(report_numbers, NULL, text, TEXT_CAP), 0);
    CHECK_STR(text, "xie: -7 -2147483648 4000000000 18446744073709551615 "
                    "-9223372036854775808 -1 18446744073709551615 beef %\n");
}

static void report_strings(void *arg)
{
    const char *volatile none = arg; /* hidden from the compiler's format check */
    xie_report("%s|%s|%.*s|%.*s|%c|%p", "one", none, 2, "three", 9, "four", 'c', (void *)0xab);
}

static void strings_are_written_right(void)
{
    CHECK_EQ(tap_child(report_strings, NULL, text, TEXT_CAP), 0);
    CHECK_STR(text, "xie: one|(null)|th|four|c|0xab\n");
}

static void report_long(void *arg)
{
    char lengthy[TEXT_CAP];
    memset(lengthy, 'x', sizeof(lengthy));
    lengthy[sizeof(lengthy) - 1] = 0;
    if (arg)
        xie_misuse("%s", lengthy);
    xie_report("%s", lengthy);
}

static void a_long_line_is_cut(void)
{
    CHECK_EQ(tap_child(report_long, NULL, text, TEXT_CAP), 0);
    CHECK_EQ(strlen(text), 512);
    CHECK_EQ(text[511], '\n');
}

static void report_with_errno(void *arg)
{
    (void)arg;
    errno = EDOM;
    close(STDERR_FILENO);
    xie_report("lost");
    if (errno != EDOM)
        _exit(1);
}

static void errno_survives_a_report(void)
{
    CHECK_EQ(tap_child(report_with_errno, NULL, text, TEXT_CAP), 0);
}

static void report_in_two_writes(void *arg)
{
    (void)arg;
    /* Packets keep the edges of writes. */
    int pair[2];
    char line[64] = {0};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) || dup2(pair[1], STDERR_FILENO) < 0)
        _exit(1);
    xie_report("%s and %d", "words", 3);
    if (read(pair[0], line, sizeof(line)) < 0 || strcmp(line, "xie: words and 3\n"))
        _exit(2);
}

static void a_report_is_one_write(void)
{
    CHECK_EQ(tap_child(report_in_two_writes, NULL, text, TEXT_CAP), 0);
}

static void misuse(void *arg)
{
    (void)arg;
    xie_misuse("the lock is %s", "free");
}

static bool aborted(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void misuse_says_so_and_aborts(void)
{
    CHECK(aborted(tap_child(misuse, NULL, text, TEXT_CAP)));
    CHECK(strstr(text, "xie: misuse: the lock is free\n"));
}

static const char *who(void)
{
    return "fetcher";
}

static void misuse_names_the_task(void)
{
    xie_misuse_who = who;
    CHECK(aborted(tap_child(misuse, NULL, text, TEXT_CAP)));
    CHECK(strstr(text, "xie: misuse: the lock is free [task fetcher]\n"));
    CHECK(aborted(tap_child(report_long, text, text, TEXT_CAP)));
    CHECK(strstr(text, "xx [task fetcher]\n"));
}

static const char *nobody(void)
{
    return NULL;
}

static void outside_a_task_nobody_is_named(void)
{
    xie_misuse_who = nobody;
    CHECK(aborted(tap_child(misuse, NULL, text, TEXT_CAP)));
    CHECK(strstr(text, "xie: misuse: the lock is free\n"));
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"numbers are written right", numbers_are_written_right},
        {"strings are written right", strings_are_written_right},
        {"a long line is cut", a_long_line_is_cut},
        {"errno survives a report", errno_survives_a_report},
        {"a report is one write", a_report_is_one_write},
        {"misuse says so and aborts", misuse_says_so_and_aborts},
        {"misuse names the task", misuse_names_the_task},
        {"outside a task nobody is named", outside_a_task_nobody_is_named},
        {0},
    };
    return tap_main(argc, argv, tests);
}

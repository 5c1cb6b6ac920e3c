/* main.c - a program of tests: its command line, and TAP.
 * Kit, roof. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "case.h"

enum { EXIT_USAGE = 2, EXIT_STUCK = 3, LIMIT_MOST = 24 * 3600, RUNS_MOST = 1000000 };

static const char usage[] =
    "usage: %s [--seed N] [--runs N] [--backend NAME] [--limit S] [--verbose] [NAME...]\n"
    "Run the tests, or those with NAME in their names; told in TAP.\n"
    "  --list          name them, and run none\n"
    "  --seed N        of chance, on sim; the same seed is the same run (XIE_SEED, 1)\n"
    "  --runs N        each test with N seeds, from that one on, until one fails (1)\n"
    "  --backend NAME  sim, with virtual time, or uring, epoll, kqueue, poll (XIE_BACKEND, sim)\n"
    "  --limit S       seconds of real time that a test may take (60)\n"
    "  --verbose       what happened in each test, not only in those that fail\n";

struct program {
    const struct onebot_test_suite *suite;
    struct kit_way way;
    uint64_t runs;
    unsigned limit_s;
    bool list;
    char **names; /* ended by NULL */
};

/* --- a test that takes for ever ------------------------------------------------------ */

static struct {
    const char *name;
    unsigned number, limit_s;
} running;

/* Only what a handler of signals may: the test computes, and never waits. */
static void out_of_time(int number)
{
    char text[512];
    (void)number;
    int len = snprintf(text, sizeof text,
                       "not ok %u - %.300s\n# it has run for %u s of real time; it is ended here\n",
                       running.number, running.name, running.limit_s);
    if (len > 0 && write(STDOUT_FILENO, text, (size_t)len) < 0)
        _exit(EXIT_FAILURE);
    _exit(EXIT_STUCK);
}

/* --- running ------------------------------------------------------------------------ */

static bool wanted(const struct program *program, const char *name)
{
    if (!*program->names)
        return true;
    for (char **at = program->names; *at; at++) {
        if (strstr(name, *at))
            return true;
    }
    return false;
}

static bool run_one(const struct program *program, const struct onebot_test_case *one,
                    unsigned number)
{
    struct kit_way way = program->way;
    way.number = number;
    bool good = true;
    running.name = one->name;
    running.number = number;
    for (uint64_t i = 0; i < program->runs && good; i++, way.seed++) {
        way.quiet = i + 1 < program->runs;
        alarm(program->limit_s);
        good = kit_case_run(program->suite, one, &way);
    }
    alarm(0);
    return good;
}

static int run_all(const struct program *program)
{
    unsigned count = 0, number = 0, failed = 0;
    const struct onebot_test_case *one;
    for (one = program->suite->cases; one && one->name; one++)
        count += wanted(program, one->name);
    if (!count) {
        fprintf(stderr, "%s: there is no such test; see --list\n", program->way.program);
        return EXIT_USAGE;
    }
    running.limit_s = program->limit_s;
    struct sigaction action = {.sa_handler = out_of_time}, before;
    sigaction(SIGALRM, &action, &before);
    printf("1..%u\n", count);
    for (one = program->suite->cases; one->name; one++) {
        if (wanted(program, one->name))
            failed += !run_one(program, one, ++number);
    }
    sigaction(SIGALRM, &before, NULL);
    if (failed)
        printf("# %u of %u failed\n", failed, count);
    return fflush(stdout) == 0 && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int list(const struct program *program)
{
    for (const struct onebot_test_case *one = program->suite->cases; one && one->name; one++) {
        if (wanted(program, one->name))
            puts(one->name);
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- the command line --------------------------------------------------------------- */

static int refuse(const struct program *program, const char *what, const char *text)
{
    fprintf(stderr, "%s: %s%s\n", program->way.program, what, text);
    fprintf(stderr, usage, program->way.program);
    return EXIT_USAGE;
}

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (errno || end == text || *end || strchr(text, '-') || value < least || value > most)
        return false;
    *number = value;
    return true;
}

static bool is_backend(const char *name)
{
    static const char *const names[] = {"sim", "uring", "epoll", "kqueue", "poll"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* return -1 go on; else the exit status */
static int take_option(struct program *program, int option)
{
    uint64_t seconds;
    bool good = true;
    if (option == 's')
        good = read_number(optarg, 1, UINT64_MAX, &program->way.seed);
    else if (option == 'r')
        good = read_number(optarg, 1, RUNS_MOST, &program->runs);
    else if (option == 'l' && (good = read_number(optarg, 1, LIMIT_MOST, &seconds)))
        program->limit_s = (unsigned)seconds;
    else if (option == 'b' && (good = is_backend(optarg)))
        program->way.backend = optarg;
    else if (option == 'L')
        program->list = true;
    else if (option == 'v')
        program->way.verbose = true;
    else if (option == 'h')
        return printf(usage, program->way.program) > 0 && fflush(stdout) == 0 ? EXIT_SUCCESS
                                                                              : EXIT_FAILURE;
    else if (option == '?')
        return refuse(program, "wrong usage", "");
    return good ? -1 : refuse(program, "this cannot be used: ", optarg);
}

static int read_options(struct program *program, int argc, char **argv)
{
    static const struct option list_of[] = {
        {"seed", required_argument, NULL, 's'},  {"runs", required_argument, NULL, 'r'},
        {"limit", required_argument, NULL, 'l'}, {"backend", required_argument, NULL, 'b'},
        {"list", no_argument, NULL, 'L'},        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    int option, status = -1;
    optind = 1;
    opterr = 0;
    while (status < 0 && (option = getopt_long(argc, argv, "", list_of, NULL)) != -1)
        status = take_option(program, option);
    program->names = argv + optind;
    return status;
}

int onebot_test_main(int argc, char **argv, const struct onebot_test_suite *suite)
{
    const char *backend = getenv("XIE_BACKEND"), *seed = getenv("XIE_SEED");
    struct program program = {.suite = suite,
                              .way = {.program = argv[0], .backend = "sim", .seed = 1},
                              .runs = 1,
                              .limit_s = ONEBOT_TEST_REAL_S};
    if (backend && is_backend(backend))
        program.way.backend = backend;
    if (seed && !read_number(seed, 1, UINT64_MAX, &program.way.seed))
        return refuse(&program, "XIE_SEED is no seed: ", seed);
    int status = read_options(&program, argc, argv);
    if (status >= 0)
        return status;
    return program.list ? list(&program) : run_all(&program);
}

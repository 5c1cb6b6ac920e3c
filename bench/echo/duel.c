/* duel.c - echo servers side by side: all alive at once, short windows on each in turn, and the
 * processor time of a request compared window by window with the first server's.
 * usage: see below; prints a line per figure: NAME VALUE UNIT. */
/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load.h"

enum { SERVERS_MOST = 16, ROUNDS_MOST = 9999, LEN_MOST = 64 << 20 };

static const char usage[] =
    "usage: duel [OPTION]... NAME=COMMAND...\n"
    "\n"
    "Starts each server by its command, which prints its port, and plays windows on them in\n"
    "turn. Prints of each the CPU time of a request, and its ratio to the first one's: medians\n"
    "of the rounds, and the spread (the quarters above and below).\n"
    "\n"
    "  --connections N  to each server (50)\n"
    "  --size N         bytes of a request (64)\n"
    "  --depth N        requests under way on a connection (1)\n"
    "  --rounds N       windows of each (61)\n"
    "  --window N       milliseconds (20); what is under way at its end is waited for\n"
    "  --rate N         requests a second, all connections together, each sent at its time\n"
    "  --latency        print the time of requests: the median, and 99 % and 99.9 %; at a rate\n"
    "                   it counts from when a request should have been sent\n"
    "  --memory         print what a connection that idles costs [bytes]\n"
    "  --cpu N          where the servers run (0); -1: anywhere. The load runs on the next\n";

static const struct option options[] = {
    {"connections", 1, NULL, 'c'}, {"size", 1, NULL, 's'},   {"depth", 1, NULL, 'd'},
    {"rounds", 1, NULL, 'r'},      {"window", 1, NULL, 'w'}, {"rate", 1, NULL, 'R'},
    {"latency", 0, NULL, 'l'},     {"memory", 0, NULL, 'm'}, {"cpu", 1, NULL, 'p'},
    {"help", 0, NULL, 'h'},        {NULL, 0, NULL, 0}};

struct duel {
    struct plan plan;
    struct server servers[SERVERS_MOST];
    double *each[SERVERS_MOST];
    int count, rounds, cpu;
    bool memory;
};

static void refuse(void)
{
    fputs(usage, stderr);
    exit(2);
}

static long number(const char *text, long least, long most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (!*text || *end || value < least || value > most)
        refuse();
    return value;
}

static void read_options(struct duel *duel, int argc, char **argv)
{
    struct plan *plan = &duel->plan;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) >= 0;)
        switch (option) {
        case 'c':
            plan->connections = (int)number(optarg, 1, 1000000);
            break;
        case 's':
            plan->size = (size_t)number(optarg, 1, LEN_MOST);
            break;
        case 'd':
            plan->depth = (int)number(optarg, 1, 4096);
            break;
        case 'r':
            duel->rounds = (int)number(optarg, 1, ROUNDS_MOST);
            break;
        case 'w':
            plan->ns = number(optarg, 1, 60000) * 1000000;
            break;
        case 'R':
            plan->rate = (double)number(optarg, 1, 100000000);
            break;
        case 'l':
            plan->latency = true;
            break;
        case 'm':
            duel->memory = true;
            break;
        case 'p':
            duel->cpu = (int)number(optarg, -1, 1023);
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            refuse();
        }
    if (optind == argc || argc - optind > SERVERS_MOST)
        refuse();
}

static void start_all(struct duel *duel, char **specs, int count)
{
    for (int i = 0; i < count; i++) {
        struct server *server = &duel->servers[duel->count++];
        char *command = strchr(specs[i], '=');
        if (!command)
            refuse();
        *command++ = 0;
        server->name = specs[i];
        server->each = duel->each[i] = calloc((size_t)duel->rounds, sizeof *server->each);
        if (!server->each)
            void_run("no memory");
        server_start(server, command, duel->cpu);
    }
}

static void connect_all(struct duel *duel)
{
    for (int i = 0; i < duel->count; i++) {
        struct server *server = &duel->servers[i];
        int64_t before = server_resident(server);
        load_connect(server, &duel->plan);
        if (duel->memory)
            printf("%s, resident %lld bytes/connection\n", server->name,
                   (long long)(server_resident(server) - before) / duel->plan.connections);
    }
}

/* Each server is the first of a round as often as the others. */
static void play_all(struct duel *duel)
{
    for (int round = 0; round < duel->rounds; round++)
        for (int i = 0; i < duel->count; i++)
            load_play(&duel->servers[(round + i) % duel->count], &duel->plan);
}

/* --- figures ------------------------------------------------------------------------ */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* values must be sorted. */
static double part(const double *values, size_t count, double share)
{
    size_t at = (size_t)(share * (double)count);
    return values[at < count ? at : count - 1];
}

static void print_spread(const char *name, const char *what, double *values, size_t count,
                         double unit, const char *unit_name)
{
    qsort(values, count, sizeof *values, by_size);
    printf("%s%s %.3f %s (%.3f to %.3f)\n", name, what, part(values, count, 0.5) / unit, unit_name,
           part(values, count, 0.25) / unit, part(values, count, 0.75) / unit);
}

static void print_ratios(struct duel *duel)
{
    size_t rounds = (size_t)duel->rounds;
    double *ratios = calloc(rounds, sizeof *ratios);
    if (!ratios)
        void_run("no memory");
    for (int i = 1; i < duel->count; i++) {
        for (size_t k = 0; k < rounds; k++)
            ratios[k] = duel->each[i][k] / duel->each[0][k];
        print_spread(duel->servers[i].name, ", CPU / limit", ratios, rounds, 1, "times");
    }
    free(ratios);
    for (int i = 0; i < duel->count; i++)
        print_spread(duel->servers[i].name, ", CPU", duel->each[i], rounds, 1000, "us");
}

static void print_times(const struct server *server)
{
    static const struct {
        const char *name;
        double share;
    } shares[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}, {"most", 1}};
    qsort(server->times, server->time_count, sizeof *server->times, by_size);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        printf("%s, %s %.1f us\n", server->name, shares[i].name,
               part(server->times, server->time_count, shares[i].share) / 1000);
}

int main(int argc, char **argv)
{
    static struct duel duel = {.plan = {.connections = 50, .size = 64, .depth = 1, .ns = 20000000},
                               .rounds = 61};
    struct rlimit limit;
    cpu_set_t set;
    read_options(&duel, argc, argv);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    start_all(&duel, argv + optind, argc - optind);
    CPU_ZERO(&set);
    CPU_SET((size_t)(duel.cpu + 1) % (size_t)sysconf(_SC_NPROCESSORS_ONLN), &set);
    if (duel.cpu >= 0)
        sched_setaffinity(0, sizeof set, &set);
    connect_all(&duel);
    play_all(&duel);
    print_ratios(&duel);
    for (int i = 0; duel.plan.latency && i < duel.count; i++)
        print_times(&duel.servers[i]);
    for (int i = 0; i < duel.count; i++)
        server_stop(&duel.servers[i]);
    return 0;
}

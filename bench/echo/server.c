/* server.c - a server under load: started, asked what it used, ended. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

enum { WORDS_MOST = 16 };

static int64_t clock_ns(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time))
        void_run("a clock: %s", strerror(errno));
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t server_cpu(const struct server *server)
{
    return clock_ns(server->cpu_clock);
}

void void_run(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("duel: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static void become(char *command, int cpu, int out, pid_t parent)
{
    char *words[WORDS_MOST + 1] = {0}, *save;
    int count = 0;
    for (char *word = strtok_r(command, " ", &save); word && count < WORDS_MOST;
         word = strtok_r(NULL, " ", &save))
        words[count++] = word;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu >= 0)
        CPU_SET((size_t)cpu, &set);
    if (cpu >= 0 && sched_setaffinity(0, sizeof set, &set))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(out, STDOUT_FILENO) < 0)
        _exit(126);
    execvp(words[0], words);
    _exit(127);
}

/* The first line that it prints. */
static uint16_t read_port(struct server *server)
{
    char line[32] = "";
    for (size_t len = 0; len < sizeof line - 1 && !strchr(line, '\n'); len++)
        if (read(server->out, line + len, 1) != 1)
            break;
    long port = strtol(line, NULL, 10);
    if (port < 1 || port > UINT16_MAX)
        void_run("%s did not start", server->name);
    return (uint16_t)port;
}

void server_start(struct server *server, char *command, int cpu)
{
    int ends[2];
    clockid_t clock;
    pid_t parent = getpid();
    if (pipe(ends))
        void_run("pipe: %s", strerror(errno));
    server->pid = fork();
    if (server->pid == 0) {
        close(ends[0]);
        become(command, cpu, ends[1], parent);
    }
    close(ends[1]);
    server->out = ends[0];
    if (server->pid < 0 || clock_getcpuclockid(server->pid, &clock))
        void_run("%s: no process", server->name);
    server->cpu_clock = clock;
    server->port = read_port(server);
}

int64_t server_resident(const struct server *server)
{
    char path[64], line[256];
    int64_t kib = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)server->pid);
    FILE *file = fopen(path, "r");
    while (file && kib < 0 && fgets(line, sizeof line, file))
        if (!strncmp(line, "VmRSS:", 6))
            kib = strtoll(line + 6, NULL, 10);
    if (file)
        fclose(file);
    if (kib < 0)
        void_run("%s has ended", server->name);
    return kib * 1024;
}

void server_stop(struct server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    close(server->out);
}

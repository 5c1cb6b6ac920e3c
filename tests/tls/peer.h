/* peer.h - a program of somebody else's, started by a test, that speaks TLS with it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_TLS_PEER_H
#define XIE_TESTS_TLS_PEER_H

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

struct peer {
    pid_t pid;
    struct xie_stream *in, *out; /* what it reads and prints */
};

static inline void need(const char *command)
{
    char line[100];
    if (kit_on("sim"))
        tap_skip("sim's sockets do not leave the process");
    snprintf(line, sizeof line, "%s >/dev/null 2>&1", command);
    if (system(line))
        tap_skip("there is no such program: %s", command);
    tap_limit(60);
}

static inline void peer_start(struct peer *peer, const char *const *argv)
{
    extern char **environ;
    posix_spawn_file_actions_t actions;
    int in[2], out[2];
    REQUIRE(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    if (strcmp(argv[0], "python3")) /* OpenSSL's tools tell there what they do */
        posix_spawn_file_actions_adddup2(&actions, out[1], STDERR_FILENO);
    REQUIRE(posix_spawnp(&peer->pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
                         environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    REQUIRE(xie_stream_adopt(in[1], &peer->in) == 0);
    REQUIRE(xie_stream_adopt(out[0], &peer->out) == 0);
}

/* It prints this line, perhaps after others. */
static inline void peer_says(struct peer *peer, const char *expected)
{
    char *line = NULL;
    int result;
    while ((result = xie_stream_read_line(peer->out, &line, NULL)) == 1)
        if (strstr(line, expected))
            return;
    tap_failed(__FILE__, __LINE__, "the peer did not say \"%s\"", expected);
}

static inline int reap(void *arg)
{
    int status = -1;
    waitpid(((struct peer *)arg)->pid, &status, 0);
    return status;
}

/* return its exit status */
static inline int peer_end(struct peer *peer)
{
    char buf[1000];
    xie_stream_close(peer->in);
    while (xie_stream_read(peer->out, buf, sizeof buf) > 0)
        continue;
    xie_stream_close(peer->out);
    return xie_to_thread(reap, peer, NULL);
}

static inline uint16_t listen_here(struct xie_listener **listener, char *port)
{
    struct xie_address address;
    REQUIRE(!xie_tcp_listen("127.0.0.1", 0, 0, listener));
    REQUIRE(!xie_listener_address(*listener, &address));
    snprintf(port, 8, "%u", xie_address_port(&address));
    return xie_address_port(&address);
}

#endif

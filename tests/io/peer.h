/* peer.h - another program at the other end: started, listened to, waited for. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_IO_PEER_H
#define XIE_TESTS_IO_PEER_H

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/kit.h"

struct peer {
    pid_t pid;
    struct xie_stream *out; /* what it prints */
};

/* Skip where it cannot be had: program is a word of the shell. */
static inline void peer_need(const char *program)
{
    char command[128];
    if (kit_on("sim"))
        tap_skip("sim's sockets do not leave the process");
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    if (system(command))
        tap_skip("there is no %s", program);
    tap_limit(60);
}

static inline void peer_start(struct peer *peer, char *const argv[])
{
    extern char **environ;
    posix_spawn_file_actions_t actions;
    int fds[2];
    REQUIRE(pipe2(fds, O_CLOEXEC) == 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    REQUIRE(posix_spawnp(&peer->pid, argv[0], &actions, NULL, argv, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    REQUIRE(xie_stream_adopt(fds[0], &peer->out) == 0);
}

static inline void peer_says(struct peer *peer, const char *expected)
{
    char *line = NULL;
    CHECK_EQ(xie_stream_read_line(peer->out, &line, NULL), 1);
    CHECK_STR(line, expected);
}

static inline int peer_reap(void *arg)
{
    int status = -1;
    waitpid(((struct peer *)arg)->pid, &status, 0);
    return status;
}

/* It says no more, and ends well. */
static inline void peer_end(struct peer *peer)
{
    char *line;
    CHECK_EQ(xie_stream_read_line(peer->out, &line, NULL), 0);
    xie_stream_close(peer->out);
    CHECK_EQ(xie_to_thread(peer_reap, peer, NULL), 0);
}

/* A listener, and where it is: a path, or a port of 127.0.0.1. */
static inline struct xie_listener *peer_listen(char place[64], bool local)
{
    struct xie_listener *listener = NULL;
    struct xie_address address;
    if (local) {
        snprintf(place, 64, "/tmp/xie-peers-%d", (int)getpid());
        REQUIRE(xie_unix_listen(place, 0, &listener) == 0);
    } else {
        REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &listener) == 0);
        REQUIRE(xie_listener_address(listener, &address) == 0);
        snprintf(place, 64, "%u", xie_address_port(&address));
    }
    return listener;
}

/* A task of a server: what comes goes back, until the end. */
static inline int peer_echo(void *arg)
{
    char buf[16000];
    struct xie_stream *stream = arg;
    ssize_t len;
    while ((len = xie_stream_read(stream, buf, sizeof buf)) > 0)
        if (xie_stream_write(stream, buf, (size_t)len) < 0)
            break;
    xie_stream_close(stream);
    return (int)len;
}

static inline int peer_echo_all(void *listener)
{
    struct xie_stream *stream;
    int error;
    while (!(error = xie_listener_accept(listener, &stream)))
        xie_detach(xie_spawn(peer_echo, stream));
    return error;
}

#endif

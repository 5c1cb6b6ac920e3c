/* process_kit.h - what the tests of children share. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_IO_PROCESS_KIT_H
#define XIE_TESTS_IO_PROCESS_KIT_H

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/kit.h"

/* As IN_TASK; afterwards there is no child, no zombie, and no descriptor more than before. */
#define WITH_CHILDREN(name)                                                  \
    static int name##_body(void *arg);                                       \
    static void name(void)                                                   \
    {                                                                        \
        size_t live = xie_alloc_live();                                      \
        int fds = kit_fds();                                                 \
        CHECK_EQ(xie_run(name##_body, NULL), 0);                             \
        CHECK_EQ(xie_alloc_live(), live);                                    \
        CHECK_EQ(kit_fds(), fds);                                            \
        CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD); \
    }                                                                        \
    static int name##_body(void *arg __attribute__((unused)))

#define ARGV(...)         \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

static inline struct xie_process *kit_open(const struct xie_process_options *options)
{
    struct xie_process *process = NULL;
    int error = xie_process_open(options, &process);
    if (error)
        tap_failed(__FILE__, __LINE__, "xie_process_open: %s", xie_strerror(error));
    REQUIRE(process != NULL);
    return process;
}

/* A child that reads its input, and ends when that does. */
static inline struct xie_process *kit_reader(void)
{
    return kit_open(&(struct xie_process_options){
        .argv = ARGV("cat"), .in = XIE_PROCESS_PIPE, .out = XIE_PROCESS_NULL});
}

/* Run to the end: the exit code, or minus the signal; out (cap bytes, a string) what it said. */
static inline int kit_say(struct xie_process_options options, char *out, size_t cap)
{
    struct xie_process_result result = {0};
    options.out = options.out ? options.out : XIE_PROCESS_PIPE;
    int error = xie_process_run(&options, NULL, 0, &result);
    if (error)
        tap_failed(__FILE__, __LINE__, "xie_process_run: %s", xie_strerror(error));
    struct xie_process_status status = result.status;
    snprintf(out, cap, "%s", result.out ? result.out : "");
    xie_process_result_fini(&result);
    return status.signal ? -status.signal : status.code;
}

static inline int kit_shell(const char *line)
{
    char out[256];
    return kit_say((struct xie_process_options){.shell = line, .out = XIE_PROCESS_NULL}, out,
                   sizeof out);
}

/* A pipe of the kernel, to hand one end of to a child. */
static inline void kit_pipe(int fds[2])
{
    REQUIRE(pipe(fds) == 0);
}

/* Everything that is written to it, once all others have closed their end. */
static inline void kit_hear(int fd, char *text, size_t cap)
{
    struct xie_stream *stream = NULL;
    REQUIRE(xie_stream_adopt(fd, &stream) == 0);
    ssize_t got = xie_stream_read_exactly(stream, text, cap - 1);
    if (got == XIE_EOF)
        got = xie_stream_read(stream, text, cap - 1);
    text[got > 0 ? got : 0] = '\0';
    xie_stream_close(stream);
}

/* A debugger that has seized pid until let_go is closed; 0: that is not allowed here. */
static inline pid_t kit_seize(int pid, int let_go[2])
{
    char byte;
    int ready[2];
    REQUIRE(!pipe2(ready, O_CLOEXEC) && !pipe2(let_go, O_CLOEXEC));
    pid_t tracer = fork();
    if (!tracer) {
        close(let_go[1]);
        byte = ptrace(PTRACE_SEIZE, pid, NULL, NULL) ? 'n' : 'y';
        _exit(write(ready[1], &byte, 1) != 1 || read(let_go[0], &byte, 1));
    }
    close(ready[1]);
    REQUIRE(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(let_go[0]);
    if (byte == 'n') {
        close(let_go[1]);
        waitpid(tracer, NULL, 0);
        return 0;
    }
    return tracer;
}

#endif

/* process_kit.h - a child's protocol that writes down what it is told, and in which order. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_PROTO_PROCESS_KIT_H
#define XIE_TESTS_PROTO_PROCESS_KIT_H

#include <fcntl.h>
#include <sys/resource.h>

#include "io/process_kit.h"
#include "proto/kit.h"

/* What one child's protocol was told, counted; and what it does about it. */
struct child_note {
    struct xie_transport *transport;
    int made, exited, lost, pauses, resumes;
    int gone[3], gone_error[3]; /* of its pipes */
    int error;                  /* of connection_lost */
    size_t got[3];              /* bytes told */
    bool wrong;                 /* those of 1 were not those of kit_byte */
    char text[3][128];          /* the first of them */
    /* m made, a data of 1, b of 2 (once for several in a row), 0 1 2 a pipe lost, x exited, l
     * lost */
    char order[64];
    struct xie_process_status status; /* when it exited */
    struct xie_event changed;
    void (*on_made)(struct child_note *note);
    void (*on_data)(struct child_note *note, int fd, size_t len);
    void (*on_gone)(struct child_note *note, int fd);
    void (*on_exit)(struct child_note *note);
    void (*on_pause)(struct child_note *note);
    void (*on_resume)(struct child_note *note);
    void (*on_lost)(struct child_note *note);
    void *other; /* the test's */
};

static inline void child_wrote(struct child_note *note, char what)
{
    size_t len = strlen(note->order);
    CHECK(!xie_task_current());
    CHECK(len + 1 < sizeof note->order);
    bool again = (what == 'a' || what == 'b') && len && note->order[len - 1] == what;
    if (!again && len + 1 < sizeof note->order)
        note->order[len] = what;
    xie_event_set(&note->changed);
}

static inline void child_made(void *self, struct xie_transport *transport)
{
    struct child_note *note = self;
    CHECK_EQ(note->made++, 0);
    note->transport = transport;
    child_wrote(note, 'm');
    if (note->on_made)
        note->on_made(note);
}

static inline void child_lost(void *self, struct xie_transport *transport, int error)
{
    struct child_note *note = self;
    CHECK(note->transport == transport && note->made == 1 && note->exited == 1);
    CHECK(xie_transport_is_closing(transport));
    CHECK_EQ(note->lost++, 0);
    for (int fd = 0; fd < 3; fd++)
        CHECK(!xie_subprocess_get_pipe_transport(transport, fd));
    note->error = error;
    child_wrote(note, 'l');
    if (note->on_lost)
        note->on_lost(note);
    note->transport = NULL;
}

static inline void child_data(void *self, struct xie_transport *transport, int fd, const char *data,
                              size_t len)
{
    struct child_note *note = self;
    CHECK(note->transport == transport && note->made == 1 && !note->lost);
    CHECK((fd == 1 || fd == 2) && !note->gone[fd]);
    CHECK(len > 0 && len <= XIE_TRANSPORT_READ_MOST);
    CHECK(note->exited || xie_subprocess_get_status(transport, &note->status) == -EBUSY);
    for (size_t i = 0; i < len && note->got[fd] + i < sizeof note->text[fd] - 1; i++)
        note->text[fd][note->got[fd] + i] = data[i];
    if (fd == 1)
        note->wrong |= !kit_same(data, len, note->got[1]);
    note->got[fd] += len;
    child_wrote(note, fd == 1 ? 'a' : 'b');
    if (note->on_data)
        note->on_data(note, fd, len);
}

static inline void child_pipe_lost(void *self, struct xie_transport *transport, int fd, int error)
{
    struct child_note *note = self;
    CHECK(note->transport == transport && note->made == 1 && !note->lost);
    REQUIRE(fd >= 0 && fd <= 2);
    CHECK(xie_subprocess_get_pipe_transport(transport, fd) != NULL);
    CHECK_EQ(note->gone[fd]++, 0);
    note->gone_error[fd] = error;
    child_wrote(note, (char)('0' + fd));
    if (note->on_gone)
        note->on_gone(note, fd);
}

static inline void child_exited(void *self, struct xie_transport *transport)
{
    struct child_note *note = self;
    CHECK(note->transport == transport && note->made == 1 && !note->lost);
    CHECK_EQ(note->exited++, 0);
    xie_subprocess_get_status(transport, &note->status);
    child_wrote(note, 'x');
    if (note->on_exit)
        note->on_exit(note);
}

static inline void child_pause(void *self, struct xie_transport *transport)
{
    struct child_note *note = self;
    CHECK(note->transport == transport && note->made == 1 && !note->lost && !xie_task_current());
    CHECK_EQ(note->pauses++, note->resumes);
    xie_event_set(&note->changed);
    if (note->on_pause)
        note->on_pause(note);
}

static inline void child_resume(void *self, struct xie_transport *transport)
{
    struct child_note *note = self;
    CHECK(note->transport == transport && note->made == 1 && !note->lost && !xie_task_current());
    CHECK_EQ(++note->resumes, note->pauses);
    xie_event_set(&note->changed);
    if (note->on_resume)
        note->on_resume(note);
}

static const struct xie_protocol child_noting = {
    .connection_made = child_made,
    .connection_lost = child_lost,
    .pause_writing = child_pause,
    .resume_writing = child_resume,
    .pipe_data_received = child_data,
    .pipe_connection_lost = child_pipe_lost,
    .process_exited = child_exited,
};

static inline void child_open(struct child_note *note, struct xie_process_options options)
{
    int error = xie_subprocess_open(&options, &child_noting, note, &note->transport);
    if (error)
        tap_failed(__FILE__, __LINE__, "xie_subprocess_open: %s", xie_strerror(error));
    REQUIRE(!error);
    CHECK_EQ(note->made, 0); /* it comes by the loop */
}

/* One that reads its input until that ends, with pipes to 0 and 1. */
static inline void child_cat(struct child_note *note)
{
    child_open(note, (struct xie_process_options){
                         .argv = ARGV("cat"), .in = XIE_PROCESS_PIPE, .out = XIE_PROCESS_PIPE});
}

static inline struct xie_transport *child_pipe(const struct child_note *note, int fd)
{
    return xie_subprocess_get_pipe_transport(note->transport, fd);
}

static inline void child_end(struct child_note *note)
{
    UNTIL(note, note->lost);
}

/* A line whose descriptor 9 is the end to read of a pipe: it goes on when our end is closed. */
struct held {
    int fds[2];
    struct xie_process_fd fd;
};

static inline struct xie_process_options held_options(struct held *held, const char *line)
{
    REQUIRE(pipe2(held->fds, O_CLOEXEC) == 0);
    held->fd = (struct xie_process_fd){.ours = held->fds[0], .child = 9};
    return (struct xie_process_options){.shell = line, .fds = &held->fd, .fd_count = 1};
}

static inline void held_open(struct held *held, struct child_note *note,
                             struct xie_process_options options)
{
    child_open(note, options);
    close(held->fds[0]);
}

static inline void held_let_go(struct held *held)
{
    close(held->fds[1]);
}

#endif

/* process_sweep.c - each call beneath a child's transport fails, and each callback does everything:
 * clean errors, everything told once, no leak, no zombie. */
/* SPDX-License-Identifier: MIT */
#include "base/list.h"
#include "fault.h"
#include "proto/process_kit.h"

/* --- faults --------------------------------------------------------------------------- */

/* What connection_lost said is the program's result; without one, that of a pipe. */
static int result_of(const struct child_note *note)
{
    int error = note->error;
    for (int fd = 0; fd < 3 && !error; fd++)
        error = note->gone_error[fd];
    CHECK(note->made == 1 && note->exited == 1 && note->lost == 1);
    return error;
}

static int talk(void *arg)
{
    static char block[200000];
    struct child_note note = {0};
    int error = xie_subprocess_open(arg, &child_noting, &note, &note.transport);
    if (error)
        return error;
    error = xie_transport_write(child_pipe(&note, 0), block, sizeof block);
    if (error >= 0)
        error = xie_transport_write_eof(child_pipe(&note, 0));
    int end = xie_transport_wait(note.transport);
    if (error || end)
        return error ? error : end;
    error = result_of(&note);
    return error ? error : note.got[1] == sizeof block ? 0 : -EPROTO;
}

static int open_and_close(void *arg)
{
    struct child_note note = {0};
    int error = xie_subprocess_open(arg, &child_noting, &note, &note.transport);
    if (error)
        return error;
    struct xie_transport *transport = xie_transport_ref(note.transport);
    xie_sleep(0);
    xie_transport_close(transport);
    error = xie_subprocess_wait(transport, NULL);
    int end = xie_transport_wait(transport);
    xie_transport_unref(transport);
    return error ? error : end;
}

static struct child_note left;

static int open_and_leave(void *arg)
{
    left = (struct child_note){0};
    return xie_subprocess_open(arg, &child_noting, &left, &left.transport);
}

static int refused(void *arg)
{
    struct child_note note = {0};
    int error = xie_subprocess_open(arg, &child_noting, &note, &note.transport);
    if (!error)
        xie_transport_abort(note.transport);
    return error == -ENOENT ? 0 : error ? error : -EPROTO;
}

static void sweep(int (*run)(void *arg), struct xie_process_options options)
{
    struct fault_program program = {"child", run, &options, .tolerant = true};
    tap_limit(120);
    fault_sweep_all(&program);
    CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
}

static const struct xie_process_options all_pipes = {.argv = (const char *const[]){"cat", NULL},
                                                     .in = XIE_PROCESS_PIPE,
                                                     .out = XIE_PROCESS_PIPE,
                                                     .err = XIE_PROCESS_PIPE};

static void a_talk(void)
{
    sweep(talk, all_pipes);
}

static void a_close(void)
{
    sweep(open_and_close, all_pipes);
}

static void a_close_with_time(void)
{
    sweep(open_and_close, (struct xie_process_options){.argv = ARGV("sleep", "1000"),
                                                       .out = XIE_PROCESS_PIPE,
                                                       .group = XIE_PROCESS_NEW_GROUP,
                                                       .grace_ns = XIE_HOUR});
}

static void one_left_to_the_loop(void)
{
    sweep(open_and_leave, all_pipes);
    CHECK(left.made == 1 && left.exited == 1 && left.lost == 1);
}

static void a_program_that_is_not_there(void)
{
    sweep(refused, (struct xie_process_options){.argv = ARGV("/nowhere"), .out = XIE_PROCESS_PIPE});
}

/* --- every callback does everything --------------------------------------------------- */

enum callback { MADE, DATA, GONE, EXITED, PAUSE, RESUME, LOST, CALLBACKS };
enum action {
    NONE,
    CLOSE,
    ABORT,
    TERM,
    WRITE,
    END,
    HOLD,
    GO_ON,
    SWITCH,
    UNREAD,
    CLOSE_PIPES,
    ABORT_PIPES,
    SPAWN,
    ACTIONS
};

struct torture {
    struct child_note note;
    enum action plan[CALLBACKS][2];
    bool inside; /* a callback, or a call it makes */
    bool ended;  /* what it is to read */
    int unread, spawned;
};

static int spawned(void *torture)
{
    ((struct torture *)torture)->spawned--;
    return 0;
}

static void write_some(struct torture *self, bool end)
{
    static const char block[100];
    struct xie_transport *pipe = child_pipe(&self->note, 0);
    if (pipe && !self->ended && !end)
        xie_transport_write(pipe, block, sizeof block);
    if (pipe && end)
        self->ended |= !xie_transport_write_eof(pipe);
}

static void act_on_pipes(struct torture *self, enum action action)
{
    for (int fd = 0; fd < 3; fd++) {
        struct xie_transport *pipe = child_pipe(&self->note, fd);
        if (pipe && action == HOLD)
            xie_transport_pause_reading(pipe);
        else if (pipe && action == GO_ON)
            xie_transport_resume_reading(pipe);
        else if (pipe && action == CLOSE_PIPES)
            xie_transport_close(pipe);
        else if (pipe)
            xie_transport_abort(pipe);
    }
}

static void act(struct torture *self, enum callback callback, enum action action, size_t len)
{
    struct xie_transport *transport = self->note.transport;
    switch (action) {
    case NONE:
        break;
    case CLOSE:
        xie_transport_close(transport);
        break;
    case ABORT:
        xie_transport_abort(transport);
        break;
    case TERM:
        xie_subprocess_send_signal(transport, SIGTERM);
        break;
    case WRITE:
    case END:
        write_some(self, action == END);
        break;
    case SWITCH:
        xie_transport_set_protocol(transport, xie_transport_get_protocol(transport, NULL), self);
        break;
    case UNREAD:
        if (callback == DATA && self->unread++ < 3)
            CHECK_EQ(xie_transport_unread(child_pipe(&self->note, 1), len), 0);
        break;
    case SPAWN:
        self->spawned++;
        xie_detach(xie_spawn(spawned, self));
        break;
    default:
        act_on_pipes(self, action);
    }
}

static void called(struct child_note *note, enum callback callback, size_t len)
{
    struct torture *self = XIE_CONTAINER(note, struct torture, note);
    CHECK(!self->inside);
    self->inside = true;
    act(self, callback, self->plan[callback][0], len);
    if (self->plan[callback][0] != UNREAD) /* that gave all of it back */
        act(self, callback, self->plan[callback][1], len);
    self->inside = false;
}

static void on_made(struct child_note *note)
{
    called(note, MADE, 0);
}

static void on_data(struct child_note *note, int fd, size_t len)
{
    CHECK_EQ(fd, 1);
    called(note, DATA, len);
}

static void on_gone(struct child_note *note, int fd)
{
    (void)fd;
    called(note, GONE, 0);
}

static void on_exit_told(struct child_note *note)
{
    called(note, EXITED, 0);
}

/* A switched protocol is told again that writing is paused: the kit's count is of one only. */
static void tortured_pause(void *self, struct xie_transport *transport)
{
    (void)transport;
    called(self, PAUSE, 0);
}

static void tortured_resume(void *self, struct xie_transport *transport)
{
    (void)transport;
    called(self, RESUME, 0);
}

static void on_lost(struct child_note *note)
{
    called(note, LOST, 0);
}

/* One child with all that can happen to one: data both ways, more than fits, each end. */
static void go_through(struct torture *self, int number)
{
    static char large[200 * 1024];
    struct xie_protocol protocol = child_noting;
    struct child_note *note = &self->note;
    struct xie_process_options options = {.shell = "echo text; exec head -c150000",
                                          .in = XIE_PROCESS_PIPE,
                                          .out = XIE_PROCESS_PIPE,
                                          .grace_ns = number & 1 ? XIE_MILLISECOND : 0,
                                          .group = number & 2 ? XIE_PROCESS_NEW_GROUP
                                                              : XIE_PROCESS_SAME};
    note->on_made = on_made;
    note->on_data = on_data;
    note->on_gone = on_gone;
    note->on_exit = on_exit_told;
    note->on_lost = on_lost;
    protocol.pause_writing = tortured_pause;
    protocol.resume_writing = tortured_resume;
    REQUIRE(!xie_subprocess_open(&options, &protocol, note, &note->transport));
    self->inside = true;
    xie_transport_write(child_pipe(note, 0), large, sizeof large);
    self->inside = false;
    for (int i = 0; !note->lost; i++) {
        if (i == 16) /* nothing else will end it: reading is paused */
            act_on_pipes(self, GO_ON);
        if (i == 64)
            xie_transport_close(note->transport);
        if (i == 128)
            xie_transport_abort(note->transport);
        xie_sleep(i < 8 ? 0 : XIE_MILLISECOND / 10);
    }
    while (self->spawned)
        xie_sleep(0);
    CHECK(note->made == 1 && note->exited == 1 && note->gone[0] == 1 && note->gone[1] == 1);
}

WITH_CHILDREN(each_callback_does_every_two_things)
{
    int step = tap_slow() ? 41 : 3, number = 0;
    tap_limit(120);
    for (int callback = 0; callback < CALLBACKS; callback++)
        for (int plan = callback % step; plan < ACTIONS * ACTIONS; plan += step) {
            struct torture self = {0};
            self.plan[callback][0] = (enum action)(plan / ACTIONS);
            self.plan[callback][1] = (enum action)(plan % ACTIONS);
            go_through(&self, number++);
        }
    return 0;
}

/* By chance, the same in each run. */
WITH_CHILDREN(all_callbacks_do_anything)
{
    uint32_t random = 1;
    tap_limit(120);
    for (int i = tap_slow() ? 30 : 500; i; i--) {
        struct torture self = {0};
        for (int callback = 0; callback < CALLBACKS; callback++)
            for (int k = 0; k < 2; k++)
                self.plan[callback][k] = (enum action)kit_random(&random, ACTIONS);
        go_through(&self, i);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_talk", a_talk},
        {"a_close", a_close},
        {"a_close_with_time", a_close_with_time},
        {"one_left_to_the_loop", one_left_to_the_loop},
        {"a_program_that_is_not_there", a_program_that_is_not_there},
        {"each_callback_does_every_two_things", each_callback_does_every_two_things},
        {"all_callbacks_do_anything", all_callbacks_do_anything},
        {0},
    };
    return tap_main(argc, argv, tests);
}

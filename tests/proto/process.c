/* process.c - the promises of <xie/process_transport.h>: what a child's protocol is told, and when;
 * its pipes; making one. */
/* SPDX-License-Identifier: MIT */
#include "proto/process_kit.h"

/* --- what is told, and in which order ------------------------------------------------- */

static void say_words(struct child_note *note)
{
    struct xie_transport *pipe = child_pipe(note, 0);
    CHECK_EQ(xie_transport_write(pipe, "words", 5), 0);
    CHECK_EQ(xie_transport_write_eof(pipe), 0);
}

WITH_CHILDREN(what_is_told_comes_in_this_order)
{
    for (int i = 0; i < 20; i++) {
        struct child_note note = {.on_made = say_words};
        child_open(&note, (struct xie_process_options){.shell = "cat; echo other >&2; exit 3",
                                                       .in = XIE_PROCESS_PIPE,
                                                       .out = XIE_PROCESS_PIPE,
                                                       .err = XIE_PROCESS_PIPE});
        child_end(&note);
        size_t len = strlen(note.order);
        CHECK(note.order[0] == 'm' && len == 8); /* m, a, b, three pipes, x, l */
        CHECK(!strcmp(note.order + len - 2, "xl"));
        for (int fd = 0; fd < 3; fd++) {
            CHECK_EQ(note.gone[fd], 1);
            CHECK_EQ(note.gone_error[fd], 0);
        }
        CHECK_STR(note.text[1], "words");
        CHECK_STR(note.text[2], "other\n");
        CHECK_EQ(note.status.code, 3);
        CHECK_EQ(note.error, 0);
        if (tap_slow() && i == 4)
            break;
    }
    return 0;
}

WITH_CHILDREN(there_are_pipes_where_they_were_asked_for)
{
    struct child_note none = {0}, one = {0};
    child_open(&none, (struct xie_process_options){.argv = ARGV("true")});
    child_open(&one, (struct xie_process_options){.shell = "echo x", .out = XIE_PROCESS_PIPE});
    for (int fd = -1; fd < 5; fd++) {
        CHECK(!child_pipe(&none, fd));
        CHECK((child_pipe(&one, fd) != NULL) == (fd == 1));
    }
    child_end(&none);
    child_end(&one);
    CHECK_STR(none.order, "mxl");
    CHECK_STR(one.order, "ma1xl");
    return 0;
}

WITH_CHILDREN(standard_error_may_go_where_output_goes)
{
    struct child_note note = {0};
    child_open(&note, (struct xie_process_options){.shell = "echo 1; echo 2 >&2; echo 3",
                                                   .out = XIE_PROCESS_PIPE,
                                                   .err = XIE_PROCESS_STDOUT});
    child_end(&note);
    CHECK_STR(note.text[1], "1\n2\n3\n");
    CHECK_EQ(note.gone[2], 0);
    return 0;
}

WITH_CHILDREN(a_protocol_without_functions_is_told_nothing)
{
    static const struct xie_protocol deaf;
    struct xie_transport *transport;
    struct xie_process_status status;
    struct xie_process_options options = {.shell = "cat; echo x; echo y >&2; exit 4",
                                          .in = XIE_PROCESS_PIPE,
                                          .out = XIE_PROCESS_PIPE,
                                          .err = XIE_PROCESS_PIPE};
    REQUIRE(!xie_subprocess_open(&options, &deaf, NULL, &transport));
    CHECK_EQ(xie_transport_write_eof(xie_subprocess_get_pipe_transport(transport, 0)), 0);
    xie_transport_ref(transport);
    CHECK_EQ(xie_transport_wait(transport), 0);
    CHECK_EQ(xie_subprocess_get_status(transport, &status), 0);
    CHECK_EQ(status.code, 4);
    xie_transport_unref(transport);
    CHECK_EQ(xie_subprocess_open(&options, &deaf, NULL, NULL), 0); /* the loop ends it */
    return 0;
}

/* --- before and after its exit -------------------------------------------------------- */

/* Of one who was to say as much as the test's own number. */
static void check_all(struct child_note *note)
{
    CHECK_EQ(note->got[1], *(size_t *)note->other);
}

/* The loop stands still meanwhile. */
static void wait_for_zombie(const struct xie_transport *transport)
{
    siginfo_t info;
    id_t pid = (id_t)xie_subprocess_get_pid(transport);
    CHECK_EQ(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
}

/* Alone, and with another that has the same pipe. */
static void say_and_exit(size_t len, bool at_once)
{
    char line[64];
    struct held held;
    struct child_note alone = {.on_exit = check_all, .other = &len}, with = alone;
    snprintf(line, sizeof line, "(read x <&9) & head -c%zu /dev/zero", len);
    child_open(&alone,
               (struct xie_process_options){.shell = strchr(line, 'h'), .out = XIE_PROCESS_PIPE});
    struct xie_process_options options = held_options(&held, line);
    options.out = XIE_PROCESS_PIPE;
    held_open(&held, &with, options);
    if (at_once) {
        wait_for_zombie(alone.transport);
        wait_for_zombie(with.transport);
    }
    child_end(&alone);
    CHECK_STR(alone.order, "ma1xl");
    UNTIL(&with, with.exited);
    held_let_go(&held);
    child_end(&with);
    CHECK_STR(with.order, "max1l");
}

WITH_CHILDREN(all_it_said_is_told_before_its_exit)
{
    for (int i = 0; i < 5; i++) {
        say_and_exit(300000, false);
        say_and_exit(3000, true); /* less than any pipe holds */
    }
    return 0;
}

WITH_CHILDREN(a_child_of_the_child_keeps_a_pipe_open)
{
    struct child_note note = {0};
    struct held held;
    struct xie_process_options options =
        held_options(&held, "(read x <&9; echo late; exit 1) & exit 6");
    options.out = XIE_PROCESS_PIPE;
    held_open(&held, &note, options);
    UNTIL(&note, note.exited);
    CHECK_EQ(note.status.code, 6);
    kit_settle();
    CHECK_STR(note.order, "mx");
    held_let_go(&held);
    child_end(&note);
    CHECK_STR(note.text[1], "late\n");
    CHECK_STR(note.order, "mxa1l");
    CHECK_EQ(note.error, 0);
    return 0;
}

WITH_CHILDREN(a_child_closes_its_pipes_early)
{
    struct child_note note = {0};
    struct held held;
    struct xie_process_options options =
        held_options(&held, "exec <&- >&- 2>&-; read x <&9; exit 8");
    options.in = options.out = options.err = XIE_PROCESS_PIPE;
    held_open(&held, &note, options);
    UNTIL(&note, note.gone[0] && note.gone[1] && note.gone[2]);
    kit_settle();
    CHECK(!note.exited && !note.lost);
    for (int fd = 0; fd < 3; fd++) {
        CHECK_EQ(note.gone_error[fd], 0);
        CHECK(!child_pipe(&note, fd));
    }
    held_let_go(&held);
    child_end(&note);
    CHECK_EQ(note.status.code, 8);
    CHECK(!strcmp(note.order + strlen(note.order) - 2, "xl"));
    return 0;
}

static void hold_output(struct child_note *note)
{
    xie_transport_pause_reading(child_pipe(note, 1));
}

WITH_CHILDREN(a_paused_pipe_holds_up_no_exit)
{
    struct child_note note = {.on_made = hold_output};
    child_open(&note,
               (struct xie_process_options){.shell = "echo x; exit 2", .out = XIE_PROCESS_PIPE});
    UNTIL(&note, note.exited);
    kit_settle();
    CHECK_STR(note.order, "mx");
    xie_transport_resume_reading(child_pipe(&note, 1));
    child_end(&note);
    CHECK_STR(note.order, "mxa1l");
    CHECK_STR(note.text[1], "x\n");
    return 0;
}

static void hold_after_data(struct child_note *note, int fd, size_t len)
{
    (void)len;
    xie_transport_pause_reading(child_pipe(note, fd));
}

/* Its end is known by then, and perhaps waited for. */
WITH_CHILDREN(a_pipe_paused_in_the_middle_holds_up_no_exit)
{
    struct child_note note = {.on_data = hold_after_data};
    child_open(&note, (struct xie_process_options){.argv = ARGV("head", "-c200000", "/dev/zero"),
                                                   .out = XIE_PROCESS_PIPE});
    while (!note.exited) {
        UNTIL(&note, note.exited ||
                         (child_pipe(&note, 1) && !xie_transport_is_reading(child_pipe(&note, 1))));
        kit_settle();
        if (!note.exited && note.got[1] < 200000)
            xie_transport_resume_reading(child_pipe(&note, 1));
    }
    CHECK_EQ(note.status.code, 0);
    while (!note.lost) {
        if (child_pipe(&note, 1))
            xie_transport_resume_reading(child_pipe(&note, 1));
        kit_settle();
    }
    CHECK_EQ(note.got[1], 200000);
    return 0;
}

WITH_CHILDREN(a_pipe_is_closed_alone)
{
    struct child_note note = {0};
    struct held held;
    struct xie_process_options options = held_options(&held, "cat; read x <&9; exit 4");
    options.in = options.out = options.err = XIE_PROCESS_PIPE;
    held_open(&held, &note, options);
    xie_transport_close(child_pipe(&note, 2));
    UNTIL(&note, note.gone[2]);
    CHECK_EQ(xie_transport_write(child_pipe(&note, 0), "x", 1), 0);
    UNTIL(&note, note.got[1]);
    xie_transport_close(child_pipe(&note, 0));
    UNTIL(&note, note.gone[0]);
    xie_transport_abort(child_pipe(&note, 1));
    UNTIL(&note, note.gone[1]);
    kit_settle();
    CHECK_STR(note.order, "m2a01");
    held_let_go(&held);
    child_end(&note);
    CHECK_EQ(note.status.code, 4);
    CHECK(!note.gone_error[0] && !note.gone_error[1] && !note.gone_error[2]);
    return 0;
}

/* --- writing -------------------------------------------------------------------------- */

enum { ALL = 3 << 20 };

/* Writes until it is told to stop, again when it may. */
static void write_on(struct child_note *note)
{
    static char block[8192];
    struct xie_transport *pipe = child_pipe(note, 0);
    size_t *sent = note->other;
    for (int full = 0; !full && *sent < ALL; *sent += sizeof block) {
        kit_fill(block, sizeof block, *sent);
        full = xie_transport_write(pipe, block, sizeof block);
        CHECK(full >= 0);
        CHECK(xie_transport_get_write_buffer_size(pipe) <= XIE_TRANSPORT_HIGH + sizeof block);
    }
    if (*sent == ALL)
        CHECK_EQ(xie_transport_write_eof(pipe), 0);
}

WITH_CHILDREN(much_goes_through_a_child_and_little_waits)
{
    size_t sent = 0;
    struct child_note note = {.on_made = write_on, .on_resume = write_on, .other = &sent};
    child_cat(&note);
    child_end(&note);
    CHECK_EQ(note.got[1], ALL);
    CHECK(!note.wrong);
    CHECK(note.pauses > 0 && note.pauses == note.resumes);
    CHECK_EQ(note.status.code, 0);
    return 0;
}

WITH_CHILDREN(water_marks_are_the_pipes)
{
    struct child_note note = {0};
    struct held held;
    static char block[70000];
    size_t high, low;
    struct xie_process_options options = held_options(&held, "read x <&9; exec cat >/dev/null");
    options.in = XIE_PROCESS_PIPE;
    held_open(&held, &note, options);
    struct xie_transport *pipe = child_pipe(&note, 0);
    CHECK_EQ(xie_transport_set_write_buffer_limits(pipe, 0, 0), 0);
    xie_transport_get_write_buffer_limits(pipe, &high, &low);
    CHECK(!high && !low);
    CHECK_EQ(xie_transport_write(pipe, block, sizeof block), 1); /* a pipe holds 64 KiB */
    UNTIL(&note, note.pauses == 1);
    kit_settle();
    CHECK_EQ(note.resumes, 0);
    held_let_go(&held);
    UNTIL(&note, note.resumes == 1);
    CHECK_EQ(xie_transport_write_eof(pipe), 0);
    child_end(&note);
    CHECK_EQ(note.gone_error[0], 0);
    return 0;
}

WITH_CHILDREN(what_a_child_does_not_read_is_a_broken_pipe)
{
    struct child_note note = {0};
    struct held held;
    static char block[100000];
    struct xie_process_options options = held_options(&held, "read x <&9; exec <&-; exit 1");
    options.in = XIE_PROCESS_PIPE;
    held_open(&held, &note, options);
    CHECK_EQ(xie_transport_write(child_pipe(&note, 0), block, sizeof block), 0);
    kit_settle();
    CHECK(!note.gone[0]);
    held_let_go(&held);
    child_end(&note);
    CHECK_EQ(note.gone_error[0], -EPIPE);
    CHECK_EQ(note.error, 0);
    CHECK_EQ(note.status.code, 1);
    return 0;
}

/* --- other protocols ------------------------------------------------------------------ */

WITH_CHILDREN(a_new_protocol_is_told_from_then_on)
{
    struct child_note first = {0}, second = {.made = 1};
    struct held held;
    static char block[300000];
    void *self;
    struct xie_process_options options = held_options(&held, "read x <&9; exec cat");
    options.in = options.out = XIE_PROCESS_PIPE;
    held_open(&held, &first, options);
    second.transport = first.transport;
    CHECK_EQ(xie_transport_write(child_pipe(&first, 0), block, sizeof block), 1);
    UNTIL(&first, first.pauses == 1);
    CHECK(xie_transport_get_protocol(first.transport, &self) == &child_noting && self == &first);
    xie_transport_set_protocol(first.transport, &child_noting, &second);
    CHECK(xie_transport_get_protocol(first.transport, &self) == &child_noting && self == &second);
    UNTIL(&second, second.pauses == 1); /* it does not know yet */
    held_let_go(&held);
    CHECK_EQ(xie_transport_write_eof(child_pipe(&second, 0)), 0);
    child_end(&second);
    CHECK_EQ(second.got[1], sizeof block);
    CHECK_EQ(second.resumes, 1);
    CHECK_STR(first.order, "m");
    CHECK_EQ(first.resumes, 0);
    return 0;
}

/* In the middle of data: the rest goes to the new one. */
static void hand_over(struct child_note *note, int fd, size_t len)
{
    struct child_note *next = note->other;
    next->transport = note->transport;
    CHECK(len > 2);
    CHECK_EQ(xie_transport_unread(child_pipe(note, fd), len - 2), 0);
    xie_transport_set_protocol(note->transport, &child_noting, next);
}

WITH_CHILDREN(the_rest_of_data_goes_to_the_new_protocol)
{
    struct child_note next = {.made = 1}, note = {.on_data = hand_over, .other = &next};
    child_open(&note, (struct xie_process_options){.argv = ARGV("echo", "1234567"),
                                                   .out = XIE_PROCESS_PIPE});
    child_end(&next);
    CHECK_EQ(note.got[1], 8); /* what it gave back was told once before */
    CHECK_STR(next.text[1], "34567\n");
    CHECK_STR(note.order, "ma");
    CHECK_STR(next.order, "a1xl");
    return 0;
}

static void give_the_pipe_its_own(struct child_note *note)
{
    struct note *own = note->other;
    own->made = 1;
    own->transport = child_pipe(note, 1);
    xie_transport_set_protocol(own->transport, &noting, own);
}

WITH_CHILDREN(a_pipe_may_have_a_protocol_of_its_own)
{
    for (int keep = 0; keep < 2; keep++) {
        struct note own = {.keep_open = keep};
        struct child_note note = {.on_made = give_the_pipe_its_own, .other = &own};
        child_open(&note, (struct xie_process_options){.shell = "echo text; echo other >&2",
                                                       .out = XIE_PROCESS_PIPE,
                                                       .err = XIE_PROCESS_PIPE});
        UNTIL(&note, note.exited);
        if (keep) { /* it is open until that one closes it */
            UNTIL(&own, own.ends);
            kit_settle();
            CHECK(!own.lost && !note.lost);
            xie_transport_close(own.transport);
        }
        child_end(&note);
        CHECK_EQ(own.lost, 1);
        CHECK_EQ(own.ends, 1);
        CHECK_STR(own.text, "text\n");
        CHECK(!note.got[1] && !note.gone[1]);
        CHECK_STR(note.text[2], "other\n");
    }
    return 0;
}

/* --- status, number, signals ---------------------------------------------------------- */

WITH_CHILDREN(its_number_and_how_it_ended)
{
    static const int numbers[] = {SIGTERM, SIGKILL, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct child_note note = {0};
        struct xie_process_status status = {.code = 77};
        child_cat(&note);
        struct xie_transport *transport = xie_transport_ref(note.transport);
        int pid = xie_subprocess_get_pid(transport);
        CHECK_EQ(kill(pid, 0), 0);
        CHECK_EQ(xie_subprocess_get_status(transport, &status), -EBUSY);
        CHECK_EQ(status.code, 77);
        CHECK_EQ(xie_subprocess_send_signal(transport, 0), 0);
        CHECK_EQ(xie_subprocess_send_signal(transport, 999), -EINVAL);
        CHECK_EQ(xie_subprocess_send_signal(transport, numbers[i]), 0);
        UNTIL(&note, note.exited);
        CHECK_EQ(note.status.signal, numbers[i]);
        CHECK_EQ(note.status.code, -1);
        CHECK_EQ(xie_subprocess_send_signal(transport, SIGTERM), -ESRCH);
        CHECK(kill(pid, 0) == -1 && errno == ESRCH); /* reaped already */
        child_end(&note);
        CHECK_EQ(xie_subprocess_get_status(transport, &status), 0);
        CHECK_EQ(status.signal, numbers[i]);
        CHECK_EQ(xie_subprocess_get_pid(transport), pid);
        CHECK_EQ(xie_subprocess_send_signal(transport, SIGTERM), -ESRCH);
        xie_transport_unref(transport);
    }
    return 0;
}

WITH_CHILDREN(whose_status_is_taken_by_another_is_reaped)
{
    struct xie_process_status status = {.code = 77};
    struct child_note note = {0};
    signal(SIGCHLD, SIG_IGN);
    child_open(&note, (struct xie_process_options){.shell = "exit 9", .out = XIE_PROCESS_PIPE});
    struct xie_transport *transport = xie_transport_ref(note.transport);
    int error = xie_subprocess_wait(transport, &status);
    CHECK_EQ(xie_subprocess_get_status(transport, &status), error);
    CHECK(error ? error == XIE_EREAPED && status.code == 77 : status.code == 9);
    child_end(&note);
    CHECK_EQ(note.error, 0);
    CHECK_EQ(xie_subprocess_wait(transport, &status), error);
    xie_transport_unref(transport);
    signal(SIGCHLD, SIG_DFL);
    return 0;
}

/* --- making one ----------------------------------------------------------------------- */

static void *never(void *arg)
{
    ++*(int *)arg;
    return arg;
}

WITH_CHILDREN(what_cannot_be_started_leaves_nothing)
{
    static const struct xie_protocol protocol = {.create = never};
    struct xie_transport *transport = NULL;
    int called = 0;
    const struct {
        struct xie_process_options options;
        int error;
    } all[] = {
        {{.argv = ARGV("/nowhere"), .in = XIE_PROCESS_PIPE, .out = XIE_PROCESS_PIPE}, -ENOENT},
        {{.argv = ARGV("/"), .err = XIE_PROCESS_PIPE}, -EACCES},
        {{.shell = "exit", .cwd = "/nowhere", .out = XIE_PROCESS_PIPE}, XIE_EDIRECTORY},
        {{.in = XIE_PROCESS_PIPE}, -EINVAL},
        {{.shell = "exit", .argv = ARGV("true")}, -EINVAL},
        {{.shell = "exit", .in = XIE_PROCESS_PIPE, .out = 99999}, -EBADF},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        CHECK_EQ(xie_subprocess_open(&all[i].options, &protocol, &called, &transport),
                 all[i].error);
    CHECK(!transport && !called);
    return 0;
}

WITH_CHILDREN(no_descriptors_are_left_halfway)
{
    struct rlimit before, limit;
    int refused = 0;
    if (tap_valgrind())
        tap_skip("valgrind aborts when there is no descriptor left");
    REQUIRE(!getrlimit(RLIMIT_NOFILE, &before));
    for (int more = 0;; more++) {
        struct child_note note = {0};
        struct xie_process_options options = {.argv = ARGV("cat"),
                                              .in = XIE_PROCESS_PIPE,
                                              .out = XIE_PROCESS_PIPE,
                                              .err = XIE_PROCESS_PIPE};
        int next = dup(0); /* the lowest that is free */
        close(next);
        limit = (struct rlimit){.rlim_cur = (rlim_t)(next + more), .rlim_max = before.rlim_max};
        REQUIRE(!setrlimit(RLIMIT_NOFILE, &limit));
        int error = xie_subprocess_open(&options, &child_noting, &note, &note.transport);
        REQUIRE(!setrlimit(RLIMIT_NOFILE, &before));
        if (!error) {
            xie_transport_close(note.transport);
            child_end(&note);
            break;
        }
        CHECK_EQ(error, -EMFILE);
        CHECK(!note.transport && ++refused < 30);
    }
    CHECK(refused >= 7);
    return 0;
}

static void without_a_loop_it_is_refused(void)
{
    struct child_note note = {0};
    struct xie_process_options options = {.shell = "exit"};
    CHECK_EQ(xie_subprocess_open(&options, &child_noting, &note, &note.transport), -EPERM);
    CHECK(!note.transport);
}

static void *make_note(void *arg)
{
    struct child_note **note = arg;
    *note = calloc(1, sizeof **note);
    return *note;
}

static void *make_none(void *arg)
{
    ++*(int *)arg;
    return NULL;
}

WITH_CHILDREN(create_makes_the_self_of_each_or_refuses)
{
    struct xie_protocol protocol = child_noting;
    struct child_note *note = NULL;
    struct xie_transport *transport = NULL;
    struct xie_process_options options = {
        .argv = ARGV("cat"), .in = XIE_PROCESS_PIPE, .out = XIE_PROCESS_PIPE};
    void *self;
    int asked = 0;
    protocol.create = make_note;
    REQUIRE(!xie_subprocess_open(&options, &protocol, &note, &transport));
    CHECK(xie_transport_get_protocol(transport, &self) == &protocol && self == note);
    CHECK_EQ(xie_transport_write_eof(xie_subprocess_get_pipe_transport(transport, 0)), 0);
    child_end(note);
    free(note);

    transport = NULL;
    protocol.create = make_none;
    CHECK_EQ(xie_subprocess_open(&options, &protocol, &asked, &transport), -ENOMEM);
    CHECK(!transport && asked == 1);
    siginfo_t info; /* the one that was refused is ended soon, not with the loop alone */
    while (!waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT))
        CHECK_EQ(xie_sleep(XIE_MILLISECOND), 0);
    CHECK_EQ(errno, ECHILD);
    return 0;
}

static void open_next(struct child_note *note)
{
    struct child_note *next = note->other;
    if (next)
        child_cat(next);
    if (next)
        CHECK_EQ(xie_transport_write_eof(child_pipe(next, 0)), 0);
}

WITH_CHILDREN(callbacks_may_open_others)
{
    struct child_note last = {0}, third = {.on_lost = open_next, .other = &last},
                      second = {.on_gone = NULL, .on_exit = open_next, .other = &third},
                      first = {.on_made = open_next, .other = &second};
    child_cat(&first);
    child_end(&last);
    xie_transport_close(first.transport);
    child_end(&first);
    CHECK(second.lost && third.lost);
    return 0;
}

WITH_CHILDREN(what_is_not_a_childs)
{
    struct child_note note = {0};
    struct note other = {0};
    struct xie_process_status status;
    struct xie_address address;
    struct iovec part = {"x", 1};
    struct xie_stream *peer = kit_transport(&other);
    CHECK_EQ(xie_subprocess_get_pid(other.transport), -EOPNOTSUPP);
    CHECK_EQ(xie_subprocess_get_status(other.transport, &status), -EOPNOTSUPP);
    CHECK_EQ(xie_subprocess_send_signal(other.transport, SIGTERM), -EOPNOTSUPP);
    CHECK_EQ(xie_subprocess_wait(other.transport, &status), -EOPNOTSUPP);
    CHECK(!xie_subprocess_get_pipe_transport(other.transport, 0));
    xie_stream_close(peer);
    kit_end(&other);

    child_cat(&note);
    CHECK_EQ(xie_transport_write(note.transport, "x", 1), -EOPNOTSUPP);
    CHECK_EQ(xie_transport_writev(note.transport, &part, 1), -EOPNOTSUPP);
    CHECK_EQ(xie_transport_sendto(note.transport, "x", 1, NULL), -EOPNOTSUPP);
    CHECK_EQ(xie_transport_write_eof(note.transport), -EOPNOTSUPP);
    CHECK(!xie_transport_can_write_eof(note.transport));
    CHECK_EQ(xie_transport_local(note.transport, &address), -EOPNOTSUPP);
    CHECK_EQ(xie_transport_peer(note.transport, &address), -EOPNOTSUPP);
    CHECK_EQ(xie_transport_get_write_buffer_size(note.transport), 0);
    CHECK_EQ(xie_transport_set_write_buffer_limits(note.transport, 0, 0), 0);
    xie_transport_pause_reading(note.transport);
    CHECK(!xie_transport_is_reading(note.transport));
    xie_transport_resume_reading(note.transport);
    CHECK(!xie_transport_is_reading(note.transport));
    siginfo_t info;
    CHECK_EQ(waitid((idtype_t)3, (id_t)xie_transport_fd(note.transport), &info,
                    WEXITED | WNOHANG | WNOWAIT),
             0); /* P_PIDFD of newer headers: it is one */
    CHECK_EQ(xie_transport_write(child_pipe(&note, 1), "x", 1), -EOPNOTSUPP);
    CHECK(!xie_transport_is_reading(child_pipe(&note, 0)));
    CHECK(xie_transport_is_reading(child_pipe(&note, 1)));
    CHECK_EQ(xie_transport_write(child_pipe(&note, 0), "x", 1), 0);
    CHECK_EQ(xie_transport_write_eof(child_pipe(&note, 0)), 0);
    child_end(&note);
    CHECK_STR(note.text[1], "x");
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"what_is_told_comes_in_this_order", what_is_told_comes_in_this_order},
        {"there_are_pipes_where_they_were_asked_for", there_are_pipes_where_they_were_asked_for},
        {"standard_error_may_go_where_output_goes", standard_error_may_go_where_output_goes},
        {"a_protocol_without_functions_is_told_nothing",
         a_protocol_without_functions_is_told_nothing},
        {"all_it_said_is_told_before_its_exit", all_it_said_is_told_before_its_exit},
        {"a_child_of_the_child_keeps_a_pipe_open", a_child_of_the_child_keeps_a_pipe_open},
        {"a_child_closes_its_pipes_early", a_child_closes_its_pipes_early},
        {"a_paused_pipe_holds_up_no_exit", a_paused_pipe_holds_up_no_exit},
        {"a_pipe_paused_in_the_middle_holds_up_no_exit",
         a_pipe_paused_in_the_middle_holds_up_no_exit},
        {"a_pipe_is_closed_alone", a_pipe_is_closed_alone},
        {"much_goes_through_a_child_and_little_waits", much_goes_through_a_child_and_little_waits},
        {"water_marks_are_the_pipes", water_marks_are_the_pipes},
        {"what_a_child_does_not_read_is_a_broken_pipe",
         what_a_child_does_not_read_is_a_broken_pipe},
        {"a_new_protocol_is_told_from_then_on", a_new_protocol_is_told_from_then_on},
        {"the_rest_of_data_goes_to_the_new_protocol", the_rest_of_data_goes_to_the_new_protocol},
        {"a_pipe_may_have_a_protocol_of_its_own", a_pipe_may_have_a_protocol_of_its_own},
        {"its_number_and_how_it_ended", its_number_and_how_it_ended},
        {"whose_status_is_taken_by_another_is_reaped", whose_status_is_taken_by_another_is_reaped},
        {"what_cannot_be_started_leaves_nothing", what_cannot_be_started_leaves_nothing},
        {"no_descriptors_are_left_halfway", no_descriptors_are_left_halfway},
        {"without_a_loop_it_is_refused", without_a_loop_it_is_refused},
        {"create_makes_the_self_of_each_or_refuses", create_makes_the_self_of_each_or_refuses},
        {"callbacks_may_open_others", callbacks_may_open_others},
        {"what_is_not_a_childs", what_is_not_a_childs},
        {0},
    };
    return tap_main(argc, argv, tests);
}

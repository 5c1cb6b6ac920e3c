/* process_end.c - how a child's transport ends: closed, aborted, with the loop; tasks that wait; a
 * thousand of them. */
/* SPDX-License-Identifier: MIT */

#include "base/fault.h"
#include "proto/process_kit.h"

/* --- closing -------------------------------------------------------------------------- */

static void nothing_is_left_of(struct child_note *note)
{
    int pid = xie_subprocess_get_pid(note->transport);
    CHECK(kill(pid, 0) == -1 && errno == ESRCH);
}

WITH_CHILDREN(the_close_kills_and_reaps)
{
    for (int abort = 0; abort < 2; abort++) {
        struct child_note note = {.on_lost = nothing_is_left_of};
        struct held held;
        struct xie_process_options options = held_options(&held, "read x <&9");
        options.in = options.out = options.err = XIE_PROCESS_PIPE;
        held_open(&held, &note, options);
        kit_settle();
        if (abort)
            xie_transport_abort(note.transport);
        else
            xie_transport_close(note.transport);
        CHECK(xie_transport_is_closing(note.transport));
        CHECK(!note.exited && !note.lost); /* it comes by the loop */
        xie_transport_close(note.transport);
        xie_transport_abort(note.transport);
        child_end(&note);
        CHECK_EQ(note.status.signal, SIGKILL);
        CHECK(note.gone[0] && note.gone[1] && note.gone[2]);
        CHECK_EQ(note.error, 0);
        CHECK(!strcmp(note.order + 4, "xl"));
        held_let_go(&held);
    }
    return 0;
}

/* Nor is anything told of what it said before. */
WITH_CHILDREN(nothing_is_told_after_the_close_but_the_end)
{
    struct child_note note = {0};
    char ready[2] = "";
    int fds[2];
    REQUIRE(!pipe2(fds, O_CLOEXEC));
    struct xie_process_options options = {.shell = "echo x; echo >&9; exec cat",
                                          .in = XIE_PROCESS_PIPE,
                                          .out = XIE_PROCESS_PIPE,
                                          .fds = &(struct xie_process_fd){fds[1], 9},
                                          .fd_count = 1};
    child_open(&note, options);
    close(fds[1]);
    CHECK_EQ(read(fds[0], ready, 1), 1); /* the loop stands still meanwhile */
    close(fds[0]);
    xie_transport_close(note.transport);
    child_end(&note);
    CHECK_EQ(note.got[1], 0);
    CHECK_EQ(note.gone_error[1], 0);
    return 0;
}

WITH_CHILDREN(the_close_does_not_wait_for_others_that_have_a_pipe)
{
    for (int before = 0; before < 2; before++) {
        struct child_note note = {0};
        struct held held;
        struct xie_process_options options = held_options(&held, "(read x <&9) & echo; wait");
        if (before)
            options.shell = "(read x <&9) & echo";
        options.out = XIE_PROCESS_PIPE;
        held_open(&held, &note, options);
        if (before)
            UNTIL(&note, note.exited);
        UNTIL(&note, note.got[1] == 1);
        kit_settle();
        CHECK(!note.lost);
        xie_transport_close(note.transport);
        child_end(&note);
        CHECK_EQ(note.status.signal, before ? 0 : SIGKILL);
        CHECK_EQ(note.gone_error[1], 0);
        held_let_go(&held);
    }
    return 0;
}

WITH_CHILDREN(the_close_ends_the_whole_group)
{
    static const char *const lines[] = {"sleep 1000 & echo; wait", "sleep 1000 & echo"};
    for (int i = 0; i < 2; i++) {
        struct child_note note = {0};
        char text[8];
        int fds[2];
        REQUIRE(!pipe2(fds, O_CLOEXEC));
        child_open(&note, (struct xie_process_options){.shell = lines[i],
                                                       .group = XIE_PROCESS_NEW_GROUP,
                                                       .out = XIE_PROCESS_PIPE,
                                                       .fds = &(struct xie_process_fd){fds[1], 9},
                                                       .fd_count = 1});
        close(fds[1]);
        UNTIL(&note, note.got[1] && (!i || note.exited));
        xie_transport_close(note.transport);
        child_end(&note);
        kit_hear(fds[0], text, sizeof text); /* ends only when both have */
    }
    return 0;
}

/* --- with time to end ----------------------------------------------------------------- */

static void tell_ready(struct child_note *note, int fd, size_t len)
{
    (void)fd, (void)len;
    *(bool *)note->other = true;
}

/* A child that has set its trap; what it says on descriptor 2 comes to *fd. */
static void open_polite(struct child_note *note, const char *line, int64_t grace_ns, int *fd)
{
    bool ready = false;
    int fds[2];
    REQUIRE(!pipe2(fds, O_CLOEXEC));
    note->on_data = tell_ready;
    note->other = &ready;
    child_open(note, (struct xie_process_options){.shell = line,
                                                  .grace_ns = grace_ns,
                                                  .in = XIE_PROCESS_PIPE,
                                                  .out = XIE_PROCESS_PIPE,
                                                  .err = fds[1]});
    close(fds[1]);
    UNTIL(note, ready);
    note->on_data = NULL;
    *fd = fds[0];
}

/* Much more than a pipe holds: it would stop there, if nobody read it. */
WITH_CHILDREN(the_close_leaves_time_to_end)
{
    static const char line[] = "trap 'head -c300000 /dev/zero && echo bye >&2; exit 7' TERM; echo; "
                               "while :; do sleep 0.01; done";
    for (int paused = 0; paused < 2; paused++) {
        struct child_note note = {0};
        char text[8];
        int fd;
        open_polite(&note, line, XIE_HOUR, &fd);
        if (paused)
            xie_transport_pause_reading(child_pipe(&note, 1));
        xie_transport_close(note.transport);
        child_end(&note);
        CHECK_EQ(note.status.code, 7);
        CHECK_EQ(note.got[1], 1); /* the rest is thrown away */
        kit_hear(fd, text, sizeof text);
        CHECK_STR(text, "bye\n");
    }
    return 0;
}

WITH_CHILDREN(what_waits_for_it_is_sent_within_that_time)
{
    struct child_note note = {0};
    static char block[300000];
    char text[16];
    int fd;
    open_polite(&note, "trap 'exec wc -c >&2' TERM; echo; while :; do sleep 0.01; done", XIE_HOUR,
                &fd);
    CHECK_EQ(xie_transport_write(child_pipe(&note, 0), block, sizeof block), 1);
    xie_transport_close(note.transport);
    child_end(&note);
    CHECK_EQ(note.gone_error[0], 0);
    kit_hear(fd, text, sizeof text);
    CHECK_EQ(atoi(text), sizeof block);
    return 0;
}

static const char ignores[] = "trap '' TERM; echo; exec sleep 1000";

WITH_CHILDREN(when_that_time_is_over_it_is_killed)
{
    struct child_note note = {0};
    int fd;
    open_polite(&note, ignores, XIE_MILLISECOND, &fd);
    xie_transport_close(note.transport);
    child_end(&note);
    CHECK_EQ(note.status.signal, SIGKILL);
    close(fd);
    return 0;
}

WITH_CHILDREN(an_abort_leaves_no_time)
{
    for (int closed = 0; closed < 2; closed++) {
        struct child_note note = {0};
        int fd;
        open_polite(&note, ignores, XIE_HOUR, &fd);
        if (closed)
            xie_transport_close(note.transport);
        if (closed)
            kit_settle();
        CHECK(!note.exited && !note.lost);
        xie_transport_abort(note.transport);
        child_end(&note);
        CHECK_EQ(note.status.signal, SIGKILL);
        CHECK_EQ(note.error, 0);
        close(fd);
    }
    return 0;
}

/* As one that changed its user would be: but it is we who do. */
WITH_CHILDREN(the_loop_goes_on_while_one_that_may_not_be_signalled_is_closed)
{
    if (getuid())
        tap_skip("not root, who alone can change users");
    for (int grace = 0; grace < 2; grace++) {
        struct child_note note = {0};
        struct held held;
        struct xie_process_options options = held_options(&held, "read x <&9; exit 3");
        options.in = options.out = XIE_PROCESS_PIPE;
        options.grace_ns = grace * XIE_HOUR;
        held_open(&held, &note, options);
        CHECK_EQ(setresuid(65534, 65534, 0), 0);
        CHECK_EQ(xie_subprocess_send_signal(note.transport, SIGTERM), -EPERM);
        xie_transport_close(note.transport);
        UNTIL(&note, note.gone[0] && note.gone[1]);
        kit_settle();
        CHECK(!note.exited);
        held_let_go(&held); /* nobody but this task can end it */
        child_end(&note);
        CHECK_EQ(note.status.code, 3);
        CHECK_EQ(setresuid(0, 0, 0), 0);
    }
    return 0;
}

/* --- from callbacks ------------------------------------------------------------------- */

static void close_it(struct child_note *note)
{
    xie_transport_close(note->transport);
}

static void abort_it(struct child_note *note)
{
    xie_transport_abort(note->transport);
}

static void close_on_data(struct child_note *note, int fd, size_t len)
{
    (void)fd, (void)len;
    close_it(note);
}

static void abort_on_data(struct child_note *note, int fd, size_t len)
{
    (void)fd, (void)len;
    abort_it(note);
}

static void close_when_gone(struct child_note *note, int fd)
{
    (void)fd;
    close_it(note);
}

static void abort_when_gone(struct child_note *note, int fd)
{
    (void)fd;
    abort_it(note);
}

WITH_CHILDREN(any_callback_may_end_it)
{
    const struct child_note all[] = {
        {.on_made = close_it},
        {.on_made = abort_it},
        {.on_data = close_on_data},
        {.on_data = abort_on_data},
        {.on_gone = close_when_gone},
        {.on_gone = abort_when_gone},
        {.on_exit = close_it},
        {.on_exit = abort_it},
        {.on_lost = close_it},
        {.on_lost = abort_it},
        {.on_pause = close_it},
        {.on_pause = abort_it},
        {.on_made = close_it, .on_gone = abort_when_gone, .on_exit = close_it},
    };
    static char block[400000];
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct child_note note = all[i];
        child_open(&note, (struct xie_process_options){.shell = "echo text; exec head -c9",
                                                       .in = XIE_PROCESS_PIPE,
                                                       .out = XIE_PROCESS_PIPE});
        CHECK_EQ(xie_transport_write(child_pipe(&note, 0), block, sizeof block), 1);
        child_end(&note);
        CHECK_EQ(note.error, 0);
        CHECK(note.gone[0] == 1 && note.gone[1] == 1);
    }
    return 0;
}

/* --- tasks that wait ------------------------------------------------------------------ */

static int wait_for_exit(void *transport)
{
    struct xie_process_status status = {.code = 77};
    int error = xie_subprocess_wait(transport, &status);
    if (error)
        CHECK_EQ(status.code, 77);
    return error ? error : status.code;
}

static int wait_for_end(void *transport)
{
    return xie_transport_wait(transport);
}

enum { WAITERS = 5 };

WITH_CHILDREN(tasks_wait_for_its_exit_and_for_the_end)
{
    for (int gone = 0; gone <= WAITERS; gone++) {
        struct child_note note = {0};
        struct held held;
        struct xie_task *tasks[WAITERS];
        struct xie_process_options options = held_options(&held, "(read x <&9) & read y; exit 7");
        options.in = options.out = XIE_PROCESS_PIPE;
        held_open(&held, &note, options);
        struct xie_transport *transport = xie_transport_ref(note.transport);
        for (int i = 0; i < WAITERS; i++)
            tasks[i] = xie_spawn(wait_for_exit, transport);
        struct xie_task *end = xie_spawn(wait_for_end, transport);
        xie_sleep(0);
        if (gone < WAITERS) { /* who waits no more disturbs nobody */
            xie_task_cancel(tasks[gone]);
            CHECK_EQ(xie_join(tasks[gone]), -ECANCELED);
        }
        XIE_TIMEOUT(XIE_MILLISECOND)
            CHECK_EQ(wait_for_exit(transport), -ETIMEDOUT);
        CHECK_EQ(note.exited, 0);
        CHECK_EQ(xie_transport_write(child_pipe(&note, 0), "\n", 1), 0);
        for (int i = 0; i < WAITERS; i++)
            if (i != gone)
                CHECK_EQ(xie_join(tasks[i]), 7);
        CHECK(note.exited && !note.lost && !xie_task_done(end));
        held_let_go(&held);
        CHECK_EQ(xie_join(end), 0);
        CHECK_EQ(note.lost, 1);
        CHECK_EQ(wait_for_exit(transport), 7); /* and afterwards */
        CHECK_EQ(xie_subprocess_wait(transport, NULL), 0);
        XIE_TIMEOUT(0)
            CHECK_EQ(wait_for_exit(transport), -ETIMEDOUT);
        xie_transport_unref(transport);
    }
    return 0;
}

WITH_CHILDREN(who_waits_hears_of_the_close_as_of_any_end)
{
    struct child_note note = {0};
    child_cat(&note);
    struct xie_task *task = xie_spawn(wait_for_exit, note.transport);
    xie_sleep(0);
    xie_transport_close(note.transport);
    CHECK_EQ(xie_join(task), -1);
    child_end(&note);
    return 0;
}

static struct xie_transport *kept;

static void use_the_dead(void)
{
    struct xie_process_status status = {0};
    CHECK_EQ(xie_subprocess_get_status(kept, &status), 0);
    CHECK_EQ(status.code, 5);
    CHECK(xie_subprocess_get_pid(kept) > 0);
    CHECK_EQ(xie_subprocess_send_signal(kept, SIGTERM), -ESRCH);
    for (int fd = 0; fd < 3; fd++)
        CHECK(!xie_subprocess_get_pipe_transport(kept, fd));
    xie_transport_close(kept);
    xie_transport_abort(kept);
    CHECK(xie_transport_is_closing(kept));
    CHECK_EQ(xie_transport_fd(kept), -1);
}

static int keep_one(void *arg)
{
    struct child_note note = {0};
    (void)arg;
    child_open(&note, (struct xie_process_options){.shell = "exit 5", .out = XIE_PROCESS_PIPE});
    kept = xie_transport_ref(note.transport);
    child_end(&note);
    use_the_dead();
    CHECK_EQ(xie_transport_wait(kept), 0);
    return 0;
}

static void a_counted_pointer_outlives_the_loop(void)
{
    size_t live = xie_alloc_live();
    CHECK_EQ(xie_run(keep_one, NULL), 0);
    use_the_dead();
    xie_transport_unref(kept);
    CHECK_EQ(xie_alloc_live(), live);
}

/* --- the loop's end ------------------------------------------------------------------- */

static struct child_note left[3];

static void open_another(struct child_note *note)
{
    struct child_note another = {0};
    struct xie_process_options options = {.argv = ARGV("true")};
    (void)note;
    CHECK_EQ(xie_subprocess_open(&options, &child_noting, &another, NULL), XIE_ECLOSED);
}

static int leave_open(void *arg)
{
    int *fd = arg;
    memset(left, 0, sizeof left);
    left[0].on_lost = open_another;
    child_cat(&left[0]);
    child_open(&left[1], (struct xie_process_options){.argv = ARGV("sleep", "1000")});
    open_polite(&left[2], "trap 'echo bye >&2; exit 3' TERM; echo; while :; do sleep 0.01; done",
                XIE_HOUR, fd);
    return 0;
}

static int hear(void *arg)
{
    char text[8];
    kit_hear(*(int *)arg, text, sizeof text);
    CHECK_STR(text, "bye\n");
    return 0;
}

static void the_end_of_the_loop_ends_what_is_left(void)
{
    size_t live = xie_alloc_live();
    int fd, fds = kit_fds();
    CHECK_EQ(xie_run(leave_open, &fd), 0);
    CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(left[i].lost, 1);
        CHECK_EQ(left[i].error, -ECANCELED);
        CHECK(!strcmp(left[i].order + strlen(left[i].order) - 2, "xl"));
    }
    CHECK_EQ(left[0].status.signal, SIGKILL);
    CHECK_EQ(left[0].gone_error[1], -ECANCELED);
    CHECK_EQ(left[2].status.code, 3); /* it had its time */
    CHECK_EQ(xie_run(hear, &fd), 0);
    CHECK_EQ(xie_alloc_live(), live);
    CHECK_EQ(kit_fds(), fds);
}

static int leave_in_the_middle(void *arg)
{
    struct child_note *note = arg;
    *note = (struct child_note){0};
    child_open(note, (struct xie_process_options){.argv = ARGV("cat"),
                                                  .in = XIE_PROCESS_PIPE,
                                                  .out = XIE_PROCESS_PIPE,
                                                  .grace_ns = XIE_HOUR});
    UNTIL(note, note->made);
    xie_transport_close(note->transport);
    return 0;
}

static int leave_at_once(void *arg)
{
    struct child_note *note = arg;
    *note = (struct child_note){0};
    child_cat(note);
    return 0;
}

static void the_loop_ends_before_the_close_or_the_beginning_is_over(void)
{
    struct child_note note;
    int fds = kit_fds();
    CHECK_EQ(xie_run(leave_in_the_middle, &note), 0);
    CHECK_EQ(note.lost, 1);
    CHECK_EQ(xie_run(leave_at_once, &note), 0);
    CHECK(note.made == 1 && note.lost == 1);
    CHECK_EQ(note.error, -ECANCELED);
    CHECK_EQ(kit_fds(), fds);
    CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
}

/* --- a kernel that does not tell ------------------------------------------------------ */

/* The pidfd cannot be waited for: the child is ended, and looked at until it is gone. */
WITH_CHILDREN(one_that_cannot_be_waited_for_is_ended)
{
    for (int grace = 0; grace < 2; grace++) {
        struct child_note note = {0};
        child_open(&note, (struct xie_process_options){.argv = ARGV("sleep", "1000"),
                                                       .grace_ns = grace * XIE_HOUR});
        xie_fault_plan = (struct xie_fault){XIE_FAULT_OPERATION, .nth = 1, .error = -ENOMEM};
        child_end(&note);
        CHECK_EQ(xie_fault_plan.failed, 1);
        xie_fault_plan.kinds = 0;
        CHECK_EQ(note.error, -ENOMEM);
        CHECK_EQ(note.status.signal, grace ? SIGTERM : SIGKILL);
    }
    return 0;
}

WITH_CHILDREN(one_whose_status_cannot_be_had)
{
    struct child_note note = {0};
    struct xie_process_status status = {.code = 77};
    child_cat(&note);
    struct xie_transport *transport = xie_transport_ref(note.transport);
    UNTIL(&note, note.made);
    kit_settle();
    CHECK_EQ(kill(xie_subprocess_get_pid(transport), SIGKILL), 0);
    siginfo_t info;
    CHECK_EQ(waitid(P_PID, (id_t)xie_subprocess_get_pid(transport), &info, WEXITED | WNOWAIT), 0);
    xie_fault_plan =
        (struct xie_fault){XIE_FAULT_SYSCALL, .nth = 1, .forever = true, .error = -EIO};
    child_end(&note);
    xie_fault_plan.kinds = 0;
    CHECK_EQ(note.error, -EIO);
    CHECK_EQ(xie_subprocess_get_status(transport, &status), -EIO);
    CHECK_EQ(status.code, 77);
    CHECK_EQ(xie_subprocess_wait(transport, &status), -EIO);
    xie_transport_unref(transport);
    return 0;
}

/* The pidfd is ready then, and still the status cannot be had: looked at by and by. */
WITH_CHILDREN(a_debugger_has_the_zombie)
{
    struct child_note note = {0};
    int let_go[2];
    child_cat(&note);
    pid_t tracer = tap_valgrind() ? 0 : kit_seize(xie_subprocess_get_pid(note.transport), let_go);
    if (tracer) {
        CHECK_EQ(xie_subprocess_send_signal(note.transport, SIGKILL), 0);
        UNTIL(&note, note.gone[0] && note.gone[1]);
        kit_settle();
        CHECK(!note.exited);
        close(let_go[1]);
        CHECK_EQ(waitpid(tracer, NULL, 0), tracer);
        child_end(&note);
        CHECK_EQ(note.status.signal, SIGKILL);
        CHECK_EQ(note.error, 0);
        return 0;
    }
    xie_transport_close(note.transport);
    child_end(&note);
    tap_skip("ptrace(2) is not allowed here");
}

/* --- many ----------------------------------------------------------------------------- */

static void answer(struct child_note *note, int fd, size_t len)
{
    (void)fd, (void)len;
    if (note->got[1] == 5)
        CHECK_EQ(xie_transport_write_eof(child_pipe(note, 0)), 0);
}

WITH_CHILDREN(a_thousand_children_at_once)
{
    enum { MOST = 1000 };
    static struct child_note notes[MOST];
    int count = tap_slow() ? 50 : MOST;
    struct rlimit limit;
    tap_limit(120);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 4000)
        count = (int)limit.rlim_cur / 4;
    for (int i = 0; i < count; i++) {
        notes[i].on_data = answer;
        child_cat(&notes[i]);
        CHECK_EQ(xie_transport_write(child_pipe(&notes[i], 0), "words", 5), 0);
    }
    for (int i = 0; i < count; i++) {
        child_end(&notes[i]);
        CHECK_STR(notes[i].text[1], "words");
        CHECK(!notes[i].error && !notes[i].status.code);
        CHECK(!strcmp(notes[i].order + strlen(notes[i].order) - 2, "xl"));
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the_close_kills_and_reaps", the_close_kills_and_reaps},
        {"nothing_is_told_after_the_close_but_the_end",
         nothing_is_told_after_the_close_but_the_end},
        {"the_close_does_not_wait_for_others_that_have_a_pipe",
         the_close_does_not_wait_for_others_that_have_a_pipe},
        {"the_close_ends_the_whole_group", the_close_ends_the_whole_group},
        {"the_close_leaves_time_to_end", the_close_leaves_time_to_end},
        {"what_waits_for_it_is_sent_within_that_time", what_waits_for_it_is_sent_within_that_time},
        {"when_that_time_is_over_it_is_killed", when_that_time_is_over_it_is_killed},
        {"an_abort_leaves_no_time", an_abort_leaves_no_time},
        {"the_loop_goes_on_while_one_that_may_not_be_signalled_is_closed",
         the_loop_goes_on_while_one_that_may_not_be_signalled_is_closed},
        {"any_callback_may_end_it", any_callback_may_end_it},
        {"tasks_wait_for_its_exit_and_for_the_end", tasks_wait_for_its_exit_and_for_the_end},
        {"who_waits_hears_of_the_close_as_of_any_end", who_waits_hears_of_the_close_as_of_any_end},
        {"a_counted_pointer_outlives_the_loop", a_counted_pointer_outlives_the_loop},
        {"the_end_of_the_loop_ends_what_is_left", the_end_of_the_loop_ends_what_is_left},
        {"the_loop_ends_before_the_close_or_the_beginning_is_over",
         the_loop_ends_before_the_close_or_the_beginning_is_over},
        {"one_that_cannot_be_waited_for_is_ended", one_that_cannot_be_waited_for_is_ended},
        {"one_whose_status_cannot_be_had", one_whose_status_cannot_be_had},
        {"a_debugger_has_the_zombie", a_debugger_has_the_zombie},
        {"a_thousand_children_at_once", a_thousand_children_at_once},
        {0},
    };
    return tap_main(argc, argv, tests);
}

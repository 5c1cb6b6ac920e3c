/* process_talk.c - the promises of <xie/process.h>: pipes, communicate, run. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>

#include "io/process_kit.h"

enum { LARGE = 3 << 20 };

static char large[LARGE];

static struct xie_process *open_shell(const char *line)
{
    return kit_open(&(struct xie_process_options){
        .shell = line, .in = XIE_PROCESS_PIPE, .out = XIE_PROCESS_PIPE, .err = XIE_PROCESS_PIPE});
}

/* --- pipes as streams --------------------------------------------------------------- */

WITH_CHILDREN(a_dialogue_line_by_line)
{
    char *line;
    struct xie_process *child = open_shell("while read x; do echo \"<$x>\"; done; echo end >&2");
    for (int i = 0; i < 100; i++) {
        char text[16], want[16];
        snprintf(text, sizeof text, "%d\n", i);
        snprintf(want, sizeof want, "<%d>", i);
        kit_send(xie_process_stream(child, 0), text);
        CHECK_EQ(xie_stream_read_line(xie_process_stream(child, 1), &line, NULL), 1);
        CHECK_STR(line, want);
    }
    xie_process_close_stream(child, 0);
    CHECK(!xie_process_stream(child, 0));
    CHECK_EQ(xie_stream_read_line(xie_process_stream(child, 1), &line, NULL), 0);
    CHECK_EQ(xie_stream_read_line(xie_process_stream(child, 2), &line, NULL), 1);
    CHECK_STR(line, "end");
    CHECK_EQ(xie_process_wait(child, NULL), 0);
    xie_process_close(child);
    return 0;
}

/* The kernel would send SIGPIPE, which ends a process that knows nothing of it. */
WITH_CHILDREN(a_write_that_nobody_will_read)
{
    struct xie_process *child = open_shell("exec 0<&-; echo; read x <&2");
    CHECK_EQ(xie_stream_read(xie_process_stream(child, 1), &(char){0}, 1), 1);
    CHECK_EQ(xie_stream_write(xie_process_stream(child, 0), "x", 1), -EPIPE);
    CHECK_EQ(xie_stream_write(xie_process_stream(child, 0), "x", 1), -EPIPE);
    xie_process_close(child);
    return 0;
}

static int fill(void *arg)
{
    return (int)xie_stream_write(arg, large, LARGE);
}

WITH_CHILDREN(it_stops_reading_while_we_write)
{
    struct xie_process *child = open_shell("echo; read x; exec 0<&-");
    struct xie_task *task = xie_spawn(fill, xie_process_stream(child, 0));
    CHECK_EQ(xie_stream_read(xie_process_stream(child, 1), &(char){0}, 1), 1);
    large[LARGE / 8] = '\n'; /* a shell reads a line byte by byte */
    CHECK_EQ(xie_join(task), -EPIPE);
    xie_process_close(child);
    return 0;
}

/* --- communicate -------------------------------------------------------------------- */

static void check_large(const char *text, size_t len)
{
    CHECK_EQ(len, LARGE);
    CHECK(text && len == LARGE && kit_same(text, LARGE, 0));
    CHECK(text && !text[len]);
}

WITH_CHILDREN(much_in_both_directions)
{
    struct xie_process_result result = {0};
    kit_fill(large, LARGE, 0);
    struct xie_process *child = open_shell("tee /dev/stderr; exit 7");
    CHECK_EQ(xie_process_communicate(child, large, LARGE, &result), 0);
    check_large(result.out, result.out_len);
    check_large(result.err, result.err_len);
    CHECK_EQ(result.status.code, 7);
    xie_process_result_fini(&result);
    CHECK(!result.out && !result.out_len);
    /* Again: there is nothing more to say. */
    CHECK_EQ(xie_process_communicate(child, large, LARGE, &result), 0);
    CHECK(!result.out && !result.err && !result.out_len && !result.err_len);
    CHECK_EQ(result.status.code, 7);
    xie_process_close(child);
    return 0;
}

WITH_CHILDREN(a_child_that_does_not_read)
{
    struct xie_process_result result = {0};
    struct xie_process *child = open_shell("echo done");
    CHECK_EQ(xie_process_communicate(child, large, LARGE, &result), 0);
    CHECK_STR(result.out, "done\n");
    CHECK_EQ(result.out_len, 5);
    CHECK_STR(result.err, "");
    CHECK_EQ(result.err_len, 0);
    xie_process_result_fini(&result);
    xie_process_close(child);
    return 0;
}

WITH_CHILDREN(without_input_the_child_reads_the_end)
{
    struct xie_process_result result = {0};
    struct xie_process *child = open_shell("cat; echo end");
    CHECK_EQ(xie_process_communicate(child, NULL, 0, &result), 0);
    CHECK_STR(result.out, "end\n");
    xie_process_result_fini(&result);
    xie_process_close(child);
    return 0;
}

WITH_CHILDREN(without_pipes_there_is_the_status)
{
    struct xie_process_result result = {.out_len = 77};
    struct xie_process *child = kit_open(&(struct xie_process_options){.shell = "exit 3"});
    CHECK_EQ(xie_process_communicate(child, "x", 1, &result), -EINVAL);
    CHECK_EQ(result.out_len, 77);
    CHECK_EQ(xie_process_communicate(child, NULL, 0, &result), 0);
    CHECK_EQ(result.status.code, 3);
    CHECK(!result.out && !result.err && !result.out_len && !result.err_len);
    xie_process_close(child);
    return 0;
}

WITH_CHILDREN(what_was_read_before_is_not_told_again)
{
    struct xie_process_result result = {0};
    char *line;
    struct xie_process *child = open_shell("echo first; cat");
    CHECK_EQ(xie_stream_read_line(xie_process_stream(child, 1), &line, NULL), 1);
    kit_send(xie_process_stream(child, 0), "by hand, ");
    CHECK_EQ(xie_process_communicate(child, "and so", 6, &result), 0);
    CHECK_STR(result.out, "by hand, and so");
    xie_process_result_fini(&result);
    xie_process_close(child);
    return 0;
}

/* Below, at and above, with sizes around those of the buffers. */
WITH_CHILDREN(no_more_than_the_limit)
{
    static const size_t limits[] = {1, 2, 4093, 4094, 4095, 4096, 70000};
    kit_fill(large, LARGE, 0);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        for (int more = -1; more <= 1; more++) {
            struct xie_process_result result = {.out_len = 77};
            struct xie_process_options options = {.argv = ARGV("cat"),
                                                  .in = XIE_PROCESS_PIPE,
                                                  .out = XIE_PROCESS_PIPE,
                                                  .output_limit = limits[i]};
            size_t len = limits[i] + (size_t)more;
            int error = xie_process_run(&options, large, len, &result);
            CHECK_EQ(error, more > 0 ? XIE_ELIMIT : 0);
            CHECK_EQ(result.out_len, error ? 77 : len);
            if (!error)
                CHECK(kit_same(result.out, len, 0) && !result.out[len]);
            if (!error)
                xie_process_result_fini(&result);
        }
    return 0;
}

WITH_CHILDREN(beyond_the_limit_once_is_so_for_ever)
{
    struct xie_process_result result;
    struct xie_process *child =
        kit_open(&(struct xie_process_options){.shell = "echo 12345; echo 12345 >&2; read x",
                                               .in = XIE_PROCESS_PIPE,
                                               .out = XIE_PROCESS_PIPE,
                                               .err = XIE_PROCESS_PIPE,
                                               .output_limit = 5});
    CHECK_EQ(xie_process_communicate(child, NULL, 0, &result), XIE_ELIMIT);
    CHECK_EQ(xie_process_communicate(child, NULL, 0, &result), XIE_ELIMIT);
    xie_process_close(child);
    return 0;
}

/* --- interrupted -------------------------------------------------------------------- */

/* However often, wherever it stands: the last call has everything. */
WITH_CHILDREN(an_interruption_loses_nothing)
{
    struct xie_process_result result = {0};
    int interrupted = 0, error = -ETIMEDOUT;
    kit_fill(large, LARGE, 0);
    struct xie_process *child = open_shell("tee /dev/stderr");
    for (int64_t time = 1000; error; time += time / 4) {
        XIE_TIMEOUT(time)
            error = xie_process_communicate(child, large, LARGE, &result);
        if (error)
            CHECK_EQ(error, -ETIMEDOUT);
        interrupted += !!error;
    }
    CHECK(interrupted || kit_on("sim")); /* there time may stand still as long as something comes */
    check_large(result.out, result.out_len);
    check_large(result.err, result.err_len);
    xie_process_result_fini(&result);
    xie_process_close(child);
    return 0;
}

struct talk {
    struct xie_process *child;
    struct xie_process_result result;
};

static int communicate(void *arg)
{
    struct talk *talk = arg;
    return xie_process_communicate(talk->child, large, LARGE, &talk->result);
}

/* By one turn of the loop after the other. */
WITH_CHILDREN(cancelled_after_any_number_of_turns)
{
    kit_fill(large, LARGE, 0);
    struct talk talk = {.child = open_shell("tee /dev/stderr")};
    int error = -ECANCELED;
    for (int turns = 0; turns < 30 && error; turns++) {
        struct xie_task *task = xie_spawn(communicate, &talk);
        for (int i = 0; i < turns; i++)
            xie_sleep(0);
        xie_task_cancel(task);
        error = xie_join(task); /* where turns are slow it may have come through */
        if (error)
            CHECK_EQ(error, -ECANCELED);
        CHECK(!error == !!talk.result.out);
    }
    if (error)
        CHECK_EQ(communicate(&talk), 0);
    check_large(talk.result.out, talk.result.out_len);
    check_large(talk.result.err, talk.result.err_len);
    xie_process_result_fini(&talk.result);
    xie_process_close(talk.child);
    return 0;
}

WITH_CHILDREN(a_further_call_with_less)
{
    struct xie_process_result result = {.out_len = 77};
    struct xie_process *child = open_shell("read x; sleep 1000");
    while (xie_stream_written(xie_process_stream(child, 0)) < 2)
        XIE_TIMEOUT(10 * XIE_MILLISECOND)
            CHECK_EQ(xie_process_communicate(child, large, LARGE, &result), -ETIMEDOUT);
    CHECK_EQ(xie_process_communicate(child, large, 1, &result), -EINVAL);
    CHECK_EQ(result.out_len, 77);
    xie_process_close(child);
    return 0;
}

WITH_CHILDREN(one_at_a_time)
{
    char byte;
    large[0] = '\n'; /* a shell reads a line byte by byte */
    struct talk talk = {.child = open_shell("read x; cat")};
    struct xie_process_result other = {.out_len = 77};
    struct xie_task *task = xie_spawn(communicate, &talk);
    xie_sleep(0);
    xie_sleep(0);
    CHECK_EQ(xie_process_communicate(talk.child, large, LARGE, &other), -EBUSY);
    CHECK_EQ(xie_stream_read(xie_process_stream(talk.child, 2), &byte, 1), -EBUSY);
    CHECK_EQ(other.out_len, 77);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(xie_process_communicate(talk.child, NULL, 0, &other), 0);
    xie_process_result_fini(&talk.result);
    xie_process_close(talk.child);
    return 0;
}

static int read_one(void *arg)
{
    return (int)xie_stream_read(arg, &(char){0}, 1);
}

WITH_CHILDREN(while_another_reads)
{
    struct xie_process_result result = {.out_len = 77};
    struct xie_process *child = open_shell("read x; echo $x");
    struct xie_task *task = xie_spawn(read_one, xie_process_stream(child, 1));
    xie_sleep(0);
    CHECK_EQ(xie_process_communicate(child, "y\n", 2, &result), -EBUSY);
    CHECK_EQ(xie_join(task), 1);
    CHECK_EQ(xie_process_communicate(child, "y\n", 2, &result), 0);
    CHECK_STR(result.out, "\n"); /* the other has the rest */
    xie_process_result_fini(&result);
    xie_process_close(child);
    return 0;
}

/* At any moment, and nothing is said about it on stderr. */
static int close_it(void *arg)
{
    (void)arg;
    for (int turns = 0; turns < 6; turns++) {
        struct talk talk = {.child = open_shell("sleep 1000")};
        struct xie_task *task = xie_spawn(communicate, &talk);
        for (int i = 0; i < turns; i++)
            xie_sleep(0);
        if (turns) /* else it would begin with a process that is gone */
            xie_process_close(talk.child);
        else
            xie_task_cancel(task);
        CHECK_EQ(xie_join(task), turns ? XIE_ECLOSED : -ECANCELED);
        CHECK(!talk.result.out);
        if (!turns)
            xie_process_close(talk.child);
    }
    return 0;
}

static void run_close_it(void *arg)
{
    _exit(xie_run(close_it, arg) != 0);
}

static void closed_meanwhile(void)
{
    char text[512];
    CHECK_EQ(tap_child(run_close_it, NULL, text, sizeof text), 0);
    CHECK_STR(text, "");
}

/* By whoever does not know that it is being read, or written to. */
WITH_CHILDREN(a_pipe_closed_meanwhile)
{
    for (int fd = 0; fd < 3; fd++)
        for (int turns = 1; turns < 4; turns++) {
            struct talk talk = {.child = open_shell("sleep 1000")};
            struct xie_task *task = xie_spawn(communicate, &talk);
            for (int i = 0; i < turns; i++)
                xie_sleep(0);
            xie_process_close_stream(talk.child, fd);
            CHECK_EQ(xie_join(task), XIE_ECLOSED);
            xie_process_close(talk.child);
        }
    return 0;
}

/* --- run ---------------------------------------------------------------------------- */

WITH_CHILDREN(run_is_all_of_it)
{
    struct xie_process_result result = {0};
    struct xie_process_options sort = {
        .argv = ARGV("sort", "-r"), .in = XIE_PROCESS_PIPE, .out = XIE_PROCESS_PIPE};
    CHECK_EQ(xie_process_run(&sort, "a\nc\nb\n", 6, &result), 0);
    CHECK_STR(result.out, "c\nb\na\n");
    CHECK_EQ(result.status.code, 0);
    xie_process_result_fini(&result);
    sort.argv = ARGV("/nowhere/sort");
    CHECK_EQ(xie_process_run(&sort, "a", 1, &result), -ENOENT);
    CHECK(!result.out);
    CHECK_EQ(xie_process_run(&(struct xie_process_options){.shell = "kill $$"}, NULL, 0, &result),
             0);
    CHECK_EQ(result.status.signal, SIGTERM);
    CHECK_EQ(xie_process_run(&(struct xie_process_options){.shell = "exit"}, "x", 1, &result),
             -EINVAL);
    return 0;
}

WITH_CHILDREN(an_interrupted_run_leaves_no_child)
{
    struct xie_process_result result = {.out_len = 77};
    struct xie_process_options options = {.argv = ARGV("sleep", "1000")};
    XIE_TIMEOUT(10 * XIE_MILLISECOND)
        CHECK_EQ(xie_process_run(&options, NULL, 0, &result), -ETIMEDOUT);
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_cancel(&scope);
        CHECK_EQ(xie_process_run(&options, NULL, 0, &result), -ECANCELED);
    }
    CHECK_EQ(result.out_len, 77);
    return 0;
}

WITH_CHILDREN(a_pipeline_of_two)
{
    struct xie_process_result result = {0};
    int fds[2];
    CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
    struct xie_process *first = kit_open(
        &(struct xie_process_options){.argv = ARGV("sort"), .in = XIE_PROCESS_PIPE, .out = fds[1]});
    struct xie_process *second = kit_open(&(struct xie_process_options){
        .argv = ARGV("uniq", "-c"), .in = fds[0], .out = XIE_PROCESS_PIPE});
    close(fds[0]);
    close(fds[1]);
    CHECK_EQ(xie_process_communicate(first, "b\na\nb\n", 6, &result), 0);
    CHECK_EQ(xie_process_communicate(second, NULL, 0, &result), 0);
    CHECK(result.out && strstr(result.out, "1 a\n") && strstr(result.out, "2 b\n"));
    xie_process_result_fini(&result);
    xie_process_close(first);
    xie_process_close(second);
    return 0;
}

static int run_one(void *arg)
{
    struct xie_process_result result = {0};
    struct xie_process_options options = {
        .argv = ARGV("cat"), .in = XIE_PROCESS_PIPE, .out = XIE_PROCESS_PIPE};
    int error = xie_process_run(&options, large, LARGE / 4, &result);
    CHECK(error || (result.out_len == LARGE / 4 && kit_same(result.out, LARGE / 4, 0)));
    xie_process_result_fini(&result);
    (void)arg;
    return error;
}

WITH_CHILDREN(many_at_once)
{
    int error = 0;
    kit_fill(large, LARGE, 0);
    XIE_GROUP(group) {
        for (int i = 0; i < (tap_slow() ? 5 : 20); i++)
            CHECK_EQ(xie_group_spawn(&group, run_one, NULL), 0);
        error = xie_group_wait(&group);
    }
    return error;
}

/* --- at random ---------------------------------------------------------------------- */

static int talk_once(void *arg)
{
    struct xie_process_result result = {0};
    int error = xie_process_communicate(arg, large, 100000, &result);
    if (!error && result.out)
        CHECK(kit_same(result.out, result.out_len, 0) &&
              (result.out_len == 100000 || result.status.signal == SIGTERM));
    xie_process_result_fini(&result);
    return error;
}

static int wait_once(void *arg)
{
    return xie_process_wait(arg, NULL);
}

static bool expected(int result)
{
    return !result || result == -ECANCELED || result == XIE_ECLOSED || result == -EBUSY;
}

/* Tasks in all calls of one child, and somebody cancels, kills, closes at any moment. */
static void play(uint32_t *state)
{
    enum { PLAYERS = 4 };
    struct xie_task *tasks[PLAYERS];
    struct xie_process *child = kit_open(
        &(struct xie_process_options){.argv = ARGV("cat"),
                                      .in = XIE_PROCESS_PIPE,
                                      .out = XIE_PROCESS_PIPE,
                                      .group = (enum xie_process_group)kit_random(state, 3),
                                      .grace_ns = kit_random(state, 2) ? XIE_HOUR : 0});
    for (int i = 0; i < PLAYERS; i++)
        tasks[i] = xie_spawn(kit_random(state, 2) ? talk_once : wait_once, child);
    for (unsigned i = kit_random(state, 8); i; i--) {
        switch (kit_random(state, 4)) {
        case 0:
            xie_task_cancel(tasks[kit_random(state, PLAYERS)]);
            break;
        case 1:
            (void)xie_process_send_signal(child, SIGTERM);
            break;
        default:
            xie_sleep(kit_random(state, 2) * XIE_MILLISECOND);
        }
    }
    xie_sleep(0); /* all have begun */
    xie_process_close(child);
    for (int i = 0; i < PLAYERS; i++)
        CHECK(expected(xie_join(tasks[i])));
}

WITH_CHILDREN(all_at_any_moment)
{
    uint32_t state = 1;
    kit_fill(large, LARGE, 0);
    for (int i = 0; i < (tap_slow() ? 20 : 100); i++)
        play(&state);
    return 0;
}

/* --- streams as streams are ------------------------------------------------------------------- */

WITH_CHILDREN(a_line_of_a_child_has_a_limit_too)
{
    struct xie_process *child =
        kit_open(&(struct xie_process_options){.shell = "echo short; echo much too long",
                                               .in = XIE_PROCESS_NULL,
                                               .out = XIE_PROCESS_PIPE});
    struct xie_stream *out = xie_process_stream(child, 1);
    char *line = NULL, buf[16];
    CHECK_EQ(xie_stream_set_limit(out, 8), 0);
    CHECK_EQ(xie_stream_read_line(out, &line, NULL), 1);
    CHECK_STR(line, "short");
    CHECK_EQ(xie_stream_read_line(out, &line, NULL), XIE_ELIMIT);
    CHECK_EQ(xie_stream_read_exactly(out, buf, 8), 8); /* it stays there */
    CHECK(!memcmp(buf, "much too", 8));
    xie_process_close(child);
    return 0;
}

/* The default: what the child reads and says is where ours is, and where ours goes. */
WITH_CHILDREN(standard_streams_are_inherited)
{
    int in[2], out[2], err[2], saved[3];
    char said[16], told[16];
    kit_pipe(in);
    kit_pipe(out);
    kit_pipe(err);
    for (int i = 0; i < 3; i++)
        saved[i] = dup(i);
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    CHECK_EQ(write(in[1], "ours", 4), 4);
    close(in[1]);
    struct xie_process *child = NULL;
    int error = xie_process_open(
        &(struct xie_process_options){.shell = "cat; echo too >&2", .in = XIE_PROCESS_INHERIT},
        &child);
    if (!error)
        error = xie_process_wait(child, NULL);
    CHECK(!xie_process_stream(child, 0) && !xie_process_stream(child, 1));
    xie_process_close(child);
    for (int i = 0; i < 3; i++) {
        dup2(saved[i], i);
        close(saved[i]);
    }
    CHECK_EQ(error, 0);
    close(in[0]);
    close(out[1]);
    close(err[1]);
    kit_hear(out[0], said, sizeof said);
    kit_hear(err[0], told, sizeof told);
    CHECK_STR(said, "ours");
    CHECK_STR(told, "too\n");
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_dialogue_line_by_line", a_dialogue_line_by_line},
        {"a_write_that_nobody_will_read", a_write_that_nobody_will_read},
        {"it_stops_reading_while_we_write", it_stops_reading_while_we_write},
        {"much_in_both_directions", much_in_both_directions},
        {"a_child_that_does_not_read", a_child_that_does_not_read},
        {"without_input_the_child_reads_the_end", without_input_the_child_reads_the_end},
        {"without_pipes_there_is_the_status", without_pipes_there_is_the_status},
        {"what_was_read_before_is_not_told_again", what_was_read_before_is_not_told_again},
        {"no_more_than_the_limit", no_more_than_the_limit},
        {"beyond_the_limit_once_is_so_for_ever", beyond_the_limit_once_is_so_for_ever},
        {"an_interruption_loses_nothing", an_interruption_loses_nothing},
        {"cancelled_after_any_number_of_turns", cancelled_after_any_number_of_turns},
        {"a_further_call_with_less", a_further_call_with_less},
        {"one_at_a_time", one_at_a_time},
        {"while_another_reads", while_another_reads},
        {"closed_meanwhile", closed_meanwhile},
        {"a_pipe_closed_meanwhile", a_pipe_closed_meanwhile},
        {"run_is_all_of_it", run_is_all_of_it},
        {"an_interrupted_run_leaves_no_child", an_interrupted_run_leaves_no_child},
        {"a_pipeline_of_two", a_pipeline_of_two},
        {"many_at_once", many_at_once},
        {"all_at_any_moment", all_at_any_moment},
        {"a_line_of_a_child_has_a_limit_too", a_line_of_a_child_has_a_limit_too},
        {"standard_streams_are_inherited", standard_streams_are_inherited},
        {0},
    };
    return tap_main(argc, argv, tests);
}

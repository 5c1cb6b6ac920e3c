/* pipe.c - the promises of <xie/pipe.h>: pipes, named ones, ttys, and what others use too. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/fault.h"
#include "io/kit.h"

static int read_byte(void *stream)
{
    char byte;
    return (int)xie_stream_read(stream, &byte, 1);
}

static void check_talk(struct xie_stream *from, struct xie_stream *to)
{
    char buf[5];
    kit_send(from, "hello");
    CHECK_EQ(xie_stream_read_exactly(to, buf, 5), 5);
    CHECK(!memcmp(buf, "hello", 5));
}

/* --- pipes ------------------------------------------------------------------------------ */

IN_TASK(what_one_end_writes_the_other_reads)
{
    struct xie_stream *ends[2];
    int fds = kit_fds();
    CHECK_EQ(xie_pipe(ends), 0);
    CHECK(fcntl(xie_stream_fd(ends[0]), F_GETFD) & FD_CLOEXEC);
    struct xie_task *task = xie_spawn(read_byte, ends[0]);
    xie_sleep(0);
    kit_send(ends[1], "x");
    CHECK_EQ(xie_join(task), 1);
    check_talk(ends[1], ends[0]);
    CHECK_EQ(read_byte(ends[1]), -EBADF);
    CHECK_EQ(xie_stream_write_eof(ends[1]), -EOPNOTSUPP);
    xie_stream_close(ends[1]);
    CHECK_EQ(read_byte(ends[0]), 0);
    xie_stream_close(ends[0]);
    CHECK_EQ(kit_fds(), fds);
    return 0;
}

static int write_much(void *stream)
{
    static char out[300000];
    return (int)xie_stream_write(stream, out, sizeof out);
}

IN_TASK(a_vanished_reader_is_an_error_not_a_signal)
{
    struct xie_stream *ends[2];
    CHECK_EQ(xie_pipe(ends), 0);
    xie_stream_close(ends[0]);
    CHECK_EQ(xie_stream_write(ends[1], "x", 1), -EPIPE);
    xie_stream_close(ends[1]);
    CHECK_EQ(xie_pipe(ends), 0);
    struct xie_task *task = xie_spawn(write_much, ends[1]); /* it waits when it happens */
    xie_sleep(XIE_MILLISECOND);
    xie_stream_close(ends[0]);
    CHECK_EQ(xie_join(task), -EPIPE);
    xie_stream_close(ends[1]);
    return 0;
}

static volatile sig_atomic_t handled;

static void count_signal(int number)
{
    (void)number;
    handled++;
}

/* The program's own handler stays, and hears of it. */
static void a_handler_of_the_programs_own_stays(void)
{
    struct sigaction now;
    signal(SIGPIPE, count_signal);
    a_vanished_reader_is_an_error_not_a_signal();
    CHECK(!sigaction(SIGPIPE, NULL, &now) && now.sa_handler == count_signal);
    CHECK(handled > 0);
}

/* --- named ones ------------------------------------------------------------------------- */

static char fifo[48];

static void make_fifo(void)
{
    snprintf(fifo, sizeof fifo, "/tmp/xie-fifo-%d", (int)getpid());
    unlink(fifo);
    REQUIRE(mkfifo(fifo, 0600) == 0);
}

static int open_to_write(void *arg)
{
    return xie_stream_open(fifo, O_WRONLY, arg);
}

IN_TASK(a_named_pipe_to_read_waits_for_its_first_writer)
{
    struct xie_stream *reader, *writer;
    make_fifo();
    CHECK_EQ(xie_stream_open(fifo, O_RDONLY, &reader), 0);
    struct xie_task *task = xie_spawn(read_byte, reader);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task)); /* the kernel would say: the end */
    CHECK_EQ(open_to_write(&writer), 0);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    kit_send(writer, "x");
    CHECK_EQ(xie_join(task), 1);
    check_talk(writer, reader);
    task = xie_spawn(read_byte, reader);
    xie_sleep(0);
    xie_stream_close(writer);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(read_byte(reader), 0);
    xie_stream_close(reader);
    unlink(fifo);
    return 0;
}

IN_TASK(a_named_pipe_to_write_waits_for_a_reader)
{
    struct xie_stream *reader, *writer = NULL;
    make_fifo();
    struct xie_task *task = xie_spawn(open_to_write, &writer);
    xie_sleep(5 * XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    CHECK_EQ(xie_stream_open(fifo, O_RDONLY, &reader), 0);
    CHECK_EQ(xie_join(task), 0);
    check_talk(writer, reader);
    xie_stream_close(reader);
    CHECK_EQ(xie_stream_write(writer, "x", 1), -EPIPE);
    xie_stream_close(writer);
    unlink(fifo);
    return 0;
}

IN_TASK(interrupted_while_it_opens_nothing_is_left)
{
    struct xie_stream *writer = NULL;
    int fds = kit_fds();
    make_fifo();
    XIE_TIMEOUT(10 * XIE_MILLISECOND)
        CHECK_EQ(open_to_write(&writer), -ETIMEDOUT);
    XIE_TIMEOUT(-1)
        CHECK_EQ(xie_stream_open(fifo, O_RDONLY, &writer), -ETIMEDOUT);
    CHECK(!writer);
    CHECK_EQ(kit_fds(), fds);
    unlink(fifo);
    return 0;
}

IN_TASK(what_cannot_be_opened)
{
    struct xie_stream *none = NULL;
    make_fifo();
    CHECK_EQ(xie_stream_open("/nowhere", O_RDONLY, &none), -ENOENT);
    CHECK_EQ(xie_stream_open(fifo, O_RDONLY | O_CREAT, &none), -EINVAL);
    CHECK_EQ(xie_stream_open(fifo, 3, &none), -EINVAL);
    CHECK(!none);
    unlink(fifo);
    return 0;
}

/* Another program's open(2), which blocks until both are there. */
static void *write_by_hand(void *arg)
{
    int fd = open(fifo, O_WRONLY);
    if (fd < 0 || write(fd, "by hand\n", 8) != 8)
        abort();
    close(fd);
    return arg;
}

IN_TASK(a_writer_that_blocks_meets_it)
{
    struct xie_stream *reader;
    char *line;
    pthread_t thread;
    make_fifo();
    CHECK_EQ(pthread_create(&thread, NULL, write_by_hand, NULL), 0);
    CHECK_EQ(xie_stream_open(fifo, O_RDONLY, &reader), 0);
    CHECK_EQ(xie_stream_read_line(reader, &line, NULL), 1);
    CHECK_STR(line, "by hand");
    CHECK_EQ(xie_stream_read_line(reader, &line, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    xie_stream_close(reader);
    unlink(fifo);
    return 0;
}

/* --- ttys and files --------------------------------------------------------------------- */

static int open_master(char path[64])
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(master >= 0 && !grantpt(master) && !unlockpt(master));
    REQUIRE(!ptsname_r(master, path, 64));
    return master;
}

IN_TASK(a_tty_is_a_stream)
{
    struct xie_stream *master, *slave;
    char path[64], *line;
    int fd = open_master(path);
    CHECK_EQ(xie_stream_adopt(fd, &master), 0);
    CHECK_EQ(xie_stream_open(path, O_RDWR, &slave), 0);
    kit_send(master, "typed\n");
    CHECK_EQ(xie_stream_read_line(slave, &line, NULL), 1);
    CHECK_STR(line, "typed");
    kit_send(slave, "shown\n");
    CHECK_EQ(xie_stream_read_line(master, &line, NULL), 1); /* the echo */
    CHECK_EQ(xie_stream_read_line(master, &line, NULL), 1);
    CHECK_STR(line, "shown");
    struct xie_task *task = xie_spawn(read_byte, slave);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    xie_stream_close(slave);
    xie_stream_close(master);
    return 0;
}

static int some_file(void)
{
    char path[] = "/tmp/xie-pipe-XXXXXX";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    unlink(path);
    return fd;
}

IN_TASK(a_file_is_read_and_written_as_a_stream)
{
    struct xie_stream *stream;
    int fd = some_file();
    char *line;
    CHECK_EQ(xie_stream_adopt(dup(fd), &stream), 0);
    kit_send(stream, "one\ntwo\n");
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 1);
    CHECK_STR(line, "one");
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 1);
    CHECK_STR(line, "two");
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 0);
    CHECK(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
    xie_stream_close(stream);
    close(fd);
    char path[] = "/tmp/xie-pipe-XXXXXX";
    close(mkstemp(path));
    CHECK_EQ(xie_stream_open(path, O_RDWR, &stream), 0);
    CHECK_EQ(read_byte(stream), 0);
    kit_send(stream, "x");
    xie_stream_close(stream);
    unlink(path);
    return 0;
}

/* --- borrowed --------------------------------------------------------------------------- */

static int flags_of(int fd)
{
    return fcntl(fd, F_GETFL);
}

IN_TASK(a_borrowed_pipe_keeps_its_mode_and_stays_open)
{
    struct xie_stream *ends[2];
    int fds[2], open_fds = kit_fds();
    CHECK_EQ(pipe(fds), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(xie_stream_borrow(fds[i], &ends[i]), 0);
    struct xie_task *task = xie_spawn(read_byte, ends[0]);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    kit_send(ends[1], "x");
    CHECK_EQ(xie_join(task), 1);
    task = xie_spawn(write_much, ends[1]);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task)); /* a full one waits */
    CHECK(!(flags_of(fds[0]) & O_NONBLOCK) && !(flags_of(fds[1]) & O_NONBLOCK));
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    xie_stream_close(ends[1]);
    xie_stream_abort(ends[0]);
    CHECK(flags_of(fds[0]) >= 0 && flags_of(fds[1]) >= 0);
    close(fds[0]);
    close(fds[1]);
    CHECK_EQ(kit_fds(), open_fds);
    return 0;
}

IN_TASK(a_borrowed_tty_keeps_its_mode)
{
    struct xie_stream *master, *slave;
    char path[64], *line;
    int fds[2] = {open_master(path)};
    fds[1] = open(path, O_RDWR | O_NOCTTY);
    CHECK_EQ(xie_stream_borrow(fds[0], &master), 0); /* one that cannot be opened anew */
    CHECK_EQ(xie_stream_borrow(fds[1], &slave), 0);
    struct xie_task *task = xie_spawn(read_byte, slave);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    kit_send(master, "typed\n");
    CHECK_EQ(xie_join(task), 1);
    CHECK_EQ(xie_stream_read_line(slave, &line, NULL), 1);
    CHECK_STR(line, "yped");
    task = xie_spawn(read_byte, slave);
    CHECK_EQ(xie_stream_read_line(master, &line, NULL), 1);
    CHECK(!(flags_of(fds[0]) & O_NONBLOCK) && !(flags_of(fds[1]) & O_NONBLOCK));
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    xie_stream_close(master);
    xie_stream_close(slave);
    close(fds[0]);
    close(fds[1]);
    return 0;
}

IN_TASK(a_borrowed_socket_keeps_its_mode)
{
    struct xie_stream *ends[2];
    int fds[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(xie_stream_borrow(fds[i], &ends[i]), 0);
    struct xie_task *task = xie_spawn(read_byte, ends[0]);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    kit_send(ends[1], "x");
    CHECK_EQ(xie_join(task), 1);
    struct iovec parts[] = {{(void *)"tw", 2}, {(void *)"o", 1}};
    CHECK_EQ(xie_stream_writev(ends[1], parts, 2), 3);
    CHECK_EQ(read_byte(ends[0]), 1);
    task = xie_spawn(write_much, ends[0]);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK(!(flags_of(fds[0]) & O_NONBLOCK) && !(flags_of(fds[1]) & O_NONBLOCK));
    xie_stream_abort(ends[0]);
    xie_stream_close(ends[1]);
    CHECK_EQ(write(fds[1], "y", 1), 1); /* not reset */
    close(fds[0]);
    close(fds[1]);
    return 0;
}

IN_TASK(a_borrowed_file_moves_its_descriptors_place)
{
    struct xie_stream *stream;
    int fd = some_file();
    char *line, byte;
    CHECK_EQ(xie_stream_borrow(fd, &stream), 0);
    kit_send(stream, "one\ntwo\n");
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 8);
    CHECK_EQ(lseek(fd, 4, SEEK_SET), 4);
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 1);
    CHECK_STR(line, "two");
    xie_stream_close(stream);
    CHECK_EQ(read(fd, &byte, 1), 0);
    close(fd);
    return 0;
}

IN_TASK(a_borrowed_null_device)
{
    struct xie_stream *stream = NULL;
    int fd = open("/dev/null", O_RDWR);
    CHECK_EQ(xie_stream_borrow(fd, &stream), 0);
    CHECK_EQ(read_byte(stream), 0);
    CHECK_EQ(write_much(stream), 300000);
    xie_stream_close(stream);
    close(fd);
    CHECK_EQ(xie_stream_borrow(fd, &stream), -EBADF);
    CHECK_EQ(xie_stream_open("/dev/null", O_RDWR, &stream), 0);
    CHECK_EQ(read_byte(stream), 0);
    CHECK_EQ(write_much(stream), 300000);
    xie_stream_close(stream);
    return 0;
}

/* As without /proc, or for another user's terminal: then they are polled first. */
static void borrow_refused(int fd, struct xie_stream **stream)
{
    enum { OPENING = 3 }; /* after looking at what it is, and at its flags */
    xie_fault_plan = (struct xie_fault){XIE_FAULT_SYSCALL, .nth = OPENING, .error = -EACCES};
    CHECK_EQ(xie_stream_borrow(fd, stream), 0);
    CHECK_EQ(xie_fault_plan.failed, 1);
    xie_fault_plan.kinds = 0;
}

IN_TASK(a_borrowed_pipe_that_cannot_be_opened_anew)
{
    struct xie_stream *ends[2];
    int fds[2];
    CHECK_EQ(pipe(fds), 0);
    for (int i = 0; i < 2; i++)
        borrow_refused(fds[i], &ends[i]);
    struct xie_task *task = xie_spawn(read_byte, ends[0]);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    kit_send(ends[1], "x");
    CHECK_EQ(xie_join(task), 1);
    check_talk(ends[1], ends[0]);
    task = xie_spawn(write_much, ends[1]);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(task)); /* the loop still runs */
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK(!(flags_of(fds[0]) & O_NONBLOCK) && !(flags_of(fds[1]) & O_NONBLOCK));
    kit_close(ends);
    close(fds[0]);
    close(fds[1]);
    return 0;
}

/* --- descriptors of other libraries ------------------------------------------------------- */

static int wait_in(void *fd)
{
    return xie_fd_wait(*(int *)fd, POLLIN);
}

IN_TASK(a_descriptor_is_waited_for)
{
    int fds[2], open_fds = kit_fds();
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    CHECK_EQ(xie_fd_wait(fds[0], POLLOUT), POLLOUT);
    CHECK_EQ(xie_fd_wait(fds[0], POLLIN | POLLOUT), POLLOUT);
    struct xie_task *tasks[] = {xie_spawn(wait_in, &fds[0]), xie_spawn(wait_in, &fds[0])};
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(tasks[0]) && !xie_task_done(tasks[1]));
    CHECK_EQ(write(fds[1], "x", 1), 1);
    CHECK_EQ(xie_join(tasks[0]), POLLIN);
    CHECK_EQ(xie_join(tasks[1]), POLLIN);
    CHECK_EQ(wait_in(&fds[0]), POLLIN); /* it took nothing */
    close(fds[1]);
    CHECK_EQ(wait_in(&fds[0]), POLLIN | POLLHUP);
    close(fds[0]);
    CHECK_EQ(kit_fds(), open_fds);
    return 0;
}

static int wait_out(void *fd)
{
    return xie_fd_wait(*(int *)fd, POLLOUT);
}

/* That the peer will write no more is no news to who waits for room. */
IN_TASK(room_is_waited_for_whatever_the_peer_said)
{
    static char buf[4096];
    int fds[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    while (send(fds[0], buf, sizeof buf, 0) > 0)
        ;
    CHECK_EQ(shutdown(fds[1], SHUT_WR), 0);
    struct xie_task *task = xie_spawn(wait_out, &fds[0]);
    xie_sleep(5 * XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    while (recv(fds[1], buf, sizeof buf, 0) > 0)
        ;
    CHECK_EQ(xie_join(task), POLLOUT);
    close(fds[0]);
    close(fds[1]);
    return 0;
}

/* The number's next user is not mistaken for the last. */
IN_TASK(a_descriptor_may_be_closed_by_its_owner)
{
    int fds[2], first;
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pipe(fds), 0);
        CHECK(i == 0 || fds[0] == first);
        first = fds[0];
        struct xie_task *task = xie_spawn(wait_in, &fds[0]);
        xie_sleep(XIE_MILLISECOND);
        CHECK(!xie_task_done(task));
        if (i == 1)
            close(fds[0]); /* while it is waited for */
        close(fds[1]);
        CHECK_EQ(xie_join(task), POLLHUP);
        if (i != 1)
            close(fds[0]);
    }
    return 0;
}

IN_TASK(waiting_for_a_descriptor_fails_cleanly)
{
    int fds[2], open_fds = kit_fds();
    CHECK_EQ(pipe(fds), 0);
    CHECK_EQ(xie_fd_wait(fds[0], 0), -EINVAL);
    CHECK_EQ(xie_fd_wait(fds[0], POLLIN | POLLPRI), -EINVAL);
    CHECK_EQ(xie_fd_wait(-1, POLLIN), -EBADF);
    XIE_TIMEOUT(-1)
        CHECK_EQ(wait_in(&fds[0]), -ETIMEDOUT);
    struct xie_task *task = xie_spawn(wait_in, &fds[0]);
    xie_sleep(0);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    close(fds[0]);
    close(fds[1]);
    int fd = some_file();
    CHECK_EQ(wait_in(&fd), POLLIN); /* a file always is */
    close(fd);
    CHECK_EQ(kit_fds(), open_fds);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"what_one_end_writes_the_other_reads", what_one_end_writes_the_other_reads},
        {"a_vanished_reader_is_an_error_not_a_signal", a_vanished_reader_is_an_error_not_a_signal},
        {"a_handler_of_the_programs_own_stays", a_handler_of_the_programs_own_stays},
        {"a_named_pipe_to_read_waits_for_its_first_writer",
         a_named_pipe_to_read_waits_for_its_first_writer},
        {"a_named_pipe_to_write_waits_for_a_reader", a_named_pipe_to_write_waits_for_a_reader},
        {"interrupted_while_it_opens_nothing_is_left", interrupted_while_it_opens_nothing_is_left},
        {"what_cannot_be_opened", what_cannot_be_opened},
        {"a_writer_that_blocks_meets_it", a_writer_that_blocks_meets_it},
        {"a_tty_is_a_stream", a_tty_is_a_stream},
        {"a_file_is_read_and_written_as_a_stream", a_file_is_read_and_written_as_a_stream},
        {"a_borrowed_pipe_keeps_its_mode_and_stays_open",
         a_borrowed_pipe_keeps_its_mode_and_stays_open},
        {"a_borrowed_tty_keeps_its_mode", a_borrowed_tty_keeps_its_mode},
        {"a_borrowed_socket_keeps_its_mode", a_borrowed_socket_keeps_its_mode},
        {"a_borrowed_file_moves_its_descriptors_place",
         a_borrowed_file_moves_its_descriptors_place},
        {"a_borrowed_null_device", a_borrowed_null_device},
        {"a_borrowed_pipe_that_cannot_be_opened_anew", a_borrowed_pipe_that_cannot_be_opened_anew},
        {"a_descriptor_is_waited_for", a_descriptor_is_waited_for},
        {"room_is_waited_for_whatever_the_peer_said", room_is_waited_for_whatever_the_peer_said},
        {"a_descriptor_may_be_closed_by_its_owner", a_descriptor_may_be_closed_by_its_owner},
        {"waiting_for_a_descriptor_fails_cleanly", waiting_for_a_descriptor_fails_cleanly},
        {0},
    };
    return tap_main(argc, argv, tests);
}

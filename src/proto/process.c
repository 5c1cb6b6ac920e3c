/* process.c - a child as a transport: opened, told of, ended; its pipes are transports of their
 * own. Floor 6. The child is xie_process's, the pipes are those of bytes; here is what joins them.
 */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>

#include <xie/process_transport.h>

#include "base/memory.h"
#include "io/process.h"
#include "loop/readiness.h"
#include "proto/transport.h"
#include "task/wait.h"

enum { LOOK_FIRST_NS = 1000000, LOOK_MOST_NS = 64 * LOOK_FIRST_NS }; /* see blind */

struct child;

/* What stands behind a pipe's transport, as its layer. */
struct child_pipe {
    struct child *child;
    struct xie_transport *transport; /* NULL: none, or over */
    /* When the child's end was seen: */
    bool hung;   /* nobody had its other end any more */
    size_t owed; /* else what was in it, and is not read yet [bytes] */
};

struct child {
    struct xie_transport transport; /* its fd is the pidfd, its `in` waits for that */
    struct xie_process *process;    /* until connection_lost has returned */
    int pid;
    struct child_pipe pipes[3];
    struct xie_serving open; /* the pipes that are not over */

    bool exited, told; /* its end was seen; and told */
    int outcome;       /* what get_status returns: -EBUSY before it is told */
    struct xie_process_status status;
    struct xie_waiters waiters;

    bool asked;             /* SIGTERM was sent */
    bool late;              /* and the time for it is over */
    bool killed;            /* SIGKILL was sent, or may not be */
    struct xie_timer grace; /* that time */
    /* The kernel cannot tell of its end (memory; a debugger that has the zombie): then it is looked
     * at after 1 ms, 2, 4 … at most 64 ms. */
    bool blind;
    struct xie_timer again;
    int64_t pause_ns;
};

static struct child *of(const struct xie_transport *transport)
{
    return XIE_CONTAINER(transport, struct child, transport);
}

/* --- its pipes ------------------------------------------------------------------------ */

static struct child_pipe *pipe_of(const struct xie_transport *transport)
{
    return transport->layer;
}

static ssize_t pipe_read(struct xie_transport *transport, void *buf, size_t cap)
{
    struct child_pipe *pipe = pipe_of(transport);
    ssize_t got = xie_wire_pipe.read(transport, buf, cap);
    size_t read = got > 0 ? (size_t)got : pipe->owed;
    pipe->owed -= read < pipe->owed ? read : pipe->owed;
    return got;
}

static ssize_t pipe_write(struct xie_transport *transport, const struct iovec *parts, int count)
{
    return xie_wire_pipe.write(transport, parts, count);
}

static int pipe_write_eof(struct xie_transport *transport)
{
    return xie_wire_pipe.write_eof(transport);
}

static void pipe_close(struct xie_transport *transport, bool reset)
{
    struct child_pipe *pipe = pipe_of(transport);
    xie_wire_pipe.close(transport, reset);
    pipe->transport = NULL;
    xie_transport_wake(&pipe->child->transport);
}

static const struct xie_wire pipe_wire = {
    .read = pipe_read,
    .write = pipe_write,
    .write_eof = pipe_write_eof,
    .close = pipe_close,
};

/* What a pipe is told it tells the child's protocol at once, from its own step. */
static void pipe_data(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    struct child_pipe *pipe = self;
    struct xie_transport *to = &pipe->child->transport;
    (void)transport;
    if (!to->closing && to->protocol->pipe_data_received)
        to->protocol->pipe_data_received(to->self, to, (int)(pipe - pipe->child->pipes), data, len);
}

static void pipe_lost(void *self, struct xie_transport *transport, int error)
{
    struct child_pipe *pipe = self;
    struct xie_transport *to = &pipe->child->transport;
    (void)transport;
    if (to->protocol->pipe_connection_lost)
        to->protocol->pipe_connection_lost(to->self, to, (int)(pipe - pipe->child->pipes), error);
}

static void tell_pressure(struct child *child, bool paused)
{
    struct xie_transport *to = &child->transport;
    if (to->writing_paused == paused)
        return;
    to->writing_paused = paused;
    if (paused && to->protocol->pause_writing)
        to->protocol->pause_writing(to->self, to);
    if (!paused && to->protocol->resume_writing)
        to->protocol->resume_writing(to->self, to);
}

static void pipe_pause(void *self, struct xie_transport *transport)
{
    (void)transport;
    tell_pressure(((struct child_pipe *)self)->child, true);
}

static void pipe_resume(void *self, struct xie_transport *transport)
{
    (void)transport;
    tell_pressure(((struct child_pipe *)self)->child, false);
}

static const struct xie_protocol pipe_protocol = {
    .data_received = pipe_data,
    .connection_lost = pipe_lost,
    .pause_writing = pipe_pause,
    .resume_writing = pipe_resume,
};

/* A protocol that was set while it waits to write does not know yet. */
static void tell_new_protocol(struct child *child)
{
    const struct xie_transport *to_child = child->pipes[0].transport;
    if (to_child && to_child->protocol == &pipe_protocol && to_child->writing_paused)
        tell_pressure(child, true);
}

/* --- its end -------------------------------------------------------------------------- */

/* What the kernel has of a pipe at this moment. The child's ends were closed before its end could
 * be seen: whoever has them now is another. */
static void survey(struct child_pipe *pipe)
{
    int bytes = 0;
    if (!pipe->transport)
        return;
    int events = xie_readiness_look(pipe->transport->loop, pipe->transport->fd, POLLIN);
    pipe->hung = events > 0 && events & (POLLHUP | POLLERR);
    if (events > 0 && events & POLLIN && !ioctl(pipe->transport->fd, FIONREAD, &bytes))
        pipe->owed = (size_t)bytes;
}

/* The pidfd is readable, or it is time to look. */
static void look(struct child *child)
{
    struct xie_loop *loop = child->transport.loop;
    int outcome = xie_process_status(child->process, &child->status);
    child->transport.readable = false;
    child->blind |= outcome == -EBUSY;
    if (outcome == -EBUSY)
        return;
    child->outcome = outcome;
    child->exited = true;
    xie_timer_cancel(&loop->timers, &child->grace);
    xie_timer_cancel(&loop->timers, &child->again);
    for (int fd = 0; fd < 3; fd++)
        survey(&child->pipes[fd]);
    if (outcome && outcome != XIE_EREAPED)
        xie_transport_lose(&child->transport, outcome);
}

/* Is there something of the child's own that is about to be told? */
static bool tells_more(const struct child_pipe *pipe)
{
    const struct xie_transport *transport = pipe->transport;
    if (!transport)
        return false;
    if (!(transport->ways & XIE_TRANSPORT_READS) || transport->closing)
        return pipe->hung;
    return (pipe->hung || pipe->owed) && xie_transport_can_read(transport);
}

static void tell_exit(struct child *child)
{
    struct xie_transport *transport = &child->transport;
    for (int fd = 0; fd < 3; fd++)
        if (tells_more(&child->pipes[fd])) {
            xie_transport_wake(transport); /* ask again: soon, since the kernel has it already */
            return;
        }
    child->told = true;
    if (transport->protocol->process_exited)
        transport->protocol->process_exited(transport->self, transport);
    xie_waiters_wake_all(&child->waiters);
}

/* --- ending it ------------------------------------------------------------------------ */

/* return 0 or a negative errno. Unlike xie_process_send_signal it looks for nothing first. */
static int signal_it(struct child *child, int number)
{
    struct xie_process *process = child->process;
    if (process->ended && !process->group)
        return -ESRCH;
    return xie_process_signal(process->pidfd, process->pid, number, process->group, process->lost);
}

static void kill_it(struct child *child)
{
    if (!child->killed && !child->exited)
        signal_it(child, SIGKILL);
    child->killed = true;
}

/* It may end by itself, and is kept from it neither by a full pipe nor by a closed one. */
static bool ask(struct child *child)
{
    struct xie_loop *loop = child->transport.loop;
    child->asked = true;
    if (signal_it(child, SIGTERM))
        return false;
    xie_loop_arm(loop, &child->grace, xie_time_after(child->process->grace_ns));
    if (child->pipes[0].transport)
        xie_transport_close(child->pipes[0].transport);
    for (int fd = 1; fd < 3; fd++)
        if (child->pipes[fd].transport)
            xie_transport_resume_reading(child->pipes[fd].transport);
    return true;
}

static void lose_pipes(struct child *child)
{
    for (int fd = 0; fd < 3; fd++)
        if (child->pipes[fd].transport)
            xie_transport_lose(child->pipes[fd].transport, child->transport.error);
}

/* It is closing: go on with that. */
static void give_up(struct child *child)
{
    bool gently = child->process->grace_ns && !child->transport.reset && !child->exited;
    if (gently && (child->asked ? !child->late && !child->killed : ask(child)))
        return;
    kill_it(child);
    lose_pipes(child);
}

/* --- the loop's step ------------------------------------------------------------------ */

static void begin(struct xie_transport *transport)
{
    transport->made = true;
    if (transport->protocol->connection_made)
        transport->protocol->connection_made(transport->self, transport);
}

static void watch(struct child *child)
{
    struct xie_transport *transport = &child->transport;
    if (child->blind && !xie_timer_armed(&child->again)) {
        xie_loop_arm(transport->loop, &child->again, xie_time_after(child->pause_ns));
        child->pause_ns *= child->pause_ns < LOOK_MOST_NS ? 2 : 1;
    }
    if (child->blind || transport->in.state == XIE_OP_PENDING)
        return;
    transport->in.flags = POLLIN;
    if (xie_op_submit(transport->loop, &transport->in))
        transport->in.done(&transport->in);
}

static void settle(struct child *child)
{
    struct xie_transport *transport = &child->transport;
    bool over = child->told && xie_list_empty(&child->open.transports);
    if (over)
        xie_transport_lose(transport, 0); /* so that it is closing when connection_lost is told */
    if (over && !transport->queued)
        xie_transport_end(transport);
    else if (!child->exited)
        watch(child);
}

static void child_step(struct xie_ready *item)
{
    struct xie_transport *transport = XIE_CONTAINER(item, struct xie_transport, ready);
    struct child *child = of(transport);
    transport->queued = false;
    if (!transport->made)
        begin(transport);
    child->blind |= transport->in.state == XIE_OP_DONE && transport->in.result < 0;
    if (transport->readable && !child->exited)
        look(child);
    if (transport->closing)
        give_up(child);
    if (child->exited && !child->told)
        tell_exit(child);
    tell_new_protocol(child);
    settle(child);
}

static void grace_over(struct xie_timer *timer)
{
    struct child *child = XIE_CONTAINER(timer, struct child, grace);
    child->late = true;
    xie_transport_wake(&child->transport);
}

static void look_again(struct xie_timer *timer)
{
    struct child *child = XIE_CONTAINER(timer, struct child, again);
    child->transport.readable = true;
    xie_transport_wake(&child->transport);
}

/* It has ended: this does not wait. */
static void child_close(struct xie_transport *transport, bool reset)
{
    struct child *child = of(transport);
    (void)reset;
    xie_process_close(child->process);
    child->process = NULL;
}

/* Nothing waits to be sent but in its pipes. */
static void child_drop(struct xie_transport *transport)
{
    (void)transport;
}

static const struct xie_wire child_wire = {.close = child_close};

static const struct xie_transport_kind child_kind = {
    .size = sizeof(struct child),
    .step = child_step,
    .drop = child_drop,
};

/* --- making one ----------------------------------------------------------------------- */

/* Stands queued before its pipes, so that connection_made comes before what they tell. */
static void attach(struct child *child)
{
    struct xie_transport *transport = &child->transport;
    child->pid = child->process->pid;
    transport->fd = transport->in.fd = transport->out.fd = child->process->pidfd;
    child->outcome = -EBUSY;
    child->pause_ns = LOOK_FIRST_NS;
    xie_list_init(&child->open.transports);
    xie_timer_init(&child->grace, grace_over);
    xie_timer_init(&child->again, look_again);
}

static int adopt_pipe(struct child *child, int fd)
{
    struct xie_stream **stream = &child->process->streams[fd];
    struct child_pipe *pipe = &child->pipes[fd];
    struct xie_transport model = {.protocol = &pipe_protocol,
                                  .wire = &pipe_wire,
                                  .layer = pipe,
                                  .serving = &child->open,
                                  .ways = fd ? XIE_TRANSPORT_READS : XIE_TRANSPORT_WRITES};
    pipe->child = child;
    int error = *stream ? xie_transport_adopt_as(*stream, &model, pipe, &pipe->transport) : 0;
    if (error || !*stream)
        return error;
    *stream = NULL;
    pipe->transport->made = true; /* it is there when the child's protocol first hears */
    return 0;
}

/* It runs, and has a protocol that is told. */
static int introduce(struct child *child, const struct xie_protocol *protocol, void *arg)
{
    struct xie_transport *transport = &child->transport;
    int error = 0;
    for (int fd = 0; fd < 3 && !error; fd++)
        error = adopt_pipe(child, fd);
    if (error)
        return error;
    transport->self = protocol->create ? protocol->create(arg) : arg;
    if (protocol->create && !transport->self)
        return -ENOMEM;
    transport->protocol = protocol;
    return 0;
}

int xie_subprocess_open(const struct xie_process_options *options,
                        const struct xie_protocol *protocol, void *arg,
                        struct xie_transport **transport)
{
    static const struct xie_protocol nobody;
    struct xie_transport model = {
        .kind = &child_kind, .wire = &child_wire, .protocol = &nobody, .fd = -1};
    struct xie_transport *made;
    int error = xie_transport_open(&model, NULL, &made);
    if (error)
        return error;
    struct child *child = of(made);
    error = xie_process_open(options, &child->process);
    if (error) {
        xie_transport_discard(made);
        return error;
    }
    attach(child);
    error = introduce(child, protocol, arg);
    if (error) {
        xie_transport_abort(made); /* the loop ends it, and nobody hears of that */
        return error;
    }
    if (transport)
        *transport = made;
    return 0;
}

/* --- asking and telling it ------------------------------------------------------------ */

int xie_subprocess_get_pid(const struct xie_transport *transport)
{
    return transport->kind == &child_kind ? of(transport)->pid : -EOPNOTSUPP;
}

int xie_subprocess_get_status(const struct xie_transport *transport,
                              struct xie_process_status *status)
{
    if (transport->kind != &child_kind)
        return -EOPNOTSUPP;
    const struct child *child = of(transport);
    int outcome = child->told ? child->outcome : -EBUSY;
    if (!outcome)
        *status = child->status;
    return outcome;
}

struct xie_transport *xie_subprocess_get_pipe_transport(const struct xie_transport *transport,
                                                        int fd)
{
    if (transport->kind != &child_kind || fd < 0 || fd > 2)
        return NULL;
    return of(transport)->pipes[fd].transport;
}

int xie_subprocess_send_signal(struct xie_transport *transport, int signal)
{
    if (transport->kind != &child_kind)
        return -EOPNOTSUPP;
    struct xie_process *process = of(transport)->process;
    return process ? xie_process_send_signal(process, signal) : -ESRCH;
}

int xie_subprocess_wait(struct xie_transport *transport, struct xie_process_status *status)
{
    struct xie_task *self;
    if (transport->kind != &child_kind)
        return -EOPNOTSUPP;
    struct child *child = of(transport);
    xie_transport_ref(transport); /* before others may run */
    int error = xie_wait_enter(&self);
    if (!error && !child->told)
        error = xie_waiters_wait(&child->waiters, self, "xie_subprocess_wait", NULL);
    if (!error)
        error = child->outcome;
    if (!error && status)
        *status = child->status;
    xie_transport_unref(transport);
    return error;
}

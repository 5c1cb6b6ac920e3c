/* uring.c - operations by io_uring(7): the kernel does them, and tells when they are done.
 * Floor 2. One system call a turn submits all that was started and waits; none when there
 * is nothing to submit and nothing has come. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <liburing.h>
#include <poll.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/sys.h"
#include "loop/loop.h"
#include "loop/readiness.h"
#include "loop/wakeup.h"

enum {
    SQ_ENTRIES = 512,       /* more started in one turn: one more system call */
    CQ_ENTRIES = 4096,      /* more done at once: the kernel keeps the rest in memory */
    LEN_MOST = 0x7ffff000,  /* MAX_RW_COUNT: what one call transfers; an SQE has 32 bits */
    TRY_LEAST = 16 * 1024,  /* bytes of a send that is tried first; see uring_submit */
    DRAIN_NS = 100000000,   /* of a wait for operations taken back at the close */
    DRAIN_WAITS_MOST = 100, /* then the rest is left to the kernel */
};

/* Linux 5.13; older kernels do better with epoll. */
#define FEATURES                                                               \
    (IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_RW_CUR_POS | \
     IORING_FEAT_FAST_POLL | IORING_FEAT_EXT_ARG | IORING_FEAT_RSRC_TAGS)

/* A century: some kernels add the time since boot without a look at what that overflows to. */
#define TIMEOUT_MOST_NS (INT64_C(876600) * XIE_HOUR)

/* user_data: an operation's address, or one of these */
enum { TAG_CANCEL = 1, TAG_WAKEUP = 2, TAG_DRAIN = 3, TAGS_END = 8 };

/* op->phase */
enum {
    PHASE_POLL = 1,   /* the kernel had no way but to say EAGAIN: it polls, and then we try */
    PHASE_QUEUED = 2, /* in the backlog: to be submitted or, when canceling, to be taken back */
    PHASE_PAUSE = 4,  /* its poll ended in vain, and would again: it is polled anew after a pause */
    PHASE_PAUSES = 8  /* this and the bits above: how many pauses there were */
};

/* The last is taken again and again. */
static const struct __kernel_timespec pauses[] = {
    {.tv_nsec = XIE_MILLISECOND},      {.tv_nsec = 2 * XIE_MILLISECOND},
    {.tv_nsec = 4 * XIE_MILLISECOND},  {.tv_nsec = 8 * XIE_MILLISECOND},
    {.tv_nsec = 16 * XIE_MILLISECOND}, {.tv_nsec = 32 * XIE_MILLISECOND},
    {.tv_nsec = 64 * XIE_MILLISECOND},
};
enum { PAUSES_MOST = sizeof(pauses) / sizeof(pauses[0]) };

struct uring_state {
    struct io_uring ring;
    struct xie_wakeup wakeup;
    struct xie_op *backlog; /* a ring: found no room in the submission queue */
    bool listening;         /* the poll of the wakeup is armed */
    bool draining;          /* nothing goes on: it is the close */
    bool undrained;         /* this kernel cannot take all back at once (before 5.19) */
};

/* --- the backlog -------------------------------------------------------------------- */

static void backlog_push(struct uring_state *state, struct xie_op *op)
{
    struct xie_op *head = state->backlog ? state->backlog : op;
    op->next = head;
    op->prev = state->backlog ? head->prev : op;
    op->prev->next = op;
    head->prev = op;
    state->backlog = head;
    op->phase |= PHASE_QUEUED;
}

static void backlog_remove(struct uring_state *state, struct xie_op *op)
{
    op->prev->next = op->next;
    op->next->prev = op->prev;
    if (state->backlog == op)
        state->backlog = op->next == op ? NULL : op->next;
    op->phase &= (uint8_t)~PHASE_QUEUED;
}

/* --- submitting --------------------------------------------------------------------- */

static struct io_uring_sqe *take_sqe(struct uring_state *state)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&state->ring);
    if (sqe)
        return sqe;
    io_uring_submit(&state->ring); /* where it fails there is still no room */
    return io_uring_get_sqe(&state->ring);
}

static unsigned poll_mask(const struct xie_op *op)
{
    switch (op->kind) {
    case XIE_OP_POLL:
        return (unsigned)op->flags;
    case XIE_OP_SEND:
    case XIE_OP_SENDMSG:
    case XIE_OP_WRITEV:
    case XIE_OP_WRITE_AT:
        return POLLOUT;
    default:
        return POLLIN;
    }
}

static unsigned bounded(size_t len)
{
    return len < LEN_MOST ? (unsigned)len : LEN_MOST;
}

static void prepare_pause(struct io_uring_sqe *sqe, const struct xie_op *op)
{
    const struct __kernel_timespec *pause = &pauses[op->phase / PHASE_PAUSES - 1];
    io_uring_prep_timeout(sqe, (struct __kernel_timespec *)(uintptr_t)pause, 0, 0);
}

static void prepare(struct io_uring_sqe *sqe, struct xie_op *op)
{
    switch (op->phase & PHASE_POLL ? XIE_OP_POLL : op->kind) {
    case XIE_OP_RECV:
        io_uring_prep_recv(sqe, op->fd, op->buf, bounded(op->len), op->flags);
        break;
    case XIE_OP_SEND:
        io_uring_prep_send(sqe, op->fd, op->buf, bounded(op->len), op->flags | MSG_NOSIGNAL);
        break;
    case XIE_OP_RECVMSG:
        io_uring_prep_recvmsg(sqe, op->fd, op->message, (unsigned)op->flags | MSG_CMSG_CLOEXEC);
        break;
    case XIE_OP_SENDMSG:
        io_uring_prep_sendmsg(sqe, op->fd, op->message, (unsigned)op->flags | MSG_NOSIGNAL);
        break;
    case XIE_OP_READV:
        io_uring_prep_readv(sqe, op->fd, op->parts, (unsigned)op->count, (uint64_t)-1);
        break;
    case XIE_OP_WRITEV:
        io_uring_prep_writev(sqe, op->fd, op->parts, (unsigned)op->count, (uint64_t)-1);
        break;
    case XIE_OP_ACCEPT:
        io_uring_prep_accept(sqe, op->fd, op->address, op->address ? &op->address_len : NULL,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
        break;
    case XIE_OP_CONNECT:
        io_uring_prep_connect(sqe, op->fd, op->address, op->address_len);
        break;
    case XIE_OP_READ_AT:
        io_uring_prep_read(sqe, op->fd, op->buf, bounded(op->len), (uint64_t)op->offset);
        break;
    case XIE_OP_WRITE_AT:
        io_uring_prep_write(sqe, op->fd, op->buf, bounded(op->len), (uint64_t)op->offset);
        break;
    case XIE_OP_SYNC:
        io_uring_prep_fsync(sqe, op->fd, op->flags ? IORING_FSYNC_DATASYNC : 0);
        break;
    default: /* XIE_OP_POLL */
        io_uring_prep_poll_add(sqe, op->fd, poll_mask(op));
    }
}

/* What op is in want of: to be submitted, or taken back. */
static void prepare_either(struct io_uring_sqe *sqe, struct xie_op *op)
{
    if (op->canceling) {
        io_uring_prep_cancel(sqe, op, 0);
        io_uring_sqe_set_data64(sqe, TAG_CANCEL);
        return;
    }
    if (op->phase & PHASE_PAUSE)
        prepare_pause(sqe, op);
    else
        prepare(sqe, op);
    io_uring_sqe_set_data(sqe, op);
}

/* In the order of the calls, whether there is room or not. */
static void start(struct uring_state *state, struct xie_op *op)
{
    struct io_uring_sqe *sqe = state->backlog ? NULL : take_sqe(state);
    if (sqe)
        prepare_either(sqe, op);
    else
        backlog_push(state, op);
}

static void flush_backlog(struct uring_state *state)
{
    struct io_uring_sqe *sqe;
    while (state->backlog && (sqe = take_sqe(state))) {
        struct xie_op *op = state->backlog;
        backlog_remove(state, op);
        prepare_either(sqe, op);
    }
}

/* Not tried by a system call first: between pairs of tasks that send each other a byte, that
 * took a third more processor time for receiving, and gained nothing for sending. But a long send
 * that is done at once leaves its buffer, still in the cache, to the next. */
static bool uring_submit(struct xie_loop *loop, struct xie_op *op)
{
    if (op->kind == XIE_OP_SEND && op->len >= TRY_LEAST) {
        op->result = xie_sys_send(op->fd, op->buf, op->len, op->flags | MSG_DONTWAIT);
        if (op->result != -EAGAIN)
            return true;
    }
    start(loop->state, op);
    return false;
}

/* op is done when its own completion comes, not before: the kernel has its buffer till then. */
static void uring_cancel(struct xie_loop *loop, struct xie_op *op)
{
    struct uring_state *state = loop->state;
    if (op->phase & PHASE_QUEUED) { /* the kernel has not heard of it */
        backlog_remove(state, op);
        xie_op_complete(loop, op, -ECANCELED);
        return;
    }
    start(state, op);
}

/* A pending operation holds its file itself, and none is pending. */
static void uring_forget(struct xie_loop *loop, int fd)
{
    (void)loop, (void)fd;
}

/* More than the eventfd's readiness is never asked, so it need never be read: each write
 * makes the poll, which stays armed, speak again. */
static void arm_wakeup(struct uring_state *state)
{
    struct io_uring_sqe *sqe = take_sqe(state);
    state->listening = sqe;
    if (!sqe)
        return; /* no room even after submitting: the next wait tries again */
    io_uring_prep_poll_multishot(sqe, state->wakeup.fd, POLLIN);
    io_uring_sqe_set_data64(sqe, TAG_WAKEUP);
}

/* --- completions -------------------------------------------------------------------- */

/* A poll ended with nothing of what was asked: the peer of a socket has said all it has to say
 * (POLLRDHUP), which the kernel tells at once, asked or not, and would for ever. Or the pause
 * after that is over. */
static void pause_or_poll(struct xie_op *op)
{
    op->phase ^= PHASE_PAUSE;
    if (op->phase & PHASE_PAUSE && op->phase / PHASE_PAUSES < PAUSES_MOST)
        op->phase += PHASE_PAUSES;
}

/* Must op go on after result? Then it is started again, its phase set. */
static bool goes_on(struct uring_state *state, struct xie_op *op, int *result)
{
    bool polled = (op->phase & PHASE_POLL || op->kind == XIE_OP_POLL) && *result > 0;
    if (polled)
        *result &= (int)(poll_mask(op) | POLLERR | POLLHUP);
    bool vain = polled ? !*result : op->phase & PHASE_PAUSE && *result == -ETIME;
    bool tries = polled && !vain && op->kind != XIE_OP_POLL;
    if (op->canceling || state->draining) {
        if (vain || tries || *result == -EINTR || *result == -EAGAIN)
            *result = -ECANCELED;
        return false;
    }
    if (tries)
        *result = (int)xie_op_transfer(op);
    if (vain)
        pause_or_poll(op);
    else if (*result == -EAGAIN && op->kind != XIE_OP_CONNECT && op->kind != XIE_OP_POLL)
        op->phase |= PHASE_POLL;
    else if (*result != -EINTR)
        return false;
    start(state, op);
    return true;
}

/* A completion that is no operation's. */
static void hear(struct uring_state *state, uint64_t tag, int result, unsigned flags)
{
    if (tag == TAG_WAKEUP) {
        xie_wakeup_take(&state->wakeup);
        state->listening = flags & IORING_CQE_F_MORE;
    } else if (tag == TAG_DRAIN) {
        state->undrained = result == -EINVAL;
    }
}

static void finish(struct xie_loop *loop, struct xie_op *op, int result)
{
    struct uring_state *state = loop->state;
    if (op->phase & PHASE_QUEUED) /* it ended before it could be taken back */
        backlog_remove(state, op);
    if (!goes_on(state, op, &result))
        xie_op_complete(loop, op, result);
}

/* What has come by now; what comes meanwhile is for the next turn. return how many */
static unsigned reap(struct xie_loop *loop)
{
    struct uring_state *state = loop->state;
    unsigned count = io_uring_cq_ready(&state->ring);
    for (unsigned i = 0; i < count; i++) {
        struct io_uring_cqe *cqe;
        if (io_uring_peek_cqe(&state->ring, &cqe))
            return i;
        uint64_t data = cqe->user_data;
        int result = cqe->res;
        unsigned flags = cqe->flags;
        io_uring_cqe_seen(&state->ring, cqe); /* before anything that submits */
        if (data < TAGS_END)
            hear(state, data, result, flags);
        else
            finish(loop, (struct xie_op *)(uintptr_t)data, result);
    }
    return count;
}

/* --- waiting ------------------------------------------------------------------------ */

/* Look without waiting; without a system call where that can tell nothing new. */
static int look(struct uring_state *state)
{
    unsigned flags = IO_URING_READ_ONCE(*state->ring.sq.kflags);
    if (!io_uring_sq_ready(&state->ring) && !(flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)))
        return 0;
    return io_uring_submit_and_get_events(&state->ring);
}

/* Submit and wait for one completion: one system call. */
static int wait_one(struct uring_state *state, int64_t timeout_ns)
{
    struct io_uring_cqe *cqe;
    struct __kernel_timespec timeout = {.tv_sec = timeout_ns / XIE_SECOND,
                                        .tv_nsec = timeout_ns % XIE_SECOND};
    return io_uring_submit_and_wait_timeout(&state->ring, &cqe, 1,
                                            timeout_ns > TIMEOUT_MOST_NS ? NULL : &timeout, NULL);
}

/* Not worth the name of failure: time is over, a signal came, or the kernel has to be
 * relieved of completions (or is short of memory) before it takes more; the rest of the
 * submissions then stays where it is, for the next turn. */
static bool passing(int error)
{
    return error == -ETIME || error == -EINTR || error == -EBUSY || error == -EAGAIN ||
           error == -ENOMEM;
}

static int uring_wait(struct xie_loop *loop, int64_t timeout_ns)
{
    struct uring_state *state = loop->state;
    if (reap(loop))
        timeout_ns = 0;
    if (!state->listening)
        arm_wakeup(state);
    flush_backlog(state);
    bool still = timeout_ns && state->listening && !state->backlog;
    int result = still ? wait_one(state, timeout_ns) : look(state);
    reap(loop);
    return result >= 0 || passing(result) ? 0 : result;
}

static void uring_wake(struct xie_loop *loop)
{
    struct uring_state *state = loop->state;
    xie_wakeup_call(&state->wakeup);
}

/* --- open and close ----------------------------------------------------------------- */

/* The best that the kernel knows: completions gathered in our own thread, when we ask for
 * them (6.1); without interrupting it (5.19); any. */
static int make_ring(struct io_uring *ring)
{
    static const unsigned flags[] = {
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SINGLE_ISSUER |
            IORING_SETUP_DEFER_TASKRUN,
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_COOP_TASKRUN, 0};
    int error = xie_fault_check(XIE_FAULT_SYSCALL);
    if (error)
        return error;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        struct io_uring_params params = {.flags = flags[i] | IORING_SETUP_CQSIZE,
                                         .cq_entries = CQ_ENTRIES};
        error = io_uring_queue_init_params(SQ_ENTRIES, ring, &params);
        if (error != -EINVAL)
            break;
    }
    return error;
}

/* Can this kernel do what is asked of it here? */
static int check_ring(struct io_uring *ring)
{
    static const int needed[] = {IORING_OP_RECV,         IORING_OP_SEND,    IORING_OP_RECVMSG,
                                 IORING_OP_SENDMSG,      IORING_OP_READV,   IORING_OP_WRITEV,
                                 IORING_OP_ACCEPT,       IORING_OP_CONNECT, IORING_OP_POLL_ADD,
                                 IORING_OP_READ,         IORING_OP_WRITE,   IORING_OP_FSYNC,
                                 IORING_OP_ASYNC_CANCEL, IORING_OP_TIMEOUT};
    if ((ring->features & FEATURES) != FEATURES)
        return -ENOSYS;
    struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
    if (!probe)
        return -ENOMEM;
    bool fine = true;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        fine = fine && io_uring_opcode_supported(probe, needed[i]);
    io_uring_free_probe(probe);
    return fine ? 0 : -ENOSYS;
}

/* A sandbox may let the ring be made and then not be entered: better to know now. */
static int enter_ring(struct uring_state *state)
{
    arm_wakeup(state);
    int submitted = io_uring_submit(&state->ring);
    if (submitted < 0)
        return submitted;
    return submitted == 1 ? 0 : -EAGAIN;
}

/* A ring may lie where another thread's lay, whose last use was before: said for TSan, which sees
 * neither unmapped nor mapped. */
static void order_rings(void)
{
    static unsigned rings;
    __atomic_add_fetch(&rings, 1, __ATOMIC_ACQ_REL);
}

static void close_ring(struct io_uring *ring)
{
    order_rings();
    io_uring_queue_exit(ring);
}

/* valgrind sees none of the kernel's writes, and stops every thread while one is entered. */
static int uring_open(struct xie_loop *loop)
{
    if (XIE_VALGRIND_RUNS)
        return -ENOSYS;
    struct uring_state *state = xie_alloc_zero(sizeof(*state));
    if (!state)
        return -ENOMEM;
    int error = make_ring(&state->ring);
    if (error)
        goto free_state;
    order_rings();
    error = check_ring(&state->ring);
    if (error)
        goto close_ring;
    error = xie_wakeup_open(&state->wakeup);
    if (error)
        goto close_ring;
    error = enter_ring(state);
    if (error)
        goto close_wakeup;
    io_uring_register_ring_fd(&state->ring); /* entering is cheaper then; no matter if not */
    loop->state = state;
    return 0;

close_wakeup:
    xie_wakeup_close(&state->wakeup);
close_ring:
    close_ring(&state->ring);
free_state:
    xie_release(state);
    return error;
}

/* The ring's end takes operations back too, but some time after it returned. */
static void drain(struct xie_loop *loop)
{
    struct uring_state *state = loop->state;
    for (struct xie_op *op; (op = state->backlog);) {
        backlog_remove(state, op);
        if (!op->canceling)
            xie_op_complete(loop, op, -ECANCELED);
    }
    state->draining = true;
    for (int i = 0; loop->pending && !state->undrained && i < DRAIN_WAITS_MOST; i++) {
        struct io_uring_sqe *sqe = take_sqe(state);
        if (sqe) {
            io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
            io_uring_sqe_set_data64(sqe, TAG_DRAIN);
        }
        if (uring_wait(loop, DRAIN_NS))
            return;
    }
}

static void uring_close(struct xie_loop *loop)
{
    struct uring_state *state = loop->state;
    if (loop->pending)
        drain(loop);
    close_ring(&state->ring);
    xie_wakeup_close(&state->wakeup);
    xie_release(state);
}

const struct xie_backend xie_backend_uring = {
    .name = "uring",
    .files = true,
    .open = uring_open,
    .close = uring_close,
    .submit = uring_submit,
    .cancel = uring_cancel,
    .forget = uring_forget,
    .wait = uring_wait,
    .wake = uring_wake,
};

/* bare_uring.c - the limit on io_uring: an echo server with nothing between it and the kernel.
 * Multishot accept and receive into a ring of buffers, one system call a turn; each buffer goes
 * back when it was sent. Prints its port, and serves until it is killed. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bare.h"

enum {
    ENTRIES = 1024,     /* of the submission queue */
    COMPLETIONS = 8192, /* of the other */
    BUFFERS = 1024,     /* in the ring, a power of two */
    BUFFER = 64 * 1024, /* [bytes] */
    GROUP = 1,
    NONE = -1
};

enum { ACCEPT = 1, RECEIVE = 2, SEND = 3, KINDS = 3 }; /* in user_data's lowest bits */

/* What came and was not sent is a list of buffers, of which the first is under way. */
struct connection {
    struct connection *next; /* among those that wait for a buffer */
    int fd;
    int first, last;
    bool receiving, ended;
};

static struct io_uring ring;
static struct io_uring_buf_ring *buffers;
static char *memory;
static int lengths[BUFFERS], nexts[BUFFERS];
static struct connection *hungry;

static struct io_uring_sqe *take(void)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    if (!sqe) {
        io_uring_submit(&ring);
        sqe = io_uring_get_sqe(&ring);
    }
    if (!sqe)
        bare_fail("submission queue");
    return sqe;
}

static void tag(struct io_uring_sqe *sqe, struct connection *connection, int kind)
{
    io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)connection | (uint64_t)kind);
}

static void receive(struct connection *connection)
{
    struct io_uring_sqe *sqe = take();
    io_uring_prep_recv_multishot(sqe, connection->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = GROUP;
    tag(sqe, connection, RECEIVE);
    connection->receiving = true;
}

static void give_back(int buffer)
{
    io_uring_buf_ring_add(buffers, memory + (size_t)buffer * BUFFER, BUFFER, (unsigned short)buffer,
                          io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(buffers, 1);
    struct connection *connection = hungry;
    if (!connection)
        return;
    hungry = connection->next;
    receive(connection);
}

static void send_first(struct connection *connection)
{
    struct io_uring_sqe *sqe = take();
    int buffer = connection->first;
    io_uring_prep_send(sqe, connection->fd, memory + (size_t)buffer * BUFFER,
                       (size_t)lengths[buffer], MSG_NOSIGNAL | MSG_WAITALL);
    tag(sqe, connection, SEND);
}

static void drop_if_done(struct connection *connection)
{
    if (!connection->ended || connection->receiving || connection->first != NONE)
        return;
    close(connection->fd);
    free(connection);
}

static void accepted(int fd, int listener, bool more)
{
    if (fd >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection)
            bare_fail("calloc");
        connection->fd = fd;
        connection->first = connection->last = NONE;
        bare_tune(fd);
        receive(connection);
    }
    if (more)
        return;
    struct io_uring_sqe *sqe = take();
    io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
    tag(sqe, NULL, ACCEPT);
}

static void received(struct connection *connection, int result, unsigned flags)
{
    connection->receiving = flags & IORING_CQE_F_MORE;
    if (result > 0) {
        int buffer = (int)(flags >> IORING_CQE_BUFFER_SHIFT);
        lengths[buffer] = result;
        nexts[buffer] = NONE;
        if (connection->first == NONE) {
            connection->first = connection->last = buffer;
            send_first(connection);
        } else {
            nexts[connection->last] = buffer;
            connection->last = buffer;
        }
        if (!connection->receiving)
            receive(connection);
    } else if (result == -ENOBUFS) {
        connection->receiving = true; /* it will be */
        connection->next = hungry;
        hungry = connection;
    } else {
        connection->ended = true;
        drop_if_done(connection);
    }
}

static void sent(struct connection *connection, int result)
{
    int buffer = connection->first;
    connection->first = nexts[buffer];
    connection->ended |= result != lengths[buffer];
    give_back(buffer);
    if (connection->first != NONE)
        send_first(connection);
    else
        drop_if_done(connection);
}

static void open_ring(void)
{
    struct io_uring_params params = {.flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
                                     .cq_entries = COMPLETIONS};
    int error = io_uring_queue_init_params(ENTRIES, &ring, &params);
    errno = -error;
    if (error)
        bare_fail("io_uring");
    io_uring_register_ring_fd(&ring);
    size_t size = BUFFERS * sizeof(struct io_uring_buf);
    buffers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    memory = mmap(NULL, (size_t)BUFFERS * BUFFER, PROT_READ | PROT_WRITE,
                  MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (buffers == MAP_FAILED || memory == MAP_FAILED)
        bare_fail("mmap");
    struct io_uring_buf_reg group = {
        .ring_addr = (uint64_t)(uintptr_t)buffers, .ring_entries = BUFFERS, .bgid = GROUP};
    error = io_uring_register_buf_ring(&ring, &group, 0);
    errno = -error;
    if (error)
        bare_fail("buffers");
    io_uring_buf_ring_init(buffers);
    for (int i = 0; i < BUFFERS; i++)
        give_back(i);
}

int main(void)
{
    int listener = bare_listen();
    open_ring();
    accepted(-EAGAIN, listener, false);
    for (;;) {
        struct io_uring_cqe *cqe;
        unsigned head, count = 0;
        io_uring_submit_and_wait(&ring, 1);
        io_uring_for_each_cqe(&ring, head, cqe)
        {
            struct connection *connection = (void *)(uintptr_t)(cqe->user_data & ~(uint64_t)KINDS);
            int kind = cqe->user_data & KINDS;
            if (kind == ACCEPT)
                accepted(cqe->res, listener, cqe->flags & IORING_CQE_F_MORE);
            else if (kind == RECEIVE)
                received(connection, cqe->res, cqe->flags);
            else
                sent(connection, cqe->res);
            count++;
        }
        io_uring_cq_advance(&ring, count);
    }
}

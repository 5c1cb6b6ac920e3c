/* readiness.c - try-then-arm: operations for kernels that only tell when to try again.
 * Floor 2. The kernel's mechanism is behind struct xie_poller. */
/* SPDX-License-Identifier: MIT */
#include "loop/readiness.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "base/sys.h"
#include "loop/backend.h"

enum { PAGE_BITS = 8, PAGE_SLOTS = 1 << PAGE_BITS };

/* op->phase of a CONNECT */
enum { CONNECT_UNTRIED, CONNECT_UNDER_WAY };

/* --- slots -------------------------------------------------------------------------- */

int xie_readiness_init(struct xie_readiness *readiness, const struct xie_poller *poller)
{
    *readiness = (struct xie_readiness){.poller = poller};
    return 0;
}

void xie_readiness_fini(struct xie_readiness *readiness)
{
    for (size_t i = 0; i < readiness->page_count; i++)
        xie_release(readiness->pages[i]);
    xie_release(readiness->pages);
    *readiness = (struct xie_readiness){0};
}

/* NULL when nothing ever waited on fd, nor on its neighbours. */
static struct xie_slot *find_slot(struct xie_readiness *readiness, int fd)
{
    size_t page = (size_t)(fd - readiness->first) >> PAGE_BITS;
    if (fd < readiness->first || page >= readiness->page_count || !readiness->pages[page])
        return NULL;
    return &readiness->pages[page][fd & (PAGE_SLOTS - 1)];
}

static int grow(struct xie_readiness *readiness, size_t page)
{
    if (page >= readiness->page_count) {
        size_t count = page + 1 > 2 * readiness->page_count ? page + 1 : 2 * readiness->page_count;
        struct xie_slot **pages = xie_resize(readiness->pages, count * sizeof(*pages));
        if (!pages)
            return -ENOMEM;
        memset(pages + readiness->page_count, 0, (count - readiness->page_count) * sizeof(*pages));
        readiness->pages = pages;
        readiness->page_count = count;
    }
    if (!readiness->pages[page])
        readiness->pages[page] = xie_alloc_zero(PAGE_SLOTS * sizeof(struct xie_slot));
    return readiness->pages[page] ? 0 : -ENOMEM;
}

struct xie_slot *xie_readiness_slot(struct xie_readiness *readiness, int fd)
{
    struct xie_slot *slot = find_slot(readiness, fd);
    if (slot || fd < readiness->first)
        return slot;
    if (grow(readiness, (size_t)(fd - readiness->first) >> PAGE_BITS))
        return slot;
    return find_slot(readiness, fd);
}

int xie_slot_events(const struct xie_slot *slot)
{
    int events = (slot->readers ? POLLIN : 0) | (slot->writers ? POLLOUT : 0);
    const struct xie_op *watcher = slot->watchers;
    if (watcher)
        do
            events |= watcher->flags;
        while ((watcher = watcher->next) != slot->watchers);
    return events;
}

/* --- rings -------------------------------------------------------------------------- */

static struct xie_op **ring_of(struct xie_slot *slot, const struct xie_op *op)
{
    switch (op->kind) {
    case XIE_OP_SEND:
    case XIE_OP_SENDMSG:
    case XIE_OP_WRITEV:
    case XIE_OP_CONNECT:
        return &slot->writers;
    case XIE_OP_POLL:
        return &slot->watchers;
    default:
        return &slot->readers;
    }
}

static void ring_push(struct xie_op **ring, struct xie_op *op)
{
    struct xie_op *head = *ring ? *ring : op;
    op->next = head;
    op->prev = *ring ? head->prev : op;
    op->prev->next = op;
    head->prev = op;
    *ring = head;
}

static void ring_remove(struct xie_op **ring, struct xie_op *op)
{
    op->prev->next = op->next;
    op->next->prev = op->prev;
    if (*ring == op)
        *ring = op->next == op ? NULL : op->next;
}

/* --- trying ------------------------------------------------------------------------- */

int xie_readiness_look(struct xie_loop *loop, int fd, int events)
{
    (void)loop;
    if (fd < 0)
        return -EBADF; /* poll(2) passes over it */
    struct pollfd look = {.fd = fd, .events = (short)events};
    int found = poll(&look, 1, 0);
    if (found <= 0)
        return 0; /* EINTR, ENOMEM: as good as not yet */
    return look.revents & POLLNVAL ? -EBADF : look.revents;
}

/* An unfinished connect answers SO_ERROR with 0, as a finished one does: so look first. */
static int64_t try_connect(struct xie_loop *loop, struct xie_readiness *readiness,
                           struct xie_op *op, bool *again)
{
    if (op->phase == CONNECT_UNTRIED) {
        int result = xie_sys_connect(op->fd, op->address, op->address_len);
        *again = result == -EINPROGRESS || result == -EALREADY;
        op->phase = CONNECT_UNDER_WAY;
        return result;
    }
    int events = readiness->poller->look(loop, op->fd, POLLOUT);
    *again = !events;
    if (events <= 0)
        return events;
    int error = 0;
    socklen_t len = sizeof(error);
    int result = xie_sys_getsockopt(op->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return result < 0 ? result : -error;
}

/* sys.h's calls see to MSG_NOSIGNAL, and to descriptors that are non-blocking. */
int64_t xie_op_transfer(struct xie_op *op)
{
    switch (op->kind) {
    case XIE_OP_RECV:
        return xie_sys_recv(op->fd, op->buf, op->len, op->flags);
    case XIE_OP_SEND:
        return xie_sys_send(op->fd, op->buf, op->len, op->flags);
    case XIE_OP_RECVMSG:
        return xie_sys_recvmsg(op->fd, op->message, op->flags);
    case XIE_OP_SENDMSG:
        return xie_sys_sendmsg(op->fd, op->message, op->flags);
    case XIE_OP_READV:
        return xie_sys_readv(op->fd, op->parts, op->count);
    case XIE_OP_WRITEV:
        return xie_sys_writev(op->fd, op->parts, op->count);
    case XIE_OP_READ_AT:
        return xie_sys_pread(op->fd, op->buf, op->len, op->offset);
    case XIE_OP_WRITE_AT:
        return xie_sys_pwrite(op->fd, op->buf, op->len, op->offset);
    case XIE_OP_SYNC:
        return xie_sys_sync(op->fd, op->flags);
    default: /* XIE_OP_ACCEPT */
        return xie_sys_accept(op->fd, op->address, op->address ? &op->address_len : NULL);
    }
}

/* return true: it has finished with op->result; false: it would block */
static bool try(struct xie_loop *loop, struct xie_readiness *readiness, struct xie_slot *slot,
                struct xie_op *op)
{
    bool again;
    if (slot &&
        (op->kind == XIE_OP_POLL ? op->flags & POLLIN : ring_of(slot, op) == &slot->readers))
        slot->news = false;
    switch (op->kind) {
    case XIE_OP_CONNECT:
        op->result = try_connect(loop, readiness, op, &again);
        return !again;
    case XIE_OP_POLL:
        op->result = readiness->poller->look(loop, op->fd, op->flags);
        return op->result != 0;
    default:
        op->result = xie_op_transfer(op);
        return op->result != -EAGAIN;
    }
}

/* --- the three calls of a backend --------------------------------------------------- */

/* Need op not even be tried? */
static bool must_wait(const struct xie_readiness *readiness, const struct xie_slot *slot,
                      const struct xie_op *op)
{
    return op->dry && readiness->poller->tells && !(slot && (slot->news || slot->spent));
}

bool xie_readiness_submit(struct xie_loop *loop, struct xie_readiness *readiness, struct xie_op *op)
{
    struct xie_slot *slot = find_slot(readiness, op->fd);
    /* Who waits already comes first; a watcher takes nothing away from others. */
    bool queue = slot && *ring_of(slot, op) && op->kind != XIE_OP_POLL;
    if (!queue && !must_wait(readiness, slot, op) && try(loop, readiness, slot, op))
        return true;
    if (!slot)
        slot = xie_readiness_slot(readiness, op->fd);
    if (!slot) {
        op->result = -ENOMEM;
        return true;
    }
    struct xie_op **ring = ring_of(slot, op);
    ring_push(ring, op);
    int error = readiness->poller->arm(loop, op->fd, slot);
    if (!error)
        return false;
    ring_remove(ring, op);
    op->result = error == -EPERM ? -EAGAIN : error; /* always ready, and still would block */
    return true;
}

void xie_readiness_cancel(struct xie_loop *loop, struct xie_readiness *readiness, struct xie_op *op)
{
    struct xie_slot *slot = find_slot(readiness, op->fd);
    ring_remove(ring_of(slot, op), op);
    readiness->poller->disarm(loop, op->fd, slot);
    xie_op_complete(loop, op, -ECANCELED);
}

void xie_readiness_forget(struct xie_loop *loop, struct xie_readiness *readiness, int fd)
{
    struct xie_slot *slot = find_slot(readiness, fd);
    if (!slot)
        return;
    if (slot->readers || slot->writers || slot->watchers)
        xie_misuse("descriptor %d is closed while an operation on it is pending", fd);
    if (slot->armed)
        readiness->poller->drop(loop, fd, slot);
    slot->armed = 0;
    slot->news = slot->spent = false;
    slot->generation++;
}

/* --- being told --------------------------------------------------------------------- */

/* The first come tries first; the first that would block ends it. */
static void run_ring(struct xie_loop *loop, struct xie_readiness *readiness, struct xie_slot *slot,
                     struct xie_op **ring)
{
    while (*ring && try(loop, readiness, slot, *ring)) {
        struct xie_op *op = *ring;
        ring_remove(ring, op);
        xie_op_complete(loop, op, op->result);
    }
}

/* Each watches for events of its own. fresh: the kernel has just said so, and nobody has read or
 * written since; else it must be looked at again. */
static void run_watchers(struct xie_loop *loop, struct xie_readiness *readiness,
                         struct xie_slot *slot, int events, bool fresh)
{
    struct xie_op *last = slot->watchers ? slot->watchers->prev : NULL;
    for (struct xie_op *op = slot->watchers, *next; last; op = next) {
        next = op->next;
        bool end = op == last;
        op->result = events & (op->flags | POLLERR | POLLHUP);
        if (fresh ? op->result != 0 : try(loop, readiness, slot, op)) {
            slot->news &= !(op->flags & POLLIN); /* that is heard, by being told */
            ring_remove(&slot->watchers, op);
            xie_op_complete(loop, op, op->result);
        }
        if (end)
            break;
    }
}

void xie_readiness_ready(struct xie_loop *loop, struct xie_readiness *readiness, int fd,
                         uint32_t generation, int events)
{
    struct xie_slot *slot = find_slot(readiness, fd);
    if (!slot || slot->generation != generation)
        return;
    int before = xie_slot_events(slot);
    bool fresh = !slot->readers && !slot->writers;
    slot->news |= (events & ~POLLOUT) != 0;
    slot->spent |= (events & (POLLRDHUP | POLLHUP | POLLERR | POLLPRI)) != 0;
    if (events & ~POLLOUT)
        run_ring(loop, readiness, slot, &slot->readers);
    if (events & (POLLOUT | POLLERR | POLLHUP))
        run_ring(loop, readiness, slot, &slot->writers);
    run_watchers(loop, readiness, slot, events, fresh);
    if (xie_slot_events(slot) != before)
        readiness->poller->disarm(loop, fd, slot);
}

/* sim.c - the backend: a clock that jumps to what happens next, and the order of telling.
 * Floor 2. Our sockets are looked at when they changed; the kernel's by poll(2). While
 * a thread or a real descriptor could act, time goes no faster than the real one. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>

#include "base/memory.h"
#include "loop/loop.h"
#include "loop/sim.h"

enum {
    TURN_NS = 10000, /* what a turn with something to do costs, so that time cannot stand still */
    STILL_MOST = 64, /* waits in a row that were told at once, and cost nothing: then one does */
    LOOK_NS = 20000000, /* are there other threads still? They may end without a word */
    SHUFFLED = 8        /* of those that are ready, any of so many may be told first */
};

static const int64_t beginning = 1000 * XIE_SECOND;

/* --- what readiness.c asks for: our sockets ------------------------------------------------------
 */

static int own_arm(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    struct xie_sim_socket *self;
    (void)loop;
    (void)slot;
    int error = xie_sim_find(fd, &self);
    if (!error)
        xie_sim_changed(self);
    return error;
}

static void own_disarm(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    (void)loop;
    (void)fd;
    (void)slot;
}

static int own_look(struct xie_loop *loop, int fd, int events)
{
    struct xie_sim_socket *self;
    (void)loop;
    int error = xie_sim_find(fd, &self);
    return error ? error : xie_sim_events(self) & (events | POLLERR | POLLHUP);
}

static const struct xie_poller own_poller = {
    .arm = own_arm, .disarm = own_disarm, .drop = own_disarm, .look = own_look};

/* --- and the kernel's descriptors --------------------------------------------------- */

static int real_arm(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    struct xie_sim *sim = loop->state;
    if (slot->armed)
        return 0;
    if (sim->real_count == sim->real_cap) {
        size_t cap = sim->real_cap ? 2 * sim->real_cap : 8;
        struct pollfd *polls = xie_resize(sim->polls, (cap + 1) * sizeof(*polls));
        if (!polls)
            return -ENOMEM;
        sim->polls = polls;
        sim->real_cap = cap;
    }
    slot->place = (uint32_t)sim->real_count;
    slot->armed = 1;
    sim->polls[sim->real_count++].fd = fd;
    return 0;
}

static void real_drop(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    struct xie_sim *sim = loop->state;
    int last = sim->polls[--sim->real_count].fd;
    slot->armed = 0;
    if (last == fd)
        return;
    sim->polls[slot->place] = sim->polls[sim->real_count];
    xie_readiness_slot(&sim->real, last)->place = slot->place;
}

static void real_disarm(struct xie_loop *loop, int fd, struct xie_slot *slot)
{
    if (slot->armed && !xie_slot_events(slot))
        real_drop(loop, fd, slot);
}

static const struct xie_poller real_poller = {
    .arm = real_arm, .disarm = real_disarm, .drop = real_drop, .look = xie_readiness_look};

/* Really wait, up to timeout_ns. return how many were told */
static int poll_real(struct xie_sim *sim, int64_t timeout_ns)
{
    struct timespec timeout = {.tv_sec = timeout_ns / XIE_SECOND,
                               .tv_nsec = timeout_ns % XIE_SECOND};
    size_t count = sim->real_count;
    for (size_t i = 0; i < count; i++) {
        struct xie_slot *slot = xie_readiness_slot(&sim->real, sim->polls[i].fd);
        sim->polls[i].events = (short)xie_slot_events(slot);
    }
    sim->polls[count] = (struct pollfd){.fd = sim->wakeup.fd, .events = POLLIN};
    int found = ppoll(sim->polls, count + 1, timeout_ns == XIE_NEVER ? NULL : &timeout, NULL);
    if (found <= 0)
        return 0;
    for (size_t i = count; i-- > 0;) { /* backwards: one that goes is replaced by the last */
        struct pollfd one = sim->polls[i];
        if (one.revents)
            xie_readiness_ready(sim->loop, &sim->real, one.fd,
                                xie_readiness_slot(&sim->real, one.fd)->generation, one.revents);
    }
    return found;
}

/* --- telling ------------------------------------------------------------------------ */

/* One of the first few, by chance. */
static struct xie_sim_socket *draw(struct xie_sim *sim, struct xie_link *list)
{
    unsigned count = 0;
    struct xie_link *link = list->next;
    for (struct xie_link *at = link; at != list && count < SHUFFLED; at = at->next)
        count++;
    for (uint64_t skip = count > 1 ? xie_sim_below(sim, count) : 0; skip; skip--)
        link = link->next;
    xie_list_remove(link);
    return XIE_CONTAINER(link, struct xie_sim_socket, changed);
}

/* return true: somebody waits for what the socket has */
static bool tell(struct xie_sim *sim, struct xie_sim_socket *self)
{
    if (self->fd < 0)
        return false;
    struct xie_slot *slot = xie_readiness_slot(&sim->own, self->fd);
    int wanted = slot ? xie_slot_events(slot) : 0, events = xie_sim_events(self);
    if (!wanted || !(events & (wanted | POLLERR | POLLHUP)))
        return false;
    xie_sim_trace(sim, XIE_SIM_SAW_READY, self->serial, (uint64_t)events);
    xie_readiness_ready(sim->loop, &sim->own, self->fd, slot->generation, events);
    if (xie_slot_events(slot)) /* others wait, or a fault said to come again */
        xie_sim_changed(self);
    return true;
}

/* Tell those whose sockets changed; what changes meanwhile is for the next time. */
static bool tell_changed(struct xie_sim *sim)
{
    struct xie_link list = {&list, &list};
    bool told = false;
    while (!xie_list_empty(&sim->changed)) {
        struct xie_link *link = sim->changed.next;
        xie_list_remove(link);
        xie_list_push(&list, link);
    }
    while (!xie_list_empty(&list))
        told |= tell(sim, draw(sim, &list));
    return told;
}

/* What has come by now. */
static bool look(struct xie_sim *sim)
{
    xie_timers_run(&sim->network, sim->now, SIZE_MAX);
    bool told = tell_changed(sim);
    if (sim->real_count)
        told |= poll_real(sim, 0) > 0;
    if (!xie_wakeup_pending(&sim->wakeup))
        return told;
    xie_wakeup_drain(&sim->wakeup);
    xie_wakeup_take(&sim->wakeup);
    return true;
}

/* --- waiting ------------------------------------------------------------------------ */

/* TSan keeps a thread of its own in every process. */
extern void __tsan_init(void) __attribute__((weak));

static bool other_threads(void)
{
    struct stat status;
    nlink_t alone = 2 + 1 + (__tsan_init ? 1 : 0); /* a directory for each: proc(5) */
    alone += xie_watchdog_threads();
    return !stat("/proc/self/task", &status) && status.st_nlink > alone;
}

/* Somebody outside may be at work for us: let the time pass that he may need, at most up to
 * next, and most_ns. */
static void wait_really(struct xie_sim *sim, int64_t next, int64_t most_ns)
{
    int64_t before = xie_sys_linux.clock();
    int64_t left = next == XIE_NEVER ? XIE_NEVER : next - sim->now;
    poll_real(sim, left < most_ns ? left : most_ns);
    int64_t passed = xie_sys_linux.clock() - before;
    sim->now = next - sim->now > passed ? sim->now + passed : next;
}

static int sim_wait(struct xie_loop *loop, int64_t timeout_ns)
{
    struct xie_sim *sim = loop->state;
    if (!timeout_ns || sim->still == STILL_MOST) {
        sim->now += TURN_NS;
        sim->still = 0;
    }
    sim->still++;
    if (look(sim) || !timeout_ns)
        return 0;
    sim->still = 0;
    int64_t next = xie_timers_next(&sim->network);
    if (timeout_ns < XIE_NEVER - sim->now && sim->now + timeout_ns < next)
        next = sim->now + timeout_ns;
    /* Who awaits a signal awaits it for ever, perhaps: that alone keeps no time from jumping. */
    if ((next == XIE_NEVER && loop->external) || sim->real_count)
        wait_really(sim, next, XIE_NEVER);
    else if (other_threads())
        wait_really(sim, next, LOOK_NS);
    else if (next == XIE_NEVER)
        return XIE_EDEADLOCK;
    else
        sim->now = next;
    xie_sim_trace(sim, XIE_SIM_SAW_JUMP, 0, 0);
    look(sim);
    return 0;
}

static void sim_wake(struct xie_loop *loop)
{
    struct xie_sim *sim = loop->state;
    xie_wakeup_call(&sim->wakeup);
}

/* --- operations --------------------------------------------------------------------- */

static struct xie_readiness *readiness_of(struct xie_loop *loop, int fd)
{
    struct xie_sim *sim = loop->state;
    return fd >= XIE_SIM_FIRST ? &sim->own : &sim->real;
}

static bool sim_submit(struct xie_loop *loop, struct xie_op *op)
{
    return xie_readiness_submit(loop, readiness_of(loop, op->fd), op);
}

static void sim_cancel(struct xie_loop *loop, struct xie_op *op)
{
    xie_readiness_cancel(loop, readiness_of(loop, op->fd), op);
}

static void sim_forget(struct xie_loop *loop, int fd)
{
    xie_readiness_forget(loop, readiness_of(loop, fd), fd);
}

/* --- open and close ----------------------------------------------------------------- */

static void world_init(struct xie_sim *sim, struct xie_loop *loop)
{
    sim->loop = loop;
    sim->now = beginning;
    sim->random = loop->seed;
    xie_list_init(&sim->changed);
    xie_list_init(&sim->paths);
    xie_list_init(&sim->packets);
    for (int i = 0; i < XIE_SIM_BUCKETS; i++)
        xie_list_init(&sim->bound[i]);
    xie_timers_init(&sim->network, sim->now);
    xie_readiness_init(&sim->real, &real_poller);
    xie_readiness_init(&sim->own, &own_poller);
    sim->own.first = XIE_SIM_FIRST;
    sim->port = (uint16_t)xie_sim_below(sim, UINT16_MAX + 1);
}

static int sim_open(struct xie_loop *loop)
{
    struct xie_sim *sim = xie_alloc_zero(sizeof(*sim));
    if (!sim)
        return -ENOMEM;
    int error = xie_sim_chances_init(&sim->chances);
    sim->polls = error ? NULL : xie_alloc(sizeof(*sim->polls));
    if (!error && !sim->polls)
        error = -ENOMEM;
    if (!error)
        error = xie_wakeup_open(&sim->wakeup);
    if (error) {
        xie_release(sim->polls);
        xie_release(sim);
        return error;
    }
    world_init(sim, loop);
    loop->state = sim;
    xie_sim_here = sim;
    xie_sys_use(&xie_sim_sys);
    return 0;
}

static void sim_close(struct xie_loop *loop)
{
    struct xie_sim *sim = loop->state;
    xie_sim_close_all(sim);
    xie_sim_packets_forget(sim);
    xie_sim_forget_paths(sim);
    xie_sys_use(NULL);
    xie_sim_here = NULL;
    xie_readiness_fini(&sim->own);
    xie_readiness_fini(&sim->real);
    xie_wakeup_close(&sim->wakeup);
    xie_release(sim->polls);
    xie_release(sim);
}

const struct xie_backend xie_backend_sim = {
    .name = "sim",
    .files = true,
    .open = sim_open,
    .close = sim_close,
    .submit = sim_submit,
    .cancel = sim_cancel,
    .forget = sim_forget,
    .wait = sim_wait,
    .wake = sim_wake,
};

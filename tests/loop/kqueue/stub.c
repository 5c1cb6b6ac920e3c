/* stub.c - kqueue(2) as far as kqueue.c goes, over epoll(7) by edge: filters with EV_CLEAR, each
 * with its own udata, and one user event. Regular files are refused, where kqueue takes them. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { QUEUES = 16, DESCRIPTORS = 1 << 16, BATCH = 64 };
enum { READ, WRITE, FILTERS };
#define USER_DATA UINT32_MAX

struct entry {
    void *udata[FILTERS];
    bool added[FILTERS];
};

/* Of one kqueue; found by its descriptor. Nothing tells of a close: so its place is taken again
 * when the descriptor is, and what wakes it is there from the start, for tests that count. */
struct queue {
    int fd, user;
    struct entry *entries;
};

static struct queue queues[QUEUES];

static __attribute__((constructor)) void prepare(void)
{
    for (int i = 0; i < QUEUES; i++)
        queues[i].user = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct queue *find(int fd)
{
    for (int i = 0; i < QUEUES; i++)
        if (queues[i].entries && queues[i].fd == fd)
            return &queues[i];
    return NULL;
}

static struct queue *place(int fd)
{
    struct queue *queue = find(fd);
    for (int i = 0; !queue && i < QUEUES; i++)
        if (!queues[i].entries)
            queue = &queues[i];
    if (!queue)
        abort();
    free(queue->entries);
    return queue;
}

int kqueue(void)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        return fd;
    pthread_mutex_lock(&lock);
    struct queue *queue = place(fd);
    queue->fd = fd;
    queue->entries = calloc(DESCRIPTORS, sizeof *queue->entries);
    pthread_mutex_unlock(&lock);
    return fd;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

static int change_user(struct queue *queue, const struct kevent *change)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = USER_DATA};
    uint64_t one = 1;
    if (change->flags & EV_ADD) {
        while (read(queue->user, &one, sizeof one) > 0)
            ;
        return epoll_ctl(queue->fd, EPOLL_CTL_ADD, queue->user, &event);
    }
    if (change->fflags & NOTE_TRIGGER && write(queue->user, &one, sizeof one) < 0)
        return -1;
    return 0;
}

static int change_filter(struct queue *queue, const struct kevent *change)
{
    if (change->ident >= DESCRIPTORS)
        return fail(EBADF);
    int fd = (int)change->ident, which = change->filter == EVFILT_READ ? READ : WRITE;
    struct entry *entry = &queue->entries[fd], now = *entry;
    if (change->flags & EV_DELETE && !now.added[which])
        return fail(ENOENT);
    bool before = now.added[READ] || now.added[WRITE];
    now.added[which] = !(change->flags & EV_DELETE);
    now.udata[which] = change->udata;
    bool after = now.added[READ] || now.added[WRITE];
    struct epoll_event event = {.events = EPOLLET | (now.added[READ] ? EPOLLIN | EPOLLRDHUP : 0) |
                                          (now.added[WRITE] ? EPOLLOUT : 0),
                                .data.u32 = (uint32_t)fd};
    int how = !after ? EPOLL_CTL_DEL : before ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(queue->fd, how, fd, &event))
        return -1;
    *entry = now;
    return 0;
}

/* What epoll says of one descriptor, as an event for each of its filters. return how many */
static int translate(struct queue *queue, const struct epoll_event *from, struct kevent *to)
{
    static const short filters[] = {EVFILT_READ, EVFILT_WRITE};
    static const uint32_t causes[] = {EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR,
                                      EPOLLOUT | EPOLLHUP | EPOLLERR};
    static const uint32_t ends[] = {EPOLLRDHUP | EPOLLHUP | EPOLLERR, EPOLLHUP | EPOLLERR};
    int count = 0;
    if (from->data.u32 == USER_DATA) {
        EV_SET(to, 0, EVFILT_USER, 0, 0, 0, NULL);
        return 1;
    }
    struct entry *entry = &queue->entries[from->data.u32];
    for (int which = READ; which < FILTERS; which++)
        if (entry->added[which] && from->events & causes[which]) {
            unsigned short end = from->events & ends[which] ? EV_EOF : 0;
            EV_SET(&to[count++], from->data.u32, filters[which], end, 0, 0, entry->udata[which]);
        }
    return count;
}

int kevent(int fd, const struct kevent *changes, int change_count, struct kevent *events,
           int event_count, const struct timespec *timeout)
{
    pthread_mutex_lock(&lock);
    struct queue *queue = find(fd);
    int result = queue ? 0 : fail(EBADF);
    for (int i = 0; i < change_count && !result; i++)
        result = changes[i].filter == EVFILT_USER ? change_user(queue, &changes[i])
                                                  : change_filter(queue, &changes[i]);
    pthread_mutex_unlock(&lock);
    if (result || !event_count)
        return result;
    struct epoll_event found[BATCH];
    int most = event_count / FILTERS < BATCH ? event_count / FILTERS : BATCH;
    int64_t ms =
        timeout ? timeout->tv_sec * INT64_C(1000) + (timeout->tv_nsec + 999999) / 1000000 : -1;
    int told = 0, count = epoll_wait(fd, found, most, (int)ms); /* rounded up: never early */
    if (count < 0)
        return -1;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < count; i++)
        told += translate(queue, &found[i], events + told);
    pthread_mutex_unlock(&lock);
    return told;
}

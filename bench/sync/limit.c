/* limit.c - sync: the same, bare: lines of tasks, first come, first served. */
/* SPDX-License-Identifier: MIT */
#include "lib/tasks.h"
#include "lib/work.h"

#define CALL static __attribute__((noinline)) /* as calls into a library are */

static size_t turns;

struct line {
    struct bare_task *head, **tail;
};

static inline __attribute__((always_inline)) void line_wait(struct line *line)
{
    bare_self->next = NULL;
    *line->tail = bare_self;
    line->tail = &bare_self->next;
    bare_block();
}

/* NULL when nobody waits. */
static inline struct bare_task *line_wake(struct line *line)
{
    struct bare_task *first = line->head;
    if (!first)
        return NULL;
    line->head = first->next;
    if (!line->head)
        line->tail = &line->head;
    bare_ready(first);
    return first;
}

/* --- a queue of eight places --------------------------------------------------------------------
 */

struct queue {
    void *items[8];
    size_t first, count;
    struct line getters, putters;
};

static struct queue ping = {.getters.tail = &ping.getters.head, .putters.tail = &ping.putters.head};
static struct queue pong = {.getters.tail = &pong.getters.head, .putters.tail = &pong.putters.head};

CALL void queue_put(struct queue *queue, void *item)
{
    while (queue->count == 8)
        line_wait(&queue->putters);
    queue->items[(queue->first + queue->count++) % 8] = item;
    line_wake(&queue->getters);
}

CALL void *queue_get(struct queue *queue)
{
    while (!queue->count)
        line_wait(&queue->getters);
    void *item = queue->items[queue->first];
    queue->first = (queue->first + 1) % 8;
    queue->count--;
    line_wake(&queue->putters);
    return item;
}

static void queue_back(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < turns; i += 2)
        queue_put(&pong, queue_get(&ping));
}

static void queue(size_t times)
{
    void *item = &ping;
    turns = times;
    struct bare_task *task = bare_spawn(queue_back, NULL);
    work_begin();
    for (size_t i = 0; i < times; i += 2) {
        queue_put(&ping, item);
        item = queue_get(&pong);
    }
    work_end();
    bare_join(task);
}

/* --- a semaphore --------------------------------------------------------------------------------
 */

struct semaphore {
    size_t value;
    struct line waiters;
};

static struct semaphore there = {.waiters.tail = &there.waiters.head};
static struct semaphore back = {.waiters.tail = &back.waiters.head};

CALL void semaphore_take(struct semaphore *semaphore)
{
    if (semaphore->value)
        semaphore->value--;
    else
        line_wait(&semaphore->waiters);
}

CALL void semaphore_give(struct semaphore *semaphore)
{
    if (!line_wake(&semaphore->waiters))
        semaphore->value++;
}

static void semaphore_back(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < turns; i += 2) {
        semaphore_take(&there);
        semaphore_give(&back);
    }
}

static void semaphore(size_t times)
{
    turns = times;
    struct bare_task *task = bare_spawn(semaphore_back, NULL);
    work_begin();
    for (size_t i = 0; i < times; i += 2) {
        semaphore_give(&there);
        semaphore_take(&back);
    }
    work_end();
    bare_join(task);
}

/* --- a lock ------------------------------------------------------------------------------------
 */

static struct {
    struct bare_task *owner;
    struct line waiters;
} lock = {.waiters.tail = &lock.waiters.head};

CALL void lock_take(void)
{
    if (lock.owner)
        line_wait(&lock.waiters);
    else
        lock.owner = bare_self;
}

CALL void lock_give(void)
{
    lock.owner = line_wake(&lock.waiters);
}

static void uncontended(size_t times)
{
    work_begin();
    for (size_t i = 0; i < times; i++) {
        lock_take();
        lock_give();
    }
    work_end();
}

static void hand_over(void *arg)
{
    (void)arg;
    lock_take();
    for (size_t i = 0; i < turns; i += 2) {
        lock_give();
        lock_take();
    }
    lock_give();
}

static void handed(size_t times)
{
    turns = times;
    lock_take();
    struct bare_task *one = bare_spawn(hand_over, NULL), *two = bare_spawn(hand_over, NULL);
    bare_yield();
    work_begin();
    lock_give();
    bare_join(one);
    bare_join(two);
    work_end();
}

extern const struct work bare_works[]; /* for ours.c */

const struct work bare_works[] = {{"queue", queue, 1000000, 0},
                                  {"semaphore", semaphore, 1000000, 0},
                                  {"lock", uncontended, 1000000, 0},
                                  {"lock-handed", handed, 1000000, 0},
                                  {0}};

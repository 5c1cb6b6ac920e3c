/* order.c - in which order the items of a queue come out, beside a plain model. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

enum { ITEMS_MOST = 300, STEPS = 20000 };

/* An item: its priority, and when it was put. */
struct item {
    int priority;
    unsigned number;
};

static size_t compared;

static int by_priority(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    compared++;
    return (x->priority > y->priority) - (x->priority < y->priority);
}

/* What a queue is at its plainest: an array, and a search for the next. */
static struct item model[ITEMS_MOST];
static size_t model_count;

static size_t next_fifo(void)
{
    return 0;
}

static size_t next_lifo(void)
{
    return model_count - 1;
}

static size_t next_priority(void)
{
    size_t best = 0;
    for (size_t i = 1; i < model_count; i++)
        if (model[i].priority < model[best].priority)
            best = i;
    return best;
}

/* Thousands of puts and gets at random, growing and shrinking in turns. */
static void against_the_model(struct xie_queue *queue, size_t (*next)(void))
{
    static struct item pool[STEPS];
    uint32_t random = 7;
    model_count = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        bool put = kit_random(&random, 100) < (step / 500 % 2 ? 30 : 70);
        if (put && model_count < ITEMS_MOST) {
            pool[step] = (struct item){(int)kit_random(&random, 9), step};
            model[model_count++] = pool[step];
            CHECK_EQ(xie_queue_try_put(queue, &pool[step]), 0);
        } else if (!put && model_count) {
            void *item = NULL;
            size_t at = next();
            REQUIRE(xie_queue_try_get(queue, &item) == 0);
            CHECK_EQ(((struct item *)item)->number, model[at].number);
            memmove(&model[at], &model[at + 1], (--model_count - at) * sizeof *model);
        }
        CHECK_EQ(xie_queue_count(queue), model_count);
    }
    xie_queue_shutdown(queue, NULL);
    xie_queue_fini(queue);
}

IN_TASK(first_in_first_out)
{
    struct xie_queue queue;
    xie_queue_init(&queue, 0);
    against_the_model(&queue, next_fifo);
    xie_queue_init(&queue, ITEMS_MOST);
    against_the_model(&queue, next_fifo);
    return 0;
}

IN_TASK(last_in_first_out)
{
    struct xie_queue queue;
    xie_queue_init_lifo(&queue, 0);
    against_the_model(&queue, next_lifo);
    xie_queue_init_lifo(&queue, ITEMS_MOST);
    against_the_model(&queue, next_lifo);
    return 0;
}

IN_TASK(the_least_first_and_equals_in_order)
{
    struct xie_queue queue;
    xie_queue_init_priority(&queue, 0, by_priority);
    against_the_model(&queue, next_priority);
    xie_queue_init_priority(&queue, ITEMS_MOST, by_priority);
    against_the_model(&queue, next_priority);
    return 0;
}

IN_TASK(priorities_cost_a_logarithm)
{
    enum { COUNT = 4096, LOG = 12 };
    static struct item items[COUNT];
    struct xie_queue queue;
    void *got;
    xie_queue_init_priority(&queue, 0, by_priority);
    for (int i = 0; i < COUNT; i++) {
        items[i].priority = COUNT - i; /* the worst order: each goes to the top */
        compared = 0;
        CHECK_EQ(xie_queue_try_put(&queue, &items[i]), 0);
        CHECK(compared <= LOG);
    }
    for (int i = COUNT; i-- > 0;) {
        compared = 0;
        CHECK_EQ(xie_queue_try_get(&queue, &got), 0);
        CHECK(compared <= 2 * LOG);
        CHECK(got == &items[i]);
    }
    xie_queue_fini(&queue);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"first_in_first_out", first_in_first_out},
        {"last_in_first_out", last_in_first_out},
        {"the_least_first_and_equals_in_order", the_least_first_and_equals_in_order},
        {"priorities_cost_a_logarithm", priorities_cost_a_logarithm},
        {0},
    };
    return tap_main(argc, argv, tests);
}

/* consumer_producer.c - two generators that talk: what one yields the other is sent, and back.
 * The consumer takes 3, 4 and 5; the producer counts down and passes on the answers. */
/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>

#include <xie.h>

XIE_GENERATOR(consumer, bool, int); /* yields its status, is sent numbers */
XIE_GENERATOR(producer, bool, int); /* yields what the consumer answered */

static int consume(struct consumer *self, void *arg)
{
    (void)arg;
    bool status = true;
    for (;;) {
        int n = 0;
        int error = consumer_yield(self, status, &n);
        if (error)
            return error;
        status = n >= 3 && n <= 5;
        if (status)
            printf("我拿到了%d!\n", n);
        else
            printf("我只要3,4,5就行啦\n");
    }
}

static int produce(struct producer *self, void *arg)
{
    struct consumer *consumer = arg;
    for (int n = 5; n > 0; n--) {
        bool status = false;
        int error = consumer_send(consumer, n, &status);
        if (error > 0)
            error = producer_yield(self, status, NULL);
        if (error)
            return error;
    }
    return 0;
}

int main(void)
{
    struct consumer *consumer = consumer_new(consume, NULL);
    struct producer *producer = producer_new(produce, consumer);
    bool status = true;
    int error = consumer_next(consumer, NULL); /* to its first yield: now it can be sent to */
    while (error > 0 && status)
        error = producer_next(producer, &status);
    printf("程序结束\n");
    producer_free(producer);
    consumer_free(consumer);
    return error < 0;
}

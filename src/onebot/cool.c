/* cool.c - how often rules have run of late, and for whom.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/cool.h"

#include <errno.h>

#include "base/memory.h"

/* Uses since `begun`, of one key. */
struct count {
    struct xie_link link; /* in its bucket */
    struct xie_link age;  /* among all */
    struct xie_link mine; /* among the rule's */
    struct onebot_key key;
    int64_t begun;
    unsigned uses;
};

void onebot_cool_init(struct onebot_cool *cool, size_t limit)
{
    for (size_t i = 0; i < ONEBOT_COOL_BUCKETS; i++)
        xie_list_init(&cool->buckets[i]);
    xie_list_init(&cool->ages);
    cool->count = 0;
    cool->limit = limit;
}

static void forget(struct onebot_cool *cool, struct count *count)
{
    xie_list_remove(&count->link);
    xie_list_remove(&count->age);
    xie_list_remove(&count->mine);
    xie_release(count);
    cool->count--;
}

void onebot_cool_fini(struct onebot_cool *cool)
{
    while (!xie_list_empty(&cool->ages))
        forget(cool, XIE_CONTAINER(cool->ages.next, struct count, age));
}

static struct count *find(struct onebot_cool *cool, const struct onebot_key *key)
{
    struct xie_link *bucket = &cool->buckets[onebot_key_bucket(key, ONEBOT_COOL_BUCKETS)];
    for (struct xie_link *at = bucket->next; at != bucket; at = at->next) {
        struct count *count = XIE_CONTAINER(at, struct count, link);
        if (onebot_key_same(&count->key, key))
            return count;
    }
    return NULL;
}

/* When a count's time is over; far away when the sum would overflow. */
static int64_t end_of(const struct count *count)
{
    int64_t end;
    if (__builtin_add_overflow(count->begun, count->key.rule->cooldown.every_ns, &end))
        return INT64_MAX;
    return end;
}

static void forget_expired(struct onebot_cool *cool, struct xie_link *mine, int64_t now)
{
    while (!xie_list_empty(mine)) {
        struct count *oldest = XIE_CONTAINER(mine->next, struct count, mine);
        if (end_of(oldest) > now)
            return;
        forget(cool, oldest);
    }
}

static struct count *begin(struct onebot_cool *cool, struct xie_link *mine,
                           const struct onebot_key *key, int64_t now)
{
    struct count *count = xie_alloc_zero(sizeof *count);
    if (!count)
        return NULL;
    if (cool->count >= cool->limit)
        forget(cool, XIE_CONTAINER(cool->ages.next, struct count, age));
    count->key = *key;
    count->begun = now;
    xie_list_push(&cool->buckets[onebot_key_bucket(key, ONEBOT_COOL_BUCKETS)], &count->link);
    xie_list_push(&cool->ages, &count->age);
    xie_list_push(mine, &count->mine);
    cool->count++;
    return count;
}

void onebot_cool_forget(struct onebot_cool *cool, struct xie_link *mine)
{
    while (!xie_list_empty(mine))
        forget(cool, XIE_CONTAINER(mine->next, struct count, mine));
}

int64_t onebot_cool_use(struct onebot_cool *cool, struct xie_link *mine,
                        const struct onebot_key *key, int64_t now)
{
    unsigned times = key->rule->cooldown.times ? key->rule->cooldown.times : 1;
    forget_expired(cool, mine, now);
    struct count *count = find(cool, key);
    if (count && count->uses >= times)
        return end_of(count) - now;
    if (!count)
        count = begin(cool, mine, key, now);
    if (!count)
        return -ENOMEM;
    count->uses++;
    return 0;
}

void onebot_cool_unuse(struct onebot_cool *cool, const struct onebot_key *key)
{
    struct count *count = find(cool, key);
    if (count && --count->uses == 0)
        forget(cool, count);
}

/* pace.c - sending no faster than the account may.
 * Floor 9. A bucket is the time when it will be full again: each token taken moves that on by one
 * interval, and there is one as long as it is less than the burst ahead. */
/* SPDX-License-Identifier: MIT */
#include "onebot/pace.h"

#include <errno.h>
#include <xie/task.h>

#include "base/memory.h"

struct group {
    struct xie_link link;
    int64_t group_id;
    size_t users; /* tasks in its take */
    struct onebot_bucket bucket;
};

void onebot_paces_init(struct onebot_paces *paces)
{
    *paces = (struct onebot_paces){0};
    for (size_t i = 0; i < ONEBOT_PACE_BUCKETS; i++)
        xie_list_init(&paces->groups[i]);
}

static void group_free(struct group *group)
{
    xie_list_remove(&group->link);
    xie_release(group);
}

void onebot_paces_fini(struct onebot_paces *paces)
{
    for (size_t i = 0; i < ONEBOT_PACE_BUCKETS; i++)
        while (!xie_list_empty(&paces->groups[i]))
            group_free(XIE_CONTAINER(paces->groups[i].next, struct group, link));
}

/* When there is a token. */
static int64_t ready_when(const struct onebot_bucket *bucket, const struct onebot_pace *pace)
{
    int64_t spare = pace->burst > 1 ? (int64_t)(pace->burst - 1) * pace->interval_ns : 0;
    return bucket->full_when - spare;
}

/* Until there is one, or the pace is another. */
static int wait_ready(struct onebot_paces *paces, int64_t when)
{
    struct xie_scope scope;
    xie_scope_open_at(&scope, when);
    int error = xie_event_wait(&paces->changed);
    xie_scope_close(&scope);
    return error == -ETIMEDOUT && xie_scope_expired(&scope) ? 0 : error;
}

static int take(struct onebot_paces *paces, struct onebot_bucket *bucket,
                const struct onebot_pace *pace)
{
    if (pace->interval_ns <= 0)
        return 0;
    int error = xie_lock_take(&bucket->turn);
    if (error)
        return error;
    while (!error && pace->interval_ns > 0 && ready_when(bucket, pace) > xie_now())
        error = wait_ready(paces, ready_when(bucket, pace));
    int64_t now = xie_now();
    if (!error && pace->interval_ns > 0)
        bucket->full_when = (bucket->full_when > now ? bucket->full_when : now) + pace->interval_ns;
    xie_lock_give(&bucket->turn);
    return error;
}

/* --- another pace ------------------------------------------------------------------- */

static void rescale(struct onebot_bucket *bucket, const struct onebot_pace *old,
                    const struct onebot_pace *now)
{
    int64_t left = bucket->full_when - xie_now();
    if (left <= 0)
        return;
    int64_t most = (int64_t)(now->burst > 1 ? now->burst : 1) * now->interval_ns;
    double scaled = old->interval_ns > 0
                        ? (double)left * (double)now->interval_ns / (double)old->interval_ns
                        : 0;
    bucket->full_when = xie_now() + (scaled < (double)most ? (int64_t)scaled : most);
}

void onebot_paces_change(struct onebot_paces *paces, const struct onebot_options *old,
                         const struct onebot_options *now)
{
    rescale(&paces->account, &old->pace, &now->pace);
    for (size_t i = 0; i < ONEBOT_PACE_BUCKETS; i++)
        for (struct xie_link *at = paces->groups[i].next; at != &paces->groups[i]; at = at->next)
            rescale(&XIE_CONTAINER(at, struct group, link)->bucket, &old->group_pace,
                    &now->group_pace);
    xie_event_set(&paces->changed);
    xie_event_clear(&paces->changed);
}

/* --- taking a turn ------------------------------------------------------------------ */

/* The group's, new if need be. Those of the same chain that are full again go: a full bucket
 * remembers nothing. */
static struct group *group_of(struct onebot_paces *paces, int64_t group_id)
{
    struct xie_link *chain = &paces->groups[(uint64_t)group_id % ONEBOT_PACE_BUCKETS];
    struct group *found = NULL;
    int64_t now = xie_now();
    for (struct xie_link *at = chain->next, *next; at != chain; at = next) {
        struct group *group = XIE_CONTAINER(at, struct group, link);
        next = at->next;
        if (group->group_id == group_id)
            found = group;
        else if (!group->users && group->bucket.full_when <= now)
            group_free(group);
    }
    if (found)
        return found;
    found = xie_alloc_zero(sizeof *found);
    if (!found)
        return NULL;
    found->group_id = group_id;
    xie_list_push(chain, &found->link);
    return found;
}

static int take_group(struct onebot_paces *paces, const struct onebot_pace *pace, int64_t group_id)
{
    if (pace->interval_ns <= 0 || !group_id)
        return 0;
    struct group *group = group_of(paces, group_id);
    if (!group)
        return -ENOMEM;
    group->users++;
    int error = take(paces, &group->bucket, pace);
    group->users--;
    return error;
}

/* A group's token that the account then had no turn for is lost: the group is a little slower
 * than it might be, never faster. */
int onebot_paces_take(struct onebot_paces *paces, const struct onebot_options *options,
                      int64_t group_id)
{
    int error = take_group(paces, &options->group_pace, group_id);
    return error ? error : take(paces, &paces->account, &options->pace);
}

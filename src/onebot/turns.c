/* turns.c - one at a time: who runs, and who waits for it.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/turns.h"

#include <errno.h>

#include "base/memory.h"

void onebot_turns_init(struct onebot_turns_table *turns, size_t limit)
{
    for (size_t i = 0; i < ONEBOT_TURN_BUCKETS; i++)
        xie_list_init(&turns->buckets[i]);
    turns->waiting = 0;
    turns->limit = limit;
}

static struct onebot_turn *find(struct onebot_turns_table *turns, const struct onebot_key *key)
{
    struct xie_link *bucket = &turns->buckets[onebot_key_bucket(key, ONEBOT_TURN_BUCKETS)];
    for (struct xie_link *at = bucket->next; at != bucket; at = at->next) {
        struct onebot_turn *turn = XIE_CONTAINER(at, struct onebot_turn, link);
        if (onebot_key_same(&turn->key, key))
            return turn;
    }
    return NULL;
}

static struct onebot_letter *take(struct onebot_turns_table *turns, struct onebot_turn *turn)
{
    struct xie_link *first = turn->letters.next;
    xie_list_remove(first);
    turn->count--;
    turns->waiting--;
    return XIE_CONTAINER(first, struct onebot_letter, link);
}

static int wait_behind(struct onebot_turns_table *turns, struct onebot_turn *turn,
                       struct onebot_letter *letter)
{
    const struct onebot_turns *rule = &turn->key.rule->turns;
    size_t most = rule->most_waiting ? rule->most_waiting : 1;
    if (rule->busy == ONEBOT_REJECT)
        return ONEBOT_ENTRY_REJECTED;
    if (rule->busy == ONEBOT_REPLACE && turn->count)
        onebot_letter_free(take(turns, turn));
    if (turns->waiting >= turns->limit || (rule->busy == ONEBOT_QUEUE && turn->count >= most))
        return ONEBOT_ENTRY_REJECTED;
    xie_list_push(&turn->letters, &letter->link);
    turn->count++;
    turns->waiting++;
    return rule->busy == ONEBOT_REPLACE ? ONEBOT_ENTRY_REPLACE : ONEBOT_ENTRY_WAIT;
}

int onebot_turns_enter(struct onebot_turns_table *turns, const struct onebot_key *key,
                       struct onebot_letter *letter, struct onebot_turn **turn)
{
    *turn = find(turns, key);
    if (*turn)
        return wait_behind(turns, *turn, letter);
    struct onebot_turn *made = xie_alloc_zero(sizeof *made);
    if (!made)
        return -ENOMEM;
    made->key = *key;
    xie_list_init(&made->letters);
    xie_list_push(&turns->buckets[onebot_key_bucket(key, ONEBOT_TURN_BUCKETS)], &made->link);
    *turn = made;
    return ONEBOT_ENTRY_RUN;
}

bool onebot_turns_taken(struct onebot_turns_table *turns, const struct onebot_key *key)
{
    return find(turns, key) != NULL;
}

struct onebot_letter *onebot_turns_leave(struct onebot_turns_table *turns, struct onebot_turn *turn)
{
    turn->talk = NULL;
    if (turn->count)
        return take(turns, turn);
    xie_list_remove(&turn->link);
    xie_release(turn);
    return NULL;
}

static bool is_one_of(const struct onebot_rule *rule, const struct onebot_rule *rules, size_t count)
{
    return rules && rule >= rules && rule < rules + count;
}

void onebot_turns_release(struct onebot_turns_table *turns, const struct onebot_rule *rules,
                          size_t count, struct xie_link *released)
{
    for (size_t i = 0; i < ONEBOT_TURN_BUCKETS; i++)
        for (struct xie_link *at = turns->buckets[i].next; at != &turns->buckets[i];
             at = at->next) {
            struct onebot_turn *turn = XIE_CONTAINER(at, struct onebot_turn, link);
            while (is_one_of(turn->key.rule, rules, count) && turn->count)
                xie_list_push(released, &take(turns, turn)->link);
        }
}

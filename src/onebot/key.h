/* key.h - whom a count or a turn is kept for.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_KEY_H
#define XIE_ONEBOT_KEY_H

#include "onebot/event.h"

/* A rule, and as much of a person and place as it tells apart. */
struct onebot_key {
    const struct onebot_rule *rule;
    struct onebot_person person; /* 0: any */
};

static inline struct onebot_key onebot_key_of(const struct onebot_rule *rule, enum onebot_per per,
                                              const struct onebot_person *person)
{
    struct onebot_key key = {.rule = rule, .person = *person};
    bool group = person->group_id != 0;
    if (per == ONEBOT_PER_PERSON || per == ONEBOT_PER_BOT)
        key.person.group_id = 0;
    if ((per == ONEBOT_PER_GROUP && group) || per == ONEBOT_PER_BOT)
        key.person.user_id = 0;
    return key;
}

static inline bool onebot_key_same(const struct onebot_key *a, const struct onebot_key *b)
{
    return a->rule == b->rule && onebot_person_same(&a->person, &b->person);
}

/* Below buckets, a power of two. */
static inline size_t onebot_key_bucket(const struct onebot_key *key, size_t buckets)
{
    uint64_t mix = onebot_person_mix(&key->person) ^ (uint64_t)(uintptr_t)key->rule;
    return (size_t)((mix * UINT64_C(0x9E3779B97F4A7C15)) >> 40) & (buckets - 1);
}

#endif

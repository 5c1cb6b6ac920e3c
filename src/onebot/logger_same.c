/* logger_same.c - which lines have come before.
 * Floor 9. A table of fixed size, one place for each hash: of two lines that meet there the older
 * one's count ends. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "onebot/logger.h"

/* FNV-1a. Who makes two lines meet has their counts end sooner, nothing more: the texts are
 * compared too. */
static uint64_t mix(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    return (hash ^ 0xFF) * UINT64_C(0x100000001B3); /* where it ends: no byte of UTF-8 */
}

static uint64_t hash_of(const struct onebot_record *record)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325) + (uint64_t)(record->level + 1);
    return mix(mix(hash, record->name), record->message);
}

/* Is it the text whose beginning was kept? The hash says that the rest is the same. */
static bool begins(const char *text, const char *kept, size_t cap)
{
    size_t len = strlen(kept);
    return strncmp(text, kept, len) == 0 && (!text[len] || len + 4 >= cap);
}

struct onebot_same *onebot_same_place(struct onebot_same *table, const struct onebot_record *record)
{
    return &table[(hash_of(record) >> 32) % ONEBOT_LOGGER_SAME];
}

bool onebot_same_is(const struct onebot_same *same, const struct onebot_record *record)
{
    return same->count && same->hash == hash_of(record) && same->level == record->level &&
           begins(record->name, same->name, ONEBOT_SAME_NAME) &&
           begins(record->message, same->text, ONEBOT_SAME_TEXT);
}

void onebot_same_begin(struct onebot_same *same, const struct onebot_record *record, int64_t now)
{
    same->hash = hash_of(record);
    same->since = now;
    same->count = 1;
    same->level = record->level;
    snprintf(same->name, sizeof same->name, "%s", record->name);
    snprintf(same->text, sizeof same->text, "%s", record->message);
    onebot_log_trim(same->name, sizeof same->name);
    onebot_log_trim(same->text, sizeof same->text);
}

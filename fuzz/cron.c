/* cron.c - whatever somebody may write as a cron expression, and whatever a file of a time zone may
 * hold. The first byte says which; of an expression the next five choose a time.
 *
 *   clang -fsanitize=fuzzer,address,undefined … fuzz/cron.c   (see fuzz/README.md) */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onebot/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next times rise, and each is where the header says. */
static void follow(const struct onebot_cron *cron, const struct onebot_zone *zone, int64_t at)
{
    for (int i = 0; i < 20 && at != XIE_NEVER; i++) {
        int64_t next = onebot_cron_next(cron, zone, at);
        if (next <= at)
            abort();
        at = next;
    }
}

static void try_expression(const uint8_t *data, size_t size)
{
    char text[300], why[ONEBOT_WORDING] = "";
    struct onebot_cron cron;
    int64_t at = 0;
    if (size < 5)
        return;
    for (int i = 0; i < 5; i++)
        at = at << 8 | data[i];
    size_t len = size - 5 < sizeof text - 1 ? size - 5 : sizeof text - 1;
    memcpy(text, data + 5, len);
    text[len] = '\0';
    int error = onebot_cron_parse(text, &cron, why);
    if (error ? !*why || strlen(why) >= sizeof why : *why)
        abort();
    if (error)
        return;
    follow(&cron, NULL, at);
    static struct onebot_zone berlin;
    if (!berlin.rule && onebot_rule_parse("CET-1CEST,M3.5.0,M10.5.0/3", &berlin))
        abort();
    follow(&cron, &berlin, at);
}

static void try_zone(const uint8_t *data, size_t size)
{
    struct onebot_zone zone = {0};
    struct onebot_cron cron;
    if (!onebot_zone_parse(data, size, &zone) && !onebot_cron_parse("0 2 * * *", &cron, NULL))
        follow(&cron, &zone, 0);
    onebot_zone_fini(&zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    if (*data & 1)
        try_zone(data + 1, size - 1);
    else
        try_expression(data + 1, size - 1);
    return 0;
}

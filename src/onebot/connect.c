/* connect.c - being connected, again and again.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/connect.h"

#include <errno.h>

#include "onebot/api.h"
#include "onebot/forward.h"

int64_t onebot_retry_pause(unsigned failures, int64_t least_ns, int64_t most_ns, uint64_t random)
{
    int64_t pause = least_ns;
    while (failures-- > 1 && pause < most_ns)
        pause = pause > most_ns / 2 ? most_ns : pause * 2;
    if (pause > most_ns)
        pause = most_ns;
    return pause - (int64_t)(random % ((uint64_t)pause / 2 + 1));
}

/* splitmix64 of the clock, for each way another one: on sim the same seed gives the same pauses. */
static uint64_t random_now(uint64_t way)
{
    uint64_t x = (uint64_t)xie_now() + way * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static int64_t pause_after(const struct onebot_way *way, int error, unsigned failures)
{
    const struct onebot_options *options = &way->program->options;
    if (error == XIE_EAUTH)
        return options->retry_most_ns;
    return onebot_retry_pause(failures, options->retry_least_ns, options->retry_most_ns,
                              random_now(way->source));
}

int onebot_keep_connected(struct onebot_way *way)
{
    unsigned failures = 0;
    while (!xie_check()) {
        bool proved = false;
        int error =
            way->kind == ONEBOT_HTTP ? onebot_api(way, &proved) : onebot_forward(way, &proved);
        failures = proved ? 1 : failures + 1;
        if (xie_check()) /* an error that only looks like it is one like others */
            return 0;
        int64_t pause = pause_after(way, error, failures);
        onebot_log(&way->program->log, ONEBOT_INFO, "next try in %.1f s",
                   (double)pause / (double)XIE_SECOND);
        xie_sleep(pause);
    }
    return 0;
}

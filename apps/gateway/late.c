/* late.c - actions called with the suffix _rate_limited: one after another, spaced.
 * Gateway, sixth floor. One task and one queue for all bots. */
/* SPDX-License-Identifier: MIT */
#include "late.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "scene.h"

struct late_call {
    action_fn *run;
    json_t *params; /* a reference, or NULL */
};

void late_init(struct gateway *gateway)
{
    xie_queue_init(&gateway->late, LATE_CALLS);
}

static void late_free(struct late_call *late)
{
    json_decref(late->params);
    free(late);
}

void late_fini(struct gateway *gateway)
{
    void *item;
    while (xie_queue_try_get(&gateway->late, &item) == 0)
        late_free(item);
    xie_queue_close(&gateway->late);
    xie_queue_fini(&gateway->late);
}

int late_put(struct gateway *gateway, action_fn *run, const json_t *params)
{
    struct late_call *late = malloc(sizeof *late);
    if (!late)
        return -ENOMEM;
    *late = (struct late_call){run, json_incref((json_t *)params)};
    int result = xie_queue_try_put(&gateway->late, late);
    if (result < 0)
        late_free(late);
    return result;
}

int late_run(void *arg)
{
    struct gateway *gateway = arg;
    void *item;
    int result;
    while ((result = xie_queue_get(&gateway->late, &item)) == 0) {
        struct late_call *late = item;
        struct call call = {.gateway = gateway, .self = WORLD_BOT, .params = late->params};
        json_decref(late->run(&call));
        scene_tell(gateway);
        if (call.retcode)
            fprintf(stderr, "xie-gateway: a rate-limited call failed: %s\n", call.why);
        late_free(late);
        result = xie_sleep(LATE_SPACING_MS * XIE_MILLISECOND);
        if (result < 0)
            break;
    }
    return result;
}

/* late.c - actions called with the suffix _rate_limited: one after another, spaced.
 * Gateway, sixth floor. One task and one queue for all bots. */
/* SPDX-License-Identifier: MIT */
#include "late.h"

#include <errno.h>
#include <stdlib.h>

#include "remark.h"
#include "scene.h"

struct late_call {
    int64_t self;
    action_fn *run;
    json_t *params; /* a reference, or NULL */
    size_t bytes;   /* of them */
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

int late_put(struct gateway *gateway, int64_t self, action_fn *run, const json_t *params)
{
    size_t bytes = params ? json_dumpb(params, NULL, 0, JSON_COMPACT) : 0;
    if (params && !bytes)
        return -ENOMEM;
    if (gateway->late_bytes && gateway->late_bytes + bytes > LATE_BYTES)
        return -EAGAIN;
    struct late_call *late = malloc(sizeof *late);
    if (!late)
        return -ENOMEM;
    *late = (struct late_call){self, run, json_incref((json_t *)params), bytes};
    int result = xie_queue_try_put(&gateway->late, late);
    if (result < 0)
        late_free(late);
    else
        gateway->late_bytes += bytes;
    return result;
}

int late_run(void *arg)
{
    struct gateway *gateway = arg;
    void *item;
    int result;
    while ((result = xie_queue_get(&gateway->late, &item)) == 0) {
        struct late_call *late = item;
        gateway->late_bytes -= late->bytes;
        struct call call = {.gateway = gateway, .self = late->self, .params = late->params};
        if (world_is_account(&gateway->world, late->self))
            json_decref(late->run(&call));
        else
            call_fail(&call, RETCODE_FORBIDDEN, "user %lld is no account any more",
                      (long long)late->self);
        scene_tell(gateway);
        if (call.retcode && call.retcode != RETCODE_ASYNC)
            remark("a rate-limited call failed: %s", call.why);
        late_free(late);
        result = xie_sleep(LATE_SPACING_MS * XIE_MILLISECOND);
        if (result < 0)
            break;
    }
    return result;
}

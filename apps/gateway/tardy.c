/* tardy.c - replies that faults hold back: late, or in the wrong order.
 * Gateway, second floor. */
/* SPDX-License-Identifier: MIT */
#include "tardy.h"

#include <errno.h>
#include <stdlib.h>

/* --- late --------------------------------------------------------------------------- */

struct late {
    struct tardy *tardy;
    struct outbox *out;
    struct frame *frame; /* a reference */
    int64_t delay_ms;
};

static int send_late(void *arg)
{
    struct late *late = arg;
    int result = xie_sleep(late->delay_ms * XIE_MILLISECOND);
    if (result == 0)
        result = outbox_put(late->out, late->frame);
    frame_unref(late->frame);
    late->tardy->waiting--;
    free(late);
    return result;
}

static int put_late(struct tardy *tardy, struct outbox *out, struct frame *frame, int64_t delay_ms)
{
    struct late *late = malloc(sizeof *late);
    if (!late)
        return -ENOMEM;
    *late = (struct late){tardy, out, frame_ref(frame), delay_ms};
    if (tardy->waiting++ >= TARDY_MOST)
        return send_late(late);
    int result = xie_group_spawn(out->group, send_late, late);
    if (result < 0) {
        late->delay_ms = 0;
        return send_late(late);
    }
    return 0;
}

/* --- in the wrong order ------------------------------------------------------------- */

/* Let go of what is held, the latest first. All of it leaves, whatever the errors. */
static int let_go(struct tardy *tardy, struct outbox *out)
{
    int result = 0;
    tardy->batch++;
    while (tardy->count) {
        struct frame *frame = tardy->held[--tardy->count];
        if (result == 0)
            result = outbox_put(out, frame);
        frame_unref(frame);
    }
    return result;
}

struct patience {
    struct tardy *tardy;
    struct outbox *out;
    uint64_t batch;
};

/* Others may not come. */
static int wait_for_others(void *arg)
{
    struct patience patience = *(struct patience *)arg;
    free(arg);
    int result = xie_sleep(TARDY_HELD_MS * XIE_MILLISECOND);
    if (result == 0 && patience.tardy->batch == patience.batch)
        result = let_go(patience.tardy, patience.out);
    return result;
}

static int hold(struct tardy *tardy, struct outbox *out, struct frame *frame)
{
    struct patience *patience = tardy->count ? NULL : malloc(sizeof *patience);
    if (!tardy->count && !patience)
        return -ENOMEM;
    if (patience) {
        *patience = (struct patience){tardy, out, tardy->batch};
        int result = xie_group_spawn(out->group, wait_for_others, patience);
        if (result < 0) {
            free(patience);
            return result;
        }
    }
    tardy->held[tardy->count++] = frame_ref(frame);
    return 0;
}

int tardy_put(struct tardy *tardy, const struct faults *faults, struct outbox *out,
              struct frame *frame)
{
    if (faults->reorder <= 1)
        return faults->delay_ms ? put_late(tardy, out, frame, faults->delay_ms)
                                : outbox_put(out, frame);
    int result = hold(tardy, out, frame);
    if (result == 0 && tardy->count >= (size_t)faults->reorder)
        result = let_go(tardy, out);
    return result;
}

void tardy_fini(struct tardy *tardy)
{
    while (tardy->count)
        frame_unref(tardy->held[--tardy->count]);
}

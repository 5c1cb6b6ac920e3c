/* model.c - queues, locks, a semaphore, events and select beside a plain model of them all.
 * Tasks are told at random what to wait for, are cancelled, and all else happens at random too;
 * after each step every task must be where the model says, to the last item. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

enum {
    ACTORS = 7,
    OBJECTS = 2, /* of each kind */
    WANTS_MOST = 4,
    LINE_MOST = ACTORS * WANTS_MOST,
    ROUNDS = 40,
    STEPS = 150
};

enum kind { GET, PUT, LOCK, PERMIT, EVENT, KINDS };

struct want {
    enum kind kind;
    int object;
    long item; /* to put */
};

/* What happened to a call, or is to happen. */
struct outcome {
    bool over;
    int index; /* of the want, or a negative error */
    int result;
    long item; /* got */
};

struct actor {
    struct xie_task *task;
    struct xie_event told;
    struct xie_scope *scope;
    struct want wants[WANTS_MOST];
    int count; /* of wants; 0: give what locks it has */
    bool direct;
    bool busy;
    struct outcome model, real;
};

/* The model: arrays, and lines in the order of coming. */
struct place {
    struct actor *actor;
    int want;
};

static struct model {
    long items[OBJECTS][4];
    int count[OBJECTS];
    bool closed[OBJECTS];
    struct actor *owner[OBJECTS];
    int permits[OBJECTS];
    bool set[OBJECTS];
    struct place line[KINDS][OBJECTS][LINE_MOST];
    int length[KINDS][OBJECTS];
} model;

static const int limits[OBJECTS] = {1, 3};

static struct actor actors[ACTORS];
static struct xie_queue queues[OBJECTS];
static struct xie_lock locks[OBJECTS];
static struct xie_semaphore permits[OBJECTS];
static struct xie_event events[OBJECTS];
static uint32_t chance;
static long next_item;

/* --- the model ------------------------------------------------------------------------ */

static void model_leave(const struct actor *actor)
{
    for (int kind = 0; kind < KINDS; kind++)
        for (int object = 0; object < OBJECTS; object++) {
            struct place *line = model.line[kind][object];
            int kept = 0;
            for (int i = 0; i < model.length[kind][object]; i++)
                if (line[i].actor != actor)
                    line[kept++] = line[i];
            model.length[kind][object] = kept;
        }
}

static void model_over(struct actor *actor, int index, int result, long item)
{
    model_leave(actor);
    actor->model = (struct outcome){true, index, result, item};
}

static bool model_possible(const struct want *want)
{
    int object = want->object;
    switch (want->kind) {
    case GET:
        return model.count[object] || model.closed[object];
    case PUT:
        return model.count[object] < limits[object] || model.closed[object];
    case LOCK:
        return !model.owner[object];
    case PERMIT:
        return model.permits[object];
    default:
        return model.set[object];
    }
}

static void model_effect(struct actor *actor, int index);

/* The first in a line takes effect, if somebody is there and it is possible. */
static void model_wake(enum kind kind, int object)
{
    struct place first = model.line[kind][object][0];
    if (model.length[kind][object] && model_possible(&first.actor->wants[first.want]))
        model_effect(first.actor, first.want);
}

static long model_pop(int object)
{
    long item = model.items[object][0];
    memmove(&model.items[object][0], &model.items[object][1], 3 * sizeof(long));
    model.count[object]--;
    model_wake(PUT, object);
    return item;
}

static void model_push(int object, long item)
{
    model.items[object][model.count[object]++] = item;
    model_wake(GET, object);
}

/* It is possible, and takes effect. */
static void model_effect(struct actor *actor, int index)
{
    const struct want *want = &actor->wants[index];
    int object = want->object, result = 0;
    long item = 0;
    model_leave(actor);
    switch (want->kind) {
    case GET:
        if (model.count[object])
            item = model_pop(object);
        else
            result = XIE_ECLOSED;
        break;
    case PUT:
        if (model.closed[object])
            result = XIE_ECLOSED;
        else
            model_push(object, want->item);
        break;
    case LOCK:
        model.owner[object] = actor;
        break;
    case PERMIT:
        model.permits[object]--;
        break;
    default:
        break;
    }
    model_over(actor, index, result, item);
}

static void model_wait(struct actor *actor)
{
    for (int i = 0; i < actor->count; i++) {
        int kind = actor->wants[i].kind, object = actor->wants[i].object;
        model.line[kind][object][model.length[kind][object]++] = (struct place){actor, i};
    }
}

static bool model_owns(const struct actor *actor)
{
    return model.owner[0] == actor || model.owner[1] == actor;
}

/* --- the tasks ------------------------------------------------------------------------ */

static struct xie_case case_of(const struct want *want, void **item)
{
    switch (want->kind) {
    case GET:
        return xie_case_get(&queues[want->object], item);
    case PUT:
        return xie_case_put(&queues[want->object], (void *)want->item);
    case LOCK:
        return xie_case_lock(&locks[want->object]);
    case PERMIT:
        return xie_case_semaphore(&permits[want->object]);
    default:
        return xie_case_event(&events[want->object]);
    }
}

static int call_of(const struct want *want, void **item)
{
    switch (want->kind) {
    case GET:
        return xie_queue_get(&queues[want->object], item);
    case PUT:
        return xie_queue_put(&queues[want->object], (void *)want->item);
    case LOCK:
        return xie_lock_take(&locks[want->object]);
    case PERMIT:
        return xie_semaphore_take(&permits[want->object]);
    default:
        return xie_event_wait(&events[want->object]);
    }
}

static void act(struct actor *self)
{
    struct outcome outcome = {.over = true};
    void *item = NULL;
    struct xie_case cases[WANTS_MOST];
    if (!self->count) {
        for (int i = 0; i < OBJECTS; i++)
            if (locks[i].owner == self->task)
                xie_lock_give(&locks[i]);
    } else if (self->direct) {
        int result = call_of(&self->wants[0], &item);
        bool interrupted = result == -ECANCELED;
        outcome.index = interrupted ? result : 0;
        outcome.result = interrupted ? 0 : result;
    } else {
        for (int i = 0; i < self->count; i++)
            cases[i] = case_of(&self->wants[i], &item);
        outcome.index = xie_select(cases, (size_t)self->count);
        outcome.result = outcome.index < 0 ? 0 : cases[outcome.index].result;
    }
    outcome.item = (long)item;
    self->real = outcome;
}

static int actor_run(void *arg)
{
    struct actor *self = arg;
    for (;;) {
        int error = xie_event_wait(&self->told);
        if (error)
            return error;
        xie_event_clear(&self->told);
        XIE_SCOPE(scope, XIE_NEVER) {
            self->scope = &scope;
            act(self);
            self->scope = NULL;
        }
    }
}

/* --- the steps ------------------------------------------------------------------------ */

static int pick(int limit)
{
    return (int)kit_random(&chance, (unsigned)limit);
}

/* A task that waits for nothing is told to wait for something. */
static void step_order(struct actor *actor)
{
    bool owns = model_owns(actor);
    if (actor->busy)
        return;
    actor->busy = true;
    actor->model = actor->real = (struct outcome){0};
    actor->count = owns && pick(2) ? 0 : 1 + pick(WANTS_MOST);
    actor->direct = actor->count == 1 && pick(2);
    for (int i = 0; i < actor->count; i++) { /* an owner wants no second lock: no circles here */
        enum kind kind = (enum kind)pick(KINDS);
        if (kind == LOCK && owns)
            kind = EVENT;
        actor->wants[i] = (struct want){kind, pick(OBJECTS), ++next_item};
    }
    xie_event_set(&actor->told);
    kit_settle();

    if (!actor->count) {
        actor->model.over = true;
        for (int i = 0; i < OBJECTS; i++)
            if (model.owner[i] == actor) {
                model.owner[i] = NULL;
                model_wake(LOCK, i);
            }
        return;
    }
    bool any = false;
    for (int i = 0; i < actor->count; i++)
        any = any || model_possible(&actor->wants[i]);
    if (!any) {
        model_wait(actor);
        return;
    }
    int index = actor->real.index; /* which one is its own choice */
    REQUIRE(actor->real.over && index >= 0 && index < actor->count);
    CHECK(model_possible(&actor->wants[index]));
    model_effect(actor, index);
}

static void step_cancel(struct actor *actor)
{
    if (!actor->busy || !actor->scope)
        return;
    xie_scope_cancel(actor->scope);
    if (!actor->model.over)
        model_over(actor, -ECANCELED, 0, 0);
}

static void step_put(int object)
{
    bool full = model.count[object] >= limits[object], closed = model.closed[object];
    long item = ++next_item;
    CHECK_EQ(xie_queue_try_put(&queues[object], (void *)item),
             closed ? XIE_ECLOSED : (full ? -EAGAIN : 0));
    if (!closed && !full)
        model_push(object, item);
}

static void step_get(int object)
{
    void *item = NULL;
    bool empty = !model.count[object];
    CHECK_EQ(xie_queue_try_get(&queues[object], &item),
             !empty ? 0 : (model.closed[object] ? XIE_ECLOSED : -EAGAIN));
    if (!empty)
        CHECK_EQ(item, model_pop(object));
}

static void step_close(int object)
{
    model.closed[object] = true;
    while (model.length[PUT][object])
        model_wake(PUT, object);
    while (model.length[GET][object])
        model_wake(GET, object);
    xie_queue_close(&queues[object]);
}

static void step_event(int object, bool set)
{
    model.set[object] = set;
    if (!set) {
        xie_event_clear(&events[object]);
        return;
    }
    xie_event_set(&events[object]);
    while (model.length[EVENT][object])
        model_wake(EVENT, object);
}

static void step_permit(int object)
{
    xie_semaphore_give(&permits[object]);
    model.permits[object]++;
    model_wake(PERMIT, object);
}

static void step(void)
{
    int object = pick(OBJECTS), what = pick(100);
    if (what < 45)
        step_order(&actors[pick(ACTORS)]);
    else if (what < 60)
        step_cancel(&actors[pick(ACTORS)]);
    else if (what < 70)
        step_put(object);
    else if (what < 80)
        step_get(object);
    else if (what < 85)
        step_event(object, true);
    else if (what < 90)
        step_event(object, false);
    else if (what < 99)
        step_permit(object);
    else if (!pick(2))
        step_close(object);
}

/* Everything is as the model says. */
static bool same(void)
{
    bool good = true;
    for (int i = 0; i < ACTORS; i++) {
        struct actor *actor = &actors[i];
        const struct outcome *is = &actor->real, *should = &actor->model;
        if (!actor->busy)
            continue;
        good = good && is->over == should->over && is->index == should->index &&
               is->result == should->result && is->item == should->item;
        actor->busy = !should->over;
    }
    for (int i = 0; i < OBJECTS; i++) {
        good = good && (int)xie_queue_count(&queues[i]) == model.count[i];
        good = good && locks[i].owner == (model.owner[i] ? model.owner[i]->task : NULL);
        good = good && (int)permits[i].value == model.permits[i];
    }
    return good;
}

static void round_begin(uint32_t seed)
{
    chance = seed;
    memset(&model, 0, sizeof model);
    memset(actors, 0, sizeof actors);
    for (int i = 0; i < OBJECTS; i++) {
        xie_queue_init(&queues[i], (size_t)limits[i]);
        events[i] = (struct xie_event){0};
        xie_semaphore_init(&permits[i], 0, 0);
    }
    for (int i = 0; i < ACTORS; i++)
        actors[i].task = xie_spawn(actor_run, &actors[i]);
    xie_sleep(0);
}

static void round_end(void)
{
    for (int i = 0; i < ACTORS; i++)
        step_cancel(&actors[i]);
    kit_settle();
    CHECK(same());
    for (int i = 0; i < ACTORS; i++) {
        actors[i].count = 0; /* give the locks */
        xie_event_set(&actors[i].told);
    }
    kit_settle();
    for (int i = 0; i < ACTORS; i++) {
        xie_task_cancel(actors[i].task);
        CHECK_EQ(xie_join(actors[i].task), -ECANCELED);
    }
    for (int i = 0; i < OBJECTS; i++) {
        CHECK(!xie_lock_locked(&locks[i]));
        xie_queue_close(&queues[i]);
        xie_queue_fini(&queues[i]);
    }
}

IN_TASK(a_random_program_does_what_the_model_says)
{
    int rounds = tap_slow() ? ROUNDS / 8 : ROUNDS;
    for (int round = 0; round < rounds; round++) {
        round_begin((uint32_t)round);
        for (int i = 0; i < STEPS; i++) {
            for (int burst = 1 + pick(3); burst; burst--)
                step(); /* several before anyone runs, but for orders */
            kit_settle();
            if (!same()) {
                tap_failed(__FILE__, __LINE__, "round %d, step %d: not as the model", round, i);
                tap_end();
            }
        }
        round_end();
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_random_program_does_what_the_model_says", a_random_program_does_what_the_model_says},
        {0},
    };
    return tap_main(argc, argv, tests);
}

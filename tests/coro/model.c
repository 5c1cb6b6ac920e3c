/* model.c - random trees of generators against a model that says what each exchange yields.
 * Floor 1. The bodies run a script; the model interprets the same script without switches. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <xie/generator.h>

#include "coro/stack.h"
#include "tap.h"

enum { COUNT = 12, STEPS = 12, ROUNDS = 3000, ROUNDS_SLOW = 100, MOVES = 60 };

/* What a body does at one step. */
enum action { YIELD, DELEGATE, FAIL, STOP };
/* What it does with an error that comes out of a yield or a delegation. */
enum temper { PASS_ON, CHANGE, SWALLOW };

struct step {
    enum action action;
    enum temper temper;
    int value; /* yielded, or whom it delegates to, or the error */
};

/* One generator: its script, the real thing, and where the model says it stands. */
struct actor {
    struct step script[STEPS + 1];
    struct xie_gen *gen;
    int at;    /* the step that waits, -1 before the start */
    int inner; /* whom it delegates to; -1: nobody */
    enum xie_gen_state state;
    int result, got; /* got: what was sent last */
};

static struct actor actors[COUNT];

static int number(void *value)
{
    return (int)(intptr_t)value;
}

static void *pointer(int value)
{
    return (void *)(intptr_t)value;
}

/* --- the real one ------------------------------------------------------------------- */

/* An error by the script's temper: 0 to go on. */
static int tempered(enum temper temper, int error)
{
    if (!error || temper == SWALLOW)
        return 0;
    return temper == CHANGE ? -EPROTO : error;
}

static int act(struct xie_gen *self, void *arg)
{
    struct actor *actor = arg;
    void *got = NULL;
    for (const struct step *step = actor->script;; step++) {
        int error = 0;
        void *result = NULL;
        switch (step->action) {
        case YIELD:
            error = xie_gen_yield(self, pointer(step->value + number(got)), &got);
            break;
        case DELEGATE:
            error = xie_gen_yield_from(self, actors[step->value].gen, &result);
            if (!error)
                got = result;
            break;
        case FAIL:
            return step->value;
        case STOP:
            return xie_gen_return(self, pointer(step->value + number(got)));
        }
        error = tempered(step->temper, error);
        if (error)
            return error;
    }
}

/* --- the model ---------------------------------------------------------------------- */

struct outcome {
    int status, value;
};

static struct outcome model_resume(int i, int error, int sent, bool exit);

/* The actor goes on with error out of its waiting step, until it yields or ends. */
static struct outcome model_run(struct actor *actor, int error)
{
    for (;;) {
        if (actor->at >= 0)
            error = tempered(actor->script[actor->at].temper, error);
        const struct step *step = &actor->script[++actor->at];
        if (error || step->action == FAIL) {
            actor->state = XIE_GEN_ENDED;
            return (struct outcome){error ? error : step->value, 0};
        }
        if (step->action == STOP) {
            actor->state = XIE_GEN_ENDED;
            actor->result = step->value + actor->got;
            return (struct outcome){0, 0};
        }
        if (step->action == YIELD)
            return (struct outcome){1, step->value + actor->got};
        struct actor *inner = &actors[step->value];
        if (inner->state == XIE_GEN_RUNNING) {
            error = inner == actor ? XIE_EDEADLOCK : -EBUSY;
            continue;
        }
        if (inner->state != XIE_GEN_ENDED) {
            struct outcome outcome = model_resume(step->value, 0, 0, false);
            if (outcome.status > 0) {
                actor->inner = step->value;
                inner->state = XIE_GEN_RUNNING;
                return outcome;
            }
            error = outcome.status;
        }
        if (!error)
            actor->got = inner->result;
    }
}

/* One that waits is resumed; exit: as part of a close. */
static struct outcome model_resume(int i, int error, int sent, bool exit)
{
    struct actor *actor = &actors[i];
    actor->state = XIE_GEN_RUNNING;
    if (actor->inner >= 0) {
        int below = actor->inner;
        struct outcome outcome = model_resume(below, error, sent, exit);
        if (outcome.status > 0)
            return outcome;
        actor->inner = -1;
        error = outcome.status;
        if (!error && exit)
            error = XIE_EGENEXIT;
        if (!error)
            actor->got = actors[below].result;
    } else if (actor->at >= 0 && !error) {
        actor->got = sent;
    }
    return model_run(actor, error);
}

static struct outcome model_exchange(int i, int error, int sent)
{
    struct actor *actor = &actors[i];
    if (actor->state == XIE_GEN_ENDED)
        return (struct outcome){error, 0};
    if (actor->state == XIE_GEN_RUNNING)
        return (struct outcome){-EBUSY, 0};
    if (actor->state == XIE_GEN_FRESH && error) {
        actor->state = XIE_GEN_ENDED;
        return (struct outcome){error, 0};
    }
    if (actor->state == XIE_GEN_FRESH && sent)
        return (struct outcome){-EINVAL, 0};
    struct outcome outcome = model_resume(i, error, sent, error == XIE_EGENEXIT);
    if (outcome.status > 0)
        actor->state = XIE_GEN_SUSPENDED;
    return outcome;
}

/* --- both --------------------------------------------------------------------------- */

static uint32_t state;

static int any(int below)
{
    state = state * 1664525u + 1013904223u;
    return (int)((state >> 12) % (uint32_t)below);
}

static void write_script(struct actor *actor)
{
    int length = any(STEPS);
    for (int i = 0; i < length; i++) {
        struct step *step = &actor->script[i];
        step->action = any(10) < 6 ? YIELD : DELEGATE;
        step->temper = any(6) < 4 ? PASS_ON : any(2) ? CHANGE : SWALLOW;
        step->value = step->action == YIELD ? any(1000) : any(COUNT);
    }
    struct step *last = &actor->script[length];
    last->action = any(3) ? STOP : FAIL;
    last->value = last->action == STOP ? any(1000) : -EIO;
    actor->at = actor->inner = -1;
    actor->state = XIE_GEN_FRESH;
    actor->result = actor->got = 0;
}

/* One exchange on both sides. */
static bool move(int i)
{
    static const int errors[] = {-EAGAIN, -EINTR, XIE_EGENEXIT};
    int kind = any(8), sent = kind < 3 ? any(100) : 0;
    int error = kind == 7 ? errors[any(3)] : 0;
    void *out = &state;
    int status = error  ? xie_gen_throw(actors[i].gen, error, &out)
                 : sent ? xie_gen_send(actors[i].gen, pointer(sent), &out)
                        : xie_gen_next(actors[i].gen, &out);
    struct outcome expected = model_exchange(i, error, sent);
    if (status != expected.status)
        return false;
    if (status > 0 ? number(out) != expected.value : out != &state)
        return false;
    for (int k = 0; k < COUNT; k++)
        if (xie_gen_state(actors[k].gen) != actors[k].state)
            return false;
    return true;
}

/* Free what nobody delegates to, until nothing is left. */
static bool free_all(void)
{
    for (int left = COUNT, before = 0; left != before;) {
        before = left;
        for (int i = 0; i < COUNT; i++) {
            if (!actors[i].gen || xie_gen_state(actors[i].gen) == XIE_GEN_RUNNING)
                continue;
            for (int tries = 0; xie_gen_close(actors[i].gen) && tries < 200; tries++)
                ;
            xie_gen_free(actors[i].gen);
            actors[i].gen = NULL;
            left--;
        }
    }
    return xie_stack_count() == 0;
}

static void does_what_the_model_says(void)
{
    int rounds = tap_slow() ? ROUNDS_SLOW : ROUNDS;
    tap_limit(60);
    for (int round = 1; round <= rounds; round++) {
        state = (uint32_t)round;
        for (int i = 0; i < COUNT; i++) {
            write_script(&actors[i]);
            actors[i].gen = xie_gen_new(act, &actors[i]);
            REQUIRE(actors[i].gen);
        }
        for (int k = 0; k < MOVES; k++) {
            if (move(any(COUNT)))
                continue;
            tap_failed(__FILE__, __LINE__, "round %d, move %d differs", round, k);
            tap_end();
        }
        if (!free_all()) {
            tap_failed(__FILE__, __LINE__, "round %d leaves %zu", round, xie_stack_count());
            tap_end();
        }
    }
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"does what the model says", does_what_the_model_says},
        {0},
    };
    return tap_main(argc, argv, tests);
}

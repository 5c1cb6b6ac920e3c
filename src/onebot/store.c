/* store.c - a store: calls of tasks, done one after the other by its thread.
 * Floor 9. A call's job lives in its task's frame: a call is taken back before it begins, or is
 * waited for. So the file is never closed under one, and no change is left in doubt. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <xie.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "onebot/database.h"
#include "onebot/log.h"
#include "onebot/utf8.h"

struct onebot_store {
    struct onebot_database database;
    struct xie_pool *pool; /* of one thread: the only one that touches the database */
    char *path;
    struct onebot_log log;
    int64_t busy_ns;
    bool relaxed;
    bool closing;
    size_t users;           /* calls that were begun */
    struct xie_event empty; /* set: closing, and none */
};

/* One thing for the thread to do. */
struct job {
    struct onebot_store *store;
    int (*fn)(struct job *job);
    int result;
    struct onebot_step *steps;
    const struct onebot_key *key;
    const char *after;
    size_t count; /* of steps, of values listed at most */
    json_t *value;
    char why[ONEBOT_WORDING];
};

/* --- the thread --------------------------------------------------------------------- */

static int run_job(void *arg)
{
    struct job *job = arg;
    job->result = job->fn(job);
    if (job->result < 0)
        memcpy(job->why, job->store->database.why, sizeof job->why);
    return 0;
}

static int do_open(struct job *job)
{
    return onebot_database_open(&job->store->database, job->store->path, job->store->relaxed,
                                &onebot_schema_now);
}

static int do_close(struct job *job)
{
    onebot_database_close(&job->store->database);
    return 0;
}

static int do_apply(struct job *job)
{
    return onebot_database_apply(&job->store->database, job->steps, job->count);
}

static int do_get(struct job *job)
{
    return onebot_database_get(&job->store->database, job->key, &job->value);
}

static int do_list(struct job *job)
{
    return onebot_database_list(&job->store->database, job->key, job->after, job->count,
                                &job->value);
}

/* --- waiting for it ----------------------------------------------------------------- */

enum { RETRY_LEAST_NS = 1000000, RETRY_MOST_NS = 50000000 };

static int run_once(struct job *job)
{
    int error = xie_pool_run(job->store->pool, run_job, job, NULL);
    return error ? error : job->result;
}

/* Again while another process writes: the pauses are the task's, so that the thread is free for
 * the others, and whoever waits can be interrupted. */
static int run_patiently(struct job *job)
{
    int64_t give_up = xie_now() + job->store->busy_ns, pause = RETRY_LEAST_NS;
    int error = run_once(job);
    while (error == -EBUSY && xie_now() < give_up) {
        int interrupted = xie_sleep(pause);
        if (interrupted)
            return interrupted;
        if (job->store->closing)
            return XIE_ECLOSED;
        pause = pause < RETRY_MOST_NS / 2 ? pause * 2 : RETRY_MOST_NS;
        error = run_once(job);
    }
    return error;
}

/* What is the file's or the disk's fault, not the caller's. */
static bool is_worth_a_line(int error)
{
    return error == -EBUSY || error == -ENOSPC || error == -EUCLEAN || error == -EIO ||
           error == -EACCES;
}

static int call(struct job *job)
{
    struct onebot_store *store = job->store;
    if (!xie_task_current())
        return -EPERM;
    if (store->closing)
        return XIE_ECLOSED;
    store->users++;
    int error = run_patiently(job);
    if (is_worth_a_line(error))
        onebot_log(&store->log, ONEBOT_ERROR, "store %s: %s", store->path ? store->path : "",
                   job->why);
    if (--store->users == 0 && store->closing)
        xie_event_set(&store->empty);
    return error;
}

/* --- open and close ----------------------------------------------------------------- */

static void dispose(struct onebot_store *store)
{
    xie_release(store->path);
    xie_release(store);
}

static struct onebot_store *make(const char *path, const struct onebot_store_options *options)
{
    struct onebot_store *store = xie_alloc_zero(sizeof *store);
    if (!store)
        return NULL;
    store->path = path ? xie_copy_string(path) : NULL;
    if (path && !store->path) {
        xie_release(store);
        return NULL;
    }
    store->busy_ns = options->busy_ns > 0 ? options->busy_ns : 5 * XIE_SECOND;
    if (store->busy_ns > XIE_NEVER / 2)
        store->busy_ns = XIE_NEVER / 2; /* the sum with now fits */
    store->relaxed = options->relaxed;
    store->log = (struct onebot_log){.write = options->log, .arg = options->log_arg};
    return store;
}

static int open_pool(struct onebot_store *store)
{
    const struct xie_pool_options one = {
        .name = "xie-store", .threads = 1, .queue = ONEBOT_STORE_WAITING};
    return xie_pool_open(&one, &store->pool);
}

static int fail_open(const struct onebot_store_options *options, int error, const char *why)
{
    if (options->why) {
        snprintf(options->why, ONEBOT_WORDING, "%s", *why ? why : xie_strerror(error));
        onebot_utf8_one_line(options->why, false);
    }
    return error;
}

int onebot_store_open(const char *path, const struct onebot_store_options *options,
                      struct onebot_store **store)
{
    static const struct onebot_store_options defaults;
    if (!options)
        options = &defaults;
    if (!xie_task_current())
        return fail_open(options, -EPERM, "");
    struct onebot_store *made = make(path, options);
    if (!made)
        return fail_open(options, -ENOMEM, "");
    struct job job = {.store = made, .fn = do_open};
    int error = open_pool(made);
    if (!error)
        error = run_patiently(&job);
    if (!error) {
        *store = made;
        return 0;
    }
    xie_pool_close(made->pool, XIE_POOL_DRAIN);
    dispose(made);
    return fail_open(options, error, error == job.result ? job.why : "");
}

void onebot_store_close(struct onebot_store *store)
{
    if (!store)
        return;
    if (!xie_task_current())
        xie_misuse("onebot_store_close outside a task");
    if (store->closing)
        xie_misuse("a store is closed twice");
    store->closing = true;
    struct job job = {.store = store, .fn = do_close};
    XIE_SHIELD {
        if (store->users)
            xie_event_wait(&store->empty);
        xie_pool_run(store->pool, run_job, &job, NULL);
    }
    xie_pool_close(store->pool, XIE_POOL_DRAIN);
    onebot_database_close(&store->database); /* there was no memory to have the thread do it */
    dispose(store);
}

/* --- the calls ---------------------------------------------------------------------- */

static struct onebot_stored fetch(struct job *job)
{
    int error = onebot_key_check(job->key, job->fn == do_list);
    if (!error)
        error = call(job);
    if (error) {
        json_decref(job->value);
        job->value = NULL;
    }
    return (struct onebot_stored){error, job->value};
}

struct onebot_stored onebot_store_get(struct onebot_store *store, const struct onebot_key *key)
{
    struct job job = {.store = store, .fn = do_get, .key = key};
    return fetch(&job);
}

struct onebot_stored onebot_store_list(struct onebot_store *store, const struct onebot_key *key,
                                       const char *after, size_t most)
{
    struct job job = {.store = store, .fn = do_list, .key = key, .after = after};
    struct onebot_key last = key ? *key : (struct onebot_key){0};
    last.name = after ? after : "";
    int error = most > ONEBOT_STORE_PAGE ? XIE_ELIMIT : onebot_key_check(&last, true);
    if (error)
        return (struct onebot_stored){error, NULL};
    job.count = most ? most : ONEBOT_STORE_PAGE;
    return fetch(&job);
}

int onebot_store_apply(struct onebot_store *store, struct onebot_batch *batch)
{
    if (!batch || batch->error)
        return batch ? batch->error : -ENOMEM;
    if (batch->applied)
        xie_misuse("a batch is applied by two tasks at once");
    struct job job = {.store = store, .fn = do_apply, .steps = batch->steps, .count = batch->count};
    batch->applied = true;
    int error = call(&job);
    batch->applied = false;
    for (size_t i = 0; i < batch->count && !error; i++)
        if (batch->steps[i].kind == ONEBOT_STEP_ADD && batch->steps[i].now)
            *batch->steps[i].now = batch->steps[i].sum;
    return error;
}

/* A batch of one step. */
static int apply_one(struct onebot_store *store, struct onebot_batch *batch)
{
    int error = onebot_store_apply(store, batch);
    int64_t sum = batch->count ? batch->steps[0].sum : 0;
    bool deleted = batch->count && batch->steps[0].kind == ONEBOT_STEP_DELETE;
    onebot_batch_fini(batch);
    return error ? error : deleted ? (int)sum : 0;
}

int onebot_store_set(struct onebot_store *store, const struct onebot_key *key, const char *format,
                     ...)
{
    va_list args;
    struct onebot_batch batch = {0};
    va_start(args, format);
    onebot_batch_vset(&batch, key, format, args);
    va_end(args);
    return apply_one(store, &batch);
}

int onebot_store_delete(struct onebot_store *store, const struct onebot_key *key)
{
    struct onebot_batch batch = {0};
    onebot_batch_delete(&batch, key);
    return apply_one(store, &batch);
}

int onebot_store_add(struct onebot_store *store, const struct onebot_key *key, int64_t by,
                     int64_t *now)
{
    struct onebot_batch batch = {0};
    onebot_batch_add(&batch, key, by, now);
    return apply_one(store, &batch);
}

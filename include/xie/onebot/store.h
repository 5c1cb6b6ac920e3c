/* store.h - what a bot remembers: values by key, in one SQLite file.
 * Floor 9, library xie-onebot. A thread of its own does the work: the loop never waits for a disk.
 */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_STORE_H
#define XIE_ONEBOT_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xie/error.h>
#include <xie/onebot.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An open store; opaque. Any number of tasks of the loop that opened it use it at the same time.
 * Other loops and other processes open the same file for themselves. */
struct onebot_store;

/* Limits. Beyond one of them a call returns XIE_ELIMIT and does nothing. */
enum {
    ONEBOT_STORE_SPACE = 64,           /* the name of a space [bytes] */
    ONEBOT_STORE_NAME = 512,           /* the name of a value [bytes] */
    ONEBOT_STORE_VALUE = 1 << 20,      /* one value [bytes of text, or of JSON] */
    ONEBOT_STORE_BATCH = 1000,         /* steps of one batch */
    ONEBOT_STORE_PAGE = 1000,          /* values of one list */
    ONEBOT_STORE_PAGE_BYTES = 8 << 20, /* a list ends with the value that reaches this */
    ONEBOT_STORE_WAITING = 1000        /* calls that wait for the thread; others wait for room */
};

/* How to open a store; zero is the default of each. */
struct onebot_store_options {
    int64_t busy_ns; /* how long a call tries again while another process writes; 5 s */
    /* Do not wait for the disk: a power cut may take the last values with it, never half of a
     * batch, and no end of the process does. */
    bool relaxed;
    char *why; /* receives why the open failed, in words, one line; ONEBOT_WORDING bytes */
    /* Receives a line for each call that fails by the file or the disk; NULL: stderr. */
    void (*log)(void *log_arg, enum onebot_level level, const char *line);
    void *log_arg;
};

/**
 * Open a store, making the file if there is none; waits for the thread.
 *
 * path     of the file; two more with its name and "-wal", "-shm" lie beside it while it is
 *          open. NULL: in memory, gone at the close
 * options  borrowed for the call, log_arg until the close; NULL: the defaults
 * store    receives it, owned: onebot_store_close. Untouched on error
 * errors   -EUCLEAN the file is damaged, or is no database; -ENOTSUP it was written by a newer
 *          version of this library, or by another program, or lies where SQLite cannot keep its
 *          log (a network's file system); -EBUSY another process held it for busy_ns; -ENOSPC
 *          -EACCES -EIO; -ENOENT no such folder; -ENOMEM -EAGAIN (no thread) -ECANCELED
 *          -ETIMEDOUT -EPERM. A file that is refused is left as it was
 * note     an older version's file is brought to this version's form, as a whole or not at all
 * cost     a thread, SQLite's cache (2 MiB at most)
 */
XIE_API int onebot_store_open(const char *path, const struct onebot_store_options *options,
                              struct onebot_store **store);

/**
 * Close it: new calls return XIE_ECLOSED, those that were begun are finished first, whatever the
 * scopes around the caller say; those that try again because of another process return
 * XIE_ECLOSED. NULL is allowed. Outside a task it aborts.
 */
XIE_API void onebot_store_close(struct onebot_store *store);

/* Which value: a space (the name of what uses it: a plugin), a place, a name within. */
struct onebot_key {
    const char *space; /* 1 to ONEBOT_STORE_SPACE bytes of UTF-8 */
    const char *name;  /* 1 to ONEBOT_STORE_NAME bytes of UTF-8 */
    int64_t group_id;  /* both 0: of all; group_id alone: a group's; user_id alone: a person's; */
    int64_t user_id;   /* both: a person's in that group. Not negative */
};

/* What was stored. By value, as the result of a call. */
struct onebot_stored {
    int error;     /* 0, or why there is none */
    json_t *value; /* owned: json_decref it, or keep it in a json_auto_t. NULL on error */
};

/* Each call below waits for the thread, and:
 *
 * errors  -EINVAL the key or the format is none; XIE_ELIMIT; -EBUSY another process wrote for
 *         busy_ns; -ENOSPC the disk is full; -EUCLEAN the file is damaged; -EIO -EACCES -ENOMEM
 *         XIE_ECLOSED; -EPERM outside a task. Nothing was changed then, but after -EIO: the disk
 *         may show the change after a crash
 *         -ECANCELED -ETIMEDOUT of the scopes around: nothing was changed. A call whose turn has
 *         come is finished, and returns what it did
 * note    what a call that changes returned for is there after any end of the process, and after
 *         a power cut unless the store is relaxed
 * cost    a switch of threads; to change, a write and a sync of the log (relaxed: no sync) */

/**
 * Get a value.
 *
 *     json_auto_t *score = onebot_store_get(store, &key).value;
 *
 * errors  -ENOENT there is none
 */
XIE_API struct onebot_stored onebot_store_get(struct onebot_store *store,
                                              const struct onebot_key *key)
    __attribute__((warn_unused_result));

/* Set a value, new or old, of any kind.
 * format  as json_pack: "I" and an int64_t, "s" and a text, "{s:i, s:b}" …; "o" and a json_t * that
 *         it takes over, "O" and one that it does not
 * return  0 */
XIE_API int onebot_store_set(struct onebot_store *store, const struct onebot_key *key,
                             const char *format, ...);

/* Delete a value. return 1; 0 there was none */
XIE_API int onebot_store_delete(struct onebot_store *store, const struct onebot_key *key);

/* Add to an integer, atomically; none counts as 0.
 * now     receives the sum; may be NULL; untouched on error
 * return  0
 * errors  -EOVERFLOW the sum does not fit; XIE_EJSON the value is not an integer */
XIE_API int onebot_store_add(struct onebot_store *store, const struct onebot_key *key, int64_t by,
                             int64_t *now);

/**
 * List the values of a space and place whose names begin with key->name ("": all).
 *
 * after   begin after this name, that need not exist; NULL: at the first
 * most    1 to ONEBOT_STORE_PAGE values; 0: as many
 * return  an object, name to value, in the order of the names' bytes; empty at the end. It may
 *         be shorter than `most` before the end, by ONEBOT_STORE_PAGE_BYTES: go on after its last
 *         name until it is empty
 * note    one page is of one moment
 */
XIE_API struct onebot_stored onebot_store_list(struct onebot_store *store,
                                               const struct onebot_key *key, const char *after,
                                               size_t most) __attribute__((warn_unused_result));

/* --- several at once ---------------------------------------------------------------- */

/* Steps that happen as a whole or not at all, in order; opaque. An error while it is filled is
 * kept and returned by the apply: one check is enough. */
struct onebot_batch;

/* An empty one, owned: onebot_batch_free. NULL when there is no memory: the calls below take it,
 * and the apply returns -ENOMEM. */
XIE_API struct onebot_batch *onebot_batch_new(void);
/* NULL is allowed. */
XIE_API void onebot_batch_free(struct onebot_batch *batch);

/* These wait for nothing, and copy what they are given. */
XIE_API void onebot_batch_set(struct onebot_batch *batch, const struct onebot_key *key,
                              const char *format, ...);
XIE_API void onebot_batch_delete(struct onebot_batch *batch, const struct onebot_key *key);
/* now: receives the sum when the batch is applied; borrowed until it is freed; may be NULL. */
XIE_API void onebot_batch_add(struct onebot_batch *batch, const struct onebot_key *key, int64_t by,
                              int64_t *now);
/* Nothing of the batch happens unless the value is the one that the format gives, at this step.
 * NULL: unless there is none. Compared as the text of sorted JSON: members in any order, and
 * 1 is not 1.0. */
XIE_API void onebot_batch_expect(struct onebot_batch *batch, const struct onebot_key *key,
                                 const char *format, ...);

/**
 * Do all of its steps, or none.
 *
 * batch   may be applied again, also after an error of the store; one that could not be filled
 *         returns its error ever after
 * return  0
 * errors  -EAGAIN an expectation did not hold: read again, and make a new batch;
 *         those of onebot_store_add; the first error of filling it: -EINVAL XIE_ELIMIT -ENOMEM
 */
XIE_API int onebot_store_apply(struct onebot_store *store, struct onebot_batch *batch);

#ifdef __cplusplus
}
#endif
#endif

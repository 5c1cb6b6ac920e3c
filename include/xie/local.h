/* local.h - values that go with a task and what it spawns.
 * Floor 3. A child inherits what its spawner had at the spawn; later changes stay apart. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOCAL_H
#define XIE_LOCAL_H

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A name for a value: a static object; its address is what counts. */
struct xie_local_key {
    const char *name;             /* for people */
    void (*release)(void *value); /* when the last task that has the value forgets it; may be
                                     NULL; may not wait */
};

/* Bind value to key in the running task; NULL unbinds.
 * errors  -ENOMEM (the old value stays); -EPERM outside a task; -ENOSPC more than 64 keys
 * cost    two allocations, where key is bound already one more for each bound since; at most
 *         64 steps
 * source  ContextVar.set */
XIE_API int xie_local_set(const struct xie_local_key *key, void *value);

/* The value, NULL if unbound or outside a task. source ContextVar.get */
XIE_API void *xie_local_get(const struct xie_local_key *key);

#ifdef __cplusplus
}
#endif
#endif

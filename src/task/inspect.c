/* inspect.c - the map by which a tool outside finds this process's tasks.
 * Floor 3. */
/* SPDX-License-Identifier: MIT */
#include <xie/inspect.h>

#include "task/wait.h"

#define XIE_AT(type, member) ((uint16_t)offsetof(struct type, member))

const struct xie_inspect xie_inspect = {
    .magic = XIE_INSPECT_MAGIC,
    .version = XIE_INSPECT_VERSION,
    .size = sizeof(struct xie_inspect),
    .loops = &xie_loops,
    .loop = {.link = XIE_AT(xie_loop, link),
             .backend = XIE_AT(xie_loop, backend),
             .current = XIE_AT(xie_loop, current),
             .tasks = XIE_AT(xie_loop, tasks),
             .ended = XIE_AT(xie_loop, ended)},
    .task = {.link = XIE_AT(xie_task, link),
             .id = XIE_AT(xie_task, id),
             .name = XIE_AT(xie_task, name),
             .where = XIE_AT(xie_task, where),
             .wait = XIE_AT(xie_task, wait),
             .group = XIE_AT(xie_task, group),
             .told = XIE_AT(xie_task, base.effective),
             .result = XIE_AT(xie_task, result),
             .registers = XIE_REGISTERS_PLAIN ? XIE_AT(xie_task, context.registers) : 0},
    .wait = {.what = XIE_AT(xie_wait, what), .blocker = XIE_AT(xie_wait, blocker)},
    .group = {.opener = XIE_AT(xie_group, scope.task)},
};

/* table.h - every action there is, and who may run it.
 * Gateway, seventh floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_TABLE_H
#define GATEWAY_TABLE_H

#include "call.h"

/* Who runs an action: bots by OneBot, people by the page's /api/act. */
enum { TABLE_BOT = 1, TABLE_PERSON = 2, TABLE_BOTH = 3 };

/* The action of that name (len bytes) for such a one; NULL: there is none. */
action_fn *table_find(const char *name, size_t len, int who);

#endif

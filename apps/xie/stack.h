/* stack.h - the calls a suspended task stands in. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_APPS_STACK_H
#define XIE_APPS_STACK_H

#include "snapshot.h"

/* Print them on stdout, a line each, the innermost first, indented. */
void stack_print(struct process *process, const struct task *task);

#endif

/* switch.c - the first instructions on a new stack, and the transfer, assembled once.
 * Floor 1. Their text is in the architecture's switch_*.h. */
/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "coro/switch.h"

XIE_SWITCH_CODE;

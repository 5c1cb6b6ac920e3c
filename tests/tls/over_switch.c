/* over_switch.c - transports over TLS: the tests of proto/switch.c. */
/* SPDX-License-Identifier: MIT */
#include "over.h"
#include "proto/switch.c"

/* over_torture.c - transports over TLS: the tests of proto/torture.c. */
/* SPDX-License-Identifier: MIT */
#include "over.h"
#include "proto/torture.c"

/* over_life.c - transports over TLS: the tests of proto/life.c. */
/* SPDX-License-Identifier: MIT */
#include "over.h"
#include "proto/life.c"

/* over_bytes.c - transports over TLS: the tests of proto/bytes.c. */
/* SPDX-License-Identifier: MIT */
#include "over.h"
#include "proto/bytes.c"

/* bytes.h - pictures and the like that came as base64: their bytes, and what kind they are.
 * Gateway, ground. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_BYTES_H
#define GATEWAY_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* Has a segment's data bytes in itself: is its file base64://…? */
bool bytes_there(const json_t *data);

/**
 * Decode them; white space in base64 is passed over.
 *
 * bytes   receives memory that is the caller's, by free(); a 0 follows the bytes
 * return  how many
 * errors  -EINVAL there are none, or that is no base64; -ENOMEM
 */
int64_t bytes_of(const json_t *data, unsigned char **bytes);

/* A media type by the first bytes, and the end of a file's name, without a dot. */
const char *bytes_type(const unsigned char *bytes, size_t len, const char **suffix);

#endif

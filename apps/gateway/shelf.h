/* shelf.h - files that bots asked for, in a folder that goes with the gateway.
 * Gateway, second floor. The latest GATEWAY_SHELF of them. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_SHELF_H
#define GATEWAY_SHELF_H

#include "gateway.h"

enum { SHELF_PATH = SHELF_FOLDER + SHELF_NAME + 1 };

/**
 * Write a file, for its user alone; one of that name stays as it is.
 *
 * name    of less than SHELF_NAME bytes, without a /
 * path    receives where it is
 * errors  those of mkdtemp(3), open(2) and write(2)
 * note    does not wait for the disk: the folder is TMPDIR's, or /tmp's
 */
int shelf_put(struct gateway *gateway, const char *name, const unsigned char *bytes, size_t len,
              char path[SHELF_PATH]);

/* Remove them and their folder. */
void shelf_fini(struct gateway *gateway);

#endif

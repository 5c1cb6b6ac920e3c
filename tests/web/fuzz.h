/* fuzz.h - what a fuzz target is fed at first: the first byte is its mode. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_WEB_FUZZ_H
#define XIE_TESTS_WEB_FUZZ_H

#include <stddef.h>

struct fuzz_seed {
    const char *bytes;
    size_t len;
};

/* Ended by one without bytes. */
extern const struct fuzz_seed fuzz_seeds[];

#define SEED(text)             \
    {                          \
        text, sizeof(text) - 1 \
    }

#endif

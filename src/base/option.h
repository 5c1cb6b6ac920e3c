/* option.h - variables of the environment that say how the library works.
 * Floor 0. What one of them says wrongly is told on stderr, with what is allowed. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BASE_OPTION_H
#define XIE_BASE_OPTION_H

#include <stdbool.h>
#include <stdint.h>

/* A variable that is a number, decimal or with 0x, and what holds without it. */
struct xie_option {
    const char *name;
    uint64_t least, most, otherwise;
    bool told; /* atomic: a wrong value is told once */
};

/* What the variable says; option->otherwise when it is unset or empty, and when it is wrong: that
 * is told once for each option. From any thread. */
uint64_t xie_option_number(struct xie_option *option);

/* The same where a wrong value is an error: told each time, and *number is untouched, as it is
 * when the variable is unset or empty. errors -EINVAL */
int xie_option_read(const char *name, uint64_t least, uint64_t most, uint64_t *number);

/* The variable's value; NULL when it is unset or empty. */
const char *xie_option_text(const char *name);

#endif

/* real.h - a decimal number, the same in every locale.
 * Floor 9. Knows text alone. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_REAL_H
#define XIE_ONEBOT_REAL_H

#include <stdbool.h>

/* All of text is a number that a double holds: digits, a point, an exponent; no spaces, no "nan",
 * "inf" or hexadecimal. false: it is none; value is untouched. */
bool onebot_real_read(const char *text, double *value);

#endif

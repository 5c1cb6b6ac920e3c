/* real.c - a decimal number, the same in every locale.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/real.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* By the C locale whatever the program's is. glibc makes no copy of that one. */
bool onebot_real_read(const char *text, double *value)
{
    char *end;
    if (!*text || text[strspn(text, "0123456789+-.eE")])
        return false;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double read = strtod_l(text, &end, plain);
    freelocale(plain);
    if (*end || !isfinite(read))
        return false;
    *value = read;
    return true;
}

/* nearest.c - optimal string alignment distance, by three rows.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/nearest.h"

#include <string.h>

enum { ROW = ONEBOT_NEAREST_LEN + 1 };

static unsigned char lower(char letter)
{
    return (unsigned char)(letter >= 'A' && letter <= 'Z' ? letter + 32 : letter);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned onebot_distance(const char *a, const char *b, unsigned limit)
{
    unsigned row[3][ROW];
    size_t a_len = strnlen(a, ROW), b_len = strnlen(b, ROW);
    if (a_len == ROW || b_len == ROW)
        return limit + 1;
    for (size_t j = 0; j <= b_len; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *now = row[i % 3], *before = row[(i - 1) % 3], *two_before = row[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned differ = lower(a[i - 1]) != lower(b[j - 1]);
            now[j] = least(least(before[j], now[j - 1]) + 1, before[j - 1] + differ);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = least(now[j], two_before[j - 2] + 1);
        }
    }
    return least(row[a_len % 3][b_len], limit + 1);
}

void onebot_nearest_try(struct onebot_nearest *nearest, const char *known)
{
    unsigned limit = ((unsigned)strnlen(nearest->word, ROW) + 2) / 3;
    unsigned distance = onebot_distance(nearest->word, known, limit);
    if (distance > limit || (nearest->best && distance >= nearest->distance))
        return;
    nearest->best = known;
    nearest->distance = distance;
}

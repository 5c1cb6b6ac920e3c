/* resident.h - what the process has in memory by the kernel's own account: pages and their
 * tables. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BENCH_RESIDENT_H
#define XIE_BENCH_RESIDENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* [bytes] */
static inline long long resident(void)
{
    char line[256];
    long long value = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "VmRSS:", 6) || !strncmp(line, "VmPTE:", 6))
            value += atoll(line + 6) * 1024;
    if (file)
        fclose(file);
    return value;
}

#endif

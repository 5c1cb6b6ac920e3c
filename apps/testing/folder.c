/* folder.c - a test's folder for files.
 * Kit, third floor. */
/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN_MOST = 8 }; /* folders in each other that are open at a time */

const char *(onebot_test_folder)(struct onebot_test *t)
{
    const char *where = getenv("TMPDIR");
    if (t->failed || t->folder)
        return t->failed ? NULL : t->folder;
    char *path = NULL;
    if (asprintf(&path, "%s/xie-test-XXXXXX", where && *where ? where : "/tmp") < 0) {
        kit_no_memory(t);
        return NULL;
    }
    if (!mkdtemp(path)) {
        kit_fail(t, "no folder can be made: %s: %s", path, xie_strerror(-errno));
        free(path);
        return NULL;
    }
    return t->folder = path;
}

static int drop(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status, (void)kind, (void)at;
    return remove(path);
}

void kit_folder_remove(struct onebot_test *t)
{
    if (t->folder && nftw(t->folder, drop, OPEN_MOST, FTW_DEPTH | FTW_PHYS) != 0)
        printf("# %s could not be removed\n", t->folder);
    free(t->folder);
}

/* config.c - files without blocking the loop: a setting is read, changed and saved. Whoever reads
 * the file meanwhile, or after a loss of power, finds the old or the new, never a part. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xie.h>

static int count_up(const char *path)
{
    char *text, next[32];
    ssize_t len = xie_file_load(path, 1000, &text);
    if (len < 0)
        return (int)len;
    int count = atoi(text) + 1;
    xie_free(text);
    len = snprintf(next, sizeof next, "%d\n", count);
    int error = xie_file_save(path, next, (size_t)len, 0600);
    return error ? error : count;
}

static int start(void *arg)
{
    char path[] = "/tmp/xie-config-XXXXXX";
    (void)arg;
    close(mkstemp(path));
    for (int i = 0; i < 3; i++)
        printf("started %d times\n", count_up(path));
    unlink(path);
    printf("without a file: %s\n", xie_strerror(count_up(path)));
    return 0;
}

int main(void)
{
    return xie_run(start, NULL);
}

/* watch.c - files that change: a program reads its settings again whenever they are written.
 * The watch is on the folder, since who saves a file well puts a new one in its place. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <xie.h>

static char folder[] = "/tmp/xie-example-XXXXXX", path[64];

/* An editor, somewhere else. */
static int edit(void *arg)
{
    static const char *const versions[] = {"colour=green", "colour=blue"};
    int error = 0;
    for (int i = 0; i < 2 && !error; i++) {
        error = xie_file_save(path, versions[i], strlen(versions[i]), 0600);
        if (!error)
            error = xie_event_wait(arg);
        xie_event_clear(arg);
    }
    return error;
}

static int start(void *arg)
{
    struct xie_event seen = {0};
    struct xie_watch *watch;
    struct xie_watch_event event;
    char *text;
    (void)arg;
    int error = xie_watch_open(&watch);
    if (!error)
        error = xie_watch_add(watch, folder, IN_MOVED_TO | IN_CLOSE_WRITE);
    struct xie_task *editor = xie_spawn(edit, &seen);
    for (int reads = 0; reads < 2 && error >= 0;) {
        error = xie_watch_next(watch, &event);
        if (error || strcmp(event.name, "settings"))
            continue; /* another file: the new version before it has its name */
        ssize_t len = xie_file_load(path, 100, &text);
        printf("read again: %s\n", len < 0 ? xie_strerror((int)len) : text);
        xie_free(len < 0 ? NULL : text);
        xie_event_set(&seen);
        reads++;
    }
    xie_watch_close(watch);
    return xie_join(editor);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/settings", folder);
    int error = xie_run(start, NULL);
    return error || unlink(path) || rmdir(folder);
}

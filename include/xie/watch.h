/* watch.h - what happens to files and folders, as something a task waits for.
 * Floor 5. By inotify(7), whose words these are. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WATCH_H
#define XIE_WATCH_H

#include <stdint.h>

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Watches any number of places; opaque, owned by whoever opened it, closed once. */
struct xie_watch;

/* One thing that happened. */
struct xie_watch_event {
    int id;          /* of xie_watch_add; -1: events were lost, look at everything anew */
    uint32_t what;   /* IN_CREATE, IN_MODIFY …; IN_Q_OVERFLOW where they were lost; IN_IGNORED the
                        place is not watched any more */
    uint32_t cookie; /* joins the two halves of a rename; else 0 */
    const char *name; /* of the file within a folder that is watched, "" for the place itself;
                         valid until the next call of xie_watch_next, or the close */
};

/* errors -EMFILE too many (fs.inotify.max_user_instances) -ENOMEM -EPERM no loop in this thread */
XIE_API int xie_watch_open(struct xie_watch **watch);

/**
 * Watch a file or folder; not what is below the folders in it.
 *
 * what    which events: IN_CREATE | IN_DELETE | IN_CLOSE_WRITE … of <sys/inotify.h>
 * return  an id, at least 0; the same place again has the same id, and only the new events
 * errors  -ENOENT -EACCES -EINVAL no event; -ENOSPC too many (fs.inotify.max_user_watches)
 */
XIE_API int xie_watch_add(struct xie_watch *watch, const char *path, uint32_t what);
/* No longer; IN_IGNORED is the last event of it. errors -EINVAL no such id */
XIE_API int xie_watch_remove(struct xie_watch *watch, int id);

/**
 * Wait for the next event; none is lost by an interruption.
 *
 * event   receives it
 * errors  -ECANCELED -ETIMEDOUT; -EBUSY another task waits; XIE_ECLOSED
 * cost    a system call for as many events as fit 4 KiB
 */
XIE_API int xie_watch_next(struct xie_watch *watch, struct xie_watch_event *event);

/* Close; a task that waits returns XIE_ECLOSED. NULL is allowed. */
XIE_API void xie_watch_close(struct xie_watch *watch);

#ifdef __cplusplus
}
#endif
#endif

/* event.h - as much of the BSDs' <sys/event.h> as kqueue.c uses, for systems that have none: so
 * that it is compiled, and run on stub.c. Names and meanings are those of kqueue(2). */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_KQUEUE_EVENT_H
#define XIE_TESTS_KQUEUE_EVENT_H

#include <stdint.h>
#include <time.h>

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_USER (-11)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_CLEAR 0x0020
#define EV_EOF 0x8000

#define NOTE_TRIGGER 0x01000000

struct kevent {
    uintptr_t ident;
    short filter;
    unsigned short flags;
    unsigned fflags;
    int64_t data;
    void *udata;
};

#define EV_SET(event, ident_, filter_, flags_, fflags_, data_, udata_) \
    (*(event) = (struct kevent){.ident = (ident_),                     \
                                .filter = (filter_),                   \
                                .flags = (flags_),                     \
                                .fflags = (fflags_),                   \
                                .data = (data_),                       \
                                .udata = (udata_)})

int kqueue(void);
int kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events,
           int event_count, const struct timespec *timeout);

#endif

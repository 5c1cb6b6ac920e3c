/* complain.h - what is wrong with a file, told with its line and key.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_COMPLAIN_H
#define XIE_ONEBOT_COMPLAIN_H

#include <xie/onebot/config.h>

/* One reading of a file. */
struct onebot_complaints {
    const char *file;
    onebot_complaint *say; /* may be NULL */
    void *arg;
    unsigned count;
    int error; /* -ENOMEM: nothing more can be said */
};

/* Where a value stands: a key, or an index when it is NULL. Lives in the frames of who looks. */
struct onebot_spot {
    const struct onebot_spot *outside; /* NULL: at the top */
    const char *key;
    size_t index;
};

/* line 0: none in particular; place NULL: the file as a whole. */
void onebot_complain(struct onebot_complaints *complaints, size_t line,
                     const struct onebot_spot *place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* After the last. return 0, or the error of the reading */
int onebot_complaints_end(struct onebot_complaints *complaints);

#endif

/* standard.c - descriptors 0, 1 and 2 are open.
 * Floor 0. As the runtimes of Go and Rust see to it. */
/* SPDX-License-Identifier: MIT */
#include "base/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void xie_standard_open(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        int other =
            open("/dev/null", O_RDWR); /* gets the lowest number, unless a thread is quicker */
        if (other > STDERR_FILENO)
            close(other);
    }
}

/* standard.c - a program started without standard descriptors.
 * Tests of floor 0. */
/* SPDX-License-Identifier: MIT */
#include "base/standard.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

static bool is_null(int fd)
{
    char path[64];
    char link[] = "/proc/self/fd/0";
    link[sizeof link - 2] = (char)('0' + fd);
    ssize_t len = readlink(link, path, sizeof path);
    return len == 9 && !memcmp(path, "/dev/null", 9);
}

static void closed_ones_become_dev_null(void)
{
    int kept[3];
    bool null[3];
    for (int fd = 0; fd < 3; fd++)
        kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    close(0);
    close(1);
    close(2);
    xie_standard_open();
    for (int fd = 0; fd < 3; fd++)
        null[fd] = is_null(fd) && !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    for (int fd = 0; fd < 3; fd++)
        if (kept[fd] >= 0)
            dup2(kept[fd], fd);
    CHECK(null[0] && null[1] && null[2]);
}

static void open_ones_are_left_alone(void)
{
    int pair[2];
    REQUIRE(pipe(pair) == 0);
    int kept = fcntl(0, F_DUPFD_CLOEXEC, 10);
    dup2(pair[0], 0);
    xie_standard_open();
    bool null = is_null(0);
    dup2(kept, 0);
    CHECK(!null);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"closed ones become /dev/null", closed_ones_become_dev_null},
        {"open ones are left alone", open_ones_are_left_alone},
        {NULL, NULL},
    };
    return tap_main(argc, argv, tests);
}

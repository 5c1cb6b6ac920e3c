/* kit.h - what the tests of this floor share: bodies in a task, aborts, chance. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_SYNC_KIT_H
#define XIE_TESTS_SYNC_KIT_H

#include <sys/wait.h>
#include <unistd.h>

#include "io/kit.h"

static inline void kit_abort_body(void *arg)
{
    int (**fn)(void *arg) = arg;
    xie_run(*fn, NULL);
    _exit(0);
}

/* fn as main task aborts with a line that contains the words. */
static inline void kit_aborts(int (*fn)(void *arg), const char *words)
{
    char text[1024];
    int status = tap_child(kit_abort_body, &fn, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    if (!strstr(text, words))
        tap_failed(__FILE__, __LINE__, "not said: \"%s\", but: %s", words, text);
}

/* Let all that is ready run until it waits. */
static inline void kit_settle(void)
{
    for (int i = 0; i < 8; i++)
        xie_sleep(0);
}

#endif

/* certificate.c - a certificate for this run, made by the openssl command. */
/* SPDX-License-Identifier: MIT */
#include "certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/xie-bench-XXXXXX";

const char *certificate_make(void)
{
    char command[256];
    int fd = mkstemp(path);
    if (fd < 0) {
        perror(path);
        return NULL;
    }
    close(fd);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
             "-subj /CN=localhost -days 2 -keyout - -out - 2>/dev/null >%s",
             path);
    if (!system(command))
        return path;
    fprintf(stderr, "openssl req failed\n");
    certificate_end();
    return NULL;
}

void certificate_end(void)
{
    unlink(path);
}

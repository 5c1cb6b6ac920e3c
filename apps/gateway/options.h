/* options.h - the command line.
 * Gateway, ground. A mistake ends the program with code 2 and a hint. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_OPTIONS_H
#define GATEWAY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* One address to listen on. */
struct options_place {
    const char *text; /* as it was given */
    char host[256];
    uint16_t port;
};

struct options {
    struct options_place onebot, page;
    struct options_place http;                         /* text NULL: not at all */
    const char *post, *secret;                         /* NULL: none */
    const char *reverse, *reverse_api, *reverse_event; /* NULL: none */
    const char *token;                                 /* NULL: none */
    bool auth_after_upgrade;
};

/* Read the command line and XIE_TOKEN. Does not return after --help, --version or a mistake. */
void options_read(struct options *options, int argc, char **argv);

#endif

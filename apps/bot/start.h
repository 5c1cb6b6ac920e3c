/* start.h - from the command line to a bot that runs. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BOT_START_H
#define XIE_BOT_START_H

#include <xie/onebot/config.h>

enum { EXIT_USAGE = 2 };

/* What was asked for on the command line. */
struct start {
    struct onebot_options options; /* url and token of the command line, the commands */
    const char *config;            /* path; NULL: none */
    const char *plugin_folder;     /* NULL: that of the configuration */
    bool check_only;
};

/* The main task: read the configuration, if there is one, and run; arg is a struct start.
 * errors  as onebot_run; XIE_EFAILED the configuration is wrong: said on standard error */
int start_bot(void *arg);

#endif

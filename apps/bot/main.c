/* main.c - xie-bot: the command line, and the run. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>

#include "commands.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "usage: xie-bot --url ws[s]://HOST[:PORT][/PATH] [--token TOKEN]\n"
    "Connect to a OneBot 11 implementation (forward WebSocket) and answer commands.\n"
    "\n"
    "  --url URL      where the implementation listens; required. wss:// is over TLS, and\n"
    "                 believes the certificates that the system does, or SSL_CERT_FILE\n"
    "  --token TOKEN  its access token; better in the environment as XIE_TOKEN, where\n"
    "                 other users of this machine do not see it\n"
    "  --help         this text\n"
    "  --version      the version\n"
    "\n"
    "Ends by SIGINT or SIGTERM. Exit status: 0 stopped or help, 1 failure, 2 wrong usage.\n";

static int run(void *arg)
{
    return onebot_run(arg);
}

/* Say what is wrong with the command line. */
static int refuse(const char *what, const char *value)
{
    fprintf(stderr, "xie-bot: %s%s; see --help\n", what, value);
    return EXIT_USAGE;
}

static int exit_code(int error)
{
    if (error == XIE_EURL)
        return refuse("--url must be ws://HOST[:PORT][/PATH], or wss:// and the same", "");
    if (error == -EPROTONOSUPPORT)
        return refuse("--url is wss://, and this build has no TLS", "");
    if (error < 0 && error != -ECANCELED)
        fprintf(stderr, "xie-bot: %s\n", xie_strerror(error));
    return error < 0 && error != -ECANCELED ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What was asked for, on standard output; a full disk is a failure. */
static int print(const char *text)
{
    fputs(text, stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* return -1 go on; else the exit status */
static int read_options(int argc, char **argv, struct onebot_options *options)
{
    static const struct option list[] = {{"url", required_argument, NULL, 'u'},
                                         {"token", required_argument, NULL, 't'},
                                         {"help", no_argument, NULL, 'h'},
                                         {"version", no_argument, NULL, 'v'},
                                         {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", list, NULL)) != -1) {
        if (option == 'u')
            options->url = optarg;
        else if (option == 't')
            options->token = optarg;
        else if (option == 'h')
            return print(usage);
        else if (option == 'v')
            return print("xie-bot " XIE_VERSION "\n");
        else
            return refuse("wrong usage", "");
    }
    if (optind < argc)
        return refuse("unexpected argument ", argv[optind]);
    if (options->url && strncmp(options->url, "ws", 2) != 0)
        return exit_code(XIE_EURL); /* by http:// there would be no events */
    return options->url ? -1 : refuse("--url is required", "");
}

int main(int argc, char **argv)
{
    struct onebot_options options = {.token = getenv("XIE_TOKEN"),
                                     .on_event = on_greet,
                                     .book = {.rules = rules, .language = ONEBOT_ENGLISH}};
    int status = read_options(argc, argv, &options);
    if (status >= 0)
        return status;
    return exit_code(xie_run(run, &options));
}

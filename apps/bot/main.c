/* main.c - xie-bot: the command line, and the run. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>

#include "commands.h"
#include "start.h"

static const char usage[] =
    "usage: xie-bot --url ws[s]://HOST[:PORT][/PATH] [--token TOKEN] [--plugins FOLDER]\n"
    "       xie-bot --config FILE [--plugins FOLDER] [--check-config]\n"
    "       xie-bot --print-config\n"
    "Connect to OneBot 11 implementations and answer commands.\n"
    "\n"
    "  --url URL       where an implementation listens. wss:// is over TLS, and believes the\n"
    "                  certificates that the system does, or SSL_CERT_FILE. Takes the place\n"
    "                  of the endpoints of the file\n"
    "  --token TOKEN   its access token; better in the environment as XIE_TOKEN, where\n"
    "                  other users of this machine do not see it\n"
    "  --config FILE   settings, as YAML; read again on SIGHUP\n"
    "  --plugins FOLDER\n"
    "                  each *.so in it is a plugin: loaded at the start, and anew when it\n"
    "                  changes, or on SIGHUP. Takes the place of the file's plugin_folder\n"
    "  --check-config  only say what is wrong with them\n"
    "  --print-config  a file of the defaults, with what each setting means\n"
    "  --help          this text\n"
    "  --version       the version\n"
    "\n"
    "Ends by SIGINT or SIGTERM. Exit status: 0 stopped, help, or nothing wrong; 1 failure,\n"
    "or a wrong file; 2 wrong usage.\n";

/* Say what is wrong with the command line. */
static int refuse(const char *what, const char *value)
{
    fprintf(stderr, "xie-bot: %s%s; see --help\n", what, value);
    return EXIT_USAGE;
}

static const char wrong_url[] = "--url must be ws://HOST[:PORT][/PATH], or wss:// and the same";

static int exit_code(int error)
{
    if (error == XIE_EURL)
        return refuse(wrong_url, "");
    if (error == -EPROTONOSUPPORT)
        return refuse("--url is wss://, and this build has no TLS", "");
    if (error < 0 && error != -ECANCELED && error != XIE_EFAILED) /* XIE_EFAILED: said already */
        fprintf(stderr, "xie-bot: %s\n", xie_strerror(error));
    return error < 0 && error != -ECANCELED ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What was asked for, on standard output; a full disk is a failure. */
static int print(const char *text)
{
    fputs(text, stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_config(void)
{
    return onebot_config_print(onebot_settings_keys, stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Events come by WebSocket alone: a bot that connects by HTTP would hear nothing. */
static bool brings_events(const char *url)
{
    return strncmp(url, "ws://", 5) == 0 || strncmp(url, "wss://", 6) == 0;
}

/* return -1 go on; else the exit status */
static int check_options(const struct start *start)
{
    if (start->check_only && !start->config)
        return refuse("--check-config needs --config", "");
    if (start->options.token && !start->options.url)
        return refuse("--token needs --url", "");
    if (start->options.url && !brings_events(start->options.url))
        return refuse(wrong_url, "");
    return start->options.url || start->config ? -1 : refuse("--url or --config is required", "");
}

/* return the same */
static int take_option(int option, struct start *start)
{
    if (option == 'u')
        start->options.url = optarg;
    else if (option == 't')
        start->options.token = optarg;
    else if (option == 'l')
        start->plugin_folder = optarg;
    else if (option == 'c')
        start->config = optarg;
    else if (option == 'k')
        start->check_only = true;
    else if (option == 'p')
        return print_config();
    else if (option == 'h')
        return print(usage);
    else if (option == 'v')
        return print("xie-bot " XIE_VERSION "\n");
    else
        return refuse("wrong usage", "");
    return -1;
}

static int read_options(int argc, char **argv, struct start *start)
{
    static const struct option list[] = {{"url", required_argument, NULL, 'u'},
                                         {"token", required_argument, NULL, 't'},
                                         {"config", required_argument, NULL, 'c'},
                                         {"check-config", no_argument, NULL, 'k'},
                                         {"plugins", required_argument, NULL, 'l'},
                                         {"print-config", no_argument, NULL, 'p'},
                                         {"help", no_argument, NULL, 'h'},
                                         {"version", no_argument, NULL, 'v'},
                                         {NULL, 0, NULL, 0}};
    int option, status = -1;
    while (status < 0 && (option = getopt_long(argc, argv, "", list, NULL)) != -1)
        status = take_option(option, start);
    if (status < 0 && optind < argc)
        return refuse("unexpected argument ", argv[optind]);
    return status < 0 ? check_options(start) : status;
}

int main(int argc, char **argv)
{
    struct start start = {
        .options = {.on_event = on_greet, .book = {.rules = rules, .language = ONEBOT_ENGLISH}}};
    int status = read_options(argc, argv, &start);
    if (status >= 0)
        return status;
    if (!start.options.token)
        start.options.token = getenv("XIE_TOKEN"); /* of --url, as --token is */
    return exit_code(xie_run(start_bot, &start));
}

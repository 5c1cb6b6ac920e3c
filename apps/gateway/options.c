/* options.c - the command line.
 * Gateway, ground. getopt_long names what it does not know. */
/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <xie/address.h>

#ifndef GATEWAY_VERSION
#define GATEWAY_VERSION "0"
#endif

static const char help[] =
    "Usage: xie-gateway [OPTION...]\n"
    "\n"
    "A simulated QQ: a chat page for people, OneBot 11 for bots.\n"
    "\n"
    "  --onebot HOST:PORT     where bots connect, by WebSocket at /, /api and /event\n"
    "                         (default 127.0.0.1:6700)\n"
    "  --page HOST:PORT       where the chat page is (default 127.0.0.1:8080)\n"
    "  --http HOST:PORT       where bots call by HTTP, GET or POST /ACTION (default: nowhere)\n"
    "  --post URL             where events are sent to by HTTP POST; --secret SECRET signs them\n"
    "                         (else XIE_SECRET in the environment)\n"
    "  --reverse URL          a bot that listens: connect to it by WebSocket, for calls and "
    "events;\n"
    "                         --reverse-api URL, --reverse-event URL for one of them\n"
    "  --token TOKEN          what bots must know; else XIE_TOKEN in the environment, which\n"
    "                         other users of this machine cannot see; else nothing. Without one,\n"
    "                         websites and calls by HTTP to other names than localhost, a number\n"
    "                         or HOST are refused\n"
    "  --auth-after-upgrade   refuse a wrong token as NapCat does: after the WebSocket opened\n"
    "  --help, --version\n"
    "\n"
    "Port 0 lets the system choose. Once up, it prints the two addresses, a line each.\n"
    "SIGINT and SIGTERM end it with code 0; a port in use with 1; a wrong option with 2.\n";

__attribute__((noreturn)) static void hint(void)
{
    fputs("Try 'xie-gateway --help'.\n", stderr);
    exit(2);
}

static void read_place(struct options_place *place, const char *option, const char *text)
{
    place->text = text;
    if (xie_address_split(text, place->host, sizeof place->host, &place->port) == 0)
        return;
    fprintf(stderr, "xie-gateway: %s: '%s' is not HOST:PORT\n", option, text);
    hint();
}

static void say_and_exit(const char *text)
{
    fputs(text, stdout);
    exit(fflush(stdout) == 0 ? 0 : 1);
}

static const char *some(const char *text)
{
    return text && *text ? text : NULL;
}

/* Where the text of an option goes; NULL: it is more than a text. */
static const char **place_of(struct options *options, int option)
{
    switch (option) {
    case 't':
        return &options->token;
    case 'P':
        return &options->post;
    case 's':
        return &options->secret;
    case 'r':
        return &options->reverse;
    case 'c':
        return &options->reverse_api;
    case 'e':
        return &options->reverse_event;
    default:
        return NULL;
    }
}

void options_read(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"onebot", required_argument, NULL, 'o'},
        {"page", required_argument, NULL, 'p'},
        {"http", required_argument, NULL, 'H'},
        {"post", required_argument, NULL, 'P'},
        {"secret", required_argument, NULL, 's'},
        {"reverse", required_argument, NULL, 'r'},
        {"reverse-api", required_argument, NULL, 'c'},
        {"reverse-event", required_argument, NULL, 'e'},
        {"token", required_argument, NULL, 't'},
        {"auth-after-upgrade", no_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {0},
    };
    int option;
    *options =
        (struct options){.token = some(getenv("XIE_TOKEN")), .secret = some(getenv("XIE_SECRET"))};
    read_place(&options->onebot, "--onebot", "127.0.0.1:6700");
    read_place(&options->page, "--page", "127.0.0.1:8080");
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        const char **text = place_of(options, option);
        if (text) {
            *text = some(optarg);
            continue;
        }
        switch (option) {
        case 'H':
            read_place(&options->http, "--http", optarg);
            break;
        case 'o':
            read_place(&options->onebot, "--onebot", optarg);
            break;
        case 'p':
            read_place(&options->page, "--page", optarg);
            break;
        case 'a':
            options->auth_after_upgrade = true;
            break;
        case 'h':
            say_and_exit(help);
            break;
        case 'v':
            say_and_exit("xie-gateway " GATEWAY_VERSION "\n");
            break;
        default:
            hint();
        }
    }
    if (optind < argc) {
        fprintf(stderr, "xie-gateway: unexpected argument '%s'\n", argv[optind]);
        hint();
    }
}

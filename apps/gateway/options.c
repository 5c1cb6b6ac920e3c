/* options.c - the command line.
 * Gateway, ground. getopt_long names what it does not know. */
/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xie/address.h>

#include "mask.h"
#include "parse.h"
#include "world.h"

_Static_assert((int)WORLD_NAME == 64, "as the words below say");

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
    "Several accounts, beside 10000, which is always there:\n"
    "  --account NUMBER[:NAME]  one more: a new one is in every group, one of the people stays\n"
    "                         what they are. 10000:NAME gives that another name\n"
    "  --onebot, --http, --post and the reverse ones may be repeated, with NUMBER@ before the\n"
    "                         value for one account alone: --onebot 10002@127.0.0.1:6701 (one\n"
    "                         --onebot and one --http for each account, any number of the "
    "others).\n"
    "                         Where they are given without, /NUMBER before the path leads to any\n"
    "                         account: ws://127.0.0.1:6700/10002\n"
    "  --account-token NUMBER:TOKEN, --account-secret NUMBER:SECRET\n"
    "                         instead of the common ones; also XIE_TOKEN_NUMBER and\n"
    "                         XIE_SECRET_NUMBER in the environment\n"
    "  --report-self          what an account says is an event to its own bots: message_sent\n"
    "\n"
    "Port 0 lets the system choose. Once up, it prints the addresses, a line each.\n"
    "SIGINT and SIGTERM end it with code 0; a port in use with 1; a wrong option with 2.\n";

__attribute__((noreturn)) static void hint(void)
{
    fputs("Try 'xie-gateway --help'.\n", stderr);
    exit(2);
}

__attribute__((noreturn)) static void wrong(const char *option, const char *text, const char *what)
{
    fprintf(stderr, "xie-gateway: --%s: '%s' %s\n", option, text, what);
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

/* --- accounts ----------------------------------------------------------------------- */

static struct options_account *find(const struct options *options, int64_t account_id)
{
    for (size_t i = 0; i < options->accounts.count; i++) {
        if (options->accounts.list[i].account_id == account_id)
            return (struct options_account *)&options->accounts.list[i]; /* as options are */
    }
    return NULL;
}

const struct options_account *options_account(const struct options *options, int64_t account_id)
{
    return find(options, account_id);
}

static const char *from_environment(const char *what, int64_t account_id)
{
    char name[48];
    snprintf(name, sizeof name, "XIE_%s_%lld", what, (long long)account_id);
    return some(getenv(name));
}

/* The account of that number, from now on. One place is for the first account, named or not. */
static struct options_account *named(struct options *options, const char *option, const char *text,
                                     int64_t account_id)
{
    struct options_account *account = find(options, account_id);
    size_t others = options->accounts.count - (find(options, WORLD_BOT) != NULL);
    if (account)
        return account;
    if (account_id == MASK_NOBODY)
        wrong(option, text, "is the number of those who speak anonymously");
    if (account_id != WORLD_BOT && others == OPTIONS_MOST - 1)
        wrong(option, text, "is one account too many");
    account = &options->accounts.list[options->accounts.count++];
    *account = (struct options_account){.account_id = account_id,
                                        .nickname = "",
                                        .token = from_environment("TOKEN", account_id),
                                        .secret = from_environment("SECRET", account_id)};
    return account;
}

/* The number before `end`, one character, or with last the whole of a text; NULL: there is none.
 * Returns what is behind it. */
static const char *number_before(const char *text, char end, bool last, int64_t *number)
{
    char *rest;
    if (!isdigit((unsigned char)*text))
        return NULL;
    errno = 0;
    *number = strtoll(text, &rest, 10);
    if (errno || *number <= 0 || (*rest != end && !(last && !*rest)))
        return NULL;
    return *rest ? rest + 1 : rest;
}

/* Cut NUMBER@ off a text. The number is 0 where there is none. */
static const char *without_account(struct options *options, const char *option, const char *text,
                                   int64_t *account_id)
{
    const char *rest = number_before(text, '@', false, account_id);
    if (!rest) {
        *account_id = 0;
        return text;
    }
    (void)named(options, option, text, *account_id);
    return rest;
}

/* --account, --account-token, --account-secret */
static void read_account(struct options *options, const char *option, const char *text)
{
    const char *kind = option + strlen("account");
    int64_t account_id;
    const char *value = number_before(text, ':', !*kind, &account_id);
    if (!value)
        wrong(option, text, *kind ? "is not NUMBER:TEXT" : "is not NUMBER or NUMBER:NAME");
    struct options_account *account = named(options, option, text, account_id);
    if (!*kind && (strlen(value) >= WORLD_NAME || !parse_utf8(value)))
        wrong(option, text, "has a name of more than 63 bytes, or one that is no UTF-8");
    if (strcmp(kind, "-token") == 0)
        account->token = some(value);
    else if (strcmp(kind, "-secret") == 0)
        account->secret = some(value);
    else if (*value)
        account->nickname = value;
}

/* --- addresses ---------------------------------------------------------------------- */

static void read_place(struct options_place *place, const char *option, const char *text)
{
    place->text = text;
    if (xie_address_split(text, place->host, sizeof place->host, &place->port) < 0)
        wrong(option, text, "is not HOST:PORT");
}

/* The last one for an account is the one that counts. */
static void add_place(struct options *options, const char *option, const char *text)
{
    bool http = strcmp(option, "http") == 0;
    size_t *count = http ? &options->http.count : &options->onebot.count;
    struct options_place *places = http ? options->http.places : options->onebot.places;
    int64_t account_id;
    const char *rest = without_account(options, option, text, &account_id);
    size_t i = 0;
    while (i < *count && places[i].account_id != account_id)
        i++;
    if (i == OPTIONS_MOST)
        wrong(option, text, "is one too many");
    *count += i == *count;
    places[i].account_id = account_id;
    read_place(&places[i], option, rest);
}

static void add_url(struct options *options, const char *option, const char *text)
{
    bool post = strcmp(option, "post") == 0, api = strcmp(option, "reverse-api") == 0,
         event = strcmp(option, "reverse-event") == 0;
    size_t *count = post    ? &options->post.count
                    : api   ? &options->reverse_api.count
                    : event ? &options->reverse_event.count
                            : &options->reverse.count;
    struct options_url *urls = post    ? options->post.urls
                               : api   ? options->reverse_api.urls
                               : event ? options->reverse_event.urls
                                       : options->reverse.urls;
    if (!*text)
        return;
    if (*count == OPTIONS_MOST)
        wrong(option, text, "is one too many");
    struct options_url *url = &urls[(*count)++];
    url->url = without_account(options, option, text, &url->account_id);
}

/* --- all ---------------------------------------------------------------------------- */

enum { ACCOUNT = 'n', PLACE = 'o', URL = 'u' };

static const struct option known[] = {
    {"onebot", required_argument, NULL, PLACE},
    {"page", required_argument, NULL, 'p'},
    {"http", required_argument, NULL, PLACE},
    {"post", required_argument, NULL, URL},
    {"secret", required_argument, NULL, 's'},
    {"reverse", required_argument, NULL, URL},
    {"reverse-api", required_argument, NULL, URL},
    {"reverse-event", required_argument, NULL, URL},
    {"token", required_argument, NULL, 't'},
    {"account", required_argument, NULL, ACCOUNT},
    {"account-token", required_argument, NULL, ACCOUNT},
    {"account-secret", required_argument, NULL, ACCOUNT},
    {"report-self", no_argument, NULL, 'm'},
    {"auth-after-upgrade", no_argument, NULL, 'a'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},
    {0},
};

static void read_option(struct options *options, int option, const char *name)
{
    switch (option) {
    case PLACE:
        add_place(options, name, optarg);
        break;
    case URL:
        add_url(options, name, optarg);
        break;
    case ACCOUNT:
        read_account(options, name, optarg);
        break;
    case 'p':
        read_place(&options->page, "page", optarg);
        break;
    case 't':
        options->token = some(optarg);
        break;
    case 's':
        options->secret = some(optarg);
        break;
    case 'm':
        options->report_self = true;
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

void options_read(struct options *options, int argc, char **argv)
{
    int option, at = 0;
    memset(options, 0, sizeof *options);
    options->token = some(getenv("XIE_TOKEN"));
    options->secret = some(getenv("XIE_SECRET"));
    read_place(&options->page, "page", "127.0.0.1:8080");
    while ((option = getopt_long(argc, argv, "", known, &at)) != -1)
        read_option(options, option, known[at].name);
    if (optind < argc) {
        fprintf(stderr, "xie-gateway: unexpected argument '%s'\n", argv[optind]);
        hint();
    }
    if (!options->onebot.count)
        add_place(options, "onebot", "127.0.0.1:6700");
}

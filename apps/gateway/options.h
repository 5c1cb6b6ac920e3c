/* options.h - the command line.
 * Gateway, ground. A mistake ends the program with code 2 and a hint. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_OPTIONS_H
#define GATEWAY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTIONS_MOST = 64 }; /* how often an option that may be repeated is taken; accounts */

/* One address to listen on. */
struct options_place {
    const char *text;   /* as it was given, without the account */
    int64_t account_id; /* 0: none was given */
    char host[256];
    uint16_t port;
};

/* One URL to go to. */
struct options_url {
    const char *url;
    int64_t account_id; /* 0: none was given */
};

/* One account, and what is its own. */
struct options_account {
    int64_t account_id;
    const char *nickname;       /* "": none was given */
    const char *token, *secret; /* NULL: none of its own */
};

struct options {
    struct options_place page;
    struct {
        size_t count;
        struct options_place places[OPTIONS_MOST];
    } onebot, http;
    struct {
        size_t count;
        struct options_url urls[OPTIONS_MOST];
    } post, reverse, reverse_api, reverse_event;
    struct {
        size_t count;
        struct options_account list[OPTIONS_MOST]; /* every account that an option named */
    } accounts;
    const char *secret, *token; /* NULL: none */
    bool auth_after_upgrade, report_self;
};

/* Read the command line, XIE_TOKEN, XIE_SECRET, and of each account that it names
 * XIE_TOKEN_ACCOUNT and XIE_SECRET_ACCOUNT. Does not return after --help, --version or a mistake.
 */
void options_read(struct options *options, int argc, char **argv);

/* What options say of an account; NULL: nothing. */
const struct options_account *options_account(const struct options *options, int64_t account_id);

#endif

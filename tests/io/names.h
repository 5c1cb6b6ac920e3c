/* names.h - look-ups that need no network: getaddrinfo and sim know what the test says. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_IO_NAMES_H
#define XIE_TESTS_IO_NAMES_H

#include <netdb.h>

#include "io/net.h"

static const char *names_known = "";
static int names_asked; /* how often getaddrinfo was */

/* "one.test=127.0.0.1,::1 two.test=…", as XIE_SIM_HOSTS has them. */
static inline void names_are(const char *known)
{
    names_known = known;
    setenv("XIE_SIM_HOSTS", known, 1);
}

/* This definition comes before libc's. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    static _Thread_local struct xie_address found[4];
    static _Thread_local struct addrinfo infos[4];
    const char *at = strstr(names_known, host);
    int count = 0;
    (void)service;
    (void)hints;
    names_asked++;
    if (!at || at[strlen(host)] != '=')
        return EAI_NONAME;
    for (at += strlen(host); (*at == '=' || *at == ',') && count < 4; count++) {
        char number[XIE_ADDRESS_TEXT];
        int len = (int)strcspn(++at, ", ");
        snprintf(number, sizeof number, "%.*s", len, at);
        REQUIRE(xie_address_parse(&found[count], number, 0) == 0);
        infos[count] = (struct addrinfo){.ai_family = found[count].storage.ss_family,
                                         .ai_addr = (struct sockaddr *)&found[count].storage,
                                         .ai_addrlen = found[count].len};
        if (count)
            infos[count - 1].ai_next = &infos[count];
        at += len;
    }
    *list = infos;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    (void)list;
}

#endif

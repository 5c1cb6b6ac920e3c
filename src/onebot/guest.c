/* guest.c - somebody who comes to us by HTTP: whose account it says it is, and being turned away.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int64_t onebot_guest_account(const struct xie_http *http)
{
    const char *text = xie_http_field(http, "X-Self-ID");
    char *end;
    if (!text || *text < '0' || *text > '9')
        return 0;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return errno || *end ? 0 : number;
}

int onebot_guest_refuse(struct onebot_way *way, struct xie_http *http, int status, const char *why)
{
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT] = "?";
    if (xie_http_peer(http, &address) == 0)
        xie_address_format(&address, text);
    onebot_log(&way->program->log, ONEBOT_WARNING, "%s was turned away from %s: %s (HTTP %d)", text,
               way->name, why, status);
    return xie_http_answer(http, status, "text/plain", why, strlen(why));
}

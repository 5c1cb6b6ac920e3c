/* settings_tls_none.c - a build without TLS says so.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "onebot/settings_tls.h"

bool onebot_tls_is_built_in(void)
{
    return false;
}

int onebot_settings_tls(const json_t *tls, bool server, struct onebot_complaints *complaints,
                        const struct onebot_spot *place, struct xie_tls_context **context)
{
    (void)server;
    *context = NULL;
    if (!json_object_size(tls))
        return 0;
    onebot_complain(complaints, 0, place, "TLS is not built in");
    return -EPROTONOSUPPORT;
}

/* There is none that could be in use. */
int onebot_settings_tls_again(struct xie_tls_context *before, struct onebot_complaints *complaints,
                              const struct onebot_spot *place, struct xie_tls_context **context)
{
    (void)before;
    (void)complaints;
    (void)place;
    *context = NULL;
    return -EPROTONOSUPPORT;
}

void onebot_settings_tls_forget(struct xie_tls_context *context)
{
    (void)context;
}

/* settings_tls.c - contexts made of the files that a table "tls" names.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <xie/tls.h>

#include "onebot/settings_tls.h"

bool onebot_tls_is_built_in(void)
{
    return true;
}

static int complain(struct onebot_complaints *complaints, const struct onebot_spot *place,
                    int error, const struct xie_tls_failure *failure)
{
    if (!error || error == -ENOMEM)
        return error;
    onebot_complain(complaints, 0, place, "%s",
                    *failure->text ? failure->text : xie_strerror(error));
    return XIE_EFAILED;
}

int onebot_settings_tls(const json_t *tls, bool server, struct onebot_complaints *complaints,
                        const struct onebot_spot *place, struct xie_tls_context **context)
{
    struct xie_tls_failure failure = {0};
    struct xie_tls_options options = {
        .server = server,
        .cert_file = json_string_value(json_object_get(tls, "certificate")),
        .key_file = json_string_value(json_object_get(tls, "key")),
        .key_password = json_string_value(json_object_get(tls, "password")),
        .ca_file = json_string_value(json_object_get(tls, "ca")),
    };
    *context = NULL;
    if (!json_object_size(tls))
        return 0;
    int error = xie_tls_context_new(&options, context, &failure);
    return complain(complaints, place, error, &failure);
}

int onebot_settings_tls_again(struct xie_tls_context *before, struct onebot_complaints *complaints,
                              const struct onebot_spot *place, struct xie_tls_context **context)
{
    struct xie_tls_failure failure = {0};
    int error = xie_tls_context_reload(before, &failure);
    *context = error ? NULL : xie_tls_context_ref(before);
    return complain(complaints, place, error, &failure);
}

void onebot_settings_tls_forget(struct xie_tls_context *context)
{
    xie_tls_context_unref(context);
}

/* settings_tls.h - contexts of TLS, as a file names their parts.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_SETTINGS_TLS_H
#define XIE_ONEBOT_SETTINGS_TLS_H

#include "onebot/complain.h"

struct xie_tls_context;

/* Is there TLS in this build? */
bool onebot_tls_is_built_in(void);

/* The context of a table "tls"; NULL when nothing stands in it. context receives it, owned.
 * errors  XIE_EFAILED -EPROTONOSUPPORT, complained about; -ENOMEM */
int onebot_settings_tls(const json_t *tls, bool server, struct onebot_complaints *complaints,
                        const struct onebot_spot *place, struct xie_tls_context **context);
/* One that is in use, as a reference more: its files are loaded again. errors XIE_EFAILED,
 * complained about; -ENOMEM: then it is as it was */
int onebot_settings_tls_again(struct xie_tls_context *before, struct onebot_complaints *complaints,
                              const struct onebot_spot *place, struct xie_tls_context **context);
/* NULL is allowed. */
void onebot_settings_tls_forget(struct xie_tls_context *context);

#endif

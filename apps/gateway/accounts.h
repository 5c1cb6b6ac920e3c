/* accounts.h - the page's calls about accounts: which there are, one more, one less.
 * Gateway, eighth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_ACCOUNTS_H
#define GATEWAY_ACCOUNTS_H

#include <xie/web.h>

#include "gateway.h"

/* GET /api/accounts -> [{user_id, nickname, bots, report_self, path}], path being where its bots
 * connect at a door that is open to all. POST {user_id, nickname?, report_self?, open?} -> the
 * same: that one is an account from now on, or with open false none any more, and the connections
 * of its bots end. 400 what is no number or name, 403 the first one stays, 404 none of that number
 * to close, 409 there are too many */
int accounts_request(struct xie_http *http, struct gateway *gateway);

#endif

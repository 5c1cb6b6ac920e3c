/* web.h - everything of the web in one include: HTTP/1.1 and WebSocket, servers and clients.
 * Floor 8, library xie-web. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_H
#define XIE_WEB_H

#include <xie/http.h>
#include <xie/websocket.h>

#endif

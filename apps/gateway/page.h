/* page.h - the side on which people look: the chat page, its calls, its live socket.
 * Gateway, ninth floor. The page's files are in the program. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_PAGE_H
#define GATEWAY_PAGE_H

#include <xie/web.h>

#include "gateway.h"

/* A file of the page, embedded when the program is built. */
struct page_file {
    const char *path, *type;
    const unsigned char *data;
    size_t len;
};

/* Made by embed.py; ended by path NULL. The first is also "/". */
extern const struct page_file page_files[];

/* Serve until cancelled. errors as xie_http_serve */
int page_serve(struct xie_listener *listener, struct gateway *gateway);

#endif

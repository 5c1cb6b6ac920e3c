/* media.h - images, voices and the like that were sent, found by their file's name.
 * Gateway, sixth floor. The first four are action_fn. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_MEDIA_H
#define GATEWAY_MEDIA_H

#include <xie/web.h>

#include "call.h"

enum { MEDIA_BASE64 = 1024 * 1024 }; /* longer files are not told as base64 by get_file [bytes] */

json_t *media_image(struct call *call);    /* get_image */
json_t *media_record(struct call *call);   /* get_record */
json_t *media_file(struct call *call);     /* get_file */
json_t *media_download(struct call *call); /* download_file */

/* GET /media/MESSAGE/SEGMENT, path being what is behind /media: the bytes that came with it. */
int media_request(struct xie_http *http, struct gateway *gateway, const char *path);

#endif

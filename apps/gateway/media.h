/* media.h - images and voices that were sent, found by their file's name.
 * Gateway, sixth floor. Each is an action_fn. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_MEDIA_H
#define GATEWAY_MEDIA_H

#include "call.h"

json_t *media_image(struct call *call);  /* get_image */
json_t *media_record(struct call *call); /* get_record */

#endif

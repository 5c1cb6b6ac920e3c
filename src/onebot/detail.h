/* detail.h - what each event says, as a struct for each kind.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_DETAIL_H
#define XIE_ONEBOT_DETAIL_H

#include "onebot/shape.h"

/* Read an event, whose raw, post_type, detail_type, sub_type and ids are there already. memory as
 * onebot_shape_read. return 0; errors -ENOMEM */
int onebot_detail_read(const struct onebot_event *event, struct onebot_detail *detail,
                       struct onebot_memory **memory);

#endif

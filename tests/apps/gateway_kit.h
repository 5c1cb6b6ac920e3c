/* gateway_kit.h - a gateway without sockets, for tests of its inside. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_APPS_GATEWAY_KIT_H
#define XIE_TESTS_APPS_GATEWAY_KIT_H

#include <string.h>

#include "forward.h"
#include "late.h"
#include "scene.h"
#include "shelf.h"
#include "traffic.h"

static struct gateway gateway;

static inline void begin(void)
{
    memset(&gateway, 0, sizeof gateway);
    world_init(&gateway.world, 1000);
    history_init(&gateway.history, 1);
    late_init(&gateway);
}

static inline void end(void)
{
    late_fini(&gateway);
    forward_fini(&gateway);
    history_fini(&gateway.history);
    traffic_fini(&gateway);
    scene_fini(&gateway);
    shelf_fini(&gateway);
}

#endif

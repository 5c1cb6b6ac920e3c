/* keep.h - a rig whose bot has a store that outlives it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_ONEBOT_KEEP_H
#define XIE_TESTS_ONEBOT_KEEP_H

#include <xie/onebot/store.h>

#include "fake.h"

/* Options: a store in memory. end() closes it. */
static inline void with_store(struct rig *rig)
{
    REQUIRE(onebot_store_open(NULL, NULL, &rig->options.store) == 0);
}

/* The script's last line. */
static inline void end(struct rig *rig)
{
    if (rig->bot)
        rig_stop(rig);
    onebot_store_close(rig->options.store);
}

/* What an implementation sends first: whose account it is. */
static inline void hello(struct rig *rig)
{
    fake_send(&rig->fake, "{s:s, s:s, s:s, s:i, s:i}", "post_type", "meta_event", "meta_event_type",
              "lifecycle", "sub_type", "connect", "self_id", FAKE_SELF, "time", 1700000000);
}

/* Stop the bot and start it again; what is kept is taken up. */
static inline void restart(struct rig *rig)
{
    unsigned connections = rig->fake.connections;
    rig_stop(rig);
    rig_start(rig);
    fake_wait_connections(&rig->fake, connections + 1);
    hello(rig);
}

/* What lies in the store: owned. begin: "h/" "s/" "t/" */
static inline json_t *kept(struct rig *rig, const char *begin)
{
    struct onebot_key key = {.space = "xie.kept", .name = begin};
    struct onebot_stored got = onebot_store_list(rig->options.store, &key, NULL, 0);
    REQUIRE(!got.error);
    return got.value;
}

static inline size_t count_kept(struct rig *rig, const char *begin)
{
    json_t *all = kept(rig, begin);
    size_t count = json_object_size(all);
    json_decref(all);
    return count;
}

static inline bool is_kept(struct rig *rig)
{
    return count_kept(rig, "h/") > 0;
}

/* The handler has ended; wait until that is written down. */
static inline void check_nothing_kept(struct rig *rig)
{
    while (is_kept(rig))
        xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(count_kept(rig, ""), 0);
}

#endif

/* plugin_kit.h - for tests of plugins: the fixtures, what they note, a bot to load them into. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_ONEBOT_PLUGIN_KIT_H
#define XIE_TESTS_ONEBOT_PLUGIN_KIT_H

#include <xie/onebot/plugin.h>

#include "fake.h"
#include "fixture/fixture.h"

/* The bot of the rig, once it runs: by a plugin of the test's own, that is linked in. */
extern struct onebot_bot *kit_bot;
extern const struct onebot_plugin_definition *const kit_plugins[];

/* A folder of the test's own, emptied and removed by kit_clean. */
extern char kit_folder[32];
/* A file in it. */
const char *kit_path(const char *name);
void kit_clean(void);
/* Put a fixture there, as a new file in place of what there is; or written over it. Returns its
 * path. */
const char *kit_put(const char *fixture, const char *name);
const char *kit_write_over(const char *fixture, const char *name);
/* Its first len bytes. */
const char *kit_put_part(const char *fixture, const char *name, size_t len);
size_t kit_size(const char *fixture);

/* As `set` of a play: with kit_plugins. Its answers are given by itself. */
void kit_set(struct rig *rig);

/* How often has it been noted? Wait until it has, count times. */
unsigned kit_noted(const char *text);
void kit_wait_noted(const char *text, unsigned count);
void kit_forget(void);
/* A message by FAKE_USER in FAKE_GROUP is answered by this. */
void kit_says(struct rig *rig, const char *text, const char *want);
/* Let the threads' work go on. */
void kit_release_work(void);
/* Join, and close, what was kept. */
void kit_join_kept(void);
void kit_close_kept(void);
/* The one of this name that comes first; its name is NULL when there is none. */
struct onebot_plugin_info kit_info(const char *name);

#endif

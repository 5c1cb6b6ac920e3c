/* scene.h - what pages are shown of the world: the people, the accounts, the groups.
 * Gateway, second floor. Told with the first words, and again when something in it changed. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_SCENE_H
#define GATEWAY_SCENE_H

#include "gateway.h"

/* {kind, people: [{user_id, nickname}], accounts: [{user_id, report_self, friends: [id]}], groups:
 * [{group_id, name, muted, members: [{user_id, card, role, title, muted_until}]}]}, new reference;
 * NULL without memory. */
json_t *scene_show(const struct gateway *gateway, const char *kind);

/* Tell open pages, if it is not what they know. Without memory they learn it the next time.
 * cost   nothing without pages; else one encoding of the scene */
void scene_tell(struct gateway *gateway);

/* A page has been shown the scene as it is now. */
void scene_known(struct gateway *gateway);

void scene_fini(struct gateway *gateway);

#endif

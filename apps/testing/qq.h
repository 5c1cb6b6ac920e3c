/* qq.h - the simulated QQ of a test: what is needed of the gateway, in one place.
 * Kit, third floor. */
/* SPDX-License-Identifier: MIT */
#ifndef KIT_QQ_H
#define KIT_QQ_H

#include "kit.h"

/* Make one that has nobody in it but the bot, and listen for bots.
 * errors -ENOMEM, those of xie_tcp_listen */
int kit_qq_open(struct onebot_test *t);
/* Its tasks have ended. Does nothing for one that was not opened. */
void kit_qq_close(struct onebot_test *t);
/* Spawn its tasks into t->group. errors -ENOMEM */
int kit_qq_spawn(struct onebot_test *t);

/* Does a bot get events? */
bool kit_qq_connected(const struct onebot_test *t);
/* Every connection ends. */
void kit_qq_disconnect(struct onebot_test *t);
/* Take no bot until ns have passed. false: the test has failed */
bool kit_qq_away(struct onebot_test *t, int64_t ns);

/* Somebody as a story names them: their nickname, or number. A group's name. Borrowed until the
 * next call but three. */
const char *kit_qq_name(struct onebot_test *t, int64_t user_id);
/* "Alice in Friends", "Alice in private". */
const char *kit_qq_place(struct onebot_test *t, int64_t user_id, int64_t group_id);
/* Can somebody hear what the bot says there? Else the test fails. */
bool kit_qq_check_hearer(struct onebot_test *t, int64_t user_id, int64_t group_id);

/* Segments (taken, NULL: no memory) said by somebody. return the message's id; 0 failed */
int64_t kit_qq_say(struct onebot_test *t, int64_t user_id, int64_t group_id, json_t *segments);
/* params is taken. false: failed */
bool kit_qq_act(struct onebot_test *t, int64_t user_id, const char *action, json_t *params);
/* An event (taken). false: failed */
bool kit_qq_emit(struct onebot_test *t, json_t *event);

/* Was the latest request of that person answered? *found false: there was none. */
bool kit_qq_answered(const struct onebot_test *t, int64_t user_id, bool *found, bool *approved);

/* A task: notes what the bot says, until cancelled. */
int kit_qq_listen(void *t);

#endif

/* guest.h - an implementation that comes to the bot: by reverse WebSocket, or by HTTP POST. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_ONEBOT_GUEST_H
#define XIE_TESTS_ONEBOT_GUEST_H

#include "fake.h"

/* How it knocks; zero leaves each out. */
struct knock {
    const char *self_id, *role, *authorization, *query;
    struct xie_tls_context *tls; /* wss:// */
};

struct guest {
    struct xie_ws *ws;
    int64_t self_id;
    int64_t last_id; /* of messages */
};

/* Connect to the port where the bot listens. return 0 or the error; status: HTTP's. */
int guest_knock(struct guest *guest, struct rig *rig, const struct knock *knock, int *status);
/* The same for an account and a role, "" for none; must succeed. */
void guest_connect(struct guest *guest, struct rig *rig, int64_t self_id, const char *role);
void guest_leave(struct guest *guest);

/* FAKE_USER says something in a group (0: private); returns the message's id. */
int64_t guest_say(struct guest *guest, int64_t group, const char *text);
/* Send these bytes. */
void guest_send(struct guest *guest, const char *text);
/* The next call; owned. NULL when the connection ended before. */
json_t *guest_call(struct guest *guest);
/* Answer it with data (taken over); drops the call. */
void guest_answer(struct guest *guest, json_t *call, json_t *data);
/* Wait until the bot ends the connection. */
void guest_wait_end(struct guest *guest);

/* POST body with these lines of fields; returns the answer's status. */
int guest_post(struct rig *rig, const char *fields, const char *body);
/* The JSON of a message by FAKE_USER, ended by 0. */
void guest_message(char text[512], int64_t self_id, int64_t group, int64_t id, const char *said);

#endif

/* roster.h - the accounts that bots are: found, opened and closed while others talk.
 * Gateway, fourth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_ROSTER_H
#define GATEWAY_ROSTER_H

#include "gateway.h"

/* What the bots of that account have; NULL: it is no open account. It stays where it is for as
 * long as the gateway lives, open or not. */
struct seat *roster_seat(struct gateway *gateway, int64_t user_id);

/* What a bot of that seat must know: its own token, else the gateway's; NULL: nothing. */
const char *roster_token(const struct gateway *gateway, const struct seat *seat);

/* Whose door a path opens: the door's account, or where that is open to all the one of a first
 * /NUMBER, which need not be an account. return the rest of the path */
const char *roster_door(const struct door *door, const char *path, int64_t *account_id);

/**
 * Make somebody an account, or give one another name.
 *
 * nickname  "": what it was, or the number
 * joins     somebody new comes into every group, which is told to the accounts in it
 * return    0
 * errors    -ENOSPC there are WORLD_PEOPLE, or WORLD_ACCOUNTS, already
 */
int roster_open(struct gateway *gateway, int64_t user_id, const char *nickname, bool joins);

/* It is no account any more, and every connection of its bots ends.
 * errors -ENOENT it is none; -EPERM it is WORLD_BOT, which stays */
int roster_close(struct gateway *gateway, int64_t user_id);

/* Wait until that account, whose seat it is, is open. errors as xie_event_wait */
int roster_wait(struct gateway *gateway, int64_t user_id, struct seat *seat);

/* A task of the group that cancels it when the connections of the seat end.
 * errors as xie_group_spawn */
int roster_watch(struct seat *seat, struct xie_group *group);

/* End every connection of a seat: its bots may come again. */
void roster_end_connections(struct seat *seat);

#endif

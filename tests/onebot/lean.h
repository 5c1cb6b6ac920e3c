/* lean.h - an implementation that allocates nothing of its own, and runs of a bot beside it in
 * which calls fail: what the sweeps share. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_ONEBOT_LEAN_H
#define XIE_TESTS_ONEBOT_LEAN_H

#include <xie.h>
#include <xie/onebot.h>
#include <xie/web.h>

enum { LEAN_URL = 64, LEAN_JSON = 256 };

/* Listen on a free port, and make the URL of it. return 0 or the error */
int lean_listen(struct xie_listener **listener, const char *scheme, char url[LEAN_URL]);

/* A private message by 2 to the account 1. return its length */
int lean_message(char json[LEAN_JSON], int64_t id, const char *text);
void lean_say(struct xie_ws *ws, int64_t id, const char *text);
/* That the call went well. */
void lean_answer(struct xie_ws *ws, const char *call);

/* Until the connection ends: called for each call, and whenever nothing has come for a while. */
struct lean_side {
    void (*called)(void *arg, struct xie_ws *ws, const char *call);
    void (*quiet)(void *arg, struct xie_ws *ws);
};
void lean_converse(const struct lean_side *side, void *arg, struct xie_ws *ws);

/* Of a bot that waits for nothing long; its log is shown with XIE_TEST_LOG set. */
struct onebot_options lean_options(void);
void lean_log(void *arg, enum onebot_level level, const char *line);

/* Unless there is an error already, spawn these tasks (ended by NULL), wait for done or, if it is
 * not 0, for cancel_after [ns], and end them. return 0, or what failed first */
int lean_together(int error, xie_task_fn *const tasks[], void *arg, struct xie_event *done,
                  int64_t cancel_after);

/* Call number nth of these kinds fails. */
void lean_fail(unsigned kinds, int error, uint64_t nth);
/* xie_run, after which there are as many blocks and files as before; step says where we are.
 * Nothing fails any more; xie_fault_plan.failed tells whether anything has. */
int lean_run(xie_task_fn *main_task, void *arg, uint64_t step);
/* How many steps at once: another number where time is real or tests are slow. */
unsigned lean_stride(unsigned on_sim, unsigned otherwise);

#endif

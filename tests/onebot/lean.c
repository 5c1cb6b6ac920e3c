/* lean.c - the lean implementation, and the runs beside it.
 * Tests, onebot. */
/* SPDX-License-Identifier: MIT */
#include "lean.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "tap.h"

int lean_listen(struct xie_listener **listener, const char *scheme, char url[LEAN_URL])
{
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    int error = xie_tcp_listen("127.0.0.1", 0, 0, listener);
    if (!error)
        error = xie_listener_address(*listener, &address);
    if (!error)
        snprintf(url, LEAN_URL, "%s://%.40s/", scheme, xie_address_format(&address, text));
    return error;
}

int lean_message(char json[LEAN_JSON], int64_t id, const char *text)
{
    return snprintf(json, LEAN_JSON,
                    "{\"post_type\":\"message\",\"message_type\":\"private\",\"self_id\":1,"
                    "\"user_id\":2,\"time\":3,\"message_id\":%lld,\"message\":\"%s\"}",
                    (long long)id, text);
}

void lean_say(struct xie_ws *ws, int64_t id, const char *text)
{
    char json[LEAN_JSON];
    int len = lean_message(json, id, text);
    xie_ws_send(ws, XIE_WS_TEXT, json, (size_t)len);
}

void lean_answer(struct xie_ws *ws, const char *call)
{
    char json[128];
    const char *echo = strstr(call, "\"echo\":\"");
    int len = snprintf(json, sizeof json, "{\"status\":\"ok\",\"data\":{\"message_id\":5},%.*s}",
                       echo ? (int)strcspn(echo, "}") : 0, echo);
    xie_ws_send(ws, XIE_WS_TEXT, json, (size_t)len);
}

void lean_converse(const struct lean_side *side, void *arg, struct xie_ws *ws)
{
    char *text;
    size_t len;
    for (int kind = -ETIMEDOUT; kind > 0 || kind == -ETIMEDOUT;) {
        XIE_TIMEOUT(20 * XIE_MILLISECOND)
            kind = xie_ws_receive(ws, &text, &len);
        if (kind > 0)
            side->called(arg, ws, text);
        else if (kind == -ETIMEDOUT && xie_check() == 0)
            side->quiet(arg, ws);
        else
            break;
    }
}

/* --- the bot ------------------------------------------------------------------------ */

void lean_log(void *arg, enum onebot_level level, const char *line)
{
    (void)arg;
    if (getenv("XIE_TEST_LOG"))
        fprintf(stderr, "%d %s\n", (int)level, line);
}

struct onebot_options lean_options(void)
{
    return (struct onebot_options){.call_timeout_ns = 100 * XIE_MILLISECOND,
                                   .retry_least_ns = XIE_MILLISECOND,
                                   .retry_most_ns = XIE_MILLISECOND,
                                   .ping_interval_ns = 50 * XIE_MILLISECOND,
                                   .grace_ns = XIE_MILLISECOND,
                                   .keep_signals = true, /* sim waits really for signals */
                                   .log = lean_log};
}

int lean_together(int error, xie_task_fn *const tasks[], void *arg, struct xie_event *done,
                  int64_t cancel_after)
{
    XIE_GROUP(group) {
        for (; !error && *tasks; tasks++)
            error = xie_group_spawn(&group, *tasks, arg);
        if (!error)
            error = cancel_after ? xie_sleep(cancel_after) : xie_event_wait(done);
        xie_group_cancel(&group);
        int failed = xie_group_wait(&group);
        error = error && error != -ECANCELED ? error : failed;
    }
    return error;
}

/* --- the driver --------------------------------------------------------------------- */

void lean_fail(unsigned kinds, int error, uint64_t nth)
{
    xie_fault_plan = (struct xie_fault){.kinds = kinds, .nth = nth, .error = error};
}

static size_t open_files(void)
{
    size_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    closedir(dir);
    return count;
}

int lean_run(xie_task_fn *main_task, void *arg, uint64_t step)
{
    size_t memory = xie_alloc_live(), files = open_files();
    int result = xie_run(main_task, arg);
    xie_fault_plan.kinds = 0;
    if (xie_alloc_live() != memory || open_files() != files)
        tap_failed(__FILE__, __LINE__, "step %llu leaks: memory %zu to %zu, files %zu to %zu",
                   (unsigned long long)step, memory, xie_alloc_live(), files, open_files());
    return result;
}

unsigned lean_stride(unsigned on_sim, unsigned otherwise)
{
    const char *backend = getenv("XIE_BACKEND");
    return backend && !strcmp(backend, "sim") && !tap_slow() ? on_sim : otherwise;
}

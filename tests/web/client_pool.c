/* client_pool.c - the connections of a client: shared, bounded, kept, closed; and whoever is
 * interrupted or turned out while it uses them. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"

static struct xie_http_client *client;
static int inside, most_inside, handled;
static char order[64];

/* "/wait": answers when the gate opens. */
static struct xie_event gate;

static int site(struct xie_http *http, void *arg)
{
    const char *path = xie_http_path(http);
    size_t used = strlen(order);
    (void)arg;
    handled++;
    inside++;
    most_inside = inside > most_inside ? inside : most_inside;
    if (used < sizeof order - 1)
        order[used] = path[strlen(path) - 1];
    int err = strncmp(path, "/wait", 5) ? 0 : xie_event_wait(&gate);
    inside--;
    if (err < 0)
        return err;
    static char text[100000];
    memset(text, 't', sizeof text);
    size_t len = strcmp(path, "/long") ? 4 : sizeof text;
    return xie_http_answer(http, 200, "text/plain", text, len);
}

static const char *url(const char *path)
{
    static char urls[8][256];
    static unsigned turn;
    char *text = urls[turn++ % 8];
    snprintf(text, sizeof urls[0], "http://127.0.0.1:%u%s", kit_port, path);
    return text;
}

static int get(const char *where)
{
    struct xie_http_request request = {.url = where};
    struct xie_http_response *response = NULL;
    char *body;
    int err = xie_http_fetch(client, &request, &response);
    CHECK_EQ(err < 0, !response);
    if (err < 0)
        return err;
    CHECK_EQ(xie_http_response_status(response), 200);
    CHECK(xie_http_response_body(response, &body) >= 2);
    xie_http_response_free(response);
    return 0;
}

static int get_task(void *where)
{
    return get(where);
}

static struct xie_task *spawn_get(const char *where)
{
    struct xie_task *task = xie_spawn(get_task, (void *)(uintptr_t)where);
    REQUIRE(task);
    return task;
}

static void open_client(size_t total, size_t per_host, int64_t idle_ns)
{
    struct xie_http_client_options options = {
        .max_connections = total, .max_per_host = per_host, .idle_timeout_ns = idle_ns};
    gate = (struct xie_event){0};
    inside = most_inside = handled = 0;
    memset(order, 0, sizeof order);
    CHECK_EQ(xie_http_client_open(total || per_host || idle_ns ? &options : NULL, &client), 0);
}

static size_t count(void)
{
    return xie_http_client_count(client, NULL);
}

static size_t idle(void)
{
    size_t number;
    xie_http_client_count(client, &number);
    return number;
}

/* Until so many handlers wait for the gate. */
static void until_inside(int number)
{
    while (inside < number && !xie_sleep(XIE_MILLISECOND))
        continue;
}

/* --- sharing ---------------------------------------------------------------------------------- */

static int reuse(void)
{
    open_client(0, 0, 0);
    CHECK_EQ(count(), 0);
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(get(url("/a")), 0);
        CHECK_EQ(count(), 1);
        CHECK_EQ(idle(), 1);
    }
    xie_http_client_close(client);
    xie_http_client_close(NULL);
    return 0;
}

static void one_connection_after_the_other(void)
{
    kit_run(site, NULL, reuse);
}

enum { MANY = 12 };

static void crowd(size_t total, size_t per_host, int most)
{
    struct xie_task *tasks[MANY];
    char paths[MANY][16];
    open_client(total, per_host, 0);
    for (int i = 0; i < MANY; i++) {
        snprintf(paths[i], sizeof paths[i], "/wait/%c", 'a' + i);
        tasks[i] = spawn_get(url(paths[i]));
        xie_sleep(0);
    }
    until_inside(most);
    for (int i = 0; i < 20; i++)
        xie_sleep(0);
    CHECK_EQ(inside, most);
    CHECK_EQ(count(), most);
    CHECK_EQ(idle(), 0);
    xie_event_set(&gate);
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(xie_join(tasks[i]), 0);
    CHECK_EQ(most_inside, most);
    CHECK_EQ(handled, MANY);
    CHECK_EQ(count(), most);
    CHECK_EQ(idle(), most);
    xie_http_client_close(client);
}

static int bounds(void)
{
    crowd(0, 3, 3);
    crowd(2, 3, 2);
    crowd(0, 1, 1);
    CHECK_STR(order, "abcdefghijkl"); /* first come, first served */
    crowd(0, 0, 8);
    return 0;
}

static void a_bound_for_a_host_and_for_all(void)
{
    kit_run(site, NULL, bounds);
}

#define KEPT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* A connection that nobody uses makes room for another host's. */
static int evict(void)
{
    static const struct raw_script scripts[] = {
        {.answers = {KEPT}, .hold = true}, {.answers = {KEPT}, .hold = true}, RAW_END};
    struct raw other = {.scripts = scripts};
    raw_open(&other);
    open_client(2, 2, 0);
    struct xie_task *task = spawn_get(url("/wait"));
    until_inside(1);
    CHECK_EQ(get(raw_url(&other, "/")), 0);
    CHECK_EQ(count(), 2);
    CHECK_EQ(idle(), 1);
    CHECK_EQ(get(url("/a")), 0);
    CHECK_EQ(count(), 2);
    xie_event_set(&gate);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(idle(), 2);
    CHECK_EQ(get(raw_url(&other, "/")), 0);
    CHECK_EQ(other.connections, 2);
    CHECK_EQ(count(), 2);
    xie_http_client_close(client);
    raw_close(&other);
    return 0;
}

static void room_for_another_host(void)
{
    kit_run(site, NULL, evict);
}

/* Who stands in line and goes leaves the line; what it was given goes to the next. */
static int give_up(void)
{
    open_client(0, 1, 0);
    struct xie_task *first = spawn_get(url("/wait/a"));
    until_inside(1);
    struct xie_task *second = spawn_get(url("/b")), *third = spawn_get(url("/c"));
    for (int i = 0; i < 5; i++)
        xie_sleep(0);
    xie_task_cancel(second);
    CHECK_EQ(xie_join(second), -ECANCELED);
    /* The first is cancelled in the midst of its request: the place goes to the third. */
    xie_task_cancel(first);
    CHECK_EQ(xie_join(first), -ECANCELED);
    CHECK_EQ(xie_join(third), 0);
    CHECK_STR(order, "ac");
    CHECK_EQ(count(), 1);
    xie_event_set(&gate);
    xie_http_client_close(client);
    return 0;
}

static void giving_up_in_line(void)
{
    kit_run(site, NULL, give_up);
}

static int idle_out(void)
{
    open_client(0, 0, 5 * XIE_MILLISECOND);
    CHECK_EQ(get(url("/a")), 0);
    while (count() && !xie_sleep(XIE_MILLISECOND))
        continue;
    CHECK_EQ(get(url("/a")), 0);
    CHECK_EQ(count(), 1);
    xie_http_client_close(client);
    open_client(0, 0, XIE_NEVER);
    CHECK_EQ(get(url("/a")), 0);
    xie_sleep(10 * XIE_MILLISECOND);
    CHECK_EQ(idle(), 1);
    xie_http_client_close(client);
    return 0;
}

static void idle_connections_end(void)
{
    kit_run(site, NULL, idle_out);
}

/* --- answers read in pieces
 * ----------------------------------------------------------------------- */

static struct xie_http_response *start(const char *where)
{
    struct xie_http_request request = {.url = where, .stream = true};
    struct xie_http_response *response = NULL;
    CHECK_EQ(xie_http_fetch(client, &request, &response), 0);
    REQUIRE(response);
    return response;
}

static int abandon(void)
{
    char data[16];
    open_client(0, 1, 0);
    /* Not read to its end: the connection is closed, and the next one waits for no answer. */
    struct xie_http_response *response = start(url("/long"));
    CHECK(xie_http_response_read(response, data, sizeof data) > 0);
    CHECK_EQ(count(), 1);
    CHECK_EQ(idle(), 0);
    xie_http_response_free(response);
    CHECK_EQ(count(), 0);
    /* Read to its end: it is free before the answer is. */
    response = start(url("/long"));
    while (xie_http_response_read(response, data, sizeof data) > 0)
        continue;
    CHECK_EQ(idle(), 1);
    CHECK_EQ(get(url("/a")), 0);
    xie_http_response_free(response);
    xie_http_response_free(NULL);
    CHECK_EQ(count(), 1);
    xie_http_client_close(client);
    return 0;
}

static void an_answer_not_read_to_its_end(void)
{
    kit_run(site, NULL, abandon);
}

static ssize_t second_result;

static int read_too(void *arg)
{
    char byte;
    second_result = xie_http_response_read(arg, &byte, 1);
    return 0;
}

#define PART "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok"

/* An interrupted read loses nothing; two do not read at a time. */
static int interrupted(void)
{
    static const struct raw_script scripts[] = {
        {.answers = {PART, "on"}, .deaf = true, .gated = true, .hold = true}, RAW_END};
    struct raw raw = {.scripts = scripts};
    char data[8], *body;
    raw_open(&raw);
    open_client(0, 0, 0);
    struct xie_http_response *response = start(raw_url(&raw, "/"));
    CHECK_EQ(xie_http_response_read(response, data, 1), 1);
    CHECK_EQ(xie_http_response_read(response, data + 1, 7), 1);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_http_response_read(response, data, 8), -ETIMEDOUT);
        CHECK_EQ(xie_http_response_body(response, &body), -ETIMEDOUT);
    }
    struct xie_task *first = xie_spawn(read_too, response);
    xie_sleep(0);
    xie_sleep(0);
    CHECK_EQ(xie_http_response_read(response, data, 8), -EBUSY);
    CHECK_EQ(xie_http_response_body(response, &body), -EBUSY);
    xie_task_cancel(first);
    CHECK_EQ(xie_join(first), 0);
    CHECK_EQ(second_result, -ECANCELED);
    xie_event_set(&raw.gate);
    CHECK_EQ(xie_http_response_body(response, &body), 2);
    CHECK_STR(body, "on");
    CHECK_EQ(idle(), 1);
    xie_http_response_free(response);
    CHECK_EQ(count(), 1);
    xie_http_client_close(client);
    raw_close(&raw);
    return 0;
}

static void an_interrupted_read(void)
{
    kit_alone(interrupted);
}

/* --- the end of a client
 * ---------------------------------------------------------------------------- */

static int close_under(void)
{
    char data[8], *body;
    open_client(0, 2, 0);
    struct xie_http_response *response = start(url("/long"));
    CHECK(xie_http_response_read(response, data, 1) == 1);
    struct xie_task *asking = spawn_get(url("/wait/a"));
    until_inside(1);
    struct xie_task *in_line = spawn_get(url("/wait/b"));
    struct xie_task *also = spawn_get(url("/c"));
    for (int i = 0; i < 5; i++)
        xie_sleep(0);
    xie_http_client_close(client);
    CHECK_EQ(xie_join(asking), XIE_ECLOSED);
    CHECK_EQ(xie_join(in_line), XIE_ECLOSED);
    CHECK_EQ(xie_join(also), XIE_ECLOSED);
    ssize_t n;
    while ((n = xie_http_response_read(response, data, sizeof data)) > 0)
        continue; /* what had come */
    CHECK_EQ(n, XIE_ECLOSED);
    CHECK_EQ(xie_http_response_body(response, &body), XIE_ECLOSED);
    CHECK_EQ(xie_http_response_status(response), 200);
    xie_http_response_free(response);
    xie_event_set(&gate);
    return 0;
}

static void closed_under_everybody(void)
{
    kit_run(site, NULL, close_under);
}

static int close_under_reader(void)
{
    static const struct raw_script scripts[] = {{.answers = {PART}, .hold = true}, RAW_END};
    struct raw raw = {.scripts = scripts};
    char data[8];
    raw_open(&raw);
    open_client(0, 0, 0);
    struct xie_http_response *response = start(raw_url(&raw, "/"));
    CHECK_EQ(xie_http_response_read(response, data, 1), 1);
    CHECK_EQ(xie_http_response_read(response, data, 1), 1);
    struct xie_task *reader = xie_spawn(read_too, response);
    xie_sleep(0);
    xie_http_client_close(client);
    CHECK_EQ(xie_join(reader), 0);
    CHECK_EQ(second_result, XIE_ECLOSED);
    xie_http_response_free(response);
    raw_close(&raw);
    return 0;
}

static void closed_under_a_reader(void)
{
    kit_alone(close_under_reader);
}

/* An answer that has come whole outlives its client. */
static int outlive(void)
{
    struct xie_http_request request = {.url = url("/a")};
    struct xie_http_response *response;
    char *body;
    open_client(0, 0, 0);
    CHECK_EQ(xie_http_fetch(client, &request, &response), 0);
    xie_http_client_close(client);
    CHECK_EQ(xie_http_response_body(response, &body), 4);
    CHECK_STR(body, "tttt");
    xie_http_response_free(response);
    return 0;
}

static void an_answer_outlives_its_client(void)
{
    kit_run(site, NULL, outlive);
}

static void without_a_loop(void)
{
    CHECK_EQ(xie_http_client_open(NULL, &client), -EPERM);
}

static int free_while_read(void)
{
    static const struct raw_script scripts[] = {{.answers = {PART}, .hold = true}, RAW_END};
    struct raw raw = {.scripts = scripts};
    char data[8];
    raw_open(&raw);
    client = NULL;
    struct xie_http_response *response = start(raw_url(&raw, "/"));
    xie_http_response_read(response, data, 2);
    xie_detach(xie_spawn(read_too, response));
    xie_sleep(0);
    xie_http_response_free(response);
    return 0;
}

static void run_free_while_read(void *arg)
{
    (void)arg;
    kit_alone(free_while_read);
}

static void freeing_what_another_task_reads(void)
{
    char text[600];
    int status = tap_child(run_free_while_read, NULL, text, sizeof text);
    CHECK(status != 0);
    CHECK(strstr(text, "xie_http_response_free: another task reads it"));
}

/* --- cancelled at every turn
 * ------------------------------------------------------------------------ */

static ssize_t give(void *arg, void *buf, size_t cap)
{
    int *left = arg;
    memset(buf, 'g', cap);
    return --*left >= 0 ? (ssize_t)cap : 0;
}

/* A bit of everything, on one client. */
static int converse(void *arg)
{
    int left = 3;
    char data[5000];
    struct xie_http_response *response = NULL;
    struct xie_http_request upload = {.url = url("/up"), .source = give, .source_arg = &left};
    (void)arg;
    int err = get(url("/a"));
    err = err ? err : xie_http_fetch(client, &upload, &response);
    if (err < 0)
        return err;
    xie_http_response_free(response);
    struct xie_http_request pieces = {.url = url("/long"), .stream = true};
    err = xie_http_fetch(client, &pieces, &response);
    if (err < 0)
        return err;
    ssize_t n;
    while ((n = xie_http_response_read(response, data, sizeof data)) > 0)
        continue;
    xie_http_response_free(response);
    return (int)n;
}

static int cut_everywhere(void)
{
    bool late = false;
    int turns = 0;
    for (; !late && turns < 2000; turns++) {
        open_client(1, 1, 0);
        struct xie_task *task = xie_spawn(converse, NULL);
        for (int i = 0; i < turns && !xie_task_done(task); i++)
            xie_sleep(i < 100 ? 0 : i < 200 ? 20 * XIE_MICROSECOND : XIE_MILLISECOND);
        late = xie_task_done(task);
        xie_task_cancel(task);
        int err = xie_join(task);
        CHECK(err == 0 || err == -ECANCELED);
        CHECK_EQ(count(), idle());
        CHECK_EQ(get(url("/a")), 0); /* nothing is left that could spoil it */
        CHECK_EQ(count(), 1);
        xie_http_client_close(client);
    }
    CHECK(late);
    CHECK(turns > 3);
    return 0;
}

static void cancelled_at_every_turn(void)
{
    tap_limit(120);
    kit_run(site, NULL, cut_everywhere);
}

static int close_everywhere(void)
{
    bool late = false;
    int turns = 0;
    for (; !late && turns < 2000; turns++) {
        open_client(1, 1, 0);
        struct xie_task *task = xie_spawn(converse, NULL);
        for (int i = 0; i < turns && !xie_task_done(task); i++)
            xie_sleep(i < 100 ? 0 : i < 200 ? 20 * XIE_MICROSECOND : XIE_MILLISECOND);
        late = xie_task_done(task);
        if (!turns)
            xie_sleep(0); /* let it begin: then it is inside */
        xie_http_client_close(client);
        client = NULL; /* what it asks from then on it asks on connections of its own */
        int err = xie_join(task);
        CHECK(err == 0 || err == XIE_ECLOSED);
    }
    CHECK(late);
    return 0;
}

static void closed_at_every_turn(void)
{
    tap_limit(120);
    kit_run(site, NULL, close_everywhere);
}

static const struct tap_test tests[] = {
    {"one connection for one request after the other", one_connection_after_the_other},
    {"a bound for a host and for all", a_bound_for_a_host_and_for_all},
    {"room for another host", room_for_another_host},
    {"giving up in line", giving_up_in_line},
    {"idle connections end", idle_connections_end},
    {"an answer not read to its end", an_answer_not_read_to_its_end},
    {"an interrupted read", an_interrupted_read},
    {"closed under everybody", closed_under_everybody},
    {"closed under a reader", closed_under_a_reader},
    {"an answer outlives its client", an_answer_outlives_its_client},
    {"a client without a loop", without_a_loop},
    {"freeing what another task reads aborts", freeing_what_another_task_reads},
    {"cancelled at every turn", cancelled_at_every_turn},
    {"closed at every turn", closed_at_every_turn},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}

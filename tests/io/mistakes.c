/* mistakes.c - the caller's mistakes abort with a line that says which: closing twice, from the
 * wrong place, groups and promises of others. What the headers say of them. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <pthread.h>

#include "io/net.h"
#include "sync/kit.h"

/* --- closing twice: while the first close waits, as the object is gone after it --------------- */

static int read_byte(void *stream)
{
    char byte;
    return (int)xie_stream_read(stream, &byte, 1);
}

static void close_stream(void *stream)
{
    xie_stream_close(stream);
}

static int close_twice(void *object, xie_task_fn *use, void (*close)(void *object))
{
    struct xie_call first = {0}, second = {0};
    struct xie_task *task = xie_spawn(use, object);
    xie_sleep(0);
    CHECK_EQ(xie_call_soon(&first, close, object), 0);
    CHECK_EQ(xie_call_soon(&second, close, object), 0);
    return xie_join(task);
}

static int stream_twice(void *arg)
{
    struct xie_stream *pair[2];
    (void)arg;
    kit_pair(pair);
    return close_twice(pair[0], read_byte, close_stream);
}

static int memory_stream_twice(void *arg)
{
    struct xie_stream *pair[2];
    (void)arg;
    REQUIRE(xie_stream_memory(0, pair) == 0);
    return close_twice(pair[0], read_byte, close_stream);
}

static int receive(void *datagram)
{
    char byte;
    return (int)xie_datagram_receive(datagram, &byte, 1, NULL, NULL);
}

static void close_datagram(void *datagram)
{
    xie_datagram_close(datagram);
}

static int datagram_twice(void *arg)
{
    struct xie_address any = net_number("127.0.0.1", 0);
    struct xie_datagram *datagram;
    (void)arg;
    REQUIRE(xie_datagram_open(&(struct xie_datagram_options){.local = &any}, &datagram) == 0);
    return close_twice(datagram, receive, close_datagram);
}

static int accept_one(void *listener)
{
    struct xie_stream *stream;
    return xie_listener_accept(listener, &stream);
}

static void close_listener(void *listener)
{
    xie_listener_close(listener);
}

static int listener_twice(void *arg)
{
    struct xie_address address;
    (void)arg;
    return close_twice(net_listen("127.0.0.1", &address), accept_one, close_listener);
}

static void a_second_close_while_the_first_waits_aborts(void)
{
    kit_aborts(stream_twice, "xie_stream_close: closed twice");
    kit_aborts(memory_stream_twice, "xie_stream_close: closed twice");
    kit_aborts(datagram_twice, "xie_datagram_close: closed twice");
    kit_aborts(listener_twice, "xie_listener_close: closed twice");
}

static void *close_there(void *stream)
{
    xie_stream_close(stream);
    return NULL;
}

static int closed_elsewhere(void *arg)
{
    struct xie_stream *pair[2];
    pthread_t thread;
    (void)arg;
    kit_pair(pair);
    struct xie_task *task = xie_spawn(read_byte, pair[0]);
    xie_sleep(0);
    REQUIRE(pthread_create(&thread, NULL, close_there, pair[0]) == 0);
    pthread_join(thread, NULL);
    return xie_join(task);
}

static void a_close_by_another_thread_while_a_task_is_inside_aborts(void)
{
    kit_aborts(closed_elsewhere, "from another thread, while a task is in a call of it");
}

/* --- groups ----------------------------------------------------------------------------------- */

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static struct xie_group group;

static int wait_there(void *arg)
{
    return xie_group_wait(arg);
}

static int waits_for_anothers(void *arg)
{
    (void)arg;
    xie_group_open(&group);
    return xie_join(xie_spawn(wait_there, &group));
}

static int spawns_into_a_closed_one(void *arg)
{
    (void)arg;
    xie_group_open(&group);
    xie_group_close(&group);
    return xie_group_spawn(&group, nothing, NULL);
}

static void open_outside(void *arg)
{
    xie_group_open(arg);
}

static int opens_in_a_callback(void *arg)
{
    struct xie_call call = {0};
    (void)arg;
    CHECK_EQ(xie_call_soon(&call, open_outside, &group), 0);
    return xie_sleep(XIE_MILLISECOND);
}

static void groups_are_of_the_task_that_opened_them(void)
{
    char text[512];
    kit_aborts(waits_for_anothers, "by another task than the one that opened the group");
    kit_aborts(spawns_into_a_closed_one, "the group is closed");
    kit_aborts(opens_in_a_callback, "a group was opened outside a task");
    CHECK(tap_child(open_outside, &group, text, sizeof text) != 0);
    CHECK(strstr(text, "a group was opened outside a task"));
}

static struct xie_scope outer;

static int closes_around_anothers(void *arg)
{
    (void)arg;
    xie_group_open(&group);
    CHECK_EQ(xie_group_spawn(&group, nothing, NULL), 0);
    return xie_scope_close(&group.scope);
}

static int closes_for_another(void *arg)
{
    return xie_scope_close(arg);
}

static int opens_for_another(void *arg)
{
    (void)arg;
    xie_scope_open(&outer, XIE_NEVER);
    return xie_join(xie_spawn(closes_for_another, &outer));
}

static void scopes_are_closed_by_their_task_and_alone(void)
{
    kit_aborts(closes_around_anothers, "is closed while others stand inside it");
    kit_aborts(opens_for_another, "closed out of order or by another task");
}

/* --- what others resolve ---------------------------------------------------------------------- */

static int wait_a_little(void *arg)
{
    (void)arg;
    return 0;
}

static int resolves_a_job(void *arg)
{
    struct xie_promise *promise = NULL;
    REQUIRE(xie_pool_submit(NULL, wait_a_little, arg, NULL, &promise) == 0);
    return xie_promise_resolve(promise, NULL);
}

static int succeeds_by_failing(void *arg)
{
    (void)arg;
    xie_promise_fail(xie_promise_new(NULL), 0);
    return 0;
}

static void promises_are_resolved_by_who_made_them(void)
{
    kit_aborts(resolves_a_job, "is resolved by somebody else");
    kit_aborts(succeeds_by_failing, "xie_promise_fail with 0, which is no error");
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_second_close_while_the_first_waits_aborts",
         a_second_close_while_the_first_waits_aborts},
        {"a_close_by_another_thread_while_a_task_is_inside_aborts",
         a_close_by_another_thread_while_a_task_is_inside_aborts},
        {"groups_are_of_the_task_that_opened_them", groups_are_of_the_task_that_opened_them},
        {"scopes_are_closed_by_their_task_and_alone", scopes_are_closed_by_their_task_and_alone},
        {"promises_are_resolved_by_who_made_them", promises_are_resolved_by_who_made_them},
        {0},
    };
    return tap_main(argc, argv, tests);
}

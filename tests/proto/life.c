/* life.c - who frees a transport and when: tasks that wait for its end, counted pointers, servers,
 * the end of the loop. */
/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "proto/kit.h"

/* --- waiting for the end ------------------------------------------------------------ */

static int wait_for(void *transport)
{
    return xie_transport_wait(transport);
}

IN_TASK(tasks_wait_for_the_end)
{
    struct note note = {0};
    struct xie_stream *peer = kit_tcp_transport(&note);
    struct xie_task *tasks[3];
    for (int i = 0; i < 3; i++)
        tasks[i] = xie_spawn(wait_for, note.transport);
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(xie_transport_wait(note.transport), -ETIMEDOUT);
    xie_task_cancel(tasks[0]);
    CHECK_EQ(xie_join(tasks[0]), -ECANCELED);
    CHECK_EQ(note.lost, 0); /* who waits no more does not end it */
    xie_stream_abort(peer);
    CHECK_EQ(xie_join(tasks[1]), -ECONNRESET);
    CHECK_EQ(xie_join(tasks[2]), -ECONNRESET);
    CHECK_EQ(note.lost, 1);
    return 0;
}

IN_TASK(the_descriptor_is_closed_when_the_wait_returns)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    char byte;
    xie_transport_close(note.transport);
    CHECK_EQ(xie_transport_wait(note.transport), 0);
    CHECK_EQ(note.lost, 1);
    CHECK_EQ(xie_stream_read(peer, &byte, 1), 0);
    xie_stream_close(peer);
    return 0;
}

IN_TASK(waiting_in_a_cancelled_scope_returns_at_once)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_cancel(&scope);
        CHECK_EQ(xie_transport_wait(note.transport), -ECANCELED);
    }
    xie_stream_close(peer);
    kit_end(&note);
    return 0;
}

/* Everything that can be done with one that has ended. */
static void use_the_dead(struct xie_transport *transport)
{
    struct xie_address address;
    char byte = 0;
    struct iovec part = {&byte, 1};
    xie_transport_close(transport);
    xie_transport_abort(transport);
    xie_transport_pause_reading(transport);
    xie_transport_resume_reading(transport);
    xie_transport_set_protocol(transport, &noting, NULL);
    CHECK(xie_transport_get_protocol(transport, NULL) == &noting);
    CHECK(xie_transport_is_closing(transport) && !xie_transport_is_reading(transport));
    CHECK_EQ(xie_transport_write(transport, &byte, 1), XIE_ECLOSED);
    CHECK_EQ(xie_transport_writev(transport, &part, 1), XIE_ECLOSED);
    CHECK_EQ(xie_transport_write_eof(transport), XIE_ECLOSED);
    CHECK_EQ(xie_transport_set_write_buffer_limits(transport, 2, 1), 0);
    CHECK_EQ(xie_transport_get_write_buffer_size(transport), 0);
    CHECK(xie_transport_local(transport, &address) < 0);
    CHECK(xie_transport_peer(transport, &address) < 0);
    CHECK_EQ(xie_transport_fd(transport), -1);
}

static struct xie_transport *kept_alive;

static int use_after_the_end(void *arg)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    (void)arg;
    kept_alive = xie_transport_ref(note.transport);
    CHECK(kept_alive == note.transport);
    xie_stream_close(peer);
    kit_end(&note);
    CHECK_EQ(xie_transport_wait(kept_alive), 0);
    use_the_dead(kept_alive);
    kit_settle();
    CHECK_EQ(note.lost, 1);
    return 0;
}

static void a_counted_pointer_outlives_the_loop(void)
{
    size_t live = xie_alloc_live();
    CHECK_EQ(xie_run(use_after_the_end, NULL), 0);
    use_the_dead(kept_alive);
    xie_transport_unref(kept_alive);
    CHECK_EQ(xie_alloc_live(), live);
}

/* --- what connection_lost may do ---------------------------------------------------- */

struct owned {
    struct note note;
    int *freed;
};

static void free_self(void *self, struct xie_transport *transport, int error)
{
    struct owned *owned = self;
    CHECK_EQ(error, 0);
    CHECK(xie_transport_fd(transport) >= 0); /* still open */
    ++*owned->freed;
    free(owned);
}

static int late_task(void *freed)
{
    ++*(int *)freed;
    return 0;
}

static void spawn_and_free(void *self, struct xie_transport *transport, int error)
{
    struct owned *owned = self;
    struct xie_task *task = xie_spawn(late_task, owned->freed);
    xie_detach(task);
    free_self(self, transport, error);
}

static void *make_owned(void *freed)
{
    struct owned *owned = calloc(1, sizeof *owned);
    owned->freed = freed;
    return owned;
}

IN_TASK(connection_lost_frees_its_own_and_spawns)
{
    struct xie_protocol protocol = {.create = make_owned, .connection_lost = spawn_and_free};
    struct xie_stream *pair[2];
    struct xie_transport *transport;
    int freed = 0;
    kit_pair(pair);
    REQUIRE(xie_transport_adopt(pair[0], &protocol, &freed, &transport) == 0);
    xie_transport_abort(transport); /* before connection_made, even */
    CHECK_EQ(freed, 0);
    CHECK_EQ(xie_transport_wait(transport), 0);
    while (freed < 2)
        xie_sleep(0);
    xie_stream_close(pair[1]);
    return 0;
}

/* --- the loop's end ----------------------------------------------------------------- */

static struct note left[3];
static struct xie_stream *peers[3];

static void open_another(struct note *note)
{
    struct note *another = note + 1;
    struct xie_stream *pair[2];
    kit_pair(pair);
    CHECK_EQ(xie_transport_adopt(pair[0], &noting, another, NULL), XIE_ECLOSED);
    kit_close(pair);
}

/* Cancelled, it still speaks through its transport: that is there until the tasks have ended. */
static int farewell(void *arg)
{
    (void)arg;
    CHECK_EQ(xie_sleep(XIE_HOUR), -ECANCELED);
    CHECK_EQ(left[0].lost, 0);
    CHECK_EQ(xie_transport_write(left[0].transport, "goodbye", 7), 0);
    XIE_SHIELD {
        char text[7];
        CHECK_EQ(xie_stream_read_exactly(peers[0], text, 7), 7);
    }
    return -ECANCELED;
}

static int leave_open(void *arg)
{
    (void)arg;
    memset(left, 0, sizeof left);
    left[0].on_lost = open_another;
    for (int i = 0; i < 3; i++)
        peers[i] = kit_transport(&left[i]);
    xie_transport_pause_reading(left[2].transport); /* waits for nothing */
    xie_detach(xie_spawn(farewell, NULL));
    kit_settle();
    return 0;
}

static void the_end_of_the_loop_ends_what_is_left(void)
{
    size_t live = xie_alloc_live();
    CHECK_EQ(xie_run(leave_open, NULL), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(left[i].lost, 1);
        CHECK_EQ(left[i].error, -ECANCELED);
        xie_stream_close(peers[i]);
    }
    CHECK_EQ(xie_alloc_live(), live);
}

static void without_a_loop_it_is_refused(void)
{
    struct xie_transport *transport = NULL;
    struct note note = {0};
    int fds[2];
    REQUIRE(!pipe(fds));
    CHECK_EQ(xie_connect_read_pipe(fds[0], &noting, &note, &transport), -EPERM);
    CHECK(!transport && !close(fds[0]) && !close(fds[1])); /* still the caller's */
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"tasks_wait_for_the_end", tasks_wait_for_the_end},
        {"the_descriptor_is_closed_when_the_wait_returns",
         the_descriptor_is_closed_when_the_wait_returns},
        {"waiting_in_a_cancelled_scope_returns_at_once",
         waiting_in_a_cancelled_scope_returns_at_once},
        {"a_counted_pointer_outlives_the_loop", a_counted_pointer_outlives_the_loop},
        {"connection_lost_frees_its_own_and_spawns", connection_lost_frees_its_own_and_spawns},
        {"the_end_of_the_loop_ends_what_is_left", the_end_of_the_loop_ends_what_is_left},
        {"without_a_loop_it_is_refused", without_a_loop_it_is_refused},
        {0},
    };
    return tap_main(argc, argv, tests);
}

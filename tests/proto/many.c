/* many.c - what one that idles costs, many at once, and that a busy one starves nobody. */
/* SPDX-License-Identifier: MIT */
#include <malloc.h>
#include <sys/resource.h>
#include <xie/memory.h>

#include "coro/stack.h"
#include "proto/kit.h"
#include "proto/transport.h"

/* --- memory ------------------------------------------------------------------------- */

static size_t bytes; /* that the library has from the allocator, its overhead included */

static void *count_resize(void *memory, size_t size)
{
    size_t before = malloc_usable_size(memory);
    void *made = realloc(memory, size);
    if (made)
        bytes += malloc_usable_size(made) - before;
    return made;
}

static void count_release(void *memory)
{
    bytes -= malloc_usable_size(memory);
    free(memory);
}

static const struct xie_allocator counting = {count_resize, count_release};

/* Descriptors this process may open, made as many as can be. */
static int descriptors(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > 1000000 ? 1000000 : (int)limit.rlim_cur;
}

static void be_made(void *made, struct xie_transport *transport)
{
    (void)transport;
    ++*(int *)made;
}

static void be_lost(void *made, struct xie_transport *transport, int error)
{
    (void)transport, (void)error;
    --*(int *)made;
}

static const struct xie_protocol idling = {.connection_made = be_made, .connection_lost = be_lost};

static int idle_body(void *arg)
{
    enum { PAIRS = 1000 };
    static struct xie_transport *ends[2 * PAIRS];
    int made = 0;
    int pairs = descriptors() > 2 * PAIRS + 100 && !tap_slow() ? PAIRS : 400;
    (void)arg;
    static int all[PAIRS][2];
    for (int i = 0; i < pairs; i++) /* sim keeps its sockets in our memory: before the count */
        REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, all[i]));
    size_t before = bytes, stacks = xie_stack_count();
    for (int i = 0; i < 2 * pairs; i++)
        REQUIRE(!xie_connect_accepted_socket(all[i / 2][i % 2], &idling, &made, &ends[i]));
    while (made < 2 * pairs)
        xie_sleep(0);
    kit_settle(); /* all of them wait */
    size_t each = (bytes - before) / (size_t)(2 * pairs);
    printf("# %zu bytes each, of which the transport itself %zu\n", each,
           sizeof(struct xie_transport));
    CHECK(each < 1024);
    CHECK_EQ(xie_stack_count(), stacks);
    /* each of them hears */
    for (int i = 0; i < 2 * pairs; i += 2)
        CHECK_EQ(xie_transport_write(ends[i], "x", 1), 0);
    for (int i = 0; i < 2 * pairs; i += 2)
        xie_transport_close(ends[i]);
    while (made)
        xie_sleep(XIE_MILLISECOND);
    return 0;
}

static void one_that_idles_costs_less_than_1_kib(void)
{
    xie_set_allocator(&counting);
    CHECK_EQ(xie_run(idle_body, NULL), 0);
    CHECK_EQ(bytes, 0);
}

/* --- many connections --------------------------------------------------------------- */

struct crowd {
    struct xie_listener *listener;
    int count, live, answered, ended;
    struct xie_event changed;
};

static void crowd_made(void *self, struct xie_transport *transport)
{
    (void)transport;
    ((struct crowd *)self)->live++;
}

static void crowd_answer(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    (void)self;
    CHECK(xie_transport_write(transport, data, len) == 0);
}

static void crowd_lost(void *self, struct xie_transport *transport, int error)
{
    (void)transport;
    CHECK_EQ(error, 0);
    ((struct crowd *)self)->live--;
}

static const struct xie_protocol answering = {
    .connection_made = crowd_made, .data_received = crowd_answer, .connection_lost = crowd_lost};

static void guest_made(void *self, struct xie_transport *transport)
{
    (void)self;
    CHECK_EQ(xie_transport_write(transport, "?", 1), 0);
}

static void guest_answered(void *self, struct xie_transport *transport, const char *data,
                           size_t len)
{
    struct crowd *crowd = self;
    (void)transport;
    CHECK(len == 1 && *data == '?');
    crowd->answered++;
    xie_event_set(&crowd->changed);
}

static void guest_lost(void *self, struct xie_transport *transport, int error)
{
    struct crowd *crowd = self;
    (void)transport;
    CHECK_EQ(error, 0);
    crowd->ended++;
    xie_event_set(&crowd->changed);
}

static const struct xie_protocol asking = {
    .connection_made = guest_made, .data_received = guest_answered, .connection_lost = guest_lost};

static int serve_crowd(void *arg)
{
    struct crowd *crowd = arg;
    return xie_serve_protocol(crowd->listener, &answering, crowd);
}

IN_TASK(five_thousand_at_once)
{
    enum { MANY = 5000 };
    struct crowd crowd = {.count = tap_slow() || kit_on("poll") ? 500 : MANY}; /* poll: n * n */
    static struct xie_transport *guests[MANY];
    struct xie_address address;
    int most = (descriptors() - 100) / 2;
    tap_limit(60);
    if (most < crowd.count)
        crowd.count = most;
    REQUIRE(!xie_tcp_listen("127.0.0.1", 0, 0, &crowd.listener));
    REQUIRE(!xie_listener_address(crowd.listener, &address));
    struct xie_task *server = xie_spawn(serve_crowd, &crowd);
    for (int i = 0; i < crowd.count; i++)
        REQUIRE(!xie_create_connection("127.0.0.1", xie_address_port(&address), &asking, &crowd,
                                       &guests[i]));
    UNTIL(&crowd, crowd.answered == crowd.count);
    CHECK_EQ(crowd.live, crowd.count); /* all at once */
    CHECK_EQ(xie_task_count(), 2);     /* and no task for any */
    xie_listener_close(crowd.listener);
    for (int i = 0; i < crowd.count; i++)
        xie_transport_close(guests[i]);
    CHECK_EQ(xie_join(server), 0);
    UNTIL(&crowd, crowd.ended == crowd.count);
    return 0;
}

/* --- fairness ----------------------------------------------------------------------- */

/* There is always more for it to hear. */
static void hear_again(struct note *note, const char *data, size_t len)
{
    (void)data;
    CHECK_EQ(xie_transport_unread(note->transport, len), 0);
}

IN_TASK(a_busy_one_starves_nobody)
{
    struct note busy = {.on_data = hear_again}, quiet = {0};
    struct xie_stream *noise = kit_transport(&busy), *peer = kit_transport(&quiet);
    kit_send(noise, "on and on");
    UNTIL(&busy, busy.datas > 100);
    kit_send(peer, "may I?"); /* tasks run, timers fire, and the quiet one is heard */
    UNTIL(&quiet, quiet.got == 6);
    CHECK_EQ(xie_sleep(XIE_MILLISECOND), 0);
    int datas = busy.datas;
    UNTIL(&busy, busy.datas > datas);
    xie_transport_abort(busy.transport);
    kit_end(&busy);
    xie_stream_close(noise);
    xie_stream_close(peer);
    kit_end(&quiet);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"one_that_idles_costs_less_than_1_kib", one_that_idles_costs_less_than_1_kib},
        {"five_thousand_at_once", five_thousand_at_once},
        {"a_busy_one_starves_nobody", a_busy_one_starves_nobody},
        {0},
    };
    return tap_main(argc, argv, tests);
}

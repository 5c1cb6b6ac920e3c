/* datagram_cancel.c - interrupting and closing datagram sockets and watches at every point of a
 * call's way: each message and event is somebody's, once. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/net.h"

/* --- sending, while there is no room ---------------------------------------------------------- */

static struct xie_address name;
static struct xie_datagram *from, *to;
static bool named; /* the receiver is said with each message, not connected to */

static void open_both(bool by_name)
{
    char text[40];
    snprintf(text, sizeof text, "@xie-cancel-%d", (int)getpid());
    REQUIRE(xie_address_unix(&name, text) == 0);
    REQUIRE(xie_datagram_open(&(struct xie_datagram_options){.local = &name}, &to) == 0);
    struct xie_datagram_options options = {.remote = by_name ? NULL : &name, .family = AF_UNIX};
    REQUIRE(xie_datagram_open(&options, &from) == 0);
    named = by_name;
}

static ssize_t try_one(unsigned char number)
{
    char data[1000] = {(char)number};
    return xie_datagram_try_send(from, data, sizeof data, named ? &name : NULL);
}

static int send_one(void *arg)
{
    char data[1000] = {(char)(intptr_t)arg};
    ssize_t sent = xie_datagram_send(from, data, sizeof data, named ? &name : NULL);
    return sent == sizeof data ? 0 : sent < 0 ? (int)sent : -EIO;
}

/* Take what is there; returns whether `number` was among it, which may be once. */
static int drain(unsigned char number)
{
    char data[1000];
    int found = 0;
    while (xie_datagram_try_receive(to, data, sizeof data, NULL, NULL) > 0)
        found += (unsigned char)data[0] == number;
    return found;
}

/* The same, to the very last: on sim what is there may not be seen at once. */
static int drain_all(unsigned char number)
{
    char data[1000];
    int found = 0;
    XIE_TIMEOUT(kit_on("sim") ? XIE_SECOND : XIE_MILLISECOND)
        while (xie_datagram_receive(to, data, sizeof data, NULL, NULL) > 0)
            found += (unsigned char)data[0] == number;
    return found + drain(number);
}

/* The queue is full; a sender waits, and is cancelled after `when` turns, while after `room` of
 * them room is made. The message is there once or was not sent, as the sender was told. */
static void cancel_a_sender(int when, int room)
{
    static unsigned char number = 1;
    int there = 0, result;
    number = (unsigned char)(number % 250 + 2); /* of each another, 0 and 1 are the filling */
    while (try_one(1) > 0)
        ;
    struct xie_task *task = xie_spawn(send_one, (void *)(intptr_t)number);
    for (int i = 0; i <= when || i <= room; i++) {
        if (i == room)
            there += drain(number);
        if (i == when)
            xie_task_cancel(task);
        xie_sleep(named ? 300 * XIE_MICROSECOND : 0); /* a named one looks again after a pause */
    }
    result = xie_join(task);
    CHECK(result == 0 || result == -ECANCELED);
    there += drain_all(number);
    CHECK_EQ(there, result == 0);
}

IN_TASK(a_cancelled_send_was_made_or_not)
{
    for (int by_name = 0; by_name < 2; by_name++) {
        open_both(by_name);
        for (int when = 0; when < 7; when++)
            for (int room = 0; room < 7; room++)
                cancel_a_sender(when, room);
        xie_datagram_close(from);
        xie_datagram_close(to);
    }
    return 0;
}

IN_TASK(a_close_at_every_point_ends_a_sender)
{
    for (int by_name = 0; by_name < 2; by_name++)
        for (int when = 1; when < 6; when++) {
            int open = net_open();
            open_both(by_name);
            while (try_one(1) > 0)
                ;
            struct xie_task *task = xie_spawn(send_one, (void *)2);
            for (int i = 0; i < when; i++)
                xie_sleep(by_name && i ? XIE_MILLISECOND : 0);
            CHECK(!xie_task_done(task));
            if (when % 2)
                xie_task_cancel(task); /* both at once: it is closed, whatever else */
            xie_datagram_close(from);
            CHECK(xie_task_done(task));
            CHECK_EQ(xie_join(task), XIE_ECLOSED);
            xie_datagram_close(to);
            CHECK_EQ(net_open(), open);
        }
    return 0;
}

/* --- receiving by several, one after the other ------------------------------------------------ */

static int received;

static int receive_some(void *arg)
{
    char data[8];
    int64_t patience = (intptr_t)arg * XIE_MICROSECOND;
    for (;;) {
        ssize_t len = 0;
        XIE_TIMEOUT(patience)
            len = xie_datagram_receive(to, data, sizeof data, NULL, NULL);
        if (len == -ETIMEDOUT)
            continue;
        if (len < 0)
            return (int)len;
        CHECK_EQ(len, 1);
        CHECK_EQ(data[0], (char)received);
        received++;
    }
}

/* Deadlines that pass all the time lose none, and change no order. */
IN_TASK(deadlines_of_every_size_lose_no_message)
{
    enum { COUNT = 200 };
    int64_t scale = tap_slow() && !kit_on("sim") ? 20 : 1;
    open_both(false);
    for (int patience = 10; patience <= 1000; patience *= 10) {
        struct xie_task *task = xie_spawn(receive_some, (void *)(intptr_t)(patience * scale));
        received = 0;
        for (int i = 0; i < COUNT; i++) {
            CHECK_EQ(xie_datagram_send(from, &(char){(char)i}, 1, NULL), 1);
            if (i % 7 == 0)
                xie_sleep(50 * XIE_MICROSECOND);
        }
        while (received < COUNT)
            xie_sleep(XIE_MILLISECOND);
        xie_task_cancel(task);
        CHECK_EQ(xie_join(task), -ECANCELED);
    }
    xie_datagram_close(from);
    xie_datagram_close(to);
    return 0;
}

/* --- watching --------------------------------------------------------------------------------- */

static char folder[32];

static const char *path_of(int number)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/%d", folder, number);
    return path;
}

static int next_name(void *watch)
{
    struct xie_watch_event event;
    int error = xie_watch_next(watch, &event);
    return error ? error : atoi(event.name);
}

IN_TASK(a_cancelled_watch_loses_no_event)
{
    struct xie_watch *watch;
    int expected = 1;
    strcpy(folder, "/tmp/xie-cancel-XXXXXX");
    REQUIRE(mkdtemp(folder));
    REQUIRE(xie_watch_open(&watch) == 0);
    REQUIRE(xie_watch_add(watch, folder, IN_CREATE) >= 0);
    for (int when = 0; when < 6; when++)
        for (int made = 0; made < 6; made++) {
            struct xie_task *task = xie_spawn(next_name, watch);
            for (int i = 0; i <= when || i <= made; i++) {
                if (i == made)
                    CHECK_EQ(mkdir(path_of(expected), 0700), 0);
                if (i == when)
                    xie_task_cancel(task);
                xie_sleep(0);
            }
            int got = xie_join(task);
            if (got == -ECANCELED)
                got = next_name(watch);
            CHECK_EQ(got, expected);
            rmdir(path_of(expected++));
        }
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(next_name(watch), -ETIMEDOUT); /* none came twice */
    xie_watch_close(watch);
    rmdir(folder);
    return 0;
}

/* More than the kernel keeps: it is told that some were lost, after those that were not. */
IN_TASK(events_beyond_the_queue_are_said_to_be_lost)
{
    struct xie_watch *watch;
    struct xie_watch_event event = {0};
    long most = 0, told = 0;
    FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    if (!limit || fscanf(limit, "%ld", &most) != 1 || most > 50000)
        tap_skip("how many events the kernel keeps is not known, or too many");
    fclose(limit);
    strcpy(folder, "/tmp/xie-cancel-XXXXXX");
    REQUIRE(mkdtemp(folder));
    REQUIRE(xie_watch_open(&watch) == 0);
    int id = xie_watch_add(watch, folder, IN_CREATE | IN_OPEN | IN_CLOSE);
    REQUIRE(id >= 0);
    REQUIRE(mkdir(path_of(1), 0700) == 0);
    for (long i = 0; i < most / 2 + 1; i++) { /* two events each, never the same as the last */
        int fd = open(path_of(1), O_RDONLY | O_DIRECTORY);
        REQUIRE(fd >= 0 && close(fd) == 0);
    }
    while (xie_watch_next(watch, &event) == 0 && event.id != -1) {
        CHECK_EQ(event.id, id);
        told++;
    }
    CHECK_EQ(event.id, -1);
    CHECK(event.what & IN_Q_OVERFLOW);
    CHECK(told >= most - 1);
    REQUIRE(mkdir(path_of(0), 0700) == 0); /* and it goes on */
    CHECK_EQ(xie_watch_next(watch, &event), 0);
    CHECK_EQ(event.id, id);
    CHECK_STR(event.name, "0");
    rmdir(path_of(0));
    rmdir(path_of(1));
    xie_watch_close(watch);
    rmdir(folder);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_cancelled_send_was_made_or_not", a_cancelled_send_was_made_or_not},
        {"a_close_at_every_point_ends_a_sender", a_close_at_every_point_ends_a_sender},
        {"deadlines_of_every_size_lose_no_message", deadlines_of_every_size_lose_no_message},
        {"a_cancelled_watch_loses_no_event", a_cancelled_watch_loses_no_event},
        {"events_beyond_the_queue_are_said_to_be_lost",
         events_beyond_the_queue_are_said_to_be_lost},
        {0},
    };
    return tap_main(argc, argv, tests);
}

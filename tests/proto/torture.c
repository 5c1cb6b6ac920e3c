/* torture.c - every callback calls everything, in every combination, and nothing re-enters, comes
 * twice, or comes after the end. */
/* SPDX-License-Identifier: MIT */
#include "proto/kit.h"

enum callback { MADE, DATA, END, PAUSE, RESUME, LOST, CALLBACKS };
enum action { NONE, CLOSE, ABORT, WRITE, EOFS, HOLD, GO_ON, SWITCH, UNREAD, MARKS, SPAWN, ACTIONS };

struct torture {
    struct xie_transport *transport;
    enum action plan[CALLBACKS][2];
    bool inside; /* a callback, or a call it makes */
    bool eof_asked, keep_open;
    int made, lost, unread, spawned;
    struct xie_event over;
};

static const struct xie_protocol torturing;

static int spawned(void *torture)
{
    ((struct torture *)torture)->spawned--;
    return 0;
}

static void act(struct torture *self, enum callback callback, enum action action, size_t len)
{
    struct xie_transport *transport = self->transport;
    static char block[100];
    switch (action) {
    case CLOSE:
        xie_transport_close(transport);
        break;
    case ABORT:
        xie_transport_abort(transport);
        break;
    case WRITE:
        if (!self->eof_asked)
            xie_transport_write(transport, block, sizeof block);
        break;
    case EOFS:
        self->eof_asked |= xie_transport_write_eof(transport) == 0;
        break;
    case HOLD:
        xie_transport_pause_reading(transport);
        break;
    case GO_ON:
        xie_transport_resume_reading(transport);
        break;
    case SWITCH:
        xie_transport_set_protocol(transport, &torturing, self);
        break;
    case UNREAD:
        if (callback == DATA && self->unread++ < 3)
            CHECK_EQ(xie_transport_unread(transport, len), 0);
        break;
    case MARKS:
        CHECK_EQ(xie_transport_set_write_buffer_limits(transport, self->unread++ % 2, 0), 0);
        break;
    case SPAWN:
        self->spawned++;
        xie_detach(xie_spawn(spawned, self));
        break;
    default:
        break;
    }
}

static void called(struct torture *self, enum callback callback, size_t len)
{
    CHECK(!xie_task_current());
    CHECK(!self->inside);
    CHECK_EQ(self->made, callback != MADE);
    CHECK_EQ(self->lost, 0);
    self->inside = true;
    act(self, callback, self->plan[callback][0], len);
    if (self->plan[callback][0] != UNREAD) /* that gave all of it back */
        act(self, callback, self->plan[callback][1], len);
    self->inside = false;
}

static void on_made(void *self, struct xie_transport *transport)
{
    ((struct torture *)self)->transport = transport;
    called(self, MADE, 0);
    ((struct torture *)self)->made = 1;
}

static void on_data(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    (void)transport, (void)data;
    called(self, DATA, len);
}

static bool on_end(void *self, struct xie_transport *transport)
{
    (void)transport;
    called(self, END, 0);
    return ((struct torture *)self)->keep_open;
}

static void on_pause(void *self, struct xie_transport *transport)
{
    (void)transport;
    called(self, PAUSE, 0);
}

static void on_resume(void *self, struct xie_transport *transport)
{
    (void)transport;
    called(self, RESUME, 0);
}

static void on_lost(void *self, struct xie_transport *transport, int error)
{
    struct torture *torture = self;
    (void)transport, (void)error;
    called(self, LOST, 0);
    torture->lost = 1;
    torture->transport = NULL;
    xie_event_set(&torture->over);
}

static const struct xie_protocol torturing = {
    .connection_made = on_made,
    .connection_lost = on_lost,
    .data_received = on_data,
    .eof_received = on_end,
    .pause_writing = on_pause,
    .resume_writing = on_resume,
};

/* Read whatever there is, then end. */
static int other_side(void *stream)
{
    char block[4096];
    ssize_t got = xie_stream_write(stream, "some words", 10);
    xie_stream_write_eof(stream);
    while (got > 0)
        got = xie_stream_read(stream, block, sizeof block);
    xie_stream_close(stream);
    return 0;
}

/* One connection with all that can happen to one: data both ways, more than fits, both ends. */
static void go_through(struct torture *self)
{
    static char large[300 * 1024];
    struct xie_stream *pair[2];
    kit_pair(pair);
    REQUIRE(!xie_transport_adopt(pair[0], &torturing, self, &self->transport));
    self->inside = true;
    xie_transport_write(self->transport, large, sizeof large);
    self->inside = false;
    struct xie_task *task = xie_spawn(other_side, pair[1]);
    for (int i = 0; i < 4 && !self->lost; i++)
        xie_sleep(0);
    for (int i = 0; !self->lost; i++) {
        if (i == 8) /* nothing else will end it: reading is paused, or it is kept open */
            xie_transport_resume_reading(self->transport);
        if (i == 16)
            xie_transport_close(self->transport);
        if (i == 64)
            xie_transport_abort(self->transport);
        xie_sleep(i < 16 ? 0 : XIE_MILLISECOND / 10);
    }
    CHECK_EQ(xie_join(task), 0);
    while (self->spawned)
        xie_sleep(0);
    CHECK(self->made && self->lost == 1);
}

/* Every callback does every two things. */
IN_TASK(each_callback_does_every_two_things)
{
    for (int callback = 0; callback < CALLBACKS; callback++)
        for (int plan = 0; plan < ACTIONS * ACTIONS; plan++) {
            struct torture self = {.keep_open = plan & 1};
            self.plan[callback][0] = (enum action)(plan / ACTIONS);
            self.plan[callback][1] = (enum action)(plan % ACTIONS);
            go_through(&self);
        }
    return 0;
}

/* Every two callbacks do every one thing each. */
IN_TASK(every_two_callbacks_do_everything)
{
    int step = tap_slow() ? 7 : 1;
    for (int one = 0; one < CALLBACKS; one++)
        for (int other = one + 1; other < CALLBACKS; other++)
            for (int plan = one; plan < ACTIONS * ACTIONS; plan += step) {
                struct torture self = {.keep_open = plan & 1};
                self.plan[one][0] = (enum action)(plan / ACTIONS);
                self.plan[other][0] = (enum action)(plan % ACTIONS);
                go_through(&self);
            }
    return 0;
}

/* All callbacks do something by chance, the same in each run. */
IN_TASK(all_callbacks_do_anything)
{
    uint32_t random = 1;
    for (int i = tap_slow() ? 100 : 1000; i; i--) {
        struct torture self = {.keep_open = i & 1};
        for (int callback = 0; callback < CALLBACKS; callback++)
            for (int k = 0; k < 2; k++)
                self.plan[callback][k] = (enum action)kit_random(&random, ACTIONS);
        go_through(&self);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"each_callback_does_every_two_things", each_callback_does_every_two_things},
        {"every_two_callbacks_do_everything", every_two_callbacks_do_everything},
        {"all_callbacks_do_anything", all_callbacks_do_anything},
        {0},
    };
    return tap_main(argc, argv, tests);
}

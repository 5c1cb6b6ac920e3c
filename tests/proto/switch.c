/* switch.c - protocols changed in the middle, data given back, the protocol's own buffer, water
 * marks. */
/* SPDX-License-Identifier: MIT */
#include "base/list.h"
#include "proto/kit.h"

/* --- changing protocols ------------------------------------------------------------- */

static struct note second;

/* Takes a line, and leaves the rest to the next one. */
static void take_line(struct note *note, const char *data, size_t len)
{
    const char *end = memchr(data, '\n', len);
    if (!end) /* a short read */
        return;
    second.transport = note->transport;
    second.made = 1;
    xie_transport_set_protocol(note->transport, &noting, &second);
    CHECK_EQ(xie_transport_unread(note->transport, len - (size_t)(end + 1 - data)), 0);
}

IN_TASK(the_rest_goes_to_the_new_protocol)
{
    struct note note = {.on_data = take_line};
    struct xie_stream *peer = kit_transport(&note);
    kit_send(peer, "upgrade\nnew words");
    UNTIL(&second, second.got == 9);
    kit_send(peer, ", and more");
    xie_stream_close(peer);
    kit_end(&second);
    CHECK_STR(second.text, "new words, and more");
    CHECK(note.lost == 0 && note.ends == 0);
    CHECK_EQ(second.ends, 1);
    return 0;
}

static void give_all_back(struct note *note, const char *data, size_t len)
{
    (void)data;
    note->got -= len;
    CHECK_EQ(xie_transport_unread(note->transport, len - 1), 0);
    CHECK_EQ(xie_transport_unread(note->transport, 0), 0);
    CHECK_EQ(xie_transport_unread(note->transport, 1), 0); /* in pieces, the last first */
    xie_transport_pause_reading(note->transport);
}

IN_TASK(what_is_given_back_waits_for_resume)
{
    struct note note = {.on_data = give_all_back};
    struct xie_stream *peer = kit_transport(&note);
    kit_send(peer, "abcdef");
    UNTIL(&note, note.datas == 1);
    kit_send(peer, "ghi");
    kit_settle();
    CHECK_EQ(note.datas, 1);
    note.on_data = NULL;
    xie_transport_resume_reading(note.transport);
    UNTIL(&note, note.got == 9);
    xie_stream_close(peer);
    kit_end(&note);
    return 0;
}

static void give_back_in_order(struct note *note, const char *data, size_t len)
{
    if (note->datas > 1 || len < 6)
        return;
    CHECK(!memcmp(data, "abcdef", 6));
    note->got -= len;
    memset(note->text, 0, sizeof note->text);
    for (size_t i = 0; i < len; i++)
        CHECK_EQ(xie_transport_unread(note->transport, 1), 0);
}

IN_TASK(bytes_given_back_keep_their_order)
{
    struct note note = {.on_data = give_back_in_order};
    struct xie_stream *peer = kit_transport(&note);
    UNTIL(&note, note.made);
    kit_send(peer, "abcdef");
    UNTIL(&note, note.got == 6 && note.datas > 1);
    CHECK_STR(note.text, "abcdef");
    xie_stream_close(peer);
    kit_end(&note);
    return 0;
}

static void close_and_give_back(struct note *note, const char *data, size_t len)
{
    (void)data;
    xie_transport_close(note->transport);
    CHECK_EQ(xie_transport_unread(note->transport, len), 0);
}

IN_TASK(what_was_given_back_goes_with_the_transport)
{
    struct note note = {.on_data = close_and_give_back};
    struct xie_stream *peer = kit_transport(&note);
    kit_send(peer, "unwanted");
    kit_end(&note);
    CHECK_EQ(note.datas, 1);
    xie_stream_close(peer);
    return 0; /* and nothing leaks */
}

/* --- the protocol's own buffer ------------------------------------------------------ */

struct buffered {
    struct note note;
    char room[64 * 1024];
    size_t cap; /* what is offered */
    int asked;
    bool none, leave, give_back;
};

static char *get_room(void *self, struct xie_transport *transport, size_t hint, size_t *cap)
{
    struct buffered *buffered = self;
    CHECK(!xie_task_current() && hint > 0);
    buffered->asked++;
    if (buffered->leave) {
        buffered->note.made = 1;
        xie_transport_set_protocol(transport, &noting, &buffered->note);
    }
    *cap = buffered->cap;
    return buffered->none ? NULL : buffered->room;
}

static void room_updated(void *self, struct xie_transport *transport, size_t len)
{
    struct buffered *buffered = self;
    CHECK(len >= 1 && len <= buffered->cap);
    if (buffered->give_back) {
        buffered->give_back = false;
        CHECK_EQ(xie_transport_unread(transport, len), 0);
        return;
    }
    note_bytes(&buffered->note, buffered->room, len);
}

static const struct xie_protocol buffering = {
    .connection_made = note_made,
    .connection_lost = note_lost,
    .eof_received = note_end,
    .get_buffer = get_room,
    .buffer_updated = room_updated,
};

static struct xie_stream *buffered_pair(struct buffered *buffered)
{
    struct xie_stream *pair[2];
    kit_pair(pair);
    REQUIRE(!xie_transport_adopt(pair[0], &buffering, buffered, &buffered->note.transport));
    return pair[1];
}

IN_TASK(the_protocols_own_buffer_is_filled)
{
    static const size_t caps[] = {1, 7, 64 * 1024};
    static char block[1000];
    kit_fill(block, sizeof block, 0);
    for (int i = 0; i < 3; i++) {
        static struct buffered buffered;
        buffered = (struct buffered){.cap = caps[i], .give_back = true};
        struct xie_stream *peer = buffered_pair(&buffered);
        CHECK_EQ(xie_stream_write(peer, block, sizeof block), (ssize_t)sizeof block);
        xie_stream_close(peer);
        kit_end(&buffered.note);
        CHECK(buffered.note.got == sizeof block && !buffered.note.wrong);
        CHECK(buffered.note.ends == 1 && !buffered.note.error);
    }
    return 0;
}

IN_TASK(no_room_is_the_end)
{
    for (int i = 0; i < 2; i++) {
        static struct buffered buffered;
        buffered = (struct buffered){.cap = i ? 0 : 10, .none = !i};
        struct xie_stream *peer = buffered_pair(&buffered);
        kit_send(peer, "x");
        kit_end(&buffered.note);
        CHECK_EQ(buffered.note.error, -ENOBUFS);
        CHECK_EQ(buffered.asked, 1);
        xie_stream_close(peer);
    }
    return 0;
}

IN_TASK(no_buffer_is_asked_for_while_nothing_comes)
{
    static struct buffered buffered;
    buffered = (struct buffered){.cap = 10};
    struct xie_stream *peer = buffered_pair(&buffered);
    kit_settle();
    CHECK_EQ(buffered.asked, 0);
    xie_stream_close(peer);
    kit_end(&buffered.note);
    return 0;
}

IN_TASK(get_buffer_may_change_the_protocol)
{
    static struct buffered buffered;
    buffered = (struct buffered){.cap = 10, .leave = true};
    struct xie_stream *peer = buffered_pair(&buffered);
    UNTIL(&buffered.note, buffered.note.made);
    kit_send(peer, "for the next one");
    xie_stream_close(peer);
    kit_end(&buffered.note);
    CHECK_STR(buffered.note.text, "for the next one");
    return 0;
}

/* --- water marks -------------------------------------------------------------------- */

IN_TASK(the_marks_are_64_and_16_kib_unless_set)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    size_t high = 0, low = 0;
    xie_transport_get_write_buffer_limits(note.transport, &high, &low);
    CHECK(high == 65536 && low == 16384);
    CHECK_EQ(xie_transport_set_write_buffer_limits(note.transport, 9, 10), -EINVAL);
    xie_transport_get_write_buffer_limits(note.transport, &high, NULL);
    CHECK_EQ(high, 65536);
    CHECK_EQ(xie_transport_set_write_buffer_limits(note.transport, 10, 10), 0);
    xie_transport_get_write_buffer_limits(note.transport, &high, &low);
    CHECK(high == 10 && low == 10);
    CHECK_EQ(xie_transport_get_write_buffer_size(note.transport), 0);
    xie_stream_close(peer);
    kit_end(&note);
    return 0;
}

IN_TASK(pause_comes_above_the_high_mark_only)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    kit_stuff(&note);
    size_t size = xie_transport_get_write_buffer_size(note.transport);
    CHECK_EQ(xie_transport_set_write_buffer_limits(note.transport, size + 2, 0), 0);
    CHECK_EQ(xie_transport_write(note.transport, "b", 1), 0); /* below */
    CHECK_EQ(xie_transport_write(note.transport, "a", 1), 0); /* at */
    kit_settle();
    CHECK_EQ(note.pauses, 0);
    CHECK_EQ(xie_transport_write(note.transport, "!", 1), 1); /* above */
    CHECK_EQ(note.pauses, 0);                                 /* not from within the call */
    UNTIL(&note, note.pauses == 1);
    CHECK_EQ(xie_transport_write(note.transport, "!", 1), 1); /* told once */
    kit_settle();
    CHECK(note.pauses == 1 && note.resumes == 0);
    CHECK_EQ(xie_transport_get_write_buffer_size(note.transport), size + 4);
    xie_transport_abort(note.transport);
    kit_end(&note);
    CHECK_EQ(note.resumes, 0);
    xie_stream_close(peer);
    return 0;
}

IN_TASK(resume_comes_at_the_low_mark)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    size_t sent = kit_stuff(&note);
    size_t size = xie_transport_get_write_buffer_size(note.transport);
    REQUIRE(size > 2);
    CHECK_EQ(xie_transport_set_write_buffer_limits(note.transport, size - 1, 0), 0);
    UNTIL(&note, note.pauses == 1); /* moving the mark counts, too */
    CHECK_EQ(xie_transport_set_write_buffer_limits(note.transport, size, size - 1), 0);
    kit_settle();
    CHECK_EQ(note.resumes, 0); /* one above */
    CHECK_EQ(xie_transport_set_write_buffer_limits(note.transport, size, size), 0);
    UNTIL(&note, note.resumes == 1); /* at */
    CHECK_EQ(xie_transport_set_write_buffer_limits(note.transport, 1, 0), 0);
    UNTIL(&note, note.pauses == 2);
    kit_drain(peer, 0, sent);
    UNTIL(&note, note.resumes == 2);
    CHECK_EQ(xie_transport_get_write_buffer_size(note.transport), 0);
    xie_stream_close(peer);
    kit_end(&note);
    return 0;
}

/* A writer that heeds the marks never has much waiting. */
struct heeding {
    struct note note;
    size_t sent, most;
};

enum { HEEDED = 600 * 1024 };

static void write_on(struct note *note)
{
    struct heeding *heeding = XIE_CONTAINER(note, struct heeding, note);
    char block[1000];
    while (heeding->sent < HEEDED) {
        kit_fill(block, sizeof block, heeding->sent);
        heeding->sent += sizeof block;
        int full = xie_transport_write(note->transport, block, sizeof block);
        CHECK(full >= 0);
        size_t waits = xie_transport_get_write_buffer_size(note->transport);
        heeding->most = waits > heeding->most ? waits : heeding->most;
        if (full)
            return;
    }
    xie_transport_close(note->transport);
}

IN_TASK(a_writer_that_heeds_the_marks_holds_little)
{
    struct heeding heeding = {.note = {.on_made = write_on, .on_resume = write_on}};
    struct xie_stream *peer = kit_transport(&heeding.note);
    REQUIRE(!xie_transport_set_write_buffer_limits(heeding.note.transport, 8000, 2000));
    kit_drain(peer, 0, HEEDED);
    kit_end(&heeding.note);
    CHECK(heeding.most > 8000 && heeding.most <= 9000);
    CHECK(heeding.note.pauses > 3);
    CHECK_EQ(heeding.note.pauses, heeding.note.resumes);
    xie_stream_close(peer);
    return 0;
}

IN_TASK(a_new_protocol_is_told_that_writing_is_paused)
{
    struct note note = {0}, next = {0};
    struct xie_stream *peer = kit_transport(&note);
    size_t sent = kit_stuff(&note);
    CHECK_EQ(xie_transport_set_write_buffer_limits(note.transport, 1, 0), 0);
    UNTIL(&note, note.pauses == 1);
    next.transport = note.transport;
    next.made = 1;
    xie_transport_set_protocol(note.transport, &noting, &next);
    UNTIL(&next, next.pauses == 1);
    kit_drain(peer, 0, sent);
    UNTIL(&next, next.resumes == 1);
    CHECK(note.resumes == 0);
    xie_stream_close(peer);
    kit_end(&next);
    CHECK_EQ(note.lost, 0);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the_rest_goes_to_the_new_protocol", the_rest_goes_to_the_new_protocol},
        {"what_is_given_back_waits_for_resume", what_is_given_back_waits_for_resume},
        {"bytes_given_back_keep_their_order", bytes_given_back_keep_their_order},
        {"what_was_given_back_goes_with_the_transport",
         what_was_given_back_goes_with_the_transport},
        {"the_protocols_own_buffer_is_filled", the_protocols_own_buffer_is_filled},
        {"no_room_is_the_end", no_room_is_the_end},
        {"no_buffer_is_asked_for_while_nothing_comes", no_buffer_is_asked_for_while_nothing_comes},
        {"get_buffer_may_change_the_protocol", get_buffer_may_change_the_protocol},
        {"the_marks_are_64_and_16_kib_unless_set", the_marks_are_64_and_16_kib_unless_set},
        {"pause_comes_above_the_high_mark_only", pause_comes_above_the_high_mark_only},
        {"resume_comes_at_the_low_mark", resume_comes_at_the_low_mark},
        {"a_writer_that_heeds_the_marks_holds_little", a_writer_that_heeds_the_marks_holds_little},
        {"a_new_protocol_is_told_that_writing_is_paused",
         a_new_protocol_is_told_that_writing_is_paused},
        {0},
    };
    return tap_main(argc, argv, tests);
}

/* bytes.c - transports of bytes: what comes, what goes, and how each ends. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sys/wait.h>

#include "io/stream.h"
#include "proto/kit.h"

/* --- being made --------------------------------------------------------------------- */

IN_TASK(made_comes_by_the_loop_and_first)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    CHECK_EQ(note.made, 0); /* not from within the call */
    kit_send(peer, "hello");
    UNTIL(&note, note.got == 5);
    CHECK_EQ(note.made, 1);
    CHECK_STR(note.text, "hello");
    xie_stream_close(peer);
    kit_end(&note);
    CHECK_EQ(note.error, 0);
    return 0;
}

static void wait_in_callback(struct note *note)
{
    CHECK_EQ(xie_sleep(0), -EPERM);
    CHECK_EQ(xie_transport_wait(note->transport), -EPERM);
    CHECK_EQ(xie_create_connection("127.0.0.1", 1, &noting, note, NULL), -EPERM);
}

IN_TASK(a_callback_that_waits_is_refused)
{
    struct note note = {.on_made = wait_in_callback};
    struct xie_stream *peer = kit_transport(&note);
    UNTIL(&note, note.made);
    xie_stream_close(peer);
    kit_end(&note);
    return 0;
}

struct maker {
    int made, refusals;
    struct note notes[2];
};

static void *make_one(void *arg)
{
    struct maker *maker = arg;
    if (maker->made == 2) {
        maker->refusals++;
        return NULL;
    }
    return &maker->notes[maker->made++];
}

IN_TASK(create_makes_the_self_of_each_or_refuses)
{
    struct xie_protocol protocol = noting;
    struct maker maker = {0};
    struct xie_stream *pair[2], *peers[2];
    struct xie_transport *transport = NULL;
    protocol.create = make_one;
    for (int i = 0; i < 2; i++) {
        void *self;
        kit_pair(pair);
        CHECK_EQ(xie_transport_adopt(pair[0], &protocol, &maker, &transport), 0);
        CHECK(xie_transport_get_protocol(transport, &self) == &protocol);
        CHECK(self == &maker.notes[i]);
        peers[i] = pair[1];
    }
    kit_pair(pair);
    transport = NULL;
    CHECK_EQ(xie_transport_adopt(pair[0], &protocol, &maker, &transport), -ENOMEM);
    CHECK(!transport && maker.refusals == 1);
    kit_close(pair); /* the stream is still the caller's */
    for (int i = 0; i < 2; i++) {
        xie_stream_close(peers[i]);
        kit_end(&maker.notes[i]);
    }
    return 0;
}

IN_TASK(what_a_stream_had_read_ahead_comes_first)
{
    struct note note = {0};
    struct xie_stream *pair[2];
    char *line;
    kit_pair(pair);
    kit_send(pair[1], "first\nsecond");
    REQUIRE(xie_stream_read_line(pair[0], &line, NULL) == 1);
    CHECK_STR(line, "first");
    CHECK_EQ(xie_transport_adopt(pair[0], &noting, &note, NULL), 0);
    UNTIL(&note, note.got == 6);
    kit_send(pair[1], " third");
    UNTIL(&note, note.got == 12);
    CHECK_STR(note.text, "second third");
    xie_stream_close(pair[1]);
    kit_end(&note);
    return 0;
}

static int read_one(void *stream)
{
    char byte;
    return (int)xie_stream_read(stream, &byte, 1);
}

IN_TASK(a_stream_in_use_is_not_taken)
{
    struct note note = {0};
    struct xie_stream *pair[2];
    kit_pair(pair);
    struct xie_task *reader = xie_spawn(read_one, pair[0]);
    xie_sleep(0);
    CHECK_EQ(xie_transport_adopt(pair[0], &noting, &note, NULL), -EBUSY);
    xie_stream_close(pair[1]);
    CHECK_EQ(xie_join(reader), 0);
    xie_stream_close(pair[0]);
    CHECK_EQ(note.made, 0);
    return 0;
}

IN_TASK(a_stream_on_something_else_is_not_taken)
{
    static const struct xie_stream_ops nothing;
    struct xie_stream stream;
    struct note note = {0};
    xie_stream_init(&stream, &nothing);
    CHECK_EQ(xie_transport_adopt(&stream, &noting, &note, NULL), -EOPNOTSUPP);
    xie_stream_fini(&stream);
    kit_settle();
    CHECK_EQ(note.made, 0);
    return 0;
}

IN_TASK(the_end_that_a_stream_has_read_is_told)
{
    struct note note = {0};
    struct xie_stream *pair[2];
    char byte;
    kit_pair(pair);
    xie_stream_close(pair[1]);
    CHECK_EQ(xie_stream_read(pair[0], &byte, 1), 0);
    CHECK_EQ(xie_transport_adopt(pair[0], &noting, &note, NULL), 0);
    kit_end(&note);
    CHECK(note.ends == 1 && !note.error);
    return 0;
}

/* A protocol of no functions at all. */
static const struct xie_protocol deaf = {0};

IN_TASK(every_callback_may_be_missing)
{
    struct xie_stream *pair[2];
    struct xie_transport *transport;
    kit_pair(pair);
    REQUIRE(xie_transport_adopt(pair[0], &deaf, NULL, &transport) == 0);
    kit_send(pair[1], "nobody hears this");
    CHECK_EQ(xie_transport_write(transport, "but this", 8), 0);
    char text[8];
    CHECK_EQ(xie_stream_read_exactly(pair[1], text, 8), 8);
    xie_stream_close(pair[1]);
    CHECK_EQ(xie_transport_wait(transport), 0); /* the end closes it */
    return 0;
}

/* --- data --------------------------------------------------------------------------- */

enum { LARGE = 1 << 20 };

static int write_large(void *stream)
{
    static char block[100000];
    size_t large = tap_slow() ? LARGE / 8 : LARGE;
    for (size_t at = 0; at < large;) {
        size_t len = large - at < sizeof block ? large - at : sizeof block;
        kit_fill(block, len, at);
        if (xie_stream_write(stream, block, len) < 0)
            return -EIO;
        at += len;
    }
    return xie_stream_write_eof(stream);
}

IN_TASK(much_data_comes_whole_and_in_order)
{
    struct note note = {0};
    struct xie_stream *peer = kit_tcp_transport(&note);
    struct xie_task *writer = xie_spawn(write_large, peer);
    kit_end(&note);
    CHECK_EQ(note.got, (size_t)(tap_slow() ? LARGE / 8 : LARGE));
    CHECK(!note.wrong && note.ends == 1 && note.error == 0);
    CHECK_EQ(xie_join(writer), 0);
    xie_stream_close(peer);
    return 0;
}

IN_TASK(much_is_written_whole_and_in_order)
{
    struct note note = {0};
    struct xie_stream *peer = kit_tcp_transport(&note);
    size_t large = tap_slow() ? LARGE / 8 : LARGE;
    static char block[77777];
    for (size_t at = 0; at < large; at += sizeof block) { /* far beyond what the kernel takes */
        kit_fill(block, sizeof block, at);
        CHECK(xie_transport_write(note.transport, block, sizeof block) >= 0);
    }
    size_t all = (large + sizeof block - 1) / sizeof block * sizeof block;
    xie_transport_close(note.transport);
    kit_drain(peer, 0, all);
    char byte;
    CHECK_EQ(xie_stream_read(peer, &byte, 1), 0);
    kit_end(&note);
    CHECK_EQ(note.error, 0);
    xie_stream_close(peer);
    return 0;
}

IN_TASK(several_places_are_written_as_one)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    struct iovec parts[XIE_TRANSPORT_PARTS_MOST];
    char sent[XIE_TRANSPORT_PARTS_MOST * 3], text[sizeof sent];
    kit_fill(sent, sizeof sent, 0);
    for (int i = 0; i < XIE_TRANSPORT_PARTS_MOST; i++)
        parts[i] = (struct iovec){.iov_base = sent + 3 * i, .iov_len = 3};
    CHECK_EQ(xie_transport_writev(note.transport, parts, 0), 0);
    CHECK_EQ(xie_transport_writev(note.transport, parts, XIE_TRANSPORT_PARTS_MOST), 0);
    CHECK_EQ(xie_transport_writev(note.transport, parts, XIE_TRANSPORT_PARTS_MOST + 1), -EINVAL);
    CHECK_EQ(xie_transport_writev(note.transport, parts, -1), -EINVAL);
    CHECK_EQ(xie_stream_read_exactly(peer, text, sizeof text), (ssize_t)sizeof text);
    CHECK(kit_same(text, sizeof text, 0));
    /* and the same through the buffer, in the middle of a part */
    size_t at = kit_stuff(&note);
    kit_fill(sent, sizeof sent, at);
    CHECK(xie_transport_writev(note.transport, parts, XIE_TRANSPORT_PARTS_MOST) >= 0);
    kit_drain(peer, 0, at + sizeof sent);
    xie_stream_close(peer);
    kit_end(&note);
    return 0;
}

IN_TASK(more_than_the_most_is_refused_and_nothing_taken)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    struct iovec parts[] = {{(void *)"a", 1}, {(void *)"b", SIZE_MAX}};
    char byte;
    CHECK_EQ(xie_transport_write(note.transport, "", XIE_TRANSPORT_BUFFER_MOST + 1UL), -ENOBUFS);
    CHECK_EQ(xie_transport_writev(note.transport, parts, 2), -ENOBUFS); /* the sum overflows */
    CHECK_EQ(xie_transport_write(note.transport, "x", 1), 0);           /* and it goes on */
    CHECK_EQ(xie_stream_read_exactly(peer, &byte, 1), 1);
    CHECK_EQ(byte, 'x');
    xie_stream_close(peer);
    kit_end(&note);
    return 0;
}

static void echo(struct note *note, const char *data, size_t len)
{
    CHECK(xie_transport_write(note->transport, data, len) >= 0);
}

IN_TASK(data_received_may_write)
{
    struct note note = {.on_data = echo};
    struct xie_stream *peer = kit_transport(&note);
    char text[6];
    kit_send(peer, "echo");
    CHECK_EQ(xie_stream_read_exactly(peer, text, 4), 4);
    CHECK(!memcmp(text, "echo", 4));
    xie_stream_close(peer);
    kit_end(&note);
    return 0;
}

/* --- the end ------------------------------------------------------------------------ */

IN_TASK(the_end_closes_unless_it_is_kept_open)
{
    for (int keep = 0; keep < 2; keep++) {
        struct note note = {.keep_open = keep};
        struct xie_stream *peer = kit_transport(&note);
        char text[9];
        kit_send(peer, "all");
        CHECK_EQ(xie_stream_write_eof(peer), 0);
        UNTIL(&note, note.ends);
        CHECK_EQ(note.got, 3);
        if (keep) {
            kit_settle();
            CHECK(!note.lost && !xie_transport_is_closing(note.transport));
            CHECK_EQ(xie_transport_write(note.transport, "answer", 6), 0);
            CHECK_EQ(xie_stream_read_exactly(peer, text, 6), 6);
            xie_transport_close(note.transport);
        }
        CHECK_EQ(xie_stream_read(peer, text, 1), 0);
        kit_end(&note);
        CHECK_EQ(note.error, 0);
        CHECK_EQ(note.ends, 1);
        xie_stream_close(peer);
    }
    return 0;
}

IN_TASK(write_eof_ends_one_way_after_what_waits)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    CHECK(xie_transport_can_write_eof(note.transport));
    size_t sent = kit_stuff(&note);
    CHECK_EQ(xie_transport_write_eof(note.transport), 0);
    CHECK_EQ(xie_transport_write_eof(note.transport), 0); /* harmless */
    CHECK(!xie_transport_is_closing(note.transport));
    kit_drain(peer, 0, sent);
    char byte;
    CHECK_EQ(xie_stream_read(peer, &byte, 1), 0);
    kit_send(peer, "still heard");
    UNTIL(&note, note.got == 11);
    xie_stream_close(peer);
    kit_end(&note);
    CHECK(note.ends == 1 && note.error == 0);
    return 0;
}

static int write_after_eof(void *arg)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    (void)arg, (void)peer;
    xie_transport_write_eof(note.transport);
    xie_transport_write(note.transport, "x", 1);
    return 0;
}

static int unread_elsewhere(void *arg)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    (void)arg, (void)peer;
    xie_transport_unread(note.transport, 1);
    return 0;
}

static void too_much(struct note *note, const char *data, size_t len)
{
    (void)data;
    xie_transport_unread(note->transport, len + 1);
}

static int unread_too_much(void *arg)
{
    struct note note = {.on_data = too_much};
    struct xie_stream *peer = kit_transport(&note);
    (void)arg;
    kit_send(peer, "x");
    UNTIL(&note, note.lost);
    return 0;
}

static void run_it(void *body)
{
    int (*const *fn)(void *) = body;
    xie_run(*fn, NULL);
}

static void misuse_aborts(void)
{
    static int (*const bodies[])(void *) = {write_after_eof, unread_elsewhere, unread_too_much};
    static const char *const words[] = {"after xie_transport_write_eof", "xie_transport_unread",
                                        "xie_transport_unread"};
    for (int i = 0; i < 3; i++) {
        char text[600];
        int status = tap_child(run_it, (void *)(uintptr_t)&bodies[i], text, sizeof text);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        CHECK(strstr(text, "misuse") && strstr(text, words[i]));
    }
}

IN_TASK(close_sends_what_waits_and_reads_no_more)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    size_t sent = kit_stuff(&note);
    kit_send(peer, "unheard");
    xie_transport_close(note.transport);
    xie_transport_close(note.transport); /* harmless */
    CHECK(xie_transport_is_closing(note.transport) && !xie_transport_is_reading(note.transport));
    CHECK_EQ(xie_transport_write(note.transport, "x", 1), XIE_ECLOSED);
    CHECK_EQ(xie_transport_write_eof(note.transport), XIE_ECLOSED);
    kit_settle();
    CHECK_EQ(note.lost, 0); /* the peer has not read yet */
    kit_drain(peer, 0, sent);
    kit_end(&note);
    CHECK(note.error == 0 && note.got == 0 && note.ends == 0);
    xie_stream_close(peer);
    return 0;
}

IN_TASK(abort_drops_what_waits)
{
    struct note note = {0};
    struct xie_stream *peer = kit_tcp_transport(&note);
    size_t sent = kit_stuff(&note);
    xie_transport_close(note.transport);
    xie_transport_abort(note.transport); /* close waits for a peer that never reads: this ends it */
    CHECK_EQ(note.lost, 0);              /* not from within the call */
    xie_transport_abort(note.transport);
    kit_end(&note);
    CHECK_EQ(note.error, 0);
    static char block[16 * 1024];
    size_t got = 0;
    ssize_t len;
    while ((len = xie_stream_read(peer, block, sizeof block)) > 0)
        got += (size_t)len;
    CHECK(got < sent);
    CHECK_EQ(len, -ECONNRESET); /* not an end that looks like all of it */
    xie_stream_close(peer);
    return 0;
}

IN_TASK(a_peer_that_resets_is_an_error_told_once)
{
    struct note note = {0};
    struct xie_stream *peer = kit_tcp_transport(&note);
    UNTIL(&note, note.made);
    xie_stream_abort(peer);
    kit_end(&note);
    CHECK_EQ(note.error, -ECONNRESET);
    CHECK_EQ(note.ends, 0);
    return 0;
}

IN_TASK(a_peer_that_vanishes_while_much_waits)
{
    struct note note = {0};
    struct xie_stream *peer = kit_tcp_transport(&note);
    kit_stuff(&note);
    xie_transport_pause_reading(note.transport); /* only writing can find out */
    xie_stream_abort(peer);
    while (!note.lost) {
        xie_transport_write(note.transport, "hello?", 6);
        xie_sleep(XIE_MILLISECOND);
    }
    CHECK(note.error == -ECONNRESET || note.error == -EPIPE);
    return 0;
}

/* The answer of a peer that does not wait for the whole question. */
IN_TASK(last_words_are_heard_although_writing_fails)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    UNTIL(&note, note.made);
    xie_transport_pause_reading(note.transport);
    kit_send(peer, "go away");
    xie_stream_close(peer);
    kit_settle();
    xie_transport_resume_reading(note.transport);
    CHECK_EQ(xie_transport_write(note.transport, "a long question", 15), XIE_ECLOSED);
    CHECK(xie_transport_is_closing(note.transport));
    CHECK_EQ(xie_transport_write(note.transport, "more of it", 10), XIE_ECLOSED);
    CHECK_EQ(note.lost, 0);
    kit_end(&note);
    CHECK_STR(note.text, "go away");
    CHECK_EQ(note.error, -EPIPE);
    CHECK_EQ(note.ends, 0);
    return 0;
}

/* --- reading paused ----------------------------------------------------------------- */

IN_TASK(paused_reading_tells_nothing)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    CHECK(xie_transport_is_reading(note.transport));
    xie_transport_pause_reading(note.transport); /* before connection_made, too */
    xie_transport_pause_reading(note.transport);
    CHECK(!xie_transport_is_reading(note.transport));
    kit_send(peer, "later");
    xie_stream_close(peer);
    kit_settle();
    CHECK(note.made == 1 && note.got == 0 && note.ends == 0);
    xie_transport_resume_reading(note.transport);
    xie_transport_resume_reading(note.transport);
    kit_end(&note);
    CHECK_STR(note.text, "later");
    CHECK_EQ(note.ends, 1);
    return 0;
}

static void pause_here(struct note *note, const char *data, size_t len)
{
    (void)data, (void)len;
    xie_transport_pause_reading(note->transport);
}

IN_TASK(a_pause_within_data_received_holds_at_once)
{
    struct note note = {.on_data = pause_here};
    struct xie_stream *peer = kit_transport(&note);
    struct xie_task *writer = xie_spawn(write_large, peer);
    UNTIL(&note, note.datas == 1);
    for (int i = 2; i < 6 && !note.lost; i++) {
        kit_settle();
        CHECK_EQ(note.datas, i - 1);
        xie_transport_resume_reading(note.transport);
        UNTIL(&note, note.datas == i || note.lost);
    }
    if (!note.lost)
        xie_transport_resume_reading(note.transport);
    note.on_data = NULL;
    kit_end(&note);
    CHECK(!note.wrong);
    CHECK_EQ(xie_join(writer), 0);
    xie_stream_close(peer);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"made_comes_by_the_loop_and_first", made_comes_by_the_loop_and_first},
        {"a_callback_that_waits_is_refused", a_callback_that_waits_is_refused},
        {"create_makes_the_self_of_each_or_refuses", create_makes_the_self_of_each_or_refuses},
        {"what_a_stream_had_read_ahead_comes_first", what_a_stream_had_read_ahead_comes_first},
        {"a_stream_in_use_is_not_taken", a_stream_in_use_is_not_taken},
        {"a_stream_on_something_else_is_not_taken", a_stream_on_something_else_is_not_taken},
        {"the_end_that_a_stream_has_read_is_told", the_end_that_a_stream_has_read_is_told},
        {"every_callback_may_be_missing", every_callback_may_be_missing},
        {"much_data_comes_whole_and_in_order", much_data_comes_whole_and_in_order},
        {"much_is_written_whole_and_in_order", much_is_written_whole_and_in_order},
        {"several_places_are_written_as_one", several_places_are_written_as_one},
        {"more_than_the_most_is_refused_and_nothing_taken",
         more_than_the_most_is_refused_and_nothing_taken},
        {"data_received_may_write", data_received_may_write},
        {"the_end_closes_unless_it_is_kept_open", the_end_closes_unless_it_is_kept_open},
        {"write_eof_ends_one_way_after_what_waits", write_eof_ends_one_way_after_what_waits},
        {"misuse_aborts", misuse_aborts},
        {"close_sends_what_waits_and_reads_no_more", close_sends_what_waits_and_reads_no_more},
        {"abort_drops_what_waits", abort_drops_what_waits},
        {"a_peer_that_resets_is_an_error_told_once", a_peer_that_resets_is_an_error_told_once},
        {"a_peer_that_vanishes_while_much_waits", a_peer_that_vanishes_while_much_waits},
        {"last_words_are_heard_although_writing_fails",
         last_words_are_heard_although_writing_fails},
        {"paused_reading_tells_nothing", paused_reading_tells_nothing},
        {"a_pause_within_data_received_holds_at_once", a_pause_within_data_received_holds_at_once},
        {0},
    };
    return tap_main(argc, argv, tests);
}

/* transport_end.c - how TLS beneath protocols ends: in order, truncated, within limits. */
/* SPDX-License-Identifier: MIT */
#include "duo.h"

/* --- in order -------------------------------------------------------------------------- */

static void duo_of_version(struct duo *duo, int version)
{
    struct xie_tls_options client = client_options(), server = server_options();
    client.max_version = version;
    duo->contexts[0] = context_of(&client);
    duo->contexts[1] = context_of(&server);
    duo_open(duo);
}

IN_TASK(a_close_is_told_as_an_end)
{
    for (int version = XIE_TLS_1_2; version <= XIE_TLS_1_3; version++)
        for (int side = 0; side < 2; side++) {
            struct duo duo = {0};
            duo_of_version(&duo, version);
            duo_say(&duo.client, &duo.server, "one");
            duo_say(&duo.server, &duo.client, "two");
            struct told *first = side ? &duo.server : &duo.client;
            struct told *second = side ? &duo.client : &duo.server;
            xie_transport_close(first->transport);
            CHECK_EQ(xie_transport_write(first->transport, "x", 1), XIE_ECLOSED);
            duo_end(&duo);
            CHECK(!first->note.error && !first->note.ends);
            CHECK(!second->note.error && second->note.ends == 1);
        }
    return 0;
}

enum { MUCH = 500000 };

static void write_much(struct told *told)
{
    static char block[MUCH];
    kit_fill(block, sizeof block, 0);
    CHECK_EQ(xie_transport_write(told->transport, block, sizeof block), 1);
}

IN_TASK(a_close_sends_what_waits_then_the_end)
{
    struct duo duo = {0};
    duo_open(&duo);
    write_much(&duo.client);
    CHECK(xie_transport_get_write_buffer_size(duo.client.transport) > 0);
    duo_close(&duo);
    CHECK(duo.server.note.got == MUCH && !duo.server.note.wrong);
    return 0;
}

/* Written before it came to stand, and closed at once. */
IN_TASK(what_waits_for_the_handshake_is_sent_before_a_close)
{
    struct duo duo = {0};
    duo_begin(&duo, "localhost");
    CHECK_EQ(xie_transport_write(duo.client.transport, "words", 5), 0);
    CHECK_EQ(xie_transport_get_write_buffer_size(duo.client.transport), 5);
    duo_close(&duo);
    CHECK_STR(duo.server.note.text, "words");
    return 0;
}

IN_TASK(after_write_eof_reading_goes_on)
{
    struct duo duo = {.server.note.keep_open = true, .client.note.keep_open = true};
    duo_open(&duo);
    CHECK(xie_transport_can_write_eof(duo.client.transport));
    write_much(&duo.client);
    CHECK_EQ(xie_transport_write_eof(duo.client.transport), 0);
    CHECK_EQ(xie_transport_write_eof(duo.client.transport), 0);
    UNTIL(&duo.server.note, duo.server.note.ends == 1);
    CHECK(duo.server.note.got == MUCH && !duo.server.note.wrong);
    CHECK(!duo.client.note.ends && !duo.client.note.lost);
    write_much(&duo.server);
    CHECK_EQ(xie_transport_write_eof(duo.server.transport), 0);
    UNTIL(&duo.client.note, duo.client.note.ends == 1);
    CHECK(duo.client.note.got == MUCH && !duo.client.note.wrong);
    CHECK(!duo.client.note.lost && !duo.server.note.lost);
    xie_transport_close(duo.client.transport);
    xie_transport_close(duo.server.transport);
    duo_end(&duo);
    CHECK(!duo.client.note.error && !duo.server.note.error);
    return 0;
}

IN_TASK(write_eof_may_be_asked_for_before_tls_stands)
{
    struct duo duo = {0};
    duo_begin(&duo, "localhost");
    CHECK_EQ(xie_transport_write(duo.client.transport, "all", 3), 0);
    CHECK_EQ(xie_transport_write_eof(duo.client.transport), 0);
    duo_end(&duo); /* the server closes at the end, and the client then */
    CHECK_STR(duo.server.note.text, "all");
    CHECK(!duo.client.note.error && !duo.server.note.error);
    CHECK(duo.client.note.ends == 1 && duo.server.note.ends == 1);
    return 0;
}

/* The peer took our end, and its own, and is gone: that is no error of ours. */
IN_TASK(a_close_that_nobody_hears_is_in_order)
{
    struct duo duo = {.client.note.keep_open = true};
    duo_open(&duo);
    xie_transport_close(duo.server.transport);
    kit_end(&duo.server.note);
    UNTIL(&duo.client.note, duo.client.note.ends == 1);
    kit_settle();
    xie_transport_close(duo.client.transport);
    duo_end(&duo);
    CHECK(!duo.client.note.error && !duo.server.note.error);
    return 0;
}

/* --- without order ---------------------------------------------------------------------- */

IN_TASK(a_connection_that_just_ends_is_truncated)
{
    for (int version = XIE_TLS_1_2; version <= XIE_TLS_1_3; version++) {
        struct duo duo = {0};
        duo_of_version(&duo, version);
        duo_say(&duo.client, &duo.server, "not all");
        CHECK_EQ(xie_sys_shutdown(xie_transport_fd(duo.client.transport), SHUT_WR), 0);
        kit_end(&duo.server.note);
        CHECK_EQ(duo.server.note.error, XIE_ETLS_TRUNCATED);
        CHECK(duo.server.note.ends == 0 && *duo.server.failure.text);
        xie_transport_abort(duo.client.transport);
        duo_end(&duo);
    }
    return 0;
}

IN_TASK(an_abort_is_no_end_in_order)
{
    struct duo duo = {0};
    duo_open(&duo);
    xie_transport_abort(duo.client.transport);
    kit_end(&duo.client.note);
    kit_end(&duo.server.note);
    CHECK_EQ(duo.client.note.error, 0);
    CHECK(duo.server.note.error == XIE_ETLS_TRUNCATED || duo.server.note.error == -ECONNRESET);
    CHECK_EQ(duo.server.note.ends, 0);
    duo_end(&duo);
    return 0;
}

/* A byte that was changed on its way: the one who sees it says so, and the other is told. */
IN_TASK(a_forged_record_breaks_both)
{
    struct duo duo = {0};
    static const char forged[] = "\x17\x03\x03\x00\x20"
                                 "no record of ours, to be sure...";
    duo_open(&duo);
    duo_say(&duo.client, &duo.server, "the tickets are read");
    duo_say(&duo.server, &duo.client, "too");
    for (size_t at = 0; at < sizeof forged - 1;) {
        ssize_t sent = xie_sys_send(xie_transport_fd(duo.client.transport), forged + at,
                                    sizeof forged - 1 - at, 0);
        REQUIRE(sent > 0);
        at += (size_t)sent;
    }
    kit_end(&duo.server.note);
    kit_end(&duo.client.note);
    CHECK_EQ(duo.server.note.error, XIE_ETLS_PROTOCOL);
    CHECK_EQ(duo.client.note.error, XIE_ETLS_REFUSED);
    CHECK_EQ(duo.server.note.ends + duo.client.note.ends, 0);
    duo_end(&duo);
    return 0;
}

/* What goes one way passes only up to a byte; then the connection ends. */
struct relay {
    struct xie_stream *from, *to;
    size_t most;
};

static int pass_on(void *arg)
{
    struct relay *self = arg;
    char buf[2000];
    ssize_t len = 1;
    while (self->most && len > 0) {
        len = xie_stream_read(self->from, buf, self->most < sizeof buf ? self->most : sizeof buf);
        if (len > 0 && xie_stream_write(self->to, buf, (size_t)len) < 0)
            break;
        self->most -= len > 0 ? (size_t)len : 0;
    }
    xie_stream_write_eof(self->to);
    return 0;
}

/* return false: the handshake was over before the cut came */
static bool cut_at(const struct duo *model, bool to_client, size_t at)
{
    struct xie_stream *left[2], *right[2];
    struct duo duo = {.contexts = {xie_tls_context_ref(model->contexts[0]),
                                   xie_tls_context_ref(model->contexts[1])}};
    kit_pair(left);
    kit_pair(right);
    REQUIRE(!xie_transport_adopt(left[0], &telling, &duo.client, &duo.client.transport));
    REQUIRE(!xie_transport_adopt(right[1], &telling, &duo.server, &duo.server.transport));
    xie_transport_ref(duo.client.transport);
    xie_transport_ref(duo.server.transport);
    CHECK_EQ(xie_tls_transport_start(duo.client.transport, duo.contexts[0], "localhost"), 0);
    CHECK_EQ(xie_tls_transport_start(duo.server.transport, duo.contexts[1], NULL), 0);
    struct relay there = {left[1], right[0], to_client ? SIZE_MAX : at};
    struct relay back = {right[0], left[1], to_client ? at : SIZE_MAX};
    struct xie_task *tasks[] = {xie_spawn(pass_on, &there), xie_spawn(pass_on, &back)};
    struct told *told = to_client ? &duo.client : &duo.server;
    UNTIL(&told->note, told->note.made || told->note.lost);
    bool cut = !told->note.made;
    if (cut)
        CHECK_EQ(told->note.error, XIE_ETLS_TRUNCATED);
    xie_transport_close(duo.client.transport);
    xie_transport_close(duo.server.transport);
    duo_end(&duo);
    xie_gather(tasks, 2, NULL);
    xie_stream_close(left[1]);
    xie_stream_close(right[0]);
    return cut;
}

IN_TASK(an_end_at_any_byte_of_the_handshake_is_truncated)
{
    struct duo model = {0};
    size_t step = tap_slow() ? 97 : 1;
    tap_limit(120);
    duo_contexts(&model);
    for (int to_client = 0; to_client < 2; to_client++) {
        size_t at = 0;
        while (cut_at(&model, to_client, at))
            at += at < 12 ? 1 : step;
        CHECK(at > 100);
    }
    xie_tls_context_unref(model.contexts[0]);
    xie_tls_context_unref(model.contexts[1]);
    return 0;
}

/* --- limits ------------------------------------------------------------------------------ */

IN_TASK(a_handshake_is_bounded)
{
    struct xie_tls_options client = client_options();
    struct told told = {0};
    struct xie_stream *pair[2];
    struct xie_tls_failure failure = {""};
    client.handshake_ns = 2 * XIE_MILLISECOND;
    struct xie_tls_context *context = context_of(&client);
    kit_pair(pair);
    REQUIRE(!xie_transport_adopt(pair[0], &telling, &told, &told.transport));
    CHECK_EQ(xie_tls_transport_start(told.transport, context, "localhost"), 0);
    CHECK_EQ(xie_tls_transport_wait(told.transport, &failure), -ETIMEDOUT);
    CHECK(strstr(failure.text, "localhost: "));
    kit_end(&told.note);
    CHECK(told.note.error == -ETIMEDOUT && !told.note.made);
    xie_tls_context_unref(context);
    xie_stream_close(pair[1]);
    return 0;
}

/* Nothing fires later: the limit was of the handshake. */
IN_TASK(the_limit_of_a_handshake_ends_with_it)
{
    struct xie_tls_options client = client_options(), server = server_options();
    client.handshake_ns = server.handshake_ns = 600 * XIE_SECOND;
    struct duo duo = {.contexts = {context_of(&client), context_of(&server)}};
    duo_open(&duo);
    if (kit_on("sim"))
        CHECK_EQ(xie_sleep(XIE_HOUR), 0);
    CHECK(!xie_timer_armed(&xie_tls_wire_of(duo.client.transport)->timer));
    CHECK(!xie_timer_armed(&xie_tls_wire_of(duo.server.transport)->timer));
    duo_say(&duo.client, &duo.server, "still there");
    duo_close(&duo);
    return 0;
}

/* The peer takes nothing: what waits never leaves, and a close does not wait for it for ever. */
IN_TASK(a_close_is_bounded)
{
    for (int full = 0; full < 2; full++) {
        struct xie_tls_options client = client_options();
        client.shutdown_ns = 2 * XIE_MILLISECOND;
        struct duo duo = {.contexts = {context_of(&client)}};
        duo_open(&duo);
        duo_say(&duo.server, &duo.client, "the tickets too");
        xie_transport_pause_reading(duo.server.transport);
        if (full)
            kit_stuff(&duo.client.note);
        else
            duo.server.note.keep_open = true;
        xie_transport_close(duo.client.transport);
        kit_end(&duo.client.note);
        CHECK_EQ(duo.client.note.error, full ? -ETIMEDOUT : 0);
        xie_transport_resume_reading(duo.server.transport);
        if (full) {
            kit_end(&duo.server.note);
            CHECK_EQ(duo.server.note.error, XIE_ETLS_TRUNCATED);
        } else {
            UNTIL(&duo.server.note, duo.server.note.ends); /* our answer was not waited for */
            xie_transport_close(duo.server.transport);
        }
        duo_end(&duo);
    }
    return 0;
}

IN_TASK(an_abort_ends_a_close_that_waits)
{
    struct duo duo = {0};
    duo_open(&duo);
    xie_transport_pause_reading(duo.server.transport);
    kit_stuff(&duo.client.note);
    xie_transport_close(duo.client.transport);
    kit_settle();
    CHECK_EQ(duo.client.note.lost, 0);
    xie_transport_abort(duo.client.transport);
    kit_end(&duo.client.note);
    CHECK_EQ(duo.client.note.error, 0);
    xie_transport_abort(duo.server.transport);
    duo_end(&duo);
    return 0;
}

static struct duo left;

static int leave_open(void *arg)
{
    (void)arg;
    left = (struct duo){0};
    duo_open(&left);
    return 0;
}

static void the_end_of_the_loop_is_no_end_in_order(void)
{
    size_t live = xie_alloc_live();
    CHECK_EQ(xie_run(leave_open, NULL), 0);
    CHECK(left.client.note.lost == 1 && left.server.note.lost == 1);
    CHECK(left.client.note.error == -ECANCELED && left.server.note.error == -ECANCELED);
    xie_transport_unref(left.client.transport);
    xie_transport_unref(left.server.transport);
    xie_tls_context_unref(left.contexts[0]);
    xie_tls_context_unref(left.contexts[1]);
    CHECK_EQ(xie_alloc_live(), live);
}

IN_TASK(no_descriptor_stays_open)
{
    int before = kit_fds();
    struct duo duo = {0};
    duo_open(&duo);
    duo_close(&duo);
    duo = (struct duo){0};
    duo_begin(&duo, "another.example");
    duo_end(&duo);
    CHECK_EQ(kit_fds(), before);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_close_is_told_as_an_end", a_close_is_told_as_an_end},
        {"a_close_sends_what_waits_then_the_end", a_close_sends_what_waits_then_the_end},
        {"what_waits_for_the_handshake_is_sent_before_a_close",
         what_waits_for_the_handshake_is_sent_before_a_close},
        {"after_write_eof_reading_goes_on", after_write_eof_reading_goes_on},
        {"write_eof_may_be_asked_for_before_tls_stands",
         write_eof_may_be_asked_for_before_tls_stands},
        {"a_close_that_nobody_hears_is_in_order", a_close_that_nobody_hears_is_in_order},
        {"a_connection_that_just_ends_is_truncated", a_connection_that_just_ends_is_truncated},
        {"an_abort_is_no_end_in_order", an_abort_is_no_end_in_order},
        {"a_forged_record_breaks_both", a_forged_record_breaks_both},
        {"an_end_at_any_byte_of_the_handshake_is_truncated",
         an_end_at_any_byte_of_the_handshake_is_truncated},
        {"a_handshake_is_bounded", a_handshake_is_bounded},
        {"the_limit_of_a_handshake_ends_with_it", the_limit_of_a_handshake_ends_with_it},
        {"a_close_is_bounded", a_close_is_bounded},
        {"an_abort_ends_a_close_that_waits", an_abort_ends_a_close_that_waits},
        {"the_end_of_the_loop_is_no_end_in_order", the_end_of_the_loop_is_no_end_in_order},
        {"no_descriptor_stays_open", no_descriptor_stays_open},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}

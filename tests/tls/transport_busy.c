/* transport_busy.c - TLS beneath protocols at work: both directions at once, pressure, new keys,
 * and what one that idles costs. */
/* SPDX-License-Identifier: MIT */
#include <malloc.h>
#include <openssl/crypto.h>
#include <xie/memory.h>

#include "duo.h"
#include "tls/context.h"
#include "tls/layer.h"

/* --- both directions at once ------------------------------------------------------------ */

enum { MUCH = 1000000 };

/* One side: sends a pattern as the marks allow, and takes the other's. */
struct side {
    struct told told;
    size_t sent, most;
    unsigned rekey; /* new keys after so many writes; 0: never */
    unsigned writes, rekeyed;
};

/* Unless what was asked for has not been written yet. */
static void change_keys(struct side *self)
{
    SSL *ssl = xie_tls_wire_of(self->told.transport)->tls->ssl;
    if (SSL_in_init(ssl))
        return;
    CHECK_EQ(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    self->rekeyed++;
}

static void send_on(struct side *self)
{
    static char block[20000];
    int pressed = 0;
    while (!pressed && self->sent < self->most) {
        size_t len = (self->writes++ * 7919 + 1) % sizeof block;
        len = len < self->most - self->sent ? len : self->most - self->sent;
        kit_fill(block, len, self->sent);
        if (self->rekey && self->writes % self->rekey == 0)
            change_keys(self);
        pressed = xie_transport_write(self->told.transport, block, len);
        REQUIRE(pressed >= 0);
        self->sent += len;
    }
    if (self->sent == self->most)
        CHECK_EQ(xie_transport_write_eof(self->told.transport), 0);
}

static void go_on(struct note *note)
{
    struct side *self = (struct side *)note; /* its first member's first */
    CHECK(xie_transport_get_write_buffer_size(self->told.transport) <= 16 * 1024);
    if (self->sent < self->most)
        send_on(self);
}

static void be_pressed(struct note *note)
{
    struct side *self = (struct side *)note;
    CHECK(xie_transport_get_write_buffer_size(self->told.transport) <= 64 * 1024 + 20000);
}

static void side_begin(struct side *self, int fd, struct xie_tls_context *context, unsigned rekey)
{
    struct xie_tls_info info;
    *self = (struct side){.most = MUCH, .rekey = rekey};
    self->told.note.on_resume = go_on;
    self->told.note.on_pause = be_pressed;
    REQUIRE(!xie_connect_accepted_socket(fd, &telling, self, &self->told.transport));
    self->told.note.transport = xie_transport_ref(self->told.transport);
    const char *host = xie_tls_context_options(context)->server ? NULL : "localhost";
    CHECK_EQ(xie_tls_transport_start(self->told.transport, context, host), 0);
    CHECK_EQ(xie_tls_transport_info(self->told.transport, &info), 0);
}

static void transfer(unsigned rekey)
{
    static struct side sides[2];
    struct duo duo = {0};
    int fds[2];
    duo_contexts(&duo);
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    for (int i = 0; i < 2; i++) {
        side_begin(&sides[i], fds[i], duo.contexts[i], rekey);
        sides[i].told.note.keep_open = true;
    }
    for (int i = 0; i < 2; i++)
        UNTIL(&sides[i].told.note, sides[i].told.note.made);
    for (int i = 0; i < 2; i++)
        send_on(&sides[i]);
    for (int i = 0; i < 2; i++) {
        UNTIL(&sides[i].told.note, sides[i].told.note.ends || sides[i].told.note.lost);
        CHECK(sides[i].told.note.got == sides[i].most && !sides[i].told.note.wrong);
    }
    for (int i = 0; i < 2; i++) {
        CHECK(sides[i].told.note.pauses > 0);
        CHECK(!rekey || sides[i].rekeyed > 2);
        CHECK_EQ(sides[i].told.note.lost, 0);
        xie_transport_close(sides[i].told.transport);
    }
    for (int i = 0; i < 2; i++) {
        kit_end(&sides[i].told.note);
        CHECK_EQ(sides[i].told.note.error, 0);
        xie_transport_unref(sides[i].told.transport);
        xie_tls_context_unref(duo.contexts[i]);
    }
}

IN_TASK(much_passes_both_ways_at_once_within_the_marks)
{
    transfer(0);
    return 0;
}

IN_TASK(keys_change_while_both_directions_are_busy)
{
    transfer(3);
    transfer(1);
    return 0;
}

IN_TASK(several_places_are_one_record_where_they_fit)
{
    struct duo duo = {0};
    struct iovec parts[] = {{(void *)"a", 1}, {NULL, 0}, {(void *)"bc", 2}, {(void *)"def", 3}};
    duo_open(&duo);
    CHECK_EQ(xie_transport_writev(duo.client.transport, parts, 4), 0);
    UNTIL(&duo.server.note, duo.server.note.got == 6);
    CHECK_STR(duo.server.note.text, "abcdef");
    CHECK(duo.server.note.datas == 1 || kit_on("sim"));
    duo_close(&duo);
    return 0;
}

/* --- pressure ---------------------------------------------------------------------------- */

IN_TASK(what_waits_is_counted_in_plain_text)
{
    struct duo duo = {0};
    duo_open(&duo);
    duo_say(&duo.server, &duo.client, "the tickets too");
    xie_transport_pause_reading(duo.server.transport);
    size_t sent = kit_stuff(&duo.client.note);
    kit_settle();
    size_t waits = xie_transport_get_write_buffer_size(duo.client.transport);
    CHECK(waits > 0 && waits <= sent);
    CHECK(xie_transport_write(duo.client.transport, "", 0) >= 0);
    CHECK_EQ(xie_transport_get_write_buffer_size(duo.client.transport), waits);
    CHECK_EQ(xie_transport_set_write_buffer_limits(duo.client.transport, waits + 10, 10), 0);
    char more[11];
    kit_fill(more, sizeof more, sent);
    CHECK_EQ(xie_transport_write(duo.client.transport, more, 10), 0);
    CHECK_EQ(xie_transport_get_write_buffer_size(duo.client.transport), waits + 10);
    int pauses = duo.client.note.pauses;
    CHECK_EQ(xie_transport_write(duo.client.transport, more + 10, 1), 1);
    UNTIL(&duo.client.note, duo.client.note.pauses == pauses + 1);
    CHECK_EQ(duo.server.note.got, 0);
    xie_transport_resume_reading(duo.server.transport);
    UNTIL(&duo.client.note, duo.client.note.resumes == pauses + 1);
    CHECK(xie_transport_get_write_buffer_size(duo.client.transport) <= 10);
    UNTIL(&duo.server.note, duo.server.note.got == sent + sizeof more);
    CHECK(!duo.server.note.wrong);
    CHECK_EQ(xie_transport_get_write_buffer_size(duo.client.transport), 0);
    duo_close(&duo);
    return 0;
}

static void hold(struct note *note, const char *data, size_t len)
{
    (void)data, (void)len;
    xie_transport_pause_reading(note->transport);
}

/* A pause in the midst of data holds at once, whatever TLS has in its hands already. */
IN_TASK(a_pause_within_data_received_holds_at_once)
{
    struct duo duo = {.server.note.on_data = hold};
    static char block[200000];
    duo_open(&duo);
    kit_fill(block, sizeof block, 0);
    CHECK(xie_transport_write(duo.client.transport, block, sizeof block) >= 0);
    for (int told = 1; duo.server.note.got < sizeof block; told++) {
        UNTIL(&duo.server.note, duo.server.note.datas == told);
        for (int i = 0; i < 3; i++)
            xie_sleep(0);
        CHECK_EQ(duo.server.note.datas, told);
        xie_transport_resume_reading(duo.server.transport);
    }
    CHECK(!duo.server.note.wrong);
    duo_close(&duo);
    return 0;
}

static void give_half_back(struct note *note, const char *data, size_t len)
{
    (void)data;
    if (len < 2 || note->datas % 2)
        return;
    note->got -= len / 2;
    CHECK_EQ(xie_transport_unread(note->transport, len / 2), 0);
}

IN_TASK(bytes_given_back_are_told_again)
{
    struct duo duo = {.server.note.on_data = give_half_back};
    static char block[200000];
    duo_open(&duo);
    kit_fill(block, sizeof block, 0);
    CHECK(xie_transport_write(duo.client.transport, block, sizeof block) >= 0);
    UNTIL(&duo.server.note, duo.server.note.got == sizeof block);
    CHECK(!duo.server.note.wrong);
    duo_close(&duo);
    return 0;
}

/* --- a writer that must read --------------------------------------------------------------- */

/* What goes to the client passes up to a byte, then only when it is let. */
struct gatekeeper {
    struct xie_stream *from, *to;
    size_t most, passed;
    struct xie_event open;
    bool together; /* with what comes next: at once */
};

static int keep_gate(void *arg)
{
    struct gatekeeper *self = arg;
    char buf[4000];
    ssize_t len;
    while ((len = xie_stream_read(self->from, buf, sizeof buf)) > 0) {
        size_t now = self->passed >= self->most ? 0 : self->most - self->passed;
        now = now < (size_t)len ? now : (size_t)len;
        self->passed += (size_t)len;
        if (now && xie_stream_write(self->to, buf, now) < 0)
            return 0;
        if (now < (size_t)len)
            xie_event_wait(&self->open);
        if (now < (size_t)len && self->together) {
            ssize_t more = xie_stream_read(self->from, buf + len, sizeof buf - (size_t)len);
            len += more > 0 ? more : 0;
            self->together = false;
        }
        if (now < (size_t)len && xie_stream_write(self->to, buf + now, (size_t)len - now) < 0)
            return 0;
    }
    xie_stream_write_eof(self->to);
    return 0;
}

enum then { NOTHING, WRITE, WRITE_EOF, CLOSE, WRITE_BESIDES };

static bool writes(enum then then)
{
    return then == WRITE || then == WRITE_EOF || then == WRITE_BESIDES;
}

static void do_then(struct duo *duo, enum then then)
{
    if (writes(then))
        CHECK_EQ(xie_transport_write(duo->client.transport, "line", 4), 0);
    if (then == WRITE_BESIDES)
        CHECK_EQ(xie_transport_write(duo->server.transport, "besides", 7), 0);
    if (then == WRITE_EOF)
        CHECK_EQ(xie_transport_write_eof(duo->client.transport), 0);
    if (then == CLOSE)
        xie_transport_close(duo->client.transport);
}

/* All of it has come; of what came besides the socket tells nothing more. */
static void check_then(struct duo *duo, enum then then)
{
    if (writes(then))
        UNTIL(&duo->server.note, duo->server.note.got == 4);
    if (then == WRITE_BESIDES) {
        CHECK_EQ(duo->client.note.got, 0);
        xie_transport_resume_reading(duo->client.transport);
        UNTIL(&duo->client.note, duo->client.note.got == 7);
    }
    if (then == WRITE_EOF || then == CLOSE)
        UNTIL(&duo->server.note, duo->server.note.ends == 1);
}

/* A client whose server's last ticket comes in two records; its last bytes are held back, and the
 * client's reading is paused (or not). SIZE_MAX: nothing is held back. return how many bytes came
 * from the server */
static size_t talk_through_gate(size_t most, enum then then, bool paused)
{
    struct xie_stream *left[2], *right[2];
    struct xie_tls_options client = client_options(), server = server_options();
    client.cert_file = cert("client"); /* a part of the ticket, which makes it long */
    server.ca_file = cert("ca");
    server.verify = XIE_TLS_VERIFY_REQUIRED;
    struct duo duo = {.contexts = {context_of(&client), context_of(&server)}};
    duo.client.note.keep_open = true;
    CHECK_EQ(SSL_CTX_set_max_send_fragment(duo.contexts[1]->ssl, 512), 1);
    kit_pair(left);
    kit_pair(right);
    REQUIRE(!xie_transport_adopt(left[0], &telling, &duo.client, &duo.client.transport));
    REQUIRE(!xie_transport_adopt(right[1], &telling, &duo.server, &duo.server.transport));
    xie_transport_ref(duo.client.transport);
    xie_transport_ref(duo.server.transport);
    CHECK_EQ(xie_tls_transport_start(duo.client.transport, duo.contexts[0], "localhost"), 0);
    CHECK_EQ(xie_tls_transport_start(duo.server.transport, duo.contexts[1], NULL), 0);
    struct gatekeeper there = {.from = left[1], .to = right[0], .most = SIZE_MAX};
    struct gatekeeper back = {.from = right[0], .to = left[1], .most = most};
    struct xie_task *tasks[] = {xie_spawn(keep_gate, &there), xie_spawn(keep_gate, &back)};
    UNTIL(&duo.server.note, duo.server.note.made);
    UNTIL(&duo.client.note, duo.client.note.made);
    const struct xie_tls_wire *wire = xie_tls_wire_of(duo.client.transport);
    while (then && !SSL_in_init(wire->tls->ssl)) /* the first half must be in */
        xie_sleep(XIE_MILLISECOND);
    if (paused)
        xie_transport_pause_reading(duo.client.transport);
    back.together = then == WRITE_BESIDES;
    do_then(&duo, then);
    kit_settle(); /* on sim this does not return if anything is done again and again */
    kit_settle();
    CHECK(!then || (wire->stalled && duo.server.note.got == 0)); /* it waits for the other half */
    CHECK_EQ(duo.server.note.ends, 0);
    xie_event_set(&back.open);
    check_then(&duo, then);
    kit_settle();
    size_t count = back.passed;
    xie_transport_close(duo.client.transport);
    xie_transport_close(duo.server.transport);
    duo_end(&duo);
    CHECK(!duo.client.note.error && !duo.server.note.error);
    xie_gather(tasks, 2, NULL);
    xie_stream_close(left[1]);
    xie_stream_close(right[0]);
    return count;
}

IN_TASK(a_writer_reads_where_tls_needs_it)
{
    size_t all = talk_through_gate(SIZE_MAX, NOTHING, false);
    for (enum then then = WRITE; then <= CLOSE; then++) {
        talk_through_gate(all - 40, then, false);
        talk_through_gate(all - 40, then, true);
    }
    return 0;
}

/* What a write has read for its own sake may hold words of the peer's: they are told, later too. */
IN_TASK(what_a_writer_has_read_besides_is_told)
{
    size_t all = talk_through_gate(SIZE_MAX, NOTHING, false);
    talk_through_gate(all - 40, WRITE_BESIDES, true);
    return 0;
}

/* --- a stream taken over --------------------------------------------------------------------- */

static int write_pattern(void *stream)
{
    static char block[300000];
    kit_fill(block, sizeof block, 0);
    return (int)xie_stream_write(stream, block, sizeof block);
}

/* Whatever can go on does so while this task sleeps. */
static void wait_until_stuck(struct xie_stream *stream)
{
    const struct xie_tls_layer *layer = xie_tls_layer_of(stream);
    uint64_t before;
    size_t start;
    do {
        before = xie_stream_written(stream);
        start = layer->sending.start;
        xie_sleep(5 * XIE_MILLISECOND);
    } while (!xie_tls_pending(layer) || xie_stream_written(stream) != before ||
             layer->sending.start != start);
}

static struct told adopted;

static void adopt_in_callback(void *stream)
{
    CHECK_EQ(xie_transport_adopt(stream, &telling, &adopted, &adopted.transport), -EBUSY);
    xie_event_set(&adopted.note.changed);
}

static void adopt(struct xie_stream *stream)
{
    adopted = (struct told){0};
    CHECK_EQ(xie_transport_adopt(stream, &telling, &adopted, &adopted.transport), 0);
    adopted.note.transport = xie_transport_ref(adopted.transport);
}

static void adopted_end(int error)
{
    kit_end(&adopted.note);
    CHECK_EQ(adopted.note.error, error);
    xie_transport_unref(adopted.transport);
}

/* An interrupted writer has left bytes that a task of the library is stuck with; and plain text was
 * read ahead. All of it goes on under the transport. */
IN_TASK(a_tls_stream_becomes_a_transport_in_the_midst_of_everything)
{
    struct ends ends = {0};
    struct xie_tls_info info;
    struct xie_call call = {0};
    static char block[400000];
    char *line;
    ends_open(&ends);
    kit_send(ends.server, "a line\nand more");
    CHECK_EQ(xie_stream_read_line(ends.client, &line, NULL), 1);
    struct xie_task *task = xie_spawn(write_pattern, ends.client);
    wait_until_stuck(ends.client);
    CHECK_EQ(xie_transport_adopt(ends.client, &telling, &adopted, NULL), -EBUSY);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    size_t written = (size_t)xie_stream_written(ends.client);
    CHECK(written > 0 && xie_tls_layer_of(ends.client)->flusher);
    adopted = (struct told){0};
    CHECK_EQ(xie_call_soon(&call, adopt_in_callback, ends.client), 0);
    CHECK_EQ(xie_event_wait(&adopted.note.changed), 0);
    adopt(ends.client);
    ends.client = NULL;
    UNTIL(&adopted.note, adopted.note.got == 8);
    CHECK_STR(adopted.note.text, "and more");
    CHECK_EQ(xie_tls_transport_info(adopted.transport, &info), 0);
    CHECK(info.verified && !strcmp(info.host, "localhost"));
    CHECK_EQ(xie_tls_transport_wait(adopted.transport, NULL), 0);
    kit_fill(block, sizeof block, written);
    CHECK_EQ(xie_transport_write(adopted.transport, block, sizeof block), 1);
    kit_drain(ends.server, 0, written + sizeof block);
    kit_send(ends.server, "bye");
    UNTIL(&adopted.note, adopted.note.got == 11);
    xie_transport_close(adopted.transport);
    adopted_end(0);
    CHECK_EQ(xie_stream_read(ends.server, block, 1), 0);
    ends_close(&ends);
    return 0;
}

IN_TASK(a_tls_stream_that_has_ended_its_side_may_become_a_transport)
{
    struct ends ends = {0};
    char byte;
    ends_open(&ends);
    CHECK_EQ(xie_stream_write_eof(ends.client), 0);
    adopt(ends.client);
    ends.client = NULL;
    CHECK_EQ(xie_transport_write_eof(adopted.transport), 0); /* once more: harmless */
    CHECK_EQ(xie_stream_read(ends.server, &byte, 1), 0);
    kit_send(ends.server, "still heard");
    UNTIL(&adopted.note, adopted.note.got == 11);
    ends_close(&ends);
    adopted_end(0);
    CHECK_EQ(adopted.note.ends, 1);
    return 0;
}

/* The end was read already, so that the descriptor has nothing to tell. */
IN_TASK(the_end_that_a_tls_stream_has_read_is_told)
{
    struct ends ends = {0};
    char byte;
    ends_open(&ends);
    CHECK_EQ(xie_stream_write_eof(ends.server), 0);
    CHECK_EQ(xie_stream_read(ends.client, &byte, 1), 0);
    adopt(ends.client);
    ends.client = NULL;
    adopted_end(0);
    CHECK_EQ(adopted.note.ends, 1);
    ends_close(&ends);
    return 0;
}

IN_TASK(a_stream_of_tls_on_tls_becomes_a_transport)
{
    struct ends outer = {0}, inner = {0};
    static char block[100000];
    ends_open(&outer);
    inner.contexts[0] = xie_tls_context_ref(outer.contexts[0]);
    inner.contexts[1] = xie_tls_context_ref(outer.contexts[1]);
    ends_shake(&inner, (struct xie_stream *[]){outer.client, outer.server}, "localhost");
    REQUIRE(!inner.client_error && !inner.server_error);
    adopt(inner.client);
    kit_fill(block, sizeof block, 0);
    CHECK(xie_transport_write(adopted.transport, block, sizeof block) >= 0);
    kit_drain(inner.server, 0, sizeof block);
    kit_send(inner.server, "answer");
    UNTIL(&adopted.note, adopted.note.got == 6);
    xie_transport_close(adopted.transport);
    adopted_end(0);
    CHECK_EQ(xie_stream_read(inner.server, block, 1), 0);
    inner.client = outer.client = outer.server = NULL;
    ends_close(&inner);
    xie_tls_context_unref(outer.contexts[0]);
    xie_tls_context_unref(outer.contexts[1]);
    return 0;
}

IN_TASK(a_tls_stream_that_cannot_become_a_transport_stays_what_it_is)
{
    struct ends ends = {0};
    struct xie_stream *raw[2];
    char byte;
    ends_open(&ends); /* for its contexts */
    struct ends memory = {
        .contexts = {xie_tls_context_ref(ends.contexts[0]), xie_tls_context_ref(ends.contexts[1])}};
    REQUIRE(!xie_stream_memory(0, raw));
    ends_shake(&memory, raw, "localhost");
    REQUIRE(!memory.client_error && !memory.server_error);
    CHECK_EQ(xie_transport_adopt(memory.client, &telling, &adopted, NULL), -EOPNOTSUPP);
    check_passes(memory.client, memory.server, "a question");
    check_passes(memory.server, memory.client, "an answer");
    ends_close(&memory);
    CHECK_EQ(xie_sys_shutdown(xie_stream_fd(ends.server), SHUT_WR), 0);
    CHECK_EQ(xie_stream_read(ends.client, &byte, 1), XIE_ETLS_TRUNCATED);
    CHECK_EQ(xie_transport_adopt(ends.client, &telling, &adopted, NULL), XIE_ETLS_TRUNCATED);
    ends_close(&ends);
    return 0;
}

/* --- what one costs ----------------------------------------------------------------------------
 */

static size_t ours, theirs; /* bytes from the allocator, its overhead included */

static void *count_resize(void *memory, size_t size)
{
    size_t before = malloc_usable_size(memory);
    void *made = realloc(memory, size);
    if (made)
        ours += malloc_usable_size(made) - before;
    return made;
}

static void count_release(void *memory)
{
    ours -= malloc_usable_size(memory);
    free(memory);
}

static const struct xie_allocator counting = {count_resize, count_release};

static void *count_theirs(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    void *made = malloc(size);
    theirs += malloc_usable_size(made);
    return made;
}

static void *resize_theirs(void *memory, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    size_t before = malloc_usable_size(memory);
    void *made = realloc(memory, size);
    if (made)
        theirs += malloc_usable_size(made) - before;
    return made;
}

static void release_theirs(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    theirs -= malloc_usable_size(memory);
    free(memory);
}

/* A transport that has just been made sends much, and so does its peer. */
static void pass_much(struct duo *duo)
{
    static char block[100000];
    duo_open(duo);
    CHECK(xie_transport_write(duo->client.transport, block, sizeof block) >= 0);
    CHECK(xie_transport_write(duo->server.transport, block, sizeof block) >= 0);
    UNTIL(&duo->server.note, duo->server.note.got == sizeof block);
    UNTIL(&duo->client.note, duo->client.note.got == sizeof block);
}

/* One that idles after much has passed keeps no buffer, of ours or of OpenSSL's, and no task. */
static int idle_body(void *arg)
{
    enum { PAIRS = 50 };
    static struct duo duos[PAIRS];
    (void)arg;
    memset(duos, 0, sizeof duos);
    duo_contexts(&duos[0]);
    for (int i = 1; i < PAIRS; i++) {
        duos[i].contexts[0] = xie_tls_context_ref(duos[0].contexts[0]);
        duos[i].contexts[1] = xie_tls_context_ref(duos[0].contexts[1]);
    }
    pass_much(&duos[0]); /* what is made once, and what the loop keeps for all */
    size_t before = ours, before_theirs = theirs, sim = kit_on("sim") ? 4096 : 0;
    for (int i = 1; i < PAIRS; i++)
        pass_much(&duos[i]);
    kit_settle();
    size_t each = (ours - before) / (2 * (PAIRS - 1));
    size_t each_theirs = (theirs - before_theirs) / (2 * (PAIRS - 1));
    printf("# %zu bytes of ours each, %zu of OpenSSL's\n", each, each_theirs);
    CHECK(each < 2048 + sim || sim); /* sim's sockets are ours too */
    CHECK(each_theirs < 32 * 1024);
    CHECK_EQ(xie_task_count(), 1);
    for (int i = 0; i < PAIRS; i++)
        duo_close(&duos[i]);
    return 0;
}

static void one_that_idles_costs_little(void)
{
    CHECK_EQ(xie_run(idle_body, NULL), 0);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"much_passes_both_ways_at_once_within_the_marks",
         much_passes_both_ways_at_once_within_the_marks},
        {"keys_change_while_both_directions_are_busy", keys_change_while_both_directions_are_busy},
        {"several_places_are_one_record_where_they_fit",
         several_places_are_one_record_where_they_fit},
        {"what_waits_is_counted_in_plain_text", what_waits_is_counted_in_plain_text},
        {"a_pause_within_data_received_holds_at_once", a_pause_within_data_received_holds_at_once},
        {"bytes_given_back_are_told_again", bytes_given_back_are_told_again},
        {"a_writer_reads_where_tls_needs_it", a_writer_reads_where_tls_needs_it},
        {"what_a_writer_has_read_besides_is_told", what_a_writer_has_read_besides_is_told},
        {"a_tls_stream_becomes_a_transport_in_the_midst_of_everything",
         a_tls_stream_becomes_a_transport_in_the_midst_of_everything},
        {"a_tls_stream_that_has_ended_its_side_may_become_a_transport",
         a_tls_stream_that_has_ended_its_side_may_become_a_transport},
        {"the_end_that_a_tls_stream_has_read_is_told", the_end_that_a_tls_stream_has_read_is_told},
        {"a_stream_of_tls_on_tls_becomes_a_transport", a_stream_of_tls_on_tls_becomes_a_transport},
        {"a_tls_stream_that_cannot_become_a_transport_stays_what_it_is",
         a_tls_stream_that_cannot_become_a_transport_stays_what_it_is},
        {"one_that_idles_costs_little", one_that_idles_costs_little},
        {0},
    };
    CRYPTO_set_mem_functions(count_theirs, resize_theirs, release_theirs);
    xie_set_allocator(&counting);
    certs_make();
    return tap_main(argc, argv, tests);
}

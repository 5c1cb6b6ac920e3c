/* kit.h - a protocol that writes down what it is told, and the streams that speak to it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_PROTO_KIT_H
#define XIE_TESTS_PROTO_KIT_H

#include "base/sys.h"
#include "io/kit.h"

/* What one connection was told, counted; and what it does about it. */
struct note {
    struct xie_transport *transport;
    int made, lost, ends, pauses, resumes, datas, errors;
    int error;       /* of connection_lost, or of the last error_received */
    bool keep_open;  /* what eof_received returns */
    size_t got;      /* bytes told */
    bool wrong;      /* they were not those of kit_byte */
    char text[4096]; /* the first of them */
    struct xie_event changed;
    void (*on_made)(struct note *note);
    void (*on_data)(struct note *note, const char *data, size_t len);
    void (*on_end)(struct note *note);
    void (*on_pause)(struct note *note);
    void (*on_resume)(struct note *note);
    void (*on_lost)(struct note *note);
};

/* Wait until it was told enough. */
#define UNTIL(note, condition)                          \
    while (!(condition)) {                              \
        xie_event_clear(&(note)->changed);              \
        REQUIRE(xie_event_wait(&(note)->changed) == 0); \
    }

static inline void note_made(void *self, struct xie_transport *transport)
{
    struct note *note = self;
    CHECK(!xie_task_current());
    CHECK_EQ(note->made++, 0);
    CHECK_EQ(note->lost, 0);
    note->transport = transport;
    xie_event_set(&note->changed);
    if (note->on_made)
        note->on_made(note);
}

static inline void note_lost(void *self, struct xie_transport *transport, int error)
{
    struct note *note = self;
    CHECK(!xie_task_current());
    CHECK(xie_transport_is_closing(transport));
    CHECK_EQ(note->made, 1);
    CHECK_EQ(note->lost++, 0);
    note->error = error;
    xie_event_set(&note->changed);
    if (note->on_lost)
        note->on_lost(note);
    note->transport = NULL;
}

static inline void note_bytes(struct note *note, const char *data, size_t len)
{
    CHECK(!xie_task_current());
    CHECK(note->made == 1 && !note->lost && !note->ends && len > 0);
    CHECK(len <= XIE_TRANSPORT_READ_MOST);
    note->datas++;
    for (size_t i = 0; i < len && note->got + i < sizeof note->text - 1; i++)
        note->text[note->got + i] = data[i];
    note->wrong |= !kit_same(data, len, note->got);
    note->got += len;
    xie_event_set(&note->changed);
    if (note->on_data)
        note->on_data(note, data, len);
}

static inline void note_data(void *self, struct xie_transport *transport, const char *data,
                             size_t len)
{
    struct note *note = self;
    CHECK(note->transport == transport);
    note_bytes(note, data, len);
}

static inline bool note_end(void *self, struct xie_transport *transport)
{
    struct note *note = self;
    CHECK(note->transport == transport && !note->lost && !xie_task_current());
    CHECK_EQ(note->ends++, 0);
    xie_event_set(&note->changed);
    if (note->on_end)
        note->on_end(note);
    return note->keep_open;
}

static inline void note_pause(void *self, struct xie_transport *transport)
{
    struct note *note = self;
    CHECK(note->transport == transport && !note->lost && !xie_task_current());
    CHECK_EQ(note->pauses++, note->resumes);
    xie_event_set(&note->changed);
    if (note->on_pause)
        note->on_pause(note);
}

static inline void note_resume(void *self, struct xie_transport *transport)
{
    struct note *note = self;
    CHECK(note->transport == transport && !note->lost && !xie_task_current());
    CHECK_EQ(++note->resumes, note->pauses);
    xie_event_set(&note->changed);
    if (note->on_resume)
        note->on_resume(note);
}

static inline void note_datagram(void *self, struct xie_transport *transport,
                                 const struct xie_address *from, const char *data, size_t len)
{
    struct note *note = self;
    (void)from;
    CHECK(note->transport == transport && !note->lost && !xie_task_current());
    note->datas++;
    for (size_t i = 0; i < len && note->got + i < sizeof note->text - 1; i++)
        note->text[note->got + i] = data[i];
    note->got += len;
    xie_event_set(&note->changed);
    if (note->on_data)
        note->on_data(note, data, len);
}

static inline void note_error(void *self, struct xie_transport *transport, int error)
{
    struct note *note = self;
    CHECK(note->transport == transport && !note->lost && !xie_task_current() && error < 0);
    note->errors++;
    note->error = error;
    xie_event_set(&note->changed);
}

static const struct xie_protocol noting = {
    .connection_made = note_made,
    .connection_lost = note_lost,
    .pause_writing = note_pause,
    .resume_writing = note_resume,
    .data_received = note_data,
    .eof_received = note_end,
    .datagram_received = note_datagram,
    .error_received = note_error,
};

/* A transport, and the stream at its other end. */
static inline struct xie_stream *kit_transport(struct note *note)
{
    struct xie_stream *pair[2];
    kit_pair(pair);
    REQUIRE(xie_transport_adopt(pair[0], &noting, note, &note->transport) == 0);
    return pair[1];
}

/* The same over TCP. */
static inline struct xie_stream *kit_tcp_transport(struct note *note)
{
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    REQUIRE(xie_transport_adopt(pair[0], &noting, note, &note->transport) == 0);
    return pair[1];
}

/* Give everything that could happen the time to happen: on sim all that is on its way comes. */
static inline void kit_settle(void)
{
    int64_t time = (kit_on("sim") ? 50 : 1) * XIE_MILLISECOND;
    for (int i = 0; i < 4; i++)
        CHECK_EQ(xie_sleep(i % 2 ? time : 0), 0);
}

/* Write until the kernel takes no more; return the number of bytes. */
static inline size_t kit_stuff(struct note *note)
{
    static char block[32 * 1024];
    size_t sent = 0, high, low;
    xie_transport_get_write_buffer_limits(note->transport, &high, &low);
    CHECK_EQ(xie_transport_set_write_buffer_limits(note->transport, SIZE_MAX, 0), 0);
    do {
        kit_fill(block, sizeof block, sent);
        REQUIRE(xie_transport_write(note->transport, block, sizeof block) == 0);
        sent += sizeof block;
        if (xie_transport_get_write_buffer_size(note->transport))
            kit_settle();
    } while (!xie_transport_get_write_buffer_size(note->transport));
    CHECK_EQ(xie_transport_set_write_buffer_limits(note->transport, high, low), 0);
    return sent;
}

/* Read len bytes of kit_byte, from `at` on. */
static inline void kit_drain(struct xie_stream *stream, size_t at, size_t len)
{
    static char block[16 * 1024];
    while (len) {
        ssize_t got = xie_stream_read(stream, block, len < sizeof block ? len : sizeof block);
        REQUIRE(got > 0);
        CHECK(kit_same(block, (size_t)got, at));
        at += (size_t)got;
        len -= (size_t)got;
    }
}

static inline void kit_end(struct note *note)
{
    UNTIL(note, note->lost);
}

#endif

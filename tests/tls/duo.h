/* duo.h - two transports that speak TLS with each other, and what their protocols were told. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_TLS_DUO_H
#define XIE_TESTS_TLS_DUO_H

#include <xie/tls_transport.h>

#include "kit.h"
#include "proto/kit.h"
#include "proto/transport.h"
#include "tls/wire.h"

/* A kit's note, of a connection that need not come to stand. */
struct told {
    struct note note;
    struct xie_tls_info info;       /* when it was lost */
    struct xie_tls_failure failure; /* then too: info's reason */
    int started;                    /* tls_started was called */
    void (*on_started)(struct told *told);
    struct xie_transport *transport; /* counted */
};

static inline void told_lost(void *self, struct xie_transport *transport, int error)
{
    struct told *told = self;
    struct note *note = &told->note;
    CHECK(!xie_task_current());
    CHECK_EQ(note->lost++, 0);
    if (!xie_tls_transport_info(transport, &told->info) && told->info.reason)
        snprintf(told->failure.text, sizeof told->failure.text, "%s", told->info.reason);
    note->error = error;
    note->transport = NULL;
    xie_event_set(&note->changed);
    if (note->on_lost)
        note->on_lost(note);
}

static inline void told_started(void *self, struct xie_transport *transport)
{
    struct told *told = self;
    struct xie_tls_info info;
    CHECK(told->note.transport == transport && told->note.made && !told->note.lost);
    CHECK(!xie_task_current());
    CHECK_EQ(xie_tls_transport_info(transport, &info), 0);
    CHECK(!strncmp(info.version, "TLSv1.", 6));
    told->started++;
    xie_event_set(&told->note.changed);
    if (told->on_started)
        told->on_started(told);
}

static const struct xie_protocol telling = {
    .connection_made = note_made,
    .connection_lost = told_lost,
    .tls_started = told_started,
    .pause_writing = note_pause,
    .resume_writing = note_resume,
    .data_received = note_data,
    .eof_received = note_end,
};

struct duo {
    struct told client, server;
    struct xie_tls_context *contexts[2]; /* client's, server's: given back by duo_close */
};

static inline void duo_contexts(struct duo *duo)
{
    struct xie_tls_options client = client_options(), server = server_options();
    if (!duo->contexts[0])
        duo->contexts[0] = context_of(&client);
    if (!duo->contexts[1])
        duo->contexts[1] = context_of(&server);
}

/* A transport on each of two descriptors, without TLS. */
static inline void duo_plain(struct duo *duo, const int fds[2])
{
    struct told *both[] = {&duo->client, &duo->server};
    for (int i = 0; i < 2; i++) {
        REQUIRE(!xie_connect_accepted_socket(fds[i], &telling, both[i], &both[i]->transport));
        both[i]->note.transport = xie_transport_ref(both[i]->transport);
    }
}

/* The same, and both start TLS before they are told anything. */
static inline void duo_begin(struct duo *duo, const char *host)
{
    int fds[2];
    duo_contexts(duo);
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    duo_plain(duo, fds);
    CHECK_EQ(xie_tls_transport_start(duo->client.transport, duo->contexts[0], host), 0);
    CHECK_EQ(xie_tls_transport_start(duo->server.transport, duo->contexts[1], NULL), 0);
}

/* Until both stand. */
static inline void duo_open(struct duo *duo)
{
    duo_begin(duo, "localhost");
    UNTIL(&duo->client.note, duo->client.note.made);
    UNTIL(&duo->server.note, duo->server.note.made);
}

/* Wait until both are lost, and give everything back. */
static inline void duo_end(struct duo *duo)
{
    kit_end(&duo->client.note);
    kit_end(&duo->server.note);
    xie_transport_unref(duo->client.transport);
    xie_transport_unref(duo->server.transport);
    xie_tls_context_unref(duo->contexts[0]);
    xie_tls_context_unref(duo->contexts[1]);
}

/* Close the client; the server follows. Both ends are in order. */
static inline void duo_close(struct duo *duo)
{
    xie_transport_close(duo->client.transport);
    duo_end(duo);
    CHECK_EQ(duo->client.note.error, 0);
    CHECK_EQ(duo->server.note.error, 0);
    CHECK_EQ(duo->server.note.ends, 1);
}

static inline void duo_say(struct told *from, struct told *to, const char *text)
{
    size_t before = to->note.got;
    CHECK_EQ(xie_transport_write(from->transport, text, strlen(text)), 0);
    UNTIL(&to->note, to->note.got == before + strlen(text));
    CHECK(!memcmp(to->note.text + before, text, strlen(text)));
}

#endif

/* wire.c - something between a protocol that knows nothing of it and the socket: the place where
 * TLS stands. Here it greets, changes each byte, and sends little at a time. */
/* SPDX-License-Identifier: MIT */
#include <poll.h>

#include "proto/kit.h"
#include "proto/transport.h"

enum { VEIL = 0x55, VEIL_ROOM = 1000 };

struct veil {
    char out[VEIL_ROOM]; /* changed, and not yet sent */
    size_t out_len;
    size_t greeted; /* bytes of the peer's greeting */
    bool began;
};

static const char greeting[] = "GREETING";
enum { GREETING = sizeof greeting - 1 };

/* Send what is veiled already, as far as it goes. */
static int veil_push(struct xie_transport *transport)
{
    struct veil *veil = transport->layer;
    if (!veil->out_len)
        return 0;
    ssize_t sent = xie_sys_send(transport->fd, veil->out, veil->out_len, 0);
    if (sent < 0)
        return sent == -EAGAIN ? 0 : (int)sent;
    veil->out_len -= (size_t)sent;
    memmove(veil->out, veil->out + sent, veil->out_len);
    return 0;
}

static int veil_wants(struct xie_transport *transport, bool waiting)
{
    return waiting || ((struct veil *)transport->layer)->out_len ? POLLOUT : 0;
}

static bool veil_leave(struct xie_transport *transport)
{
    return !((struct veil *)transport->layer)->out_len;
}

static int veil_begin(struct xie_transport *transport)
{
    struct veil *veil = transport->layer;
    char got[GREETING];
    if (!veil->began) {
        veil->began = true;
        memcpy(veil->out, greeting, GREETING);
        veil->out_len = GREETING;
    }
    int error = veil_push(transport);
    if (error || veil->greeted == GREETING)
        return error ? error : veil->out_len ? -EAGAIN : 0;
    ssize_t len = xie_sys_recv(transport->fd, got, GREETING - veil->greeted, 0);
    if (len <= 0)
        return len ? (int)len : -ECONNRESET;
    if (memcmp(got, greeting + veil->greeted, (size_t)len))
        return -EPROTO;
    veil->greeted += (size_t)len;
    return veil->greeted == GREETING && !veil->out_len ? 0 : -EAGAIN;
}

static ssize_t veil_read(struct xie_transport *transport, void *buf, size_t cap)
{
    ssize_t got = xie_sys_recv(transport->fd, buf, cap, 0);
    transport->readable = got == (ssize_t)cap;
    for (ssize_t i = 0; i < got; i++)
        ((char *)buf)[i] ^= VEIL;
    return got;
}

static ssize_t veil_write(struct xie_transport *transport, const struct iovec *parts, int count)
{
    struct veil *veil = transport->layer;
    int error = veil_push(transport);
    if (error || !count)
        return error;
    size_t len = VEIL_ROOM - veil->out_len;
    if (!len)
        return -EAGAIN;
    while (count > 1 && !parts->iov_len)
        parts++, count--;
    if (len > parts->iov_len)
        len = parts->iov_len;
    for (size_t i = 0; i < len; i++)
        veil->out[veil->out_len + i] = ((const char *)parts->iov_base)[i] ^ VEIL;
    veil->out_len += len;
    return (ssize_t)len;
}

static void veil_close(struct xie_transport *transport, bool reset)
{
    xie_wire_socket.close(transport, reset);
}

static const struct xie_wire veiled = {
    .begin = veil_begin,
    .wants = veil_wants,
    .read = veil_read,
    .write = veil_write,
    .leave = veil_leave,
    .close = veil_close,
};

static void veil(int fd, struct veil *layer, struct note *note)
{
    struct xie_transport model = {.kind = &xie_transport_bytes,
                                  .wire = &veiled,
                                  .layer = layer,
                                  .protocol = &noting,
                                  .fd = fd,
                                  .ways = XIE_TRANSPORT_READS | XIE_TRANSPORT_WRITES};
    REQUIRE(!xie_transport_open(&model, note, &note->transport));
}

enum { MUCH = 30 * 1000 };

static void answer_all(struct note *note, const char *data, size_t len)
{
    CHECK(xie_transport_write(note->transport, data, len) >= 0);
    if (note->got == MUCH)
        xie_transport_close(note->transport);
}

IN_TASK(a_protocol_speaks_through_a_layer_it_does_not_know)
{
    static struct note one, other;
    static struct veil layers[2];
    static char block[MUCH];
    int fds[2];
    other.on_data = answer_all;
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    veil(fds[0], &layers[0], &one);
    kit_fill(block, sizeof block, 0);
    CHECK_EQ(xie_transport_write(one.transport, block, sizeof block),
             0); /* waits for the greeting */
    CHECK_EQ(xie_transport_get_write_buffer_size(one.transport), sizeof block);
    CHECK(!xie_transport_can_write_eof(one.transport));
    CHECK_EQ(xie_transport_write_eof(one.transport), -EOPNOTSUPP);
    kit_settle();
    CHECK_EQ(one.made, 0);
    veil(fds[1], &layers[1], &other);
    UNTIL(&one, one.got == MUCH);
    CHECK(!one.wrong && !other.wrong && one.made == 1);
    kit_end(&one);
    kit_end(&other);
    CHECK(one.ends == 1 && !one.error && !other.error);
    return 0;
}

static int lost_unmade;

static void lose_unmade(void *self, struct xie_transport *transport, int error)
{
    (void)self, (void)transport;
    lost_unmade = error;
}

static void never(void *self, struct xie_transport *transport)
{
    (void)self, (void)transport;
    tap_failed(__FILE__, __LINE__, "connection_made after a failed greeting");
}

IN_TASK(a_greeting_that_fails_is_lost_without_having_been_made)
{
    static const struct xie_protocol unlucky = {.connection_made = never,
                                                .connection_lost = lose_unmade};
    for (int i = 0; i < 3; i++) {
        static struct veil layer;
        struct xie_stream *peer;
        int fds[2];
        memset(&layer, 0, sizeof layer);
        REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
        REQUIRE(!xie_stream_adopt(fds[1], &peer));
        struct xie_transport *transport;
        struct xie_transport model = {.kind = &xie_transport_bytes,
                                      .wire = &veiled,
                                      .layer = &layer,
                                      .protocol = &unlucky,
                                      .fd = fds[0],
                                      .ways = XIE_TRANSPORT_READS | XIE_TRANSPORT_WRITES};
        REQUIRE(!xie_transport_open(&model, NULL, &transport));
        xie_transport_ref(transport); /* it may end while the peer writes */
        if (i == 0)
            xie_stream_write(peer, "GREEDING", 8); /* it may be gone before all of it is sent */
        else if (i == 1)
            xie_stream_write_eof(peer);
        else
            xie_transport_abort(transport);
        CHECK_EQ(xie_transport_wait(transport), i == 0 ? -EPROTO : i == 1 ? -ECONNRESET : 0);
        CHECK_EQ(lost_unmade, i == 0 ? -EPROTO : i == 1 ? -ECONNRESET : 0);
        xie_transport_unref(transport);
        xie_stream_close(peer);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_protocol_speaks_through_a_layer_it_does_not_know",
         a_protocol_speaks_through_a_layer_it_does_not_know},
        {"a_greeting_that_fails_is_lost_without_having_been_made",
         a_greeting_that_fails_is_lost_without_having_been_made},
        {0},
    };
    return tap_main(argc, argv, tests);
}
